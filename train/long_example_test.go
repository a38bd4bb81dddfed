package train_test

import (
	"context"
	"fmt"
	"log"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// waves are sequences of a wave that is slow, of class 0, or quick, of class 1. They
// have different lengths, and each fills as many time steps as it needs of those
// that there are.
type waves struct{ steps int }

func (waves) Len() int       { return 64 }
func (w waves) Shape() []int { return []int{w.steps, 1} }

// Steps implements data.Varied.
func (w waves) Steps(i int) int { return w.steps - 7*i%(w.steps/2) }

func (w waves) Sample(i int, x []float32) (class int, err error) {
	period := 20 - 10*(i%2)
	for t := range w.Steps(i) {
		if (t+i)%period < period/2 {
			x[t] = 2
		}
	}
	return i % 2, nil
}

// listener is a network with recurrent connections.
func listener() layers.Layer {
	return layers.Sequential{
		layers.Linear{Out: 40, Init: layers.Scaled{Gain: 2}},
		layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams()),
		layers.Linear{Out: 2},
		layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
		layers.MeanOverTime,
	}
}

// Sequences of 400 steps are gone through 40 steps at a time, in a fraction of the
// memory. The samples have different lengths; what is behind them does not count.
func ExampleModel_segments() {
	m, err := train.Network{
		Net: listener(), Shape: []int{1}, Steps: 400, Batch: 16, Seed: 1,
		Segment: 40,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	t := train.Trainer{Model: m, Data: waves{400}, Epochs: 10, Optimiser: &optim.Adam{LearningRate: 5e-3}}
	result, err := t.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("nearly all right:", result.History[9].Train.Accuracy > 0.9)
	// Output: nearly all right: true
}

// Truncated backpropagation updates the weights every 50 steps, by a gradient that
// goes back 100 steps.
func ExampleModel_window() {
	m, err := train.Network{
		Net: listener(), Shape: []int{1}, Steps: 400, Batch: 16, Seed: 1,
		Window: 100, Stride: 50,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	t := train.Trainer{Model: m, Data: waves{400}, Epochs: 10, Optimiser: &optim.Adam{LearningRate: 5e-3}}
	result, err := t.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("better than guessing:", result.History[9].Train.Accuracy > 0.8)
	// Output: better than guessing: true
}

// recordings are four long sequences, cut into parts of 100 steps.
type recordings struct{ long waves }

func (recordings) Len() int     { return 16 }
func (recordings) Shape() []int { return []int{100, 1} }

// Part implements data.Continued.
func (recordings) Part(i int) (sequence, part int) { return i / 4, i % 4 }

// Steps implements data.Varied: the last part of a sequence may be shorter.
func (r recordings) Steps(i int) int {
	return min(100, r.long.Steps(i/4)-100*(i%4))
}

func (r recordings) Sample(i int, x []float32) (class int, err error) {
	whole := make([]float32, 400)
	class, err = r.long.Sample(i/4, whole)
	copy(x, whole[100*(i%4):])
	return class, err
}

// The network goes on with a part where it stood at the end of the part before.
func ExampleTrainer_continued() {
	m, err := train.Network{
		Net: listener(), Shape: []int{1}, Steps: 100, Batch: 2, Seed: 1,
		Window: 100,
	}.Compile()
	if err != nil {
		log.Fatal(err)
	}
	t := train.Trainer{Model: m, Data: recordings{waves{400}}, Epochs: 2, Optimiser: &optim.Adam{LearningRate: 5e-3}}
	result, err := t.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d samples an epoch\n", result.History[0].Train.Samples)
	// Output: 16 samples an epoch
}
