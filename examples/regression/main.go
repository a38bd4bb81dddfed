// Regression trains spiking neurons to answer at every moment, not once a sample.
// The input is a signal that wanders, as a current; two leaky integrators that
// read a recurrent layer of spiking neurons have to follow with their membrane
// voltages its running mean and its running power. The mean needs memory, the
// power needs a square besides.
//
//	go run ./examples/regression
//
// Errors are mean squares over the variance of the target: 1 is what the best
// constant has.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

const (
	steps   = 400 // of 1 ms
	hidden  = 100
	batch   = 32
	targets = 2
)

func main() {
	seed := flag.Uint64("seed", 1, "seed of the weights and of the order of the samples")
	epochs := flag.Int("epochs", 30, "how often every training signal is seen")
	out := flag.String("out", "out/regression", "folder for the pictures")
	show.Parse("regression trains membrane voltages to follow the mean and the power of a signal.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *seed, *epochs, *out); err != nil {
		fmt.Fprintln(os.Stderr, "regression:", err)
		os.Exit(1)
	}
}

// newModel returns the network. Its loss is over time: the outputs are the
// voltages of the readout at every step.
func newModel(seed uint64) (*train.Model, error) {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 1}},
			layers.Named("hidden", layers.Recurrent(neurons.LIFStep, p)),
			layers.Linear{Out: targets, Init: layers.Scaled{Gain: 0.5}},
			layers.Named("readout", layers.Lift(neurons.LIStep, neurons.DefaultLIParams())),
		},
		Loss:  loss.MeanSquared{Sequence: true},
		Shape: []int{1}, Steps: steps, Batch: batch, Seed: seed,
	}.Compile()
}

func run(ctx context.Context, seed uint64, epochs int, out string) error {
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	learn, test := newSignals(512, 42), newSignals(128, 40)
	m, err := newModel(seed)
	if err != nil {
		return err
	}
	fmt.Printf("signals: %d to learn from and %d to be judged by, of %d ms; 1-%d-%d neurons\n",
		learn.Len(), test.Len(), steps, hidden, targets)
	t := train.Trainer{
		Model: m, Data: learn, Epochs: epochs, Seed: seed,
		Optimiser: &optim.Adam{LearningRate: 5e-3}, Schedule: optim.Cosine{}, ClipNorm: 1,
	}
	began := time.Now()
	done := show.Watch(ctx, &t, "regression")
	result, err := t.Run(ctx)
	done()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if result.Stopped {
		fmt.Printf("stopped after %d of %d epochs\n", len(result.History), epochs)
	}
	fmt.Printf("trained in %.1f s\n", time.Since(began).Seconds())
	// What was reached is worth showing however the training ended.
	ctx = context.WithoutCancel(ctx)
	y, err := m.Predict(ctx, test, nil)
	if err != nil {
		return err
	}
	voltages := y.Data().([]float32)
	if err := draw(ctx, m, test, voltages, result, out); err != nil {
		return err
	}
	fmt.Printf("pictures in %s\n", out)
	e := test.errors(voltages)
	fmt.Printf("test error: %.4f of the running mean, %.4f of the running power\n", e[0], e[1])
	return nil
}
