package train_test

import (
	"context"
	"fmt"
	"log"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/train"
)

// What a network costs stands beside how well it does. Ten inputs that are 1 at
// each of 20 time steps are added to 5 neurons, and these do not spike.
func ExampleModel_Cost() {
	ones := make([]float32, 10)
	for i := range ones {
		ones[i] = 1
	}
	samples, err := data.New([]int{10}, ones, []int{0})
	if err != nil {
		log.Fatal(err)
	}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 5, Init: layers.Constant(0)},
			layers.Named("hidden", layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams())),
			layers.Linear{Out: 2},
			layers.SpikeCount,
		},
		Shape: []int{10}, Steps: 20, Batch: 1,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	cost, err := model.Cost(context.Background(), samples, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range cost.Maps {
		fmt.Printf("%s: %.0f events, %.0f operations of %.0f\n", m.Name, m.Events, m.Ops, m.Dense)
	}
	fmt.Println(cost)
	// Output:
	// 0.linear.w: 200 events, 1000 operations of 1000
	// 2.linear.w: 0 events, 0 operations of 200
	// synaptic operations 1.00 k a sample; multiply-accumulates without spikes 1.20 k, of one time step 60.0
	// spikes 0 a sample, 0 a neuron
	// memory traffic 13.6 kB a sample; without spikes 16.0 kB
	// energy of the arithmetic at 45 nm 900 pJ a sample; without spikes 5.52 nJ, of one time step 276 pJ
}
