// Shd trains a recurrent network of spiking neurons to tell spoken digits apart, in
// the Spiking Heidelberg Digits: 700 channels of an artificial inner ear, 20 words in
// German and English.
//
//	go run ./examples/shd -data DIR
//
// DIR holds shd_train.h5 and shd_test.h5, unpacked, as their authors give them
// (https://zenkelab.org/datasets). Some speakers of the training set are kept to
// validate with, so that no voice is heard in both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

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
	steps    = 100 // of 14 ms
	dt       = 14 * time.Millisecond
	channels = 700
	hidden   = 256
	batch    = 128
)

func main() {
	dir := flag.String("data", "", "folder with shd_train.h5 and shd_test.h5")
	seed := flag.Uint64("seed", 1, "seed of the weights and the order of the samples")
	epochs := flag.Int("epochs", 50, "how often every recording is heard")
	keep := flag.Int("speakers", 2, "how many speakers of the training set are kept to validate with")
	out := flag.String("out", "out/shd", "folder for the log, the report, pictures and checkpoints")
	flags := show.TrainingFlags()
	show.Parse("shd trains a recurrent spiking network to tell spoken digits apart, validated on speakers that it has not heard.")
	ctx, stop := show.Context()
	defer stop()
	if err := run(ctx, *dir, *seed, *epochs, *keep, *out, flags); err != nil {
		fmt.Fprintln(os.Stderr, "shd:", err)
		os.Exit(1)
	}
}

// bySpeaker returns the recordings of all speakers but the last so many, and of these.
func bySpeaker(d *recordings.SHD, last int) (learn, validate []int, err error) {
	speakers := slices.Clone(d.Speakers)
	slices.Sort(speakers)
	speakers = slices.Compact(speakers)
	if last < 1 || last >= len(speakers) {
		return nil, nil, fmt.Errorf("%d of %d speakers are to be kept to validate with, want at least 1, and 1 to learn from", last, len(speakers))
	}
	kept := speakers[len(speakers)-last:]
	for i, s := range d.Speakers {
		if slices.Contains(kept, s) {
			validate = append(validate, i)
		} else {
			learn = append(learn, i)
		}
	}
	return learn, validate, nil
}

// newModel returns the network 700-256-classes with recurrent weights.
func newModel(classes int, seed uint64) (*train.Model, error) {
	p := neurons.DefaultLIFParams()
	p.Dt = dt.Seconds()
	p.TauSynInv, p.TauMemInv = graph.Const(1/20e-3), graph.Const(1/60e-3)
	p.Spike = surrogate.SuperSpike{Alpha: 5}
	r := neurons.DefaultLIParams()
	r.Dt, r.TauSynInv, r.TauMemInv = p.Dt, p.TauSynInv, p.TauMemInv
	return train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: hidden, Init: layers.Scaled{Gain: 2}},
			layers.Named("hidden", layers.Recurrent(neurons.LIFStep, p)),
			layers.Dropout{P: 0.2},
			layers.Linear{Out: classes},
			layers.Named("readout", layers.Lift(neurons.LIStep, r)),
			layers.MeanOverTime,
		},
		Shape: []int{channels}, Steps: steps, Batch: batch, Seed: seed, SpikeInput: true,
	}.Compile()
}

func run(ctx context.Context, dir string, seed uint64, epochs, keep int, out string, flags *show.Flags) error {
	if dir == "" {
		return errors.New("no data: give the folder with shd_train.h5 and shd_test.h5 as -data DIR; their authors offer them at https://zenkelab.org/datasets")
	}
	if err := plot.CheckDir(out); err != nil {
		return err
	}
	forTraining, err := recordings.OpenSHD(filepath.Join(dir, "shd_train.h5"))
	if err != nil {
		return err
	}
	defer forTraining.Close()
	forTest, err := recordings.OpenSHD(filepath.Join(dir, "shd_test.h5"))
	if err != nil {
		return err
	}
	defer forTest.Close()
	a, b, err := bySpeaker(forTraining, keep)
	if err != nil {
		return err
	}
	p := recordings.Params{Bins: events.Bins{Dt: dt, Steps: steps}}
	learn, err := forTraining.Dataset(a, p)
	if err != nil {
		return err
	}
	validate, err := forTraining.Dataset(b, p)
	if err != nil {
		return err
	}
	test, err := forTest.Dataset(nil, p)
	if err != nil {
		return err
	}
	m, err := newModel(learn.Classes(), seed)
	if err != nil {
		return err
	}
	fmt.Printf("SHD: %d recordings to learn from, %d of %d other speakers to validate with, %d to test on; %d-%d-%d neurons, %d time steps of %v\n",
		learn.Len(), validate.Len(), keep, test.Len(), channels, hidden, learn.Classes(), steps, dt)
	t := train.Trainer{
		Model: m, Data: learn, Validation: validate, Epochs: epochs, Seed: seed,
		Optimiser: &optim.Adam{LearningRate: 2e-3}, Schedule: optim.Cosine{}, ClipNorm: 1,
		Observers: []train.Observer{&runlog.Folder{Dir: out, Title: "SHD", Data: test, Resume: show.Again("shd")}},
	}
	if err := flags.Apply(&t, out); err != nil {
		return err
	}
	done := show.Watch(ctx, &t, "shd")
	result, err := t.Run(ctx)
	done()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	show.Ended(result, epochs, err)
	// What was reached is worth showing however the training ended.
	ctx = context.WithoutCancel(ctx)
	if len(result.History) > 0 {
		fig, err := show.Curves("SHD", result.History)
		if err := show.Save(out, "curves", fig, err); err != nil {
			return err
		}
	}
	v, err := m.Evaluate(ctx, test, nil)
	if err != nil {
		return err
	}
	fmt.Printf("log, report and pictures in %s\n", out)
	fmt.Printf("test accuracy %.4f\n", v.Accuracy)
	return nil
}
