package layers_test

import (
	"fmt"
	"log"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/readout"
)

// A neuron that has not spiked has the time Latest.
func ExampleFirstSpike() {
	g := G.NewGraph()
	spikes := []float64{ // of three neurons, in five steps
		0, 1, 0,
		0, 0, 0,
		1, 0, 0,
		0, 0, 0,
		1, 0, 0,
	}
	x, err := graph.Input(g, "x", tensor.New(tensor.WithShape(5, 1, 3), tensor.WithBacking(spikes)))
	if err != nil {
		log.Fatal(err)
	}
	y, err := layers.FirstSpike{Latest: 5}.Apply(layers.NewBuild(1), x)
	if err != nil {
		log.Fatal(err)
	}
	m, err := machine.New(y)
	if err != nil {
		log.Fatal(err)
	}
	if err := m.Run(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Value(0).Data())
	// Output: [2 0 5]
}

func TestCheckTime(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float64, "x", []int{4, 2, 3}, make([]float64, 24))
	b := layers.NewBuild(1)
	sum := layers.Named("outer", layers.Sequential{layers.Named("inner", layers.Func(readout.SumOverTime))})
	y, err := sum.Apply(b, x)
	require.NoError(t, err)
	require.NoError(t, b.CheckTime(x, y, false), "whole sequences of one length")
	require.ErrorContains(t, b.CheckTime(x, y, true), "layer outer.inner: sum over time reads whole sequences")
	require.NoError(t, b.CheckHidden(y))

	// A penalty that sums over the steps of a window.
	b = layers.NewBuild(1)
	b.Carry = &layers.Carry{}
	out, err := layers.Last.Apply(b, x)
	require.NoError(t, err)
	require.NoError(t, b.CheckTime(x, out, false))
	require.ErrorContains(t, b.CheckTime(x, out, true), "last step reads whole sequences", "it has no lengths")
	b.Penalties = append(b.Penalties, layers.Penalty{Name: "mine", Node: G.Must(G.Sum(x))})
	require.ErrorContains(t, b.CheckTime(x, out, false), "penalty mine: Σ")

	require.Error(t, (*layers.Build)(nil).CheckTime(x, y, false))
	require.Error(t, b.CheckTime(nil, y, false))
	require.Error(t, b.CheckHidden(nil))
	require.Nil(t, b.Vouch(nil))
	require.Same(t, x, (*layers.Build)(nil).Vouch(x))
	_, err = b.FirstSpike(nil)
	require.EqualError(t, err, "layers: first spike: the Build or x is nil, or x is no sequence [T batch …]")
}

// What is wrong in a window is found in every head.
func TestTimeOfHeads(t *testing.T) {
	x := input(tensor.Float32, 4, 2, 3)
	b := layers.NewBuild(1)
	b.Carry = &layers.Carry{}
	total := layers.Func(func(x *G.Node) (*G.Node, error) { return G.Sum(x, 0) })
	y, err := layers.Heads{layers.Named("right", layers.SumOverTime), layers.Named("wrong", total)}.Apply(b, x)
	require.NoError(t, err)
	require.ErrorContains(t, b.CheckTime(x, y, false), "layer wrong: ")
}
