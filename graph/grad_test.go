package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// A second cost on nodes that have a gradient is refused: Gorgonia would answer
// with the gradient of the first.
func TestGradTwice(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float64, "x", []int{2}, []float64{1, 2})
	a, err := G.Sum(x)
	require.NoError(t, err)
	s, err := G.Square(x)
	require.NoError(t, err)
	b, err := G.Sum(s)
	require.NoError(t, err)
	_, _, err = graph.Grad(a, x)
	require.NoError(t, err)
	_, _, err = graph.Grad(b, x)
	require.ErrorContains(t, err, "graph: gradient: x has a gradient already")
}

func TestGradErrors(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float64, "x", []int{2}, []float64{1, 2})
	_, _, err := graph.Grad(nil, x)
	require.EqualError(t, err, "graph: gradient: the cost is nil")
	_, _, err = graph.Grad(x, x)
	require.EqualError(t, err, "graph: gradient: the cost has shape [2], want a scalar")
}

// A lisp machine that differentiates by itself is told that it cannot; forward it
// may run.
func TestLispMachine(t *testing.T) {
	build := func() (*G.ExprGraph, *graph.Run[leakyState]) {
		g := G.NewGraph()
		xs := graphtest.Node(g, tensor.Float64, "xs", []int{3, 1, 2}, graphtest.Random(6, 1))
		r, err := graph.Scan(leakyStep, xs, nil, leaky{Decay: graph.Const(0.9), Th: graph.Const(1)})
		require.NoError(t, err)
		return g, r
	}
	g, r := build()
	forward := G.NewLispMachine(g, G.ExecuteFwdOnly())
	defer forward.Close()
	require.NoError(t, forward.RunAll())
	require.Len(t, graphtest.Floats(r.Out.Value()), 6)

	g, r = build()
	_, err := G.Sum(r.Out)
	require.NoError(t, err)
	both := G.NewLispMachine(g)
	defer both.Close()
	require.ErrorContains(t, both.RunAll(), "a LispMachine cannot differentiate this operation")
}
