package graph_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// Growth, decay and what lies between them: where the equation is linear,
// a Slope gives exp(λ dt) s, and its gradient.
func TestSlope(t *testing.T) {
	const dt, tauInv = 0.5, 2
	rates := []float64{-40, -3, -1.5, -0.3, -1e-4, -1e-9, 0, 1e-12, 1e-6, 0.01, 0.7, 1.2, 5, 19}
	for typ, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-13, tensor.Float32: 3e-6} {
		g := G.NewGraph()
		rate := graphtest.Node(g, typ, "rate", []int{len(rates)}, rates)
		s := graphtest.Node(g, typ, "s", []int{len(rates)}, make([]float64, len(rates)))
		var b graph.Builder
		one := b.Shift(s, graph.Const(1))
		eq := graph.Equation{State: one, TauInv: graph.Const(tauInv), D: b.Mul(rate, one), Slope: func() *G.Node { return rate }}
		next := graph.Exponential.Flow(&b, dt, eq).Next(0)
		require.NoError(t, b.Err())
		weights := make([]float64, len(rates))
		for i := range weights {
			weights[i] = 1
		}
		ds, vs := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{next}, [][]float64{weights}), []*G.Node{rate, s}, []*G.Node{next})
		for i, r := range rates {
			want := math.Exp(r)
			require.InDelta(t, want, vs[0][i], tol*math.Max(1, want), "rate %v", r)
			require.InDelta(t, want, ds[0][i], 40*tol*math.Max(1, want), "gradient of rate %v", r)
			require.InDelta(t, want, ds[1][i], tol*math.Max(1, want), "gradient of s for rate %v", r)
		}
	}
}

// Beyond e²⁰ a state grows no faster, so that it stays finite.
func TestSlopeIsHeld(t *testing.T) {
	g := G.NewGraph()
	s := graphtest.Node(g, tensor.Float32, "s", []int{2}, []float64{1, 1})
	var b graph.Builder
	eq := graph.Equation{State: s, TauInv: graph.Const(1), D: s, Slope: func() *G.Node { return b.Fill(s, graph.Const(1e30)) }}
	next := graph.Exponential.Flow(&b, 1, eq).Next(0)
	require.NoError(t, b.Err())
	require.InEpsilon(t, 1+math.Expm1(20)/20, graphtest.Eval(t, next)[0][0], 1e-5)
}

// A parameter gives the same as a constant and as a node, of whatever shapes.
func TestIntegrationOfNodes(t *testing.T) {
	const dt, a, c = 1e-3, 100, 230
	for _, how := range []graph.Integration{graph.Euler, graph.Exponential} {
		g := G.NewGraph()
		node := func(name string, shape []int, v float64) graph.Param {
			x := make([]float64, tensor.Shape(shape).TotalSize())
			for i := range x {
				x[i] = v
			}
			return graph.Learn(graphtest.Node(g, tensor.Float64, name, shape, x))
		}
		s := node("s", []int{2, 3}, 0.7).Node()
		var b graph.Builder
		var outs []*G.Node
		for _, rates := range [][2]graph.Param{
			{graph.Const(a), graph.Const(c)},
			{node("a", nil, a), graph.Const(c)},
			{graph.Const(a), node("c", []int{3}, c)},
			{node("a one", []int{1}, a), node("c each", []int{3}, c)},
			{node("a each", []int{3}, a), node("c scalar", nil, c)},
			{node("a column", []int{2, 1}, a), node("c row", []int{3}, c)},
		} {
			f := how.Flow(&b, dt,
				graph.Equation{State: s, TauInv: rates[0], D: s, Linear: []graph.Param{graph.Const(-1), graph.Const(1)}},
				graph.Equation{State: s, TauInv: rates[1]})
			outs = append(outs, f.Next(0), f.Next(1))
		}
		require.NoError(t, b.Err())
		vs := graphtest.Eval(t, outs...)
		for i, v := range vs {
			graphtest.Close(t, how.String(), vs[i%2], v, 1e-15)
		}
	}
}

func TestIntegrationText(t *testing.T) {
	for _, how := range []graph.Integration{graph.Euler, graph.Exponential} {
		text, err := how.MarshalText()
		require.NoError(t, err)
		var back graph.Integration
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, how, back)
		require.Equal(t, how.String(), string(text))
	}
	var m graph.Integration
	require.EqualError(t, m.UnmarshalText([]byte("heun")), `graph: integration: got method "heun", want one of [euler exponential]`)
}
