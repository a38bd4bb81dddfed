package nir

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/limit"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
)

// Run returns what comes out of the network for one sample: x has the inputs of one time
// step after the other, and so has what is returned. It computes in float64, from rest.
func (n *Network) Run(x []float64) ([]float64, error) {
	y, err := n.run(x)
	if err != nil {
		return nil, fmt.Errorf("nir: run: %w", err)
	}
	return y, nil
}

func (n *Network) run(x []float64) ([]float64, error) {
	s := n.Shape()
	width := size(s.In)
	if n == nil || len(n.vs) == 0 || len(x) == 0 || len(x)%width != 0 {
		return nil, fmt.Errorf("%d inputs, want a multiple of %d, those of a time step", len(x), width)
	}
	shape := append([]int{len(x) / width, 1}, s.In...)
	if _, err := limit.Elements(shape...); err != nil {
		return nil, err
	}
	xs := G.NewTensor(G.NewGraph(), tensor.Float64, len(shape), G.WithShape(shape...), G.WithName("x"),
		G.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(slices.Clone(x)))))
	y, err := n.Apply(layers.NewBuild(1), xs)
	if err != nil {
		return nil, err
	}
	m, err := machine.New(y)
	if err != nil {
		return nil, err
	}
	if err := m.Run(); err != nil {
		return nil, err
	}
	out, ok := m.Value(0).Data().([]float64)
	if !ok {
		return nil, fmt.Errorf("the output is %T, want []float64", m.Value(0).Data())
	}
	return slices.Clone(out), nil
}
