package layers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/layers"
)

// wrapper is a container of somebody else's.
type wrapper struct{ Inner layers.Layer }

func (w *wrapper) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	return layers.Sequential{w.Inner, layers.Flatten}.Apply(b, x)
}

// A container that contains itself is an error, and can be described.
func TestContainsItself(t *testing.T) {
	twice := layers.Sequential{nil, nil, nil}
	for i := range twice {
		twice[i] = twice
	}
	inside := layers.Sequential{layers.Flatten, nil}
	inside[1] = layers.Named("again", inside)
	around := &wrapper{}
	around.Inner = around
	both := layers.Sequential{nil}
	both[0] = &wrapper{both}
	for _, l := range []layers.Layer{twice, inside, around, both} {
		x := G.NewTensor(G.NewGraph(), tensor.Float32, 3, G.WithShape(2, 3, 4), G.WithName("x"))
		_, err := l.Apply(layers.NewBuild(1), x)
		require.ErrorContains(t, err, "layers stand one in the other more than 64 times: does one contain itself?")
		require.Less(t, len(err.Error()), 4000)
		said := layers.Describe(l)
		require.Less(t, len(said), 100)
		for _, d := range said {
			require.Less(t, len(d.Settings), 10000)
		}
	}
	require.Equal(t, []layers.Description{{"0", "contains itself"}, {"1", "contains itself"}, {"2", "contains itself"}}, layers.Describe(twice))
	require.Equal(t, "again", layers.Describe(inside)[1].Name)

	// So many are fine, and the same layer twice as well.
	var l layers.Layer = layers.Flatten
	for range 63 {
		l = layers.Sequential{l}
	}
	require.Equal(t, 63, len(strings.Split(layers.Describe(l)[0].Name, ".")))
	x := G.NewTensor(G.NewGraph(), tensor.Float32, 3, G.WithShape(2, 3, 4), G.WithName("x"))
	_, err := layers.Sequential{l, l}.Apply(layers.NewBuild(1), x)
	require.NoError(t, err)
	require.Len(t, layers.Describe(layers.Sequential{l, l}), 2)
}
