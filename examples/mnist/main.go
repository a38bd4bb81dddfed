// Mnist trains a network of spiking neurons to read handwritten digits. Every
// pixel is a train of Poisson spikes whose rate is its brightness; a layer of
// leaky integrate-and-fire neurons is read by ten leaky integrators.
//
//	go run ./examples/mnist -data DIR
//
// DIR holds the IDX files of MNIST, gzipped or not. If it has only the 10,000
// test images, the network learns from the first 8,000 and is tested on the
// last 2,000. With -resume a training that was ended goes on where it was.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
	"github.com/spikegrad/spikegrad/train/runlog"
)

const (
	steps  = 25 // of 1 ms
	hidden = 256
	batch  = 64
)

func main() {
	dir := flag.String("data", "", "folder with the IDX files of MNIST")
	seed := flag.Uint64("seed", 1, "seed of the weights, the spikes and the order of the samples")
	epochs := flag.Int("epochs", 10, "how often every training image is seen")
	out := flag.String("out", "out/mnist", "folder for the log, the report, pictures and checkpoints")
	flags := show.TrainingFlags()
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "mnist trains a spiking network to read handwritten digits and draws what it gets wrong.")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *dir, *seed, *epochs, *out, flags); err != nil {
		fmt.Fprintln(os.Stderr, "mnist:", err)
		os.Exit(1)
	}
}

// poisson draws new spikes for every batch: a white pixel spikes in a quarter of
// the time steps.
var poisson = encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
	return encode.Poisson(dst, x, steps, encode.PoissonParams{FMax: 250, Dt: 1e-3}, r)
})

// newModel returns the network 784-256-10.
func newModel(seed uint64) (*train.Model, error) {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 2}},
			layers.Named("hidden", layers.Lift(neurons.LIFStep, p)),
			layers.Dropout{P: 0.3},
			layers.Linear{Out: 10},
			layers.Named("readout", layers.Lift(neurons.LIStep, neurons.DefaultLIParams())),
			layers.MaxOverTime,
		},
		Shape: []int{28 * 28}, Steps: steps, Batch: batch, Seed: seed,
	}.Compile()
}

func run(ctx context.Context, dir string, seed uint64, epochs int, out string, flags *show.Flags) error {
	if dir == "" {
		return errors.New("no data: give the folder with the IDX files of MNIST as -data DIR")
	}
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	learn, test, note, err := data.OpenMNIST(dir)
	if err != nil {
		return err
	}
	if note != "" {
		fmt.Println(note)
	}
	m, err := newModel(seed)
	if err != nil {
		return err
	}
	fmt.Printf("MNIST: %d training and %d test images; 784-%d-10 neurons, %d time steps\n", learn.Len(), test.Len(), hidden, steps)
	t := train.Trainer{
		Model: m, Data: learn, Encoder: poisson, Epochs: epochs, Seed: seed,
		Optimiser: &optim.Adam{LearningRate: 5e-3}, Schedule: optim.Cosine{}, ClipNorm: 1, Doctor: true,
		Observers: []train.Observer{&runlog.Folder{Dir: out, Title: "MNIST", Data: test, Resume: show.Again("mnist")}},
	}
	if err := flags.Apply(&t, out); err != nil {
		return err
	}
	done := show.Watch(ctx, &t, "mnist")
	result, err := t.Run(ctx)
	done()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	show.Ended(result, epochs, err)
	if n := len(result.History); n > 0 {
		last := result.History[n-1].Train
		fmt.Printf("trained in %.1f s, %.2f s an epoch with encoding; training accuracy %.4f, loss %.4f\n",
			show.Seconds(result.History), show.Seconds(result.History)/float64(n), last.Accuracy, last.Loss)
	}
	// What was reached is worth showing however the training ended.
	ctx = context.WithoutCancel(ctx)
	if err := draw(ctx, m, test, result, out); err != nil {
		return err
	}
	v, err := m.Evaluate(ctx, test, poisson)
	if err != nil {
		return err
	}
	fmt.Printf("firing rate of the hidden neurons %s of the time steps\n", show.Rates(v.Rates))
	some, err := data.Subset(test, 0, min(test.Len(), 500))
	if err != nil {
		return err
	}
	cost, err := m.Cost(ctx, some, poisson)
	if err != nil {
		return err
	}
	fmt.Println(cost)
	fmt.Printf("log, report and pictures in %s\n", out)
	fmt.Printf("test accuracy %.4f\n", v.Accuracy)
	return nil
}
