package neurons_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// simulate runs one neuron on the inputs xs from rest, and returns its output
// and the named states over time.
func simulate[S any, P graph.Params[S]](t *testing.T, step graph.Step[S, P], p P, xs []float64, names ...string) [][]float64 {
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

// constant returns n times x.
func constant(n int, x float64) []float64 { return slices.Repeat([]float64{x}, n) }

// times returns the steps with a spike.
func times(z []float64) []int {
	var ts []int
	for t, v := range z {
		if v == 1 {
			ts = append(ts, t)
		}
	}
	return ts
}

// intervals returns the differences of successive times.
func intervals(ts []int) []int {
	var ds []int
	for i := 1; i < len(ts); i++ {
		ds = append(ds, ts[i]-ts[i-1])
	}
	return ds
}
