package train_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

func accumulating(t *testing.T, batch int, dt tensor.Dtype) *train.Model {
	return newModel(t, train.Network{
		Net:   layers.Sequential{layers.Linear{Out: 8, Init: layers.Scaled{Gain: 4}}, lif(), layers.Linear{Out: 3}, li(), layers.MaxOverTime},
		Shape: []int{4}, Steps: 9, Batch: batch, Seed: 4, Dtype: dt,
	})
}

// Batches of 2, three to a step, are batches of 6: 17 samples make two whole steps and one of two
// batches and a single sample. The norm of the gradient is that of the large batch, too.
func TestAccumulate(t *testing.T) {
	d := currents(17, 9, 4)
	for dt, tol := range tolerances {
		run := func(batch, accumulate int) (*train.Model, []float64) {
			m := accumulating(t, batch, dt)
			var norms []float64
			tr := train.Trainer{
				Model: m, Data: d, Epochs: 3, Seed: 7, Optimiser: &optim.SGD{LearningRate: 0.3, Momentum: 0.9}, ClipNorm: 0.5, Accumulate: accumulate,
				OnBatch: func(b train.Batch) {
					if accumulate < 2 || (b.Batch+1)%accumulate == 0 || b.Batch+1 == b.Batches {
						norms = append(norms, b.GradNorm)
					}
				},
			}
			_, err := tr.Run(background)
			require.NoError(t, err)
			return m, norms
		}
		large, want := run(6, 0)
		small, got := run(2, 3)
		require.InDeltaSlice(t, want, got, 100*tol)
		for i, w := range large.Weights() {
			require.InDeltaSlice(t, elements(w), elements(small.Weights()[i]), 100*tol, large.Params()[i].Name())
		}
	}
}

// A checkpoint from the midst of a step goes on bit for bit.
func TestAccumulateResume(t *testing.T) {
	d, dir := currents(17, 9, 4), t.TempDir()
	run := func(from *train.Checkpoint, to *train.Checkpoints, accumulate int) (*train.Model, []string) {
		m := accumulating(t, 2, tensor.Float32)
		var warnings []string
		tr := train.Trainer{
			Model: m, Data: d, Epochs: 2, Optimiser: &optim.Adam{LearningRate: 0.05}, Accumulate: accumulate, Resume: from, Checkpoints: to,
			OnWarning: func(err error) { warnings = append(warnings, err.Error()) },
		}
		_, err := tr.Run(background)
		require.NoError(t, err)
		return m, warnings
	}
	want, _ := run(nil, &train.Checkpoints{Dir: dir, EverySteps: 1, Keep: 100}, 4)
	for step := range 18 {
		c, err := train.ReadCheckpoint(fmt.Sprintf("%s/step-%09d.safetensors", dir, step+1))
		require.NoError(t, err)
		got, warnings := run(c, nil, 4)
		require.Empty(t, warnings)
		require.Equal(t, want.Weights(), got.Weights(), "after %d batches", step+1)
	}
	c, err := train.ReadCheckpoint(dir + "/step-000000006.safetensors")
	require.NoError(t, err)
	_, warnings := run(c, nil, 3)
	require.Len(t, warnings, 2)
	require.Contains(t, warnings[0], "the gradients that were accumulated are left out, since a step has other batches")
	require.Contains(t, warnings[1], "Accumulate was 4, is 3")
}

// Validation between batches changes no bit of the training, and gives what it gives elsewhere.
func TestValidateEvery(t *testing.T) {
	d, test := currents(17, 9, 4), currents(5, 9, 4)
	run := func(every int) (*train.Model, map[int]metric.Summary) {
		m := accumulating(t, 4, tensor.Float32)
		seen := map[int]metric.Summary{}
		tr := train.Trainer{
			Model: m, Data: d, Validation: test, Epochs: 2, Optimiser: &optim.Adam{LearningRate: 0.05}, ValidateEvery: every,
			OnBatch: func(b train.Batch) {
				if b.Validation != nil {
					seen[b.Step] = *b.Validation
					v, err := m.Evaluate(background, test, nil)
					require.NoError(t, err)
					require.Equal(t, v, *b.Validation)
				}
			},
		}
		_, err := tr.Run(background)
		require.NoError(t, err)
		return m, seen
	}
	want, none := run(0)
	got, seen := run(2)
	require.Empty(t, none)
	require.Len(t, seen, 4) // after batches 2 and 4 of 5, 6 and 8 of the second epoch
	require.Equal(t, want.Weights(), got.Weights())
}

// What is frozen stays, bit for bit, and does not count in the norm of the gradient.
func TestFrozen(t *testing.T) {
	d := currents(8, 9, 4)
	m := accumulating(t, 4, tensor.Float32)
	before := m.Weights()
	var first float64
	tr := train.Trainer{
		Model: m, Data: d, Epochs: 2, ClipNorm: 1e-3, OnBatch: func(b train.Batch) {
			if b.Step == 0 {
				first = b.GradNorm
			}
		},
		Optimiser: &optim.Groups{Default: &optim.Adam{LearningRate: 0.1}, Of: []optim.Group{{Match: "0.*", Frozen: true}}},
	}
	_, err := tr.Run(background)
	require.NoError(t, err)
	after := m.Weights()
	for i, p := range m.Params() {
		if p.Name()[0] == '0' {
			require.Equal(t, before[i], after[i])
		} else {
			require.NotEqual(t, before[i], after[i])
		}
	}
	whole := accumulating(t, 4, tensor.Float32)
	var all float64
	tr = train.Trainer{Model: whole, Data: d, Epochs: 1, OnBatch: func(b train.Batch) {
		if b.Step == 0 {
			all = b.GradNorm
		}
	}}
	_, err = tr.Run(background)
	require.NoError(t, err)
	require.Less(t, first, all)
	_, err = (&train.Trainer{Model: m, Data: d, Epochs: 1, Optimiser: &optim.Groups{Of: []optim.Group{{Match: "none"}}}}).Run(background)
	require.ErrorContains(t, err, `train: epoch 0, batch 0: optim: groups: pattern "none": no parameter is of this group; there are "0.linear.w"`)
}

// While the means are looked at, a replica answers by the weights.
func TestAveragesAndReplicas(t *testing.T) {
	d, test := currents(16, 9, 4), currents(4, 9, 4)
	m := accumulating(t, 4, tensor.Float32)
	replica, err := m.Replica()
	require.NoError(t, err)
	asked := 0
	var seen [][]float64
	ask := answering{test, func() {
		asked++
		y, err := replica.Predict(background, test, nil)
		require.NoError(t, err)
		seen = append(seen, elements(y))
	}}
	_, err = (&train.Trainer{Model: m, Data: d, Validation: ask, Epochs: 2, Optimiser: &optim.Averaged{Of: &optim.Adam{LearningRate: 0.1}, Decay: 0.9}}).Run(background)
	require.NoError(t, err)
	require.Equal(t, 16, asked) // 4 samples, with the weights and with the means, in 2 epochs
	for epoch := range 2 {
		for i := range 8 {
			require.Equal(t, seen[8*epoch], seen[8*epoch+i], "epoch %d, sample read %d", epoch, i)
		}
	}
	require.NotEqual(t, seen[0], seen[8])
}

// answering asks something whenever a sample is read.
type answering struct {
	data.Dataset
	ask func()
}

func (a answering) Sample(i int, x []float32) (int, error) {
	a.ask()
	return a.Dataset.Sample(i, x)
}

// The means are evaluated beside the weights, change nothing in the training, go on from a
// checkpoint, and can be taken over.
func TestAverages(t *testing.T) {
	d, test, dir := currents(17, 9, 4), currents(5, 9, 4), t.TempDir()
	run := func(decay float64, from *train.Checkpoint) (*train.Model, train.Result, *optim.Averaged) {
		m := accumulating(t, 4, tensor.Float32)
		a := &optim.Averaged{Of: &optim.Adam{LearningRate: 0.05}, Decay: decay}
		tr := train.Trainer{Model: m, Data: d, Validation: test, Epochs: 3, Optimiser: a, Resume: from}
		switch {
		case decay == 0:
			tr.Optimiser = a.Of
		case from == nil:
			tr.Checkpoints = &train.Checkpoints{Dir: dir, EverySteps: 1, Keep: 100}
		}
		r, err := tr.Run(background)
		require.NoError(t, err)
		return m, r, a
	}
	plain, _, _ := run(0, nil)
	m, r, a := run(0.8, nil)
	require.Equal(t, plain.Weights(), m.Weights())
	require.NoError(t, m.TakeAverages(a))
	require.NotEqual(t, plain.Weights(), m.Weights())
	v, err := m.Evaluate(background, test, nil)
	require.NoError(t, err)
	require.Equal(t, v, *r.History[2].Averaged)
	require.NotEqual(t, v.Loss, r.History[2].Validation.Loss)
	c, err := train.ReadCheckpoint(dir + "/step-000000007.safetensors")
	require.NoError(t, err)
	again, _, b := run(0.8, c)
	require.Equal(t, plain.Weights(), again.Weights())
	for _, p := range again.Params() {
		require.Equal(t, a.Mean(p.Name()), b.Mean(p.Name()))
	}
}
