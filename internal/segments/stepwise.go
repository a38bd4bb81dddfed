package segments

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
)

// CheckSteps returns an error if a network gives in a window of the shape, of two steps, something else than in whole
// sequences, which may have different lengths: see layers.Build.CheckTime.
func CheckSteps(dt tensor.Dtype, shape []int, seed uint64, lengths bool, apply func(b *layers.Build, x *G.Node) (*G.Node, error)) error {
	g := G.NewGraph()
	x, err := graph.Input(g, "x", tensor.New(tensor.Of(dt), tensor.WithShape(shape...)))
	if err != nil {
		return err
	}
	b := layers.NewBuild(seed)
	b.Carry = &layers.Carry{}
	if b.Length, err = graph.Input(g, "length", tensor.New(tensor.Of(dt), tensor.WithShape(shape[1]))); err != nil {
		return err
	}
	out, err := apply(b, x)
	if err != nil {
		return err
	}
	return b.CheckTime(x, out, lengths)
}
