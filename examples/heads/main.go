// Heads shows how a network with two outputs is trained in three stages. Bars move over an image, in
// one of four directions and at some speed. First a trunk, a residual network with batch norm, learns
// the direction alone. Then it is frozen, and a second head learns the speed from what the trunk has
// learnt. Last all of it is fine-tuned, the trunk at a tenth of the learning rate.
//
//	go run ./examples/heads
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

const (
	side, steps = 10, 12
	batch       = 20
)

func main() {
	seed := flag.Uint64("seed", 1, "seed of the bars, the weights and the order of the samples")
	epochs := flag.Int("epochs", 6, "epochs of each stage")
	out := flag.String("out", "out/heads", "folder for the weights")
	show.Parse("heads trains a network with two outputs: one first, then the other on a frozen trunk, then both.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *seed, *epochs, *out); err != nil {
		fmt.Fprintln(os.Stderr, "heads:", err)
		os.Exit(1)
	}
}

// head is a linear map and leaky integrators, read at the last time step.
func head(name string, n int) layers.Layer {
	return layers.Named(name, layers.Sequential{
		layers.Linear{Out: n}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), layers.Last,
	})
}

// network is the trunk with some heads.
func network(seed uint64, heads layers.Heads, want ...train.Head) (*train.Model, error) {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	lif := layers.Lift(neurons.LIFStep, p)
	conv := layers.Conv2D{Out: 8, Kernel: 3, Conv: connect.Conv{Pad: 1}, NoBias: true}
	norm := layers.BatchNorm{Scale: 2} // tdBN: currents of about twice the threshold of the neurons
	trunk := layers.Sequential{
		conv, norm, lif,
		layers.Residual{Body: layers.Sequential{conv, norm, lif}},
		layers.Pool{Size: 2}, layers.Flatten,
		layers.Linear{Out: 64, Init: layers.Scaled{Gain: 4}}, lif,
	}
	return train.Network{
		Net:   layers.Sequential{layers.Named("trunk", trunk), heads},
		Shape: []int{1, side, side}, Steps: steps, Batch: batch, Seed: seed, Heads: want,
	}.Compile()
}

func run(ctx context.Context, seed uint64, epochs int, out string) error {
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	direction := train.Head{Output: "direction", Loss: loss.CrossEntropy{}}
	speed := train.Head{Output: "speed", Loss: loss.MeanSquared{}, Metrics: []metric.Metric{metric.MeanAbsoluteError{}}}

	// The direction alone.
	one, err := network(seed, layers.Heads{head("direction", 4)}, direction)
	if err != nil {
		return err
	}
	adam := &optim.Adam{LearningRate: 5e-3}
	if err := stage(ctx, "direction", one, bars(seed, false), adam, epochs); err != nil {
		return err
	}
	weights := filepath.Join(out, "direction.safetensors")
	if err := one.SaveWeights(weights); err != nil {
		return err
	}

	// The speed, from what the trunk has learnt.
	two, err := network(seed, layers.Heads{head("direction", 4), head("speed", 1)}, direction, speed)
	if err != nil {
		return err
	}
	left, err := two.LoadPartial(weights)
	if err != nil {
		return err
	}
	fmt.Printf("not in %s, and to be learnt: %v\n", weights, left.Missing)
	frozen := &optim.Groups{Default: adam, Of: []optim.Group{{Match: "*trunk.*", Frozen: true}}}
	if err := stage(ctx, "speed", two, bars(seed, true), frozen, epochs); err != nil {
		return err
	}

	// All of it, the trunk carefully.
	tuned := &optim.Groups{
		Default: &optim.Adam{LearningRate: 2e-3},
		Of:      []optim.Group{{Match: "*trunk.*", Optimiser: &optim.Adam{LearningRate: 2e-4}}},
	}
	return stage(ctx, "fine-tuned", two, bars(seed, true), tuned, epochs)
}

// stage trains a model, and says how well it does on bars that it has not seen.
func stage(ctx context.Context, name string, m *train.Model, d sets, o optim.Optimiser, epochs int) error {
	t := train.Trainer{Model: m, Data: d.learn, Epochs: epochs, Optimiser: o, Schedule: optim.Cosine{}, ClipNorm: 1, Loaders: 1}
	done := show.Watch(ctx, &t, name)
	result, err := t.Run(ctx)
	done()
	if err != nil {
		return err
	}
	v, err := m.Evaluate(ctx, d.test, nil)
	if err != nil {
		return err
	}
	fmt.Printf("%-10s %.1f s; test: %v\n", name, show.Seconds(result.History), v)
	return nil
}
