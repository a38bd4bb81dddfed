package presets_test

import (
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/presets"
)

// Bursts: a spike is cut at 0 mV, and resets the neuron to above its threshold.
func ExampleAdExPattern() {
	bursting := presets.AdExRegularBursting
	p := bursting.Params()
	g := G.NewGraph()
	const T = 40_000 // steps of 0.01 ms
	xs := G.NewTensor(g, tensor.Float64, 3, G.WithName("xs"), G.WithShape(T, 1, 1), G.WithInit(G.ValuesOf(bursting.Current())))
	run, err := graph.Scan(neurons.AdExBoxStep, xs, nil, p)
	if err != nil {
		log.Fatal(err)
	}
	m, err := machine.New(run.Out)
	if err != nil {
		log.Fatal(err)
	}
	if err := m.Run(); err != nil {
		log.Fatal(err)
	}
	for t, z := range m.Value(0).Data().([]float64) {
		if z == 1 {
			fmt.Printf("%.0f ", float64(t)*p.Dt)
		}
	}
	fmt.Println("ms")
	// Output: 16 19 24 156 162 295 300 ms
}
