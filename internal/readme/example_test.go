package main_test

import (
	"context"
	"fmt"
	"log"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// A network learns to tell the three parts of the Yin-Yang symbol apart.
func Example() {
	points, err := data.NewYinYang(5000, 42)
	if err != nil {
		log.Fatal(err)
	}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 200, Init: layers.Scaled{Gain: 4}},
			layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()), // fire
			layers.Linear{Out: 3},
			layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), // add up
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 30, Batch: 50,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	unseen, err := data.NewYinYang(1000, 40)
	if err != nil {
		log.Fatal(err)
	}
	t := train.Trainer{
		Model: model, Data: points, Validation: unseen, Epochs: 10,
		Optimiser: &optim.Adam{LearningRate: 5e-3},
	}
	result, err := t.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("more than 9 of 10 unseen points right:", result.History[9].Validation.Accuracy > 0.9)
	// Output: more than 9 of 10 unseen points right: true
}
