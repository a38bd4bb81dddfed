package neurons_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
)

// A neuron that would fire at every step fires once, and is silent for the
// period.
func TestRefractoryPeriod(t *testing.T) {
	step := neurons.Refractory(neurons.IAFStep)
	for rho, want := range map[float64]int{0: 1, 1: 2, 3: 4, 4.5: 6} {
		p := neurons.RefractoryParams[neurons.BoxState, neurons.IAFParams]{
			Inner: neurons.DefaultIAFParams(), RhoReset: graph.Const(rho),
		}
		r := simulate(t, step, p, constant(30, 2), "Rho")
		ts := times(r[0])
		require.Equal(t, 0, ts[0])
		for _, d := range intervals(ts) {
			require.Equal(t, want, d, "period %v", rho)
		}
		require.Equal(t, rho, r[1][0])
	}
}

// Two passive compartments that exchange current end at the same potential, and
// none is lost: the leak is the only way out.
func TestCoupledCompartments(t *testing.T) {
	g := G.NewGraph()
	xs := graphtest.Node(g, tensor.Float64, "xs", []int{40, 1, 2}, make([]float64, 80))
	p := neurons.CoupledParams[neurons.BoxState, neurons.LIBoxParams]{Inner: neurons.DefaultLIBoxParams()}
	p.Inner.TauMemInv = graph.Const(0)
	p.Coupling = graphtest.Node(g, tensor.Float64, "G", []int{2, 2}, []float64{-100, 100, 100, -100})
	s := neurons.BoxState{V: graphtest.Node(g, tensor.Float64, "v", []int{1, 2}, []float64{1, 0})}
	run, err := graph.Scan(neurons.Coupled(neurons.LIBoxStep), xs, &s, p)
	require.NoError(t, err)
	v := graphtest.Eval(t, run.Out)[0]
	require.InDeltaSlice(t, []float64{0.9, 0.1, 0.82, 0.18}, v[:4], 1e-12)
	require.InDeltaSlice(t, []float64{0.5, 0.5}, v[78:], 1e-3)
}

// An Accumulator of one's own: the squares of the potential.
func TestOwnAccumulator(t *testing.T) {
	squares := func(b *graph.Builder, _ *G.Node, s neurons.BoxState, reg *G.Node) *G.Node {
		v := b.Square(s.V)
		if reg == nil {
			return v
		}
		return b.Add(reg, v)
	}
	p := neurons.RegularisedParams[neurons.BoxState, neurons.LIBoxParams]{Inner: neurons.DefaultLIBoxParams(), Accumulate: squares}
	r := simulate(t, neurons.Regularised(neurons.LIBoxStep), p, []float64{1, 1, 0}, "Reg")
	require.InDeltaSlice(t, []float64{0.1, 0.19, 0.171}, r[0], 1e-12)
	require.InDeltaSlice(t, []float64{0.01, 0.01 + 0.0361, 0.01 + 0.0361 + 0.029241}, r[1], 1e-12)
}

// The gradient that a spike sends back through a sparse layout reaches spikes
// alone.
func TestAtSpikes(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float64, "x", []int{1, 4}, []float64{0, 1, 0, -2})
	y, err := neurons.AtSpikes(x)
	require.NoError(t, err)
	loss := graphtest.Loss(t, []*G.Node{y}, [][]float64{{3, 4, 5, 6}})
	ds, vs := graphtest.Grads(t, loss, []*G.Node{x}, []*G.Node{y})
	require.Equal(t, []float64{0, 1, 0, -2}, vs[0])
	require.Equal(t, []float64{0, 4, 0, 6}, ds[0])
}

// A current needs no input weights: it acts as through the identity.
func TestRecurrentAdjointOfCurrents(t *testing.T) {
	const n = 3
	run := func(identity bool) [][]float64 {
		g := G.NewGraph()
		x := graphtest.Random(12*2*n, 1)
		for i := range x {
			x[i] = 0.3 + 0.2*x[i]
		}
		xs := graphtest.Node(g, tensor.Float64, "xs", []int{12, 2, n}, x)
		p := neurons.RecurrentAdjointParams[neurons.LIFState, neurons.LIFParams]{
			Inner: neurons.DefaultLIFParams(),
			W:     graphtest.Node(g, tensor.Float64, "w", []int{n, n}, graphtest.Random(n*n, 2)),
		}
		if identity {
			p.WIn = graphtest.Node(g, tensor.Float64, "identity", []int{n, n}, []float64{1, 0, 0, 0, 1, 0, 0, 0, 1})
		}
		r, err := graph.Scan(neurons.RecurrentAdjoint(neurons.LIFAdjointStep), xs, nil, p)
		require.NoError(t, err)
		v, err := r.Trace("V")
		require.NoError(t, err)
		return graphtest.Eval(t, r.Out, v)
	}
	want, got := run(true), run(false)
	require.Contains(t, want[0], 1., "nothing fired")
	require.Equal(t, want[0], got[0])
	require.InDeltaSlice(t, want[1], got[1], 1e-12)
}

// Defaults that stand in no parameter set of the reference's: a period of 5 steps,
// and Δ = 0.5.
func TestDefaults(t *testing.T) {
	require.Equal(t, graph.Const(5), neurons.DefaultLIFMCRefracParams().RhoReset)
	require.Equal(t, graph.Const(0.5), neurons.DefaultLIFExBoxParams().DeltaT)
	m, err := neurons.ModelNamed("lif_refrac_feed_forward_adjoint_step")
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
