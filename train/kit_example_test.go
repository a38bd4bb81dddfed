package train_test

import (
	"context"
	"fmt"
	"log"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// blobs are images with a spot on one of four quarters: which, and how bright, 0 to 1.
type blobs struct{}

func (blobs) Len() int     { return 64 }
func (blobs) Shape() []int { return []int{1, 6, 6} }

func (blobs) Sample(i int, x []float32) (int, error) {
	clear(x)
	for k := range 4 {
		x[(1+3*(i%4/2)+k/2)*6+1+3*(i%2)+k%2] = 0.5 + float32(i%7)/6
	}
	return i % 4, nil
}

func (b blobs) Target(i int, y []float32) error {
	y[0], y[1] = float32(i%4), float32(i%7)/6
	return nil
}

// A residual network with batch norm, two outputs with losses of their own, and a trunk that is
// learnt more slowly than the heads.
func ExampleHead() {
	lif := layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams())
	conv := layers.Conv2D{Out: 8, Kernel: 3, Conv: connect.Conv{Pad: 1}, NoBias: true}
	norm := layers.BatchNorm{Scale: 2}
	head := func(n int) layers.Layer {
		return layers.Sequential{layers.Linear{Out: n}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.Last}
	}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Named("trunk", layers.Sequential{
				conv, norm, lif, layers.Residual{Body: layers.Sequential{conv, norm, lif}}, layers.Pool{Size: 2}, layers.Flatten,
			}),
			layers.Heads{layers.Named("quarter", head(4)), layers.Named("brightness", head(1))},
		},
		Shape: []int{1, 6, 6}, Steps: 10, Batch: 16, Seed: 1,
		Heads: []train.Head{{Output: "quarter"}, {Output: "brightness", Loss: loss.MeanSquared{}, Weight: 0.5}},
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	trainer := train.Trainer{
		Model: model, Data: blobs{}, Epochs: 30, Accumulate: 2, // a step has 32 samples
		Optimiser: &optim.Groups{
			Default: &optim.Adam{LearningRate: 0.01},
			Of:      []optim.Group{{Match: "*trunk.*", Optimiser: &optim.Adam{LearningRate: 0.001}, ClipNorm: 1}},
		},
	}
	result, err := trainer.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	last := result.History[29].Train
	fmt.Println(last.Values[0].Name, last.Values[0].Value, last.Terms["brightness loss"] < 0.1)
	// Output: quarter accuracy 1 true
}

// The class is to be right at every time step.
func ExampleNetwork_eachStep() {
	points, err := data.NewYinYang(1000, 42)
	if err != nil {
		log.Fatal(err)
	}
	model, err := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 50, Init: layers.Scaled{Gain: 4}}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()),
			layers.Linear{Out: 3}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), // no readout
		},
		Shape: []int{4}, Steps: 20, Batch: 50, Seed: 1, Loss: loss.TET{Lambda: 0.05, Level: 1},
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	trainer := train.Trainer{Model: model, Data: points, Epochs: 8, Optimiser: &optim.Adam{LearningRate: 0.01}}
	result, err := trainer.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.History[7].Train.Accuracy > 0.8)
	// Output: true
}

// Two batches of 25 to a step are one of 50.
func ExampleTrainer_accumulate() {
	points, err := data.NewYinYang(200, 42)
	if err != nil {
		log.Fatal(err)
	}
	last := func(batch, accumulate int) float64 {
		model, err := train.Network{
			Net: layers.Sequential{
				layers.Linear{Out: 20, Init: layers.Scaled{Gain: 4}}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()),
				layers.Linear{Out: 3}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.MaxOverTime,
			},
			Shape: []int{4}, Steps: 20, Batch: batch, Seed: 1,
		}.Compile()
		if err != nil {
			log.Fatal(err)
		}
		trainer := train.Trainer{Model: model, Data: points, Epochs: 3, Accumulate: accumulate, Optimiser: &optim.SGD{LearningRate: 0.1}}
		result, err := trainer.Run(context.Background())
		if err != nil {
			log.Fatal(err)
		}
		return result.History[2].Train.Loss
	}
	fmt.Printf("%.5f %.5f\n", last(50, 1), last(25, 2))
	// Output: 1.00949 1.00949
}
