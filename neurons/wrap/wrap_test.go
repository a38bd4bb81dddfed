package wrap_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/neurontest"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// A neuron that would fire at every step fires once, and is silent for the
// period.
func TestRefractoryPeriod(t *testing.T) {
	step := wrap.Refractory(neurons.IAFStep)
	for rho, want := range map[float64]int{0: 1, 1: 2, 3: 4, 4.5: 6} {
		p := wrap.RefractoryParams[neurons.BoxState, neurons.IAFParams]{
			Inner: neurons.DefaultIAFParams(), RhoReset: graph.Const(rho),
		}
		r := neurontest.Simulate(t, step, p, slices.Repeat([]float64{2}, 30), "Rho")
		for i, z := range r[0] {
			require.Equal(t, i%want == 0, z == 1, "period %v, step %d", rho, i)
		}
		require.Equal(t, rho, r[1][0])
	}
}

// Two passive compartments that exchange current end at the same potential, and
// none is lost: the leak is the only way out.
func TestCoupledCompartments(t *testing.T) {
	g := G.NewGraph()
	xs := graphtest.Node(g, tensor.Float64, "xs", []int{40, 1, 2}, make([]float64, 80))
	p := wrap.CoupledParams[neurons.BoxState, neurons.LIBoxParams]{Inner: neurons.DefaultLIBoxParams()}
	p.Inner.TauMemInv = graph.Const(0)
	p.Coupling = graphtest.Node(g, tensor.Float64, "G", []int{2, 2}, []float64{-100, 100, 100, -100})
	s := neurons.BoxState{V: graphtest.Node(g, tensor.Float64, "v", []int{1, 2}, []float64{1, 0})}
	run, err := graph.Scan(wrap.Coupled(neurons.LIBoxStep), xs, &s, p)
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
	p := wrap.RegularisedParams[neurons.BoxState, neurons.LIBoxParams]{Inner: neurons.DefaultLIBoxParams(), Accumulate: squares}
	r := neurontest.Simulate(t, wrap.Regularised(neurons.LIBoxStep), p, []float64{1, 1, 0}, "Reg")
	require.InDeltaSlice(t, []float64{0.1, 0.19, 0.171}, r[0], 1e-12)
	require.InDeltaSlice(t, []float64{0.01, 0.01 + 0.0361, 0.01 + 0.0361 + 0.029241}, r[1], 1e-12)
}

// The gradient that a spike sends back through a sparse layout reaches spikes
// alone.
func TestAtSpikes(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float64, "x", []int{1, 4}, []float64{0, 1, 0, -2})
	y, err := wrap.AtSpikes(x)
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
		p := wrap.RecurrentAdjointParams[neurons.LIFState, neurons.LIFParams]{
			Inner: neurons.DefaultLIFParams(),
			W:     graphtest.Node(g, tensor.Float64, "w", []int{n, n}, graphtest.Random(n*n, 2)),
		}
		if identity {
			p.WIn = graphtest.Node(g, tensor.Float64, "identity", []int{n, n}, []float64{1, 0, 0, 0, 1, 0, 0, 0, 1})
		}
		r, err := graph.Scan(wrap.RecurrentAdjoint(neurons.LIFAdjointStep), xs, nil, p)
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
