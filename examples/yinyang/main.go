// Yinyang trains a network of spiking neurons on the Yin-Yang data set: points
// of the plane that belong to the yin, the yang or the dots of the symbol. Each
// of the four values of a point is a constant current for 30 ms; a layer of
// leaky integrate-and-fire neurons turns the currents into spike times, and
// three leaky integrators read these.
//
//	go run ./examples/yinyang
//
// With -parallel the processes that mpirun or srun has started train together.
//
//	go build ./examples/yinyang && mpirun -n 4 ./yinyang -parallel
//
// With -resume a training that was ended goes on where it was.
//
// L. Kriener, J. Göltz and M. A. Petrovici, The Yin-Yang dataset, NICE (2022).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/examples/internal/together"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/mpi"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
	"github.com/spikegrad/spikegrad/train/runlog"
)

const (
	steps  = 30 // of 1 ms
	hidden = 200
	batch  = 50

	// With -parallel a step is several batches, which 1, 2 or 4 processes share.
	shares     = 4
	shareBatch = 16
)

func main() {
	seed := flag.Uint64("seed", 1, "seed of the weights and of the order of the samples")
	epochs := flag.Int("epochs", 60, "how often every training point is seen")
	out := flag.String("out", "out/yinyang", "folder for the log, the report, pictures and checkpoints")
	parallel := flag.Bool("parallel", false, "train together with the other processes that mpirun or srun has started, 1, 2 or 4 of them")
	flags := show.TrainingFlags()
	show.Parse("yinyang trains a spiking network on the Yin-Yang data set and draws what it learnt.")
	ctx, stop := show.Context()
	defer stop()
	err := together.Run(*parallel, func(world *mpi.Comm) error { return run(ctx, world, *seed, *epochs, *out, flags) })
	if err != nil {
		fmt.Fprintln(os.Stderr, "yinyang:", err)
		os.Exit(1)
	}
}

var names = []string{"yin", "yang", "dot"}

// sets are the points to learn from, to choose by, and to be judged by.
type sets struct{ train, validation, test *data.Memory }

func generate() (s sets, err error) {
	if s.train, err = data.NewYinYang(5000, 42); err != nil {
		return s, err
	}
	if s.validation, err = data.NewYinYang(1000, 41); err != nil {
		return s, err
	}
	s.test, err = data.NewYinYang(1000, 40)
	return s, err
}

// newModel returns the network. The first weights are large: the currents are
// small numbers, and neurons that never fire learn nothing.
func newModel(seed uint64, batch int) (*train.Model, error) {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	return train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 4}},
			layers.Named("hidden", layers.Lift(neurons.LIFStep, p)),
			layers.Linear{Out: 3},
			layers.Named("readout", layers.Lift(neurons.LIStep, neurons.DefaultLIParams())),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: steps, Batch: batch, Seed: seed,
	}.Compile()
}

// run trains, draws and tests; of several processes the first one draws and tests.
func run(ctx context.Context, world *mpi.Comm, seed uint64, epochs int, out string, flags *show.Flags) error {
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	s, err := generate()
	if err != nil {
		return err
	}
	size := batch
	if world != nil {
		size = shareBatch
	}
	m, err := newModel(seed, size)
	if err != nil {
		return err
	}
	first := together.First(world)
	say := fmt.Printf
	if !first {
		say = func(string, ...any) (int, error) { return 0, nil }
	}
	say("Yin-Yang: %d training, %d validation and %d test points; 4-%d-3 neurons, %d time steps\n",
		s.train.Len(), s.validation.Len(), s.test.Len(), hidden, steps)
	t := train.Trainer{
		Model: m, Data: s.train, Validation: s.validation, Epochs: epochs, Seed: seed,
		Optimiser: &optim.Adam{LearningRate: 5e-3}, Schedule: optim.Cosine{}, ClipNorm: 1, KeepBest: true, Doctor: true,
		Observers: []train.Observer{&runlog.Folder{
			Dir: out, Title: "Yin-Yang", Data: s.test, Classes: names, Resume: show.Again("yinyang"),
		}},
	}
	if world != nil {
		t.Reduce, t.Accumulate, t.Deterministic = world, shares, true
	}
	done := func() {}
	if first {
		if err := flags.Apply(&t, out); err != nil {
			return err
		}
		done = show.Watch(ctx, &t, "yinyang")
	}
	result, err := t.Run(ctx)
	done()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if !first {
		return nil
	}
	show.Ended(result, epochs, err)
	if result.Best >= 0 {
		fmt.Printf("trained in %.1f s; kept the weights of epoch %d, validation accuracy %.4f\n",
			show.Seconds(result.History), result.Best+1, result.History[result.Best].Validation.Accuracy)
	}
	// What was reached is worth showing however the training ended.
	ctx = context.WithoutCancel(ctx)
	if err := draw(ctx, m, s.test, result, out); err != nil {
		return err
	}
	test, err := m.Evaluate(ctx, s.test, nil)
	if err != nil {
		return err
	}
	cost, err := m.Cost(ctx, s.test, nil)
	if err != nil {
		return err
	}
	fmt.Println(cost)
	fmt.Printf("log, report and pictures in %s\n", out)
	fmt.Printf("test accuracy %.4f\n", test.Accuracy)
	return nil
}
