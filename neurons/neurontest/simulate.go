package neurontest

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// Simulate runs one neuron on the inputs xs from rest, and returns its output
// and the named states over time.
func Simulate[S any, P graph.Params[S]](t *testing.T, step graph.Step[S, P], p P, xs []float64, names ...string) [][]float64 {
	t.Helper()
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float64, "xs", []int{len(xs), 1, 1}, xs)
	run, err := graph.Scan(step, x, nil, p)
	require.NoError(t, err)
	nodes := []*G.Node{run.Out}
	for _, name := range names {
		n, err := run.Trace(name)
		require.NoError(t, err)
		nodes = append(nodes, n)
	}
	return graphtest.Eval(t, nodes...)
}

// StepError returns the message with which a step refuses its parameters.
func StepError[S any, P graph.Params[S]](t *testing.T, step graph.Step[S, P], p P) string {
	t.Helper()
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float64, "x", []int{1, 2}, make([]float64, 2))
	s, err := p.Rest(x)
	require.NoError(t, err)
	_, _, err = step(x, s, p)
	require.Error(t, err)
	return err.Error()
}
