// Nmnist trains a convolutional network of spiking neurons to read digits that an
// event camera saw. The events of a recording become lists of spikes; a sample is
// never made dense. Every epoch sees each recording in six ways, turned, moved and
// thinned out.
//
//	go run ./examples/nmnist -data DIR
//
// DIR holds N-MNIST as its authors give it, or a part of it (see
// data/recordings.NMNIST).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/recordings"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
	"github.com/spikegrad/spikegrad/train/runlog"
)

const (
	steps = 32 // of 10 ms
	dt    = 10 * time.Millisecond
	batch = 25
	side  = 34 // pixels
	ways  = 6  // in which a recording is turned, moved and thinned out
)

func main() {
	dir := flag.String("data", "", "folder with N-MNIST")
	seed := flag.Uint64("seed", 1, "seed of the weights and the order of the samples")
	epochs := flag.Int("epochs", 5, "how often every recording is seen in each of its ways")
	out := flag.String("out", "out/nmnist", "folder for the log, the report, pictures and checkpoints")
	flags := show.TrainingFlags()
	show.Parse("nmnist trains a spiking network to read digits that an event camera saw, and draws what it does.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *dir, *seed, *epochs, *out, flags); err != nil {
		fmt.Fprintln(os.Stderr, "nmnist:", err)
		os.Exit(1)
	}
}

// augment turns a recording by up to 12 degrees, moves it by up to 2 pixels, and drops
// up to a fifth of its events.
func augment(seed uint64) events.Transform {
	r := rand.New(rand.NewPCG(seed, 1))
	return events.Join(
		events.Rotate(24*r.Float64()-12),
		events.Shift(r.IntN(5)-2, r.IntN(5)-2),
		events.Drop(0.2*r.Float64(), seed),
	)
}

// open returns the recordings to learn from, each in all its ways, and those to test on.
func open(f recordings.Folder) (learn, test *recordings.Dataset, err error) {
	p := recordings.Params{Options: f.Options, Bins: events.Bins{Dt: dt, Steps: steps}, Classes: len(f.Classes)}
	if test, err = recordings.New(f.Test, p); err != nil {
		return nil, nil, err
	}
	p.Copies, p.Transform = ways, augment
	learn, err = recordings.New(f.Train, p)
	return learn, test, err
}

// newModel returns a network of two convolutions and a linear map.
func newModel(seed uint64) (*train.Model, error) {
	p := neurons.DefaultLIFParams()
	p.Dt = dt.Seconds()
	p.TauSynInv, p.TauMemInv = graph.Const(70), graph.Const(35)
	p.Spike = surrogate.SuperSpike{Alpha: 2}
	r := neurons.DefaultLIParams()
	r.Dt, r.TauSynInv, r.TauMemInv = p.Dt, p.TauSynInv, p.TauMemInv
	return train.Network{
		Net: layers.Sequential{
			layers.Conv2D{Out: 16, Kernel: 5, Conv: connect.Conv{Stride: 2}, Init: layers.Scaled{Gain: 4}},
			layers.Named("first", layers.Lift(neurons.LIFStep, p)),
			layers.Pool{Size: 2, Max: true},
			layers.Conv2D{Out: 48, Kernel: 3, Init: layers.Scaled{Gain: 4}},
			layers.Named("second", layers.Lift(neurons.LIFStep, p)),
			layers.Flatten,
			layers.Dropout{P: 0.2},
			layers.Linear{Out: 10},
			layers.Named("readout", layers.Lift(neurons.LIStep, r)),
			layers.MeanOverTime,
		},
		Shape: []int{2, side, side}, Steps: steps, Batch: batch, Seed: seed, SpikeInput: true,
	}.Compile()
}

func run(ctx context.Context, dir string, seed uint64, epochs int, out string, flags *show.Flags) error {
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	if dir == "" {
		return errors.New("no data: give the folder with N-MNIST as -data DIR")
	}
	folder, err := recordings.NMNIST.Open(dir)
	if err != nil {
		return err
	}
	learn, test, err := open(folder)
	if err != nil {
		return err
	}
	if err := drawRecording(folder.Test[0], folder.Options, out); err != nil {
		return err
	}
	m, err := newModel(seed)
	if err != nil {
		return err
	}
	fmt.Printf("N-MNIST: %d training recordings, each in %d ways, and %d test recordings; %d time steps of %v\n", learn.Len()/ways, ways, test.Len(), steps, dt)
	t := train.Trainer{
		Model: m, Data: learn, Epochs: epochs, Seed: seed,
		Optimiser: &optim.Adam{LearningRate: 5e-3}, Schedule: optim.Cosine{}, ClipNorm: 1,
		Observers: []train.Observer{&runlog.Folder{Dir: out, Title: "N-MNIST", Data: test, Resume: show.Again("nmnist")}},
	}
	if err := flags.Apply(&t, out); err != nil {
		return err
	}
	done := show.Watch(ctx, &t, "nmnist")
	result, err := t.Run(ctx)
	done()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	show.Ended(result, epochs, err)
	// What was reached is worth showing however the training ended.
	ctx = context.WithoutCancel(ctx)
	if err := draw(ctx, m, test, folder.Test[0].Label, result, out); err != nil {
		return err
	}
	v, err := m.Evaluate(ctx, test, nil)
	if err != nil {
		return err
	}
	fmt.Printf("trained in %.1f s; firing rates of the neurons %s of the time steps\n", show.Seconds(result.History), show.Rates(v.Rates))
	fmt.Printf("log, report and pictures in %s\n", out)
	fmt.Printf("test accuracy %.4f\n", v.Accuracy)
	return nil
}
