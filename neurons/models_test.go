package neurons_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/neurons/neurontest"
	"github.com/spikegrad/spikegrad/neurons/presets"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// The adaptation of a neuron whose potential is held settles at a (v − v_leak).
// In Norse's encoder it diverges instead.
func TestAdExBoxAdaptation(t *testing.T) {
	p := neurons.DefaultAdExBoxParams()
	p.TauMemInv = graph.Const(0) // holds the potential
	p.VLeak = graph.Const(0)
	s := func(g *G.ExprGraph) *neurons.AdExBoxState {
		return &neurons.AdExBoxState{
			V: graphtest.Node(g, tensor.Float64, "v", []int{1, 1}, []float64{0.5}),
			A: graphtest.Node(g, tensor.Float64, "a", []int{1, 1}, []float64{0}),
		}
	}
	final := func(steps int) float64 {
		g := G.NewGraph()
		xs := graphtest.Node(g, tensor.Float64, "xs", []int{steps, 1, 1}, make([]float64, steps))
		run, err := graph.Scan(neurons.AdExBoxStep, xs, s(g), p)
		require.NoError(t, err)
		end, err := run.Final()
		require.NoError(t, err)
		return graphtest.Eval(t, end.A)[0][0]
	}
	require.InDelta(t, 4*0.5, final(5000), 1e-3) // after 10 τ_a
	p.ReplaceAdaptation = true
	require.Greater(t, math.Abs(final(500)), 1e100)
}

// Far above the threshold the exponential is held, and stays finite in float32.
func TestMaxExponent(t *testing.T) {
	g := G.NewGraph()
	p := neurons.DefaultLIFExBoxParams()
	p.DeltaT = graph.Const(0.01)
	p.ResetMethod = neurons.ResetSubtract
	v := graphtest.Node(g, tensor.Float32, "v", []int{1, 2}, []float64{100, 1.1})
	xs := graphtest.Node(g, tensor.Float32, "xs", []int{1, 1, 2}, []float64{0, 0})
	run, err := graph.Scan(neurons.LIFExBoxStep, xs, &neurons.BoxState{V: v}, p)
	require.NoError(t, err)
	end, err := run.Final()
	require.NoError(t, err)
	loss := graphtest.Loss(t, []*G.Node{end.V}, [][]float64{{1, 1}})
	ds, vs := graphtest.Grads(t, loss, []*G.Node{v}, []*G.Node{end.V})
	held := 0.1 * 0.01 * math.Exp(neurons.MaxExponent)
	require.InEpsilon(t, held, vs[0][0], 1e-3)
	require.Less(t, ds[0][0], 2.)
	require.Greater(t, ds[0][1], 0.1*math.Exp(9))
	require.False(t, math.IsInf(ds[0][1], 0) || math.IsNaN(ds[0][1]))
}

// Excitation and inhibition that arrive together do not cancel, as their sum
// would: each adds to its own conductance.
func TestCobaInputsDoNotCancel(t *testing.T) {
	g := G.NewGraph()
	node := func(name string, shape []int, x ...float64) *G.Node {
		return graphtest.Node(g, tensor.Float64, name, shape, x)
	}
	p := neurons.CobaRecurrentParams{Inner: neurons.DefaultCobaLIFParams()}
	p.WIn = node("in", []int{2, 1}, 3, -3)
	p.W = node("w", []int{1, 1}, -2)
	s := wrap.RecurrentState[neurons.CobaLIFState]{
		Inner: neurons.CobaLIFState{V: node("v", []int{1, 1}, -20), GE: node("e", []int{1, 1}, 0), GI: node("i", []int{1, 1}, 0)},
		Z:     node("z", []int{1, 1}, 1),
	}
	run, err := graph.Scan(neurons.CobaRecurrentStep, node("xs", []int{1, 1, 2}, 1, 1), &s, p)
	require.NoError(t, err)
	end, err := run.Final()
	require.NoError(t, err)
	vs := graphtest.Eval(t, end.Inner.GE, end.Inner.GI, end.Inner.V)
	e, i := 3*(1-0.0002), (3+2)*(1-0.0002)
	require.InDelta(t, e, vs[0][0], 1e-12)
	require.InDelta(t, i, vs[1][0], 1e-12)
	require.InDelta(t, -20+0.005*(e*(60+20)+i*(-100+20)), vs[2][0], 1e-12)
}

// Where no weight inhibits, input weights give what the product of input and
// weights gives.
func TestCobaInputWeights(t *testing.T) {
	const T, batch, m, n = 30, 2, 3, 4
	weights := graphtest.Random(m*n, 1)
	inputs := graphtest.Random(T*batch*m, 2)
	for _, x := range [][]float64{weights, inputs} {
		for i, v := range x {
			x[i] = 4 * math.Abs(v)
		}
	}
	g := G.NewGraph()
	xs := graphtest.Node(g, tensor.Float64, "xs", []int{T, batch, m}, inputs)
	w := graphtest.Node(g, tensor.Float64, "w", []int{m, n}, weights)
	none := graphtest.Node(g, tensor.Float64, "none", []int{n, n}, make([]float64, n*n))
	inner := neurons.DefaultCobaLIFParams()
	with, err := graph.Scan(neurons.CobaRecurrentStep, xs, nil, neurons.CobaRecurrentParams{Inner: inner, WIn: w, W: none})
	require.NoError(t, err)
	currents, err := connect.Linear(xs, w, nil)
	require.NoError(t, err)
	without, err := graph.Scan(neurons.CobaLIFStep, currents, nil, inner)
	require.NoError(t, err)
	vs := graphtest.Eval(t, with.Out, without.Out)
	require.NotEmpty(t, times(vs[0]))
	require.Equal(t, vs[1], vs[0])
}

// Each spike raises the threshold, so intervals grow.
func TestLSNNAdapts(t *testing.T) {
	p := neurons.DefaultLSNNParams()
	p.TauAdaptInv, p.Beta = graph.Const(1), graph.Const(0.1)
	r := neurontest.Simulate(t, neurons.LSNNStep, p, constant(200, 0.6), "B")
	ds := intervals(times(r[0]))
	require.Greater(t, len(ds), 5)
	require.IsNonDecreasing(t, ds)
	require.Greater(t, ds[len(ds)-1], 2*ds[0])
}

// A neuron at rest has μ = 0. An input that makes it fire at once gives no
// gradient through the spike, instead of one that is not a number.
func TestAdjointOfSpikeFromRest(t *testing.T) {
	g := G.NewGraph()
	xs := graphtest.Node(g, tensor.Float64, "xs", []int{3, 1, 1}, []float64{30, 0, 0})
	run, err := graph.Scan(neurons.LIFAdjointStep, xs, nil, neurons.DefaultLIFParams())
	require.NoError(t, err)
	loss := graphtest.Loss(t, []*G.Node{run.Out}, [][]float64{{1, 1, 1}})
	ds, vs := graphtest.Grads(t, loss, []*G.Node{xs}, []*G.Node{run.Out})
	require.Equal(t, []float64{1, 1, 1}, vs[0])
	for _, d := range ds[0] {
		require.False(t, math.IsNaN(d) || math.IsInf(d, 0))
	}
}

// The paper's figure: a neuron that is inhibited fires, and one at rest does
// not.
func TestIzhikevichInhibitionInducedSpiking(t *testing.T) {
	p := presets.InhibitionInducedSpiking.Params()
	p.Dt = 1e-3
	require.Empty(t, times(neurontest.Simulate(t, neurons.IzhikevichStep, p, constant(400, 80))[0]))
	require.NotEmpty(t, times(neurontest.Simulate(t, neurons.IzhikevichStep, p, constant(1600, 75))[0]))
}

// Defaults that stand in no parameter set of the reference's: a period of 5 steps,
// and Δ = 0.5.
func TestDefaults(t *testing.T) {
	require.Equal(t, graph.Const(5), neurons.DefaultLIFMCRefracParams().RhoReset)
	require.Equal(t, graph.Const(0.5), neurons.DefaultLIFExBoxParams().DeltaT)
	m, err := models.Named("lif_refrac_feed_forward_adjoint_step")
	require.NoError(t, err)
	rho, err := m.Get("RhoReset")
	require.NoError(t, err)
	require.Equal(t, graph.Const(5), *rho.(*graph.Param))
}

// A signed current acts as its two parts do through weights of either sign.
func TestCobaRecurrentOfCurrents(t *testing.T) {
	const n = 3
	x := graphtest.Random(12*2*n, 1)
	run := func(weights bool) [][]float64 {
		g := G.NewGraph()
		p := neurons.CobaRecurrentParams{
			Inner: neurons.DefaultCobaLIFParams(),
			W:     graphtest.Node(g, tensor.Float64, "w", []int{n, n}, graphtest.Random(n*n, 2)),
		}
		xs := graphtest.Node(g, tensor.Float64, "xs", []int{12, 2, n}, x)
		if weights {
			parts := make([]float64, 2*len(x))
			for i, v := range x {
				row, j := i/n*2*n, i%n
				parts[row+j], parts[row+n+j] = max(v, 0), max(-v, 0)
			}
			xs = graphtest.Node(g, tensor.Float64, "parts", []int{12, 2, 2 * n}, parts)
			p.WIn = graphtest.Node(g, tensor.Float64, "signs", []int{2 * n, n},
				[]float64{1, 0, 0, 0, 1, 0, 0, 0, 1, -1, 0, 0, 0, -1, 0, 0, 0, -1})
		}
		r, err := graph.Scan(neurons.CobaRecurrentStep, xs, nil, p)
		require.NoError(t, err)
		outs := G.Nodes{r.Out}
		for _, name := range []string{"V", "GE", "GI"} {
			n, err := r.Trace(name)
			require.NoError(t, err)
			outs = append(outs, n)
		}
		return graphtest.Eval(t, outs...)
	}
	want, got := run(true), run(false)
	for i := range want {
		require.InDeltaSlice(t, want[i], got[i], 1e-12)
	}
	require.Greater(t, slices.Max(want[2]), 0.)
	require.Greater(t, slices.Max(want[3]), 0.)
}
