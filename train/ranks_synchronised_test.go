package train_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// wholeBatches are networks that look at all samples of a batch: by batch norm of each kind, and by
// penalties that are no means over samples.
func wholeBatches() map[string]train.Network {
	penalties := layers.Regularise(layers.Rate{Lower: 0.05, Upper: 0.2, Weight: 3}, layers.Rate{Lower: 0.3, Weight: 2, Layer: true}, layers.Voltage{Upper: 0.3, Weight: 0.5})
	net := layers.Sequential{
		layers.Linear{Out: 12, Init: layers.Scaled{Gain: 4}}, layers.BatchNorm{Scale: 4}, layers.Named("hidden", lif(penalties)),
		layers.Linear{Out: 8}, layers.BatchNorm{StepGain: 6, Scale: 4}, lif(),
		layers.Linear{Out: 3}, layers.BatchNorm{PerStep: 6, NoBias: true}, li(), layers.MeanOverTime,
	}
	images := layers.Sequential{
		layers.BatchNorm{}, layers.Conv2D{Out: 3, Kernel: 2}, layers.BatchNorm{}, lif(penalties), layers.Flatten, layers.Linear{Out: 3}, layers.MeanOverTime,
	}
	return map[string]train.Network{
		"vectors":  {Net: net, Shape: []int{4}},
		"images":   {Net: images, Shape: []int{1, 4, 4}},
		"segments": {Net: net, Shape: []int{4}, Segment: 2},
	}
}

// tensors are all values that a model has learnt or keeps, by name.
func tensors(m *train.Model) map[string][]float64 {
	all := map[string][]float64{}
	for name, v := range m.Tensors() {
		all[name] = graphtest.Floats(v)
	}
	return all
}

// Ranks that have parts of one batch train as one process does with the whole batch: weights, running
// statistics, losses, penalties and validation are the same up to rounding after 54 steps, also where a
// last batch of three samples leaves ranks without any, and samples end at different times. All ranks
// have the same bits.
func TestSynchronised(t *testing.T) {
	const steps, batch, epochs = 6, 8, 18
	for name, c := range map[string]map[tensor.Dtype][]int{ // how many ranks
		"vectors": {tensor.Float64: {2, 4}, tensor.Float32: {4}}, "images": {tensor.Float64: {4}}, "segments": {tensor.Float64: {2}},
	} {
		for dt, of := range c {
			tol := map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 2e-4}[dt]
			trainer := func(ranks int) *train.Trainer {
				n := wholeBatches()[name]
				n.Steps, n.Batch, n.Seed, n.Dtype = steps, batch/ranks, 5, dt
				shape := append([]int{steps}, n.Shape...)
				ends := make([]int, 19)
				for i := range ends {
					ends[i] = 2 + 7*i%5
				}
				return &train.Trainer{
					Model: newModel(t, n), Data: cutShort{Dataset: currents(19, shape...), steps: steps, ends: ends}, Validation: currents(5, shape...), Epochs: epochs, Seed: 3, ClipNorm: 1,
					Optimiser: &optim.SGD{LearningRate: 0.05, Momentum: 0.5}, Accumulate: ranks, Synchronised: true, Loaders: ranks % 2,
				}
			}
			alone := trainer(1)
			want, err := alone.Run(background)
			require.NoError(t, err)
			for _, ranks := range of {
				t.Run(fmt.Sprint(name, dt, ranks), func(t *testing.T) {
					ts, rs, errs := together(t, background, ranks, func(rank int) *train.Trainer {
						tr := trainer(ranks)
						tr.Deterministic = ranks == 4
						return tr
					})
					require.NoError(t, errors.Join(errs...))
					for i, tr := range ts[1:] {
						require.Equal(t, tensors(ts[0].Model), tensors(tr.Model), "rank %d", i+1)
						require.Equal(t, timeless(rs[0]), timeless(rs[i+1]))
					}
					for name, w := range tensors(alone.Model) {
						require.InDeltaSlice(t, w, tensors(ts[0].Model)[name], tol, name)
					}
					for i, e := range want.History {
						got := rs[0].History[i]
						require.InDelta(t, e.Train.Loss, got.Train.Loss, tol)
						require.InDelta(t, e.Validation.Loss, got.Validation.Loss, tol)
						for term, v := range e.Train.Terms {
							require.NotZero(t, v, term)
							require.InDelta(t, v, got.Train.Terms[term], tol, term)
						}
					}
				})
			}
		}
	}
}

// A rank that fails while others are in the midst of the batch ends all.
func TestSynchronisedEndTogether(t *testing.T) {
	_, _, errs := together(t, background, 2, func(rank int) *train.Trainer {
		n := wholeBatches()["vectors"]
		n.Steps, n.Batch = 6, 4
		d := currents(19, 6, 4)
		if rank == 1 {
			d = unreadable{d, 7}
		}
		return &train.Trainer{Model: newModel(t, n), Data: d, Epochs: 3, Accumulate: 2, Synchronised: true}
	})
	require.ErrorContains(t, errs[1], "sample 7: no such file")
	require.ErrorContains(t, errs[0], "statistics of batch norm of 12 channels")
	require.ErrorContains(t, errs[0], "rank 1 ended with: batch ")
	require.ErrorContains(t, errs[0], "sample 7: no such file")
}
