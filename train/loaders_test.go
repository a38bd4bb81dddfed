package train_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/data/augment"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// A slow data set takes its time for a sample, more or less of it.
type slow struct {
	data.Dataset
	most time.Duration
}

func (s slow) Sample(i int, x []float32) (int, error) {
	time.Sleep(rand.N(s.most + 1))
	return s.Dataset.Sample(i, x)
}

// lockedParts are parts of sequences that several goroutines may read, though they note it.
type lockedParts struct {
	cutUp
	mu *sync.Mutex
}

func (l lockedParts) Sample(i int, x []float32) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cutUp.Sample(i, x)
}

// Whoever reads, the training has the same bits: with dropout and random encoders, lists of
// spikes, sequences of different lengths, targets, segments, parts of sequences, and from a
// checkpoint in the midst of an epoch.
func TestLoaders(t *testing.T) {
	body := layers.Sequential{
		layers.Linear{Out: 8, Init: layers.Scaled{Gain: 4}}, layers.Dropout{P: 0.3}, lif(), layers.Linear{Out: 3}, li(), layers.MaxOverTime,
	}
	changed, err := augment.New(currents(11, 2, 2), 3, augment.Flip{P: 0.5}, augment.Noise{Std: 0.1})
	require.NoError(t, err)
	sequences := slow{currents(11, 9, 4), time.Millisecond}
	for name, c := range map[string]struct {
		of  train.Network
		d   data.Dataset
		enc encode.Encoder
	}{
		"sequences": {train.Network{}, sequences, nil},
		"poisson":   {train.Network{Segment: 4}, slow{currents(11, 4), time.Millisecond}, encode.PoissonParams{FMax: 200, Dt: 1e-3, Signed: true}},
		"lists":     {train.Network{SpikeInput: true}, slow{currents(11, 4), time.Millisecond}, encode.PoissonParams{FMax: 200, Dt: 1e-3, Signed: true}},
		"lengths":   {train.Network{}, varied{sequences, []int{9, 3, 5, 1, 9, 7, 2, 4, 9, 8, 6}}, nil},
		"events":    {train.Network{SpikeInput: true}, shortEvents{cutShort{currents(11, 9, 4), 9, []int{9, 3, 5, 1, 9, 7, 2, 4, 9, 8, 6}, 0}}, nil},
		"heads":     {train.Network{Net: twoHeads(layers.Last), Heads: []train.Head{{Output: "class"}}}, regression{list{shape: []int{9, 4}, x: currents(11, 9, 4).(list).x, targets: [][]float32{{0}, {1}, {2}, {0}, {1}, {2}, {0}, {1}, {2}, {0}, {1}}}}, nil},
		"augmented": {train.Network{}, changed, nil},
		"parts":     {train.Network{Window: 3, Shape: []int{4}, Steps: 3}, lockedParts{newCutUp(3, 4, 7, 2, 5), &sync.Mutex{}}, nil},
	} {
		if c.of.Net == nil {
			c.of.Net = body
		}
		c.of.Shape, c.of.Batch, c.of.Seed = []int{4}, 4, 3
		if c.of.Steps == 0 {
			c.of.Steps = 9
		}
		run := func(loaders int, dir string, from *train.Checkpoint) *train.Model {
			m := newModel(t, c.of)
			tr := train.Trainer{Model: m, Data: c.d, Encoder: c.enc, Epochs: 2, Seed: 5, Optimiser: &optim.Adam{LearningRate: 0.05}, Loaders: loaders, Resume: from}
			if dir != "" {
				tr.Checkpoints = &train.Checkpoints{Dir: dir, EverySteps: 1, Keep: 100}
			}
			_, err := tr.Run(background)
			require.NoError(t, err, name)
			return m
		}
		dir := t.TempDir()
		want := run(0, "", nil).Weights()
		require.Equal(t, want, run(1, "", nil).Weights(), name)
		require.Equal(t, want, run(3, dir, nil).Weights(), name)
		half, err := train.ReadCheckpoint(fmt.Sprintf("%s/step-%09d.safetensors", dir, 2))
		require.NoError(t, err)
		require.Equal(t, want, run(2, "", half).Weights(), "%s, from a checkpoint", name)
	}
}

// broken fails at one sample.
type broken struct{ data.Dataset }

func (b broken) Sample(i int, x []float32) (int, error) {
	if i == 7 {
		return 0, errors.New("the disk is gone")
	}
	return b.Dataset.Sample(i, x)
}

// An error comes with the batch that it is of, and no goroutine is left: behind that, and when
// the context ends.
func TestLoadersEnd(t *testing.T) {
	run := func(ctx context.Context, d data.Dataset, loaders int, onBatch func(train.Batch)) ([]float64, error) {
		m := newModel(t, train.Network{Net: layers.Sequential{layers.Linear{Out: 3}, li(), layers.Last}, Shape: []int{4}, Steps: 9, Batch: 2})
		var losses []float64
		_, err := (&train.Trainer{Model: m, Data: d, Epochs: 3, Seed: 2, Loaders: loaders, OnBatch: func(b train.Batch) {
			losses = append(losses, b.Loss)
			if onBatch != nil {
				onBatch(b)
			}
		}}).Run(ctx)
		return losses, err
	}
	before := runtime.NumGoroutine()
	want, wrong := run(background, broken{currents(21, 9, 4)}, 0, nil)
	got, err := run(background, broken{currents(21, 9, 4)}, 3, nil)
	require.EqualError(t, err, wrong.Error())
	require.ErrorContains(t, err, "sample 7: the disk is gone")
	require.Equal(t, want, got)
	ctx, cancel := context.WithCancel(background)
	_, err = run(ctx, currents(21, 9, 4), 3, func(train.Batch) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
	_, err = run(background, currents(21, 9, 4), -1, nil)
	require.EqualError(t, err, "train: ValidateEvery is 0, Accumulate 0 and Loaders -1, want at least 0, and at most 1000 loaders")
}

// With a data set of 2 ms a sample, in batches of 32, and enough loaders the step takes what it
// takes without waiting.
func BenchmarkLoaders(b *testing.B) {
	d := currents(256, 100)
	for name, c := range map[string]struct {
		d       data.Dataset
		loaders int
	}{"memory": {d, 0}, "slow": {steady{d}, 0}, "slow/loaders=64": {steady{d}, 64}} {
		b.Run(name, func(b *testing.B) {
			m := newModel(b, train.Network{
				Net:   layers.Sequential{layers.Linear{Out: 800}, lif(), layers.Linear{Out: 800}, lif(), layers.Linear{Out: 10}, li(), layers.MaxOverTime},
				Shape: []int{100}, Steps: 50, Batch: 32,
			})
			batches := 0
			ctx, cancel := context.WithCancel(background)
			defer cancel()
			tr := train.Trainer{Model: m, Data: d, Epochs: 1 << 20, Loaders: c.loaders, OnBatch: func(train.Batch) {
				if batches++; batches == b.N {
					cancel()
				}
			}}
			tr.Data = c.d
			b.ResetTimer()
			_, err := tr.Run(ctx)
			require.ErrorIs(b, err, context.Canceled)
		})
	}
}

// steady takes 2 ms for a sample.
type steady struct{ data.Dataset }

func (s steady) Sample(i int, x []float32) (int, error) {
	time.Sleep(2 * time.Millisecond)
	return s.Dataset.Sample(i, x)
}
