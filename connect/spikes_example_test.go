package connect_test

import (
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/machine"
)

// Events, as of a camera or a cochlea, go into a linear map and on into neurons
// without a dense tensor.
func ExampleSpikeInput() {
	events, err := connect.NewSpikes(4, 1, 3) // time steps, samples, inputs
	if err != nil {
		log.Fatal(err)
	}
	g := G.NewGraph()
	x, err := connect.SpikeInput(g, "x", tensor.Float32, events)
	if err != nil {
		log.Fatal(err)
	}
	w := G.NewMatrix(g, tensor.Float32, G.WithName("w"), G.WithShape(3, 2),
		G.WithValue(tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6}))))
	y, err := connect.Linear(x, w, nil)
	if err != nil {
		log.Fatal(err)
	}
	m, err := machine.New(y)
	if err != nil {
		log.Fatal(err)
	}

	for range 2 { // before every run, new lists
		events.Clear()
		for _, e := range []struct{ step, input int }{{0, 2}, {1, 0}, {1, 1}} {
			if err := events.Add(e.step, 0, e.input, 1); err != nil {
				log.Fatal(err)
			}
		}
		if err := m.Run(); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(events.Len(), "spikes become", m.Value(0).Data())
	// Output: 3 spikes become [5 6 4 6 0 0 0 0]
}
