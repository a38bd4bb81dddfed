// Exact trains a network without time steps: spikes come at exact times, and gradients are those of
// EventProp. A point of the Yin-Yang set is the times of four spikes, beside a fifth that always comes
// at the same time, and the class is the output neuron that fires first.
//
//	go run ./examples/exact
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/exact"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
)

// Times are those of Wunderlich and Pehle, in seconds.
const (
	early, late = 0.010, 0.040 // of the spikes of a coordinate of 0 and of 1
	bias        = 0.020        // of the fifth spike
	duration    = 0.060
	hidden      = 200
	batch       = 32
)

func main() {
	seed := flag.Uint64("seed", 1, "seed of the weights and the order of the points")
	epochs := flag.Int("epochs", 60, "how often every point is seen")
	wake := flag.Float64("wake", 0.05, "what the weights of a neuron grow by that was silent for a whole batch")
	out := flag.String("out", "out/exact", "folder for the pictures")
	show.Parse("exact learns Yin-Yang by the times of first spikes, without time steps.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *seed, *epochs, *wake, *out); err != nil {
		fmt.Fprintln(os.Stderr, "exact:", err)
		os.Exit(1)
	}
}

// encode makes spikes of a point (x, y, 1−x, 1−y).
func encode(x []float32) []exact.Spike {
	spikes := []exact.Spike{{Time: bias, Neuron: len(x)}}
	for i, v := range x {
		spikes = append(spikes, exact.Spike{Time: early + float64(v)*(late-early), Neuron: i})
	}
	return spikes
}

func run(ctx context.Context, seed uint64, epochs int, wake float64, out string) error {
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	var sets [3]data.Dataset
	for i, n := range []int{5000, 1000, 1000} {
		var err error
		if sets[i], err = data.NewYinYang(n, uint64(42-i)); err != nil {
			return err
		}
	}
	m, err := exact.Network{Inputs: 5, Duration: duration, Layers: []exact.Layer{
		{N: hidden, Mean: 1.5, Deviation: 0.78},
		{N: 3, Mean: 0.93, Deviation: 0.1},
	}}.Compile(seed)
	if err != nil {
		return err
	}
	began := time.Now()
	t := exact.Trainer{
		Model: m, Data: sets[0], Validation: sets[1], Encode: encode, Epochs: epochs, Batch: batch, Seed: seed, Wake: wake,
		Loss:      exact.FirstSpike{Tau: 0.5e-3, Early: 3e-3, EarlyTau: 6.4e-3},
		Optimiser: &optim.Adam{LearningRate: 5e-3}, Schedule: optim.Cosine{}, ClipNorm: 1, KeepBest: true,
		OnEpoch: func(e exact.Epoch) error {
			if e.Number%max(1, epochs/20) == 0 || e.Number == 1 {
				fmt.Printf("epoch %d of %d, %.0f s: loss %.4f, accuracy %.4f, validation %.4f; spikes a sample: hidden %.1f, output %.2f\n", e.Number, epochs,
					time.Since(began).Seconds(), e.Train.Cost, e.Train.Accuracy(), e.Validation.Accuracy(),
					float64(e.Train.Spikes[0])/float64(e.Train.Samples), float64(e.Train.Spikes[1])/float64(e.Train.Samples))
			}
			return nil
		},
	}
	_, err = t.Run(ctx)
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		fmt.Println("ended early; what was learnt is kept")
	}
	// What was reached is worth showing however the training ended.
	ctx = context.WithoutCancel(ctx)
	if err := draw(m, sets[2], out); err != nil {
		return err
	}
	tally, err := t.Evaluate(ctx, sets[2])
	if err != nil {
		return err
	}
	fmt.Printf("trained in %.1f s; %.1f spikes of %d hidden neurons a sample; pictures in %s\n",
		time.Since(began).Seconds(), float64(tally.Spikes[0])/float64(tally.Samples), hidden, out)
	fmt.Printf("test accuracy %.4f\n", tally.Accuracy())
	return nil
}
