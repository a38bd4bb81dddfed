// Fewbits trains a network of spiking neurons to read handwritten digits, rounds its weights to
// fewer and fewer bits, and trains it on with its weights rounded: quantisation-aware training.
// A table says what is lost, and what of it comes back.
//
//	go run ./examples/fewbits -data DIR
//
// DIR holds the IDX files of MNIST, gzipped or not. If it has only the 10,000 test images, the
// network learns from the first 8,000 and is tested on the last 2,000. With -c DIR2 the network
// of 8 bits is written as plain C.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/export/c"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

const pixels, steps, batch = 28 * 28, 6, 64

func main() {
	dir := flag.String("data", "", "folder with the IDX files of MNIST")
	seed := flag.Uint64("seed", 1, "seed of the weights and the order of the samples")
	epochs := flag.Int("epochs", 8, "epochs of training with floats; a quarter of it follows with rounded weights")
	out := flag.String("c", "", "folder for the network of 8 bits as plain C; none without")
	show.Parse("fewbits says what a network loses whose weights have few bits, and how to get it back.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *dir, *seed, *epochs, *out); err != nil {
		fmt.Fprintln(os.Stderr, "fewbits:", err)
		os.Exit(1)
	}
}

// network sees an image as constant currents. Half of a potential is left after a step.
func network() layers.Layer {
	p := neurons.DefaultLIFBoxParams()
	p.TauMemInv, p.Spike = graph.Const(500), surrogate.Arctan{Alpha: 2}
	return layers.Sequential{
		layers.Flatten, layers.Linear{Out: 128}, layers.Named("hidden", layers.Lift(neurons.LIFBoxStep, p)),
		layers.Linear{Out: 10}, layers.MeanOverTime,
	}
}

// An experiment is what all trainings share.
type experiment struct {
	learn, test data.Dataset
	seed        uint64
}

// compile returns the model of a network, with the weights of another one unless these are nil.
func (e experiment) compile(net layers.Layer, values map[string]*tensor.Dense) (*train.Model, error) {
	if values != nil {
		net = layers.Given(values, net)
	}
	return train.Network{Net: net, Shape: []int{1, 28, 28}, Steps: steps, Batch: batch, Seed: e.seed}.Compile()
}

func (e experiment) train(ctx context.Context, title string, m *train.Model, epochs int, rate float64) error {
	t := train.Trainer{Model: m, Data: e.learn, Epochs: epochs, Seed: e.seed, Optimiser: &optim.Adam{LearningRate: rate}, Schedule: optim.Cosine{}, ClipNorm: 1}
	done := show.Watch(ctx, &t, title)
	defer done()
	_, err := t.Run(ctx)
	return err
}

// accuracy returns that on the test images, in percent.
func (e experiment) accuracy(ctx context.Context, m *train.Model) (float64, error) {
	v, err := m.Evaluate(ctx, e.test, nil)
	return 100 * v.Accuracy, err
}

func run(ctx context.Context, dir string, seed uint64, epochs int, out string) error {
	if dir == "" {
		return errors.New("no data: give the folder with the IDX files of MNIST as -data DIR")
	}
	if out != "" {
		if err := plot.CheckDir(out); err != nil {
			return err
		}
	}
	learn, test, note, err := data.OpenMNIST(dir)
	if err != nil {
		return err
	}
	if note != "" {
		fmt.Println(note)
	}
	e := experiment{learn, test, seed}
	m, err := e.compile(network(), nil)
	if err != nil {
		return err
	}
	if err := e.train(ctx, "float32", m, epochs, 2e-3); err != nil {
		return err
	}
	whole, err := e.accuracy(ctx, m)
	if err != nil {
		return err
	}
	fmt.Printf("MNIST: %d training and %d test images; 784-128-10, %d time steps\n\n", learn.Len(), test.Len(), steps)
	fmt.Printf("| weights | rounded after training | trained with rounded weights |\n|---|---|---|\n| float32 | %.2f %% | |\n", whole)
	for _, bits := range []int{8, 4, 3, 2} {
		q, err := e.compile(layers.Quantise{Bits: bits, Layer: network()}, m.Tensors())
		if err != nil {
			return err
		}
		before, err := e.accuracy(ctx, q)
		if err != nil {
			return err
		}
		if err := e.train(ctx, fmt.Sprintf("%d bits", bits), q, max(1, epochs/4), 5e-4); err != nil {
			return err
		}
		after, err := e.accuracy(ctx, q)
		if err != nil {
			return err
		}
		fmt.Printf("| %d bits | %.2f %% | %.2f %% |\n", bits, before, after)
		if bits == 8 && out != "" {
			if err := write(q, filepath.Join(out, "digits.c")); err != nil {
				return err
			}
		}
	}
	return nil
}

// write writes a model as plain C.
func write(m *train.Model, path string) error {
	n := m.Network()
	code, err := c.Export(n.Net, n.Shape, m.Tensors(), c.Options{Prefix: "digits", Bits: 8})
	if err != nil {
		return err
	}
	return code.WriteFiles(path)
}
