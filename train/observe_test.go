package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// A diary is an Observer that keeps what it is told.
type diary struct {
	sessions []train.Session
	batches  []train.Batch
	epochs   []train.Epoch
	ends     []string
	found    []string
	early    bool // Sync came before Begin
	refuse   error
}

func (d *diary) Begin(s train.Session) error { d.sessions = append(d.sessions, s); return d.refuse }
func (d *diary) Batch(b train.Batch)         { d.batches = append(d.batches, b) }
func (d *diary) Epoch(e train.Epoch)         { d.epochs = append(d.epochs, e) }
func (d *diary) Diagnosis(epochs int, fs []diagnose.Finding) {
	d.found = append(d.found, fmt.Sprint(epochs, fs))
}
func (d *diary) Sync() { d.early = d.early || len(d.sessions) == 0 }
func (d *diary) End(r train.Result, err error) {
	d.ends = append(d.ends, fmt.Sprintf("%d epochs, error %v", len(r.History), err))
}

// Observers hear of every batch and epoch, with penalties and firing rates, and
// change no bit of the training.
func TestObservers(t *testing.T) {
	regularised := layers.Regularise(layers.Rate{Lower: 0.5, Weight: 1})
	set := yinyang(t, 13)
	trainer := func(m *train.Model) train.Trainer {
		return train.Trainer{Model: m, Data: set, Validation: yinyang(t, 5), Epochs: 2, Seed: 3}
	}
	plain := smallModel(t, 5, regularised)
	alone := trainer(plain)
	var quiet []train.Batch
	alone.OnBatch = func(b train.Batch) { quiet = append(quiet, b) }
	want, err := alone.Run(background)
	require.NoError(t, err)

	m := smallModel(t, 5, regularised)
	var d diary
	watched := trainer(m)
	watched.Observers = []train.Observer{&d, &diary{}}
	got, err := watched.Run(background)
	require.NoError(t, err)
	require.Equal(t, bits(plain), bits(m))
	require.Equal(t, []string{"2 epochs, error <nil>"}, d.ends)
	require.Equal(t, got.History, d.epochs)
	require.Len(t, d.sessions, 1)
	require.Same(t, &watched, d.sessions[0].Trainer)
	require.Equal(t, []int{6, 0, 0}, []int{d.sessions[0].Steps, d.sessions[0].Step, d.sessions[0].Epoch})

	require.Len(t, d.batches, 6)
	for i, b := range d.batches {
		require.Equal(t, []int{i, i / 3, i % 3}, []int{b.Step, b.Epoch, b.Batch})
		require.Equal(t, []int{5, 5, 3}[i%3], b.Samples)
		require.Contains(t, b.Terms, "hidden.rate")
		require.Len(t, b.Rates, 1)
		require.Equal(t, "hidden", b.Rates[0].Layer)
		require.Nil(t, quiet[i].Rates)
		quiet[i].Rates = b.Rates
	}
	require.Equal(t, quiet, d.batches)

	// The rate of an epoch is the mean over its samples, and so is that of the
	// one batch of an evaluation without a step between.
	for e, ep := range d.epochs {
		mean := 0.0
		for _, b := range d.batches[3*e : 3*e+3] {
			mean += b.Rates[0].Value * float64(b.Samples) / 13
		}
		require.InDelta(t, mean, ep.Train.Rates[0].Value, 1e-12)
		require.Empty(t, want.History[e].Train.Rates)
	}
	still := trainer(m)
	still.Optimiser, still.Epochs, still.Data = &optim.SGD{LearningRate: 1e-30}, 1, yinyang(t, 5)
	still.Observers = []train.Observer{&d}
	r, err := still.Run(background)
	require.NoError(t, err)
	require.InDelta(t, r.History[0].Validation.Rates[0].Value, r.History[0].Train.Rates[0].Value, 1e-6)
	require.False(t, math.IsNaN(r.History[0].Train.Accuracy))

	// Rates are gone when nobody looks.
	still.Observers = nil
	r, err = still.Run(background)
	require.NoError(t, err)
	require.Empty(t, r.History[0].Train.Rates)
}

// An Observer that cannot begin ends the training before it began, and those
// before it are told.
func TestObserverRefuses(t *testing.T) {
	m := smallModel(t, 5)
	was := bits(m)
	a, b := &diary{}, &diary{refuse: errors.New("no paper")}
	tr := train.Trainer{Model: m, Data: yinyang(t, 5), Epochs: 1, Observers: []train.Observer{a, b}}
	_, err := tr.Run(background)
	require.EqualError(t, err, "train: no paper")
	require.Equal(t, []string{"0 epochs, error no paper"}, a.ends)
	require.Empty(t, b.ends)
	require.Equal(t, was, bits(m))

	tr.Observers = []train.Observer{(*diary)(nil)}
	_, err = tr.Run(background)
	require.EqualError(t, err, "train: observer 0 is nil")

	// One that ends early is told of that as well.
	ctx, cancel := context.WithCancel(background)
	tr.OnBatch, tr.Observers = func(train.Batch) { cancel() }, []train.Observer{a}
	tr.Data = yinyang(t, 10)
	_, err = tr.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "0 epochs, error context canceled", a.ends[1])
}

// A syncer is a diary that notes, when it is to be on the disk, how many batches it
// has heard of and how many checkpoints there are.
type syncer struct {
	diary
	t   *testing.T
	dir string
	at  [][2]int
}

func (s *syncer) Sync() { s.at = append(s.at, [2]int{len(s.batches), len(fileNames(s.t, s.dir))}) }

// What Observers were told is on the disk before a checkpoint that is behind it.
func TestSync(t *testing.T) {
	s := &syncer{t: t, dir: t.TempDir()}
	tr := train.Trainer{
		Model: smallModel(t, 5), Data: yinyang(t, 13), Epochs: 2, Observers: []train.Observer{s},
		Checkpoints: &train.Checkpoints{Dir: s.dir, EverySteps: 2, Keep: 10},
	}
	_, err := tr.Run(background)
	require.NoError(t, err)
	require.Equal(t, [][2]int{{2, 0}, {4, 1}, {6, 2}, {6, 3}}, s.at) // the last is the final file
	require.Len(t, fileNames(t, s.dir), 4)
}
