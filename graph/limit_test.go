package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/readout"
)

// What would have more elements than a tensor may have is refused before anything
// is allocated, by the function that is called or else by the machine.
func TestLimits(t *testing.T) {
	node := func(shape ...int) *G.Node { // without a value
		return G.NewTensor(G.NewGraph(), tensor.Float32, len(shape), G.WithName("x"), G.WithShape(shape...))
	}
	_, err := readout.OneHot(node(5), 1<<40)
	require.EqualError(t, err, "one-hot of 1099511627776: the result: shape [5 1099511627776] has 5497558138880 elements, want at most 2147483648")

	var b graph.Builder
	b.Expand(node(3), []int{1 << 30, 3})
	require.ErrorContains(t, b.Err(), "the result: shape [1073741824 3] has 3221225472 elements, want at most 2147483648")

	x := node(4, 2, 1<<16)
	w := G.NewMatrix(x.Graph(), tensor.Float32, G.WithName("w"), G.WithShape(1<<16, 1<<30))
	_, err = connect.Linear(x, w, nil)
	require.ErrorContains(t, err, "the result: shape [4 2 1073741824] has 8589934592 elements, want at most 2147483648")

	_, err = graph.Unroll(neurons.LIFStep, node(1<<40, 1, 1), nil, neurons.DefaultLIFParams())
	require.EqualError(t, err, "graph: unroll: xs has 1099511627776 time steps, want at most 65536; Scan takes more")

	// An operation of Gorgonia's.
	v := node(1 << 20)
	outer, err := G.OuterProd(v, G.NewVector(v.Graph(), tensor.Float32, G.WithName("y"), G.WithShape(1<<20)))
	require.NoError(t, err)
	sum, err := G.Sum(outer)
	require.NoError(t, err)
	_, err = machine.New(sum)
	require.ErrorContains(t, err, "the result: shape [1048576 1048576] has 1099511627776 elements, want at most 2147483648")
	require.ErrorContains(t, err, "machine: ")
}
