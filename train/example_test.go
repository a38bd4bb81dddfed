package train_test

import (
	"context"
	"fmt"
	"log"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// A network of spiking neurons learns to tell the regions of the Yin-Yang symbol
// apart.
func Example() {
	points, err := data.NewYinYang(2000, 42)
	if err != nil {
		log.Fatal(err)
	}
	lif := neurons.DefaultLIFParams()
	lif.Spike = surrogate.SuperSpike{Alpha: 10}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 100, Init: layers.Scaled{Gain: 4}},
			layers.Lift(neurons.LIFStep, lif),
			layers.Linear{Out: 3},
			layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 20, Batch: 50, Seed: 1,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	trainer := train.Trainer{Model: model, Data: points, Epochs: 10, Optimiser: &optim.Adam{LearningRate: 0.01}}
	result, err := trainer.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	last := result.History[len(result.History)-1].Train
	fmt.Printf("after %d epochs more than 90 %% are right: %t\n", len(result.History), last.Accuracy > 0.9)
	// Output:
	// after 10 epochs more than 90 % are right: true
}

// A training can be watched, and ended at any time: here after the second batch
// of the second epoch. What was learnt until then stays.
func ExampleTrainer() {
	points, err := data.NewYinYang(150, 42)
	if err != nil {
		log.Fatal(err)
	}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 20},
			layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()),
			layers.Linear{Out: 3},
			layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
			layers.Last,
		},
		Shape: []int{4}, Steps: 10, Batch: 50,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	trainer := train.Trainer{
		Model: model, Data: points, Epochs: 10,
		Schedule: optim.Warmup{Steps: 3, Then: optim.Cosine{}},
		OnBatch: func(b train.Batch) {
			fmt.Printf("epoch %d, batch %d of %d: learning rate %.1e\n", b.Epoch, b.Batch, b.Batches, b.LearningRate)
			if b.Epoch == 1 && b.Batch == 1 {
				cancel()
			}
		},
	}
	result, err := trainer.Run(ctx)
	fmt.Println(err, "after", len(result.History), "whole epoch")
	// Output:
	// epoch 0, batch 0 of 3: learning rate 3.3e-04
	// epoch 0, batch 1 of 3: learning rate 6.7e-04
	// epoch 0, batch 2 of 3: learning rate 1.0e-03
	// epoch 1, batch 0 of 3: learning rate 1.0e-03
	// epoch 1, batch 1 of 3: learning rate 1.0e-03
	// context canceled after 1 whole epoch
}

// What a neuron does with a weak current and with a strong one.
func ExampleModel_Record() {
	currents, err := data.New([]int{1}, []float32{0.8, 1.5}, []int{0, 1})
	if err != nil {
		log.Fatal(err)
	}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 4, Init: layers.Constant(1), NoBias: true},
			layers.Named("hidden", layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams())),
			layers.Linear{Out: 2},
			layers.Last,
		},
		Shape: []int{1}, Steps: 10, Batch: 2,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	spikes := layers.Probe{Layer: "hidden", Neurons: []int{3}}
	voltages := layers.Probe{Layer: "hidden", State: "V", Neurons: []int{3}}
	rs, err := model.Record(context.Background(), currents, nil, []int{0, 1}, spikes, voltages)
	if err != nil {
		log.Fatal(err)
	}
	for k, sample := range rs[0].Samples {
		fmt.Println("sample", sample)
		fmt.Printf("%4.0f\n%.2f\n", rs[0].Sample(k), rs[1].Sample(k))
	}
	// Output:
	// sample 0
	// [   0    0    0    0    0    1    0    0    0    1]
	// [0.08 0.22 0.39 0.59 0.80 0.00 0.32 0.62 0.90 0.00]
	// sample 1
	// [   0    0    0    1    0    1    0    1    0    1]
	// [0.15 0.41 0.73 0.00 0.50 0.00 0.59 0.00 0.65 0.00]
}

// Each sample has a target tensor in place of a label, if the data set has a
// method Target.
func ExampleTrainer_targets() {
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 1, Init: layers.Constant(0)},
			layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
			layers.Last,
		},
		Shape: []int{1}, Steps: 20, Batch: 4, Loss: loss.MeanSquared{},
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	trainer := train.Trainer{Model: model, Data: doubles{}, Epochs: 400, Optimiser: &optim.Adam{LearningRate: 0.05}}
	if _, err := trainer.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	out, err := model.Predict(context.Background(), doubles{}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f\n", out.Data())
	// Output:
	// [0.00 0.50 1.00 1.50]
}

// doubles are the numbers 0, 0.25, 0.5 and 0.75; their targets are twice as much.
type doubles struct{}

func (doubles) Len() int     { return 4 }
func (doubles) Shape() []int { return []int{1} }

func (doubles) Sample(i int, x []float32) (label int, err error) {
	x[0] = float32(i) / 4
	return 0, nil
}

func (doubles) Target(i int, y []float32) error {
	y[0] = float32(i) / 2
	return nil
}
