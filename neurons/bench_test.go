package neurons_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
)

// BenchmarkScan lifts each model over 100 steps of a batch of 64, 1,024 neurons
// or 256 where they are connected, in float32, forward and backward.
func BenchmarkScan(b *testing.B) {
	for _, m := range neurons.Models() {
		b.Run(m.Name(), func(b *testing.B) { benchmarkScan(b, m) })
	}
}

// inputs are the mean and the standard deviation of the input, for models that
// do not fire at those of the others.
var inputs = map[string][2]float64{
	"coba_lif_feed_forward_step":   {0.06, 0.5},
	"coba_lif_recurrent_step":      {0, 20},
	"izhikevich_feed_forward_step": {25, 10},
	"izhikevich_recurrent_step":    {25, 10},
	"lif_adex_box_step":            {1, 2},
	"lif_adex_current_encoder":     {1, 2},
	"lif_adjoint_step":             {0, 10},
	"lif_box_feed_forward_step":    {1, 2},
	"lif_ex_current_encoder":       {1, 2},
	"lsnn_adjoint_step":            {0, 20},
}

func benchmarkScan(b *testing.B, m neurons.Model) {
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
	in, ok := inputs[m.Name()]
	if !ok {
		in = [2]float64{0.2, 0.4}
	}
	xs := node("xs", in[0], in[1], 1, steps, batch, n)
	for i, w := range m.Weights() {
		require.NoError(b, m.Set(w, node(w, 0, 0.1/math.Sqrt(float64(n)), uint64(i+2), n, n)))
	}
	l, err := m.Lift(true, xs, nil)
	require.NoError(b, err)
	cotangent := graphtest.Node(g, tensor.Float32, "cotangent", l.Out.Shape(), graphtest.Random(steps*batch*n, 9))
	_, err = G.Backpropagate(G.Nodes{l.Out}, G.Nodes{cotangent}, wrt)
	require.NoError(b, err)
	nodes := len(g.AllNodes())
	var out G.Value
	G.Read(l.Out, &out)
	vm := G.NewTapeMachine(g)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, vm.RunAll())
		vm.Reset()
	}
	spikes := 0.
	for _, z := range out.Data().([]float32) {
		if z == 1 {
			spikes++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*steps*batch*n), "ns/neuron-step")
	b.ReportMetric(float64(nodes), "nodes")
	b.ReportMetric(spikes/float64(steps*batch*n), "spikes/neuron/step")
}
