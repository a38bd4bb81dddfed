package neurons_test

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons/models"
)

// BenchmarkScan lifts each model over 100 steps of a batch of 64, 1,024 neurons
// or 256 where they are connected, in float32, and runs the scan forward and
// backward as a trainer does: for the gradients of the input and of the weights,
// from that of the output.
func BenchmarkScan(b *testing.B) {
	for _, m := range models.All() {
		w := workloads[m.Name()]
		b.Run(w.name, func(b *testing.B) { benchmarkScan(b, m, w) })
	}
}

// BenchmarkExponential does the same with exponential integration, for models that
// differ in how: a chain of equations, a loop, a slope, and a matrix of all neurons.
func BenchmarkExponential(b *testing.B) {
	for _, name := range []string{"lif_feed_forward_step", "lif_adex_feed_forward_step", "coba_lif_feed_forward_step", "lif_mc_feed_forward_step"} {
		m, err := models.Named(name)
		require.NoError(b, err)
		require.NoError(b, m.Set("Integration", graph.Exponential.String()))
		b.Run(workloads[name].name, func(b *testing.B) { benchmarkScan(b, m, workloads[name]) })
	}
}

// A workload is how a model is measured: under which name, and with which mean
// and standard deviation of the input, so that it fires.
type workload struct {
	name            string
	mean, deviation float64
}

var workloads = map[string]workload{
	"ada_lif_step":                         {"AdaLIF-recurrent", 0.2, 0.4},
	"coba_lif_feed_forward_step":           {"COBA", 0.06, 0.5},
	"coba_lif_recurrent_step":              {"COBA-recurrent", 0, 20},
	"coba_lif_step":                        {"COBA-recurrent-without-input", 0.2, 0.4},
	"glif3_step":                           {"GLIF3", 1, 2},
	"lif_alpha_step":                       {"LIF-alpha", 0.2, 0.4},
	"plif_step":                            {"PLIF", 1, 2},
	"qif_step":                             {"QIF", 0.5, 1},
	"resonate_step":                        {"resonate-and-fire", 0.2, 0.4},
	"sigma_delta_step":                     {"sigma-delta", 0, 0.2},
	"iaf_feed_forward_step":                {"IAF", 0.2, 0.4},
	"iaf_step":                             {"IAF-recurrent", 0.2, 0.4},
	"izhikevich_feed_forward_step":         {"Izhikevich", 25, 10},
	"izhikevich_recurrent_step":            {"Izhikevich-recurrent", 25, 10},
	"li_box_feed_forward_step":             {"LIBox", 0.2, 0.4},
	"li_feed_forward_step":                 {"LI", 0.2, 0.4},
	"lif_adex_box_step":                    {"AdExBox", 1, 2},
	"lif_adex_current_encoder":             {"AdExBox-replaced-adaptation", 1, 2},
	"lif_adex_feed_forward_step":           {"AdEx", 0.2, 0.4},
	"lif_adex_refrac_feed_forward_step":    {"AdEx-refractory", 0.2, 0.4},
	"lif_adex_refrac_step":                 {"AdEx-refractory-recurrent", 0.2, 0.4},
	"lif_adex_step":                        {"AdEx-recurrent", 0.2, 0.4},
	"lif_adjoint_step":                     {"LIF-adjoint-recurrent", 0, 10},
	"lif_box_feed_forward_step":            {"LIFBox", 1, 2},
	"lif_ex_current_encoder":               {"LIFExBox", 1, 2},
	"lif_ex_feed_forward_step":             {"LIFEx", 0.2, 0.4},
	"lif_ex_step":                          {"LIFEx-recurrent", 0.2, 0.4},
	"lif_feed_forward_adjoint_step":        {"LIF-adjoint", 0.2, 0.4},
	"lif_feed_forward_step":                {"LIF", 0.2, 0.4},
	"lif_mc_feed_forward_step":             {"LIF-coupled", 0.2, 0.4},
	"lif_mc_refrac_feed_forward_step":      {"LIFMCRefrac", 0.2, 0.4},
	"lif_mc_refrac_step":                   {"LIFMCRefrac-recurrent", 0.2, 0.4},
	"lif_mc_step":                          {"LIF-coupled-recurrent", 0.2, 0.4},
	"lif_refrac_feed_forward_adjoint_step": {"LIF-refractory-adjoint", 0.2, 0.4},
	"lif_refrac_feed_forward_step":         {"LIF-refractory", 0.2, 0.4},
	"lif_refrac_step":                      {"LIF-refractory-recurrent", 0.2, 0.4},
	"lif_step":                             {"LIF-recurrent", 0.2, 0.4},
	"lif_step_sparse":                      {"LIF-recurrent-sparse-gradient", 0.2, 0.4},
	"lsnn_adjoint_step":                    {"LSNN-adjoint-recurrent", 0, 20},
	"lsnn_feed_forward_adjoint_step":       {"LSNN-adjoint", 0.2, 0.4},
	"lsnn_feed_forward_step":               {"LSNN", 0.2, 0.4},
	"lsnn_step":                            {"LSNN-recurrent", 0.2, 0.4},
	"spike_accumulator":                    {"LIF-counted", 0.2, 0.4},
	"voltage_accumulator":                  {"LIF-summed-voltage", 0.2, 0.4},
}

// Every model is measured, under a name of its own.
func TestWorkloads(t *testing.T) {
	names := map[string]bool{}
	for _, m := range models.All() {
		w, ok := workloads[m.Name()]
		require.True(t, ok, m.Name())
		require.False(t, names[w.name], w.name)
		names[w.name] = true
	}
	require.Len(t, workloads, len(names))
}

func benchmarkScan(b *testing.B, m models.Model, in workload) {
	const steps, batch = 100, 64
	n := 1024
	if len(m.Weights()) > 0 {
		n = 256
	}
	g := G.NewGraph()
	var wrt []*G.Node
	node := func(name string, mean, deviation float64, seed uint64, shape ...int) *G.Node {
		x := graphtest.Random(tensor.Shape(shape).TotalSize(), seed)
		for i := range x {
			x[i] = mean + deviation*x[i]
		}
		node := graphtest.Node(g, tensor.Float32, name, shape, x)
		wrt = append(wrt, node)
		return node
	}
	xs := node("xs", in.mean, in.deviation, 1, steps, batch, n)
	for i, w := range m.Weights() {
		require.NoError(b, m.Set(w, node(w, 0, 0.1/math.Sqrt(float64(n)), uint64(i+2), n, n)))
	}
	debug.FreeOSMemory() // what numbers were drawn in is not the scan's
	l, err := m.Lift(true, xs, nil)
	require.NoError(b, err)
	cotangent := graphtest.Node(g, tensor.Float32, "cotangent", l.Out.Shape(), graphtest.Random(steps*batch*n, 9))
	grads, err := G.Backpropagate(G.Nodes{l.Out}, G.Nodes{cotangent}, wrt)
	require.NoError(b, err)
	machine, err := machine.New(append(G.Nodes{l.Out}, grads...)...)
	require.NoError(b, err)
	debug.FreeOSMemory()
	require.NoError(b, machine.Run()) // makes its memory
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, machine.Run())
	}
	spikes := 0.
	for _, z := range machine.Value(0).Data().([]float32) {
		if z == 1 {
			spikes++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*steps*batch*n), "ns/neuron-step")
	b.ReportMetric(float64(len(g.AllNodes())), "nodes")
	b.ReportMetric(spikes/float64(steps*batch*n), "spikes/neuron/step")
}
