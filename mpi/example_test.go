package mpi_test

import (
	"context"
	"fmt"
	"log"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/mpi"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// A program trains on all processes that mpirun has started; without it, as here, on one. A step has four
// batches, so that 1, 2 or 4 processes share them.
func Example() {
	world, err := mpi.World()
	if err != nil {
		log.Fatal(err)
	}
	points, err := data.NewYinYang(1000, 42)
	if err != nil {
		log.Fatal(err)
	}
	lif := neurons.DefaultLIFParams()
	lif.Spike = surrogate.SuperSpike{Alpha: 10}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 60, Init: layers.Scaled{Gain: 4}}, layers.Lift(neurons.LIFStep, lif),
			layers.Linear{Out: 3}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 20, Batch: 10, Seed: 1,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	trainer := train.Trainer{
		Model: model, Data: points, Epochs: 10, Optimiser: &optim.Adam{LearningRate: 0.05},
		Reduce: world, Accumulate: 4, Deterministic: true,
	}
	ctx := context.Background()
	if _, err := trainer.Run(ctx); err != nil {
		log.Fatal(err) // without Close: mpirun ends the others
	}
	result, err := train.Evaluator{Model: model, Reduce: world}.Evaluate(ctx, points, nil)
	if err != nil {
		log.Fatal(err)
	}
	if world.Rank() == 0 {
		fmt.Println(world)
		fmt.Println("accuracy above 0.7:", result.Accuracy > 0.7)
	}
	if err := world.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// one process, without MPI
	// accuracy above 0.7: true
}
