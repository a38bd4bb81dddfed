package model_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/blueprint"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// Whatever a text says, it is an error or a network that can be described and written
// again, and that building gives an error or a node.
func FuzzBlueprint(f *testing.F) {
	text, err := blueprint.Write(layers.Sequential{
		layers.Linear{Out: 2}, layers.Named("hidden", layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams(), layers.Learn("VTh"))), layers.Residual{Body: layers.Identity}, layers.SpikeCount,
	})
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"version": 1, "net": {"type": "Sum", "layers": [{"type": "Shared", "name": "a", "layer": {"type": "BatchNorm"}}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := blueprint.Read(text)
		if err != nil {
			return
		}
		layers.Describe(l)
		if _, err := blueprint.Write(l); err != nil {
			t.Fatal(err)
		}
		x := G.NewTensor(G.NewGraph(), tensor.Float32, 3, G.WithShape(2, 1, 2), G.WithName("x"))
		b := layers.NewBuild(1)
		b.Most = 1 << 12
		_, _ = l.Apply(b, x)
	})
}
