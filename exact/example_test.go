package exact_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/exact"
)

// The gradient of the time of a spike says how much earlier it comes with a larger weight.
func ExampleModel_Run() {
	m, err := exact.Network{Inputs: 1, Duration: 0.1, Layers: []exact.Layer{{N: 1, TauMem: 0.02, TauSyn: 0.01}}}.Compile(1)
	if err != nil {
		log.Fatal(err)
	}
	w := m.Params()[0].Value().Data().([]float64)
	w[0] = 5
	r, err := m.Run([]exact.Spike{{Time: 0.03}})
	if err != nil {
		log.Fatal(err)
	}
	g, err := r.Backward(exact.Gradient{Times: [][]float64{{1}}})
	if err != nil {
		log.Fatal(err)
	}
	x := (1 + math.Sqrt(1-4/w[0])) / 2 // e^(−t/τ_m), in closed form
	fmt.Printf("fires at %.6f s, in closed form %.6f s\n", r.First(0)[0], 0.03-0.02*math.Log(x))
	fmt.Printf("by the weight %.6f s, by the time of the input %.3f\n", g.Params[0][0], g.Inputs[0])
	// Output:
	// fires at 0.036470 s, in closed form 0.036470 s
	// by the weight -0.002472 s, by the time of the input 1.000
}

// A network learns from the times of the first spikes of three output neurons.
func ExampleTrainer() {
	points, err := data.NewYinYang(600, 42)
	if err != nil {
		log.Fatal(err)
	}
	m, err := exact.Network{Inputs: 5, Duration: 0.060, Layers: []exact.Layer{
		{N: 30, Mean: 1.5, Deviation: 0.78}, {N: 3, Mean: 0.93, Deviation: 0.1},
	}}.Compile(1)
	if err != nil {
		log.Fatal(err)
	}
	t := exact.Trainer{
		Model: m, Data: points, Epochs: 8, Wake: 0.05,
		Encode: func(x []float32) []exact.Spike {
			spikes := []exact.Spike{{Time: 0.020, Neuron: 4}} // always there
			for i, v := range x {
				spikes = append(spikes, exact.Spike{Time: 0.010 + 0.030*float64(v), Neuron: i})
			}
			return spikes
		},
	}
	h, err := t.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("learnt:", h[7].Train.Accuracy() > 0.6 && h[7].Train.Cost < h[0].Train.Cost)
	// Output: learnt: true
}
