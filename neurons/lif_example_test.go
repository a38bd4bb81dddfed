package neurons_test

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
)

// A constant current makes a neuron fire at a steady rate.
func ExampleLIFStep() {
	g := G.NewGraph()
	xs := G.NewTensor(g, tensor.Float32, 3, G.WithName("xs"), G.WithShape(40, 1, 1), G.WithInit(G.ValuesOf(float32(0.5))))
	run, err := graph.Scan(neurons.LIFStep, xs, nil, neurons.DefaultLIFParams())
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := machine.New(run.Out)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := m.Run(); err != nil {
		fmt.Println(err)
		return
	}
	for t, z := range m.Value(0).Data().([]float32) {
		if z == 1 {
			fmt.Print(t, " ")
		}
	}
	// Output: 8 14 19 24 29 34 39
}
