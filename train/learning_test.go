package train_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/online"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// echoes are sequences of spikes, whose targets are sequences too: the input of some steps before.
type echoes struct{ n, steps int }

func (d echoes) Len() int     { return d.n }
func (d echoes) Shape() []int { return []int{d.steps, 3} }
func (d echoes) Sample(i int, x []float32) (int, error) {
	for j, v := range graphtest.Sparse(len(x), 0.3, true, uint64(i)) {
		x[j] = float32(v)
	}
	return 0, nil
}
func (d echoes) Target(i int, y []float32) error {
	x := graphtest.Sparse(3*d.steps, 0.3, true, uint64(i))
	for t := range d.steps {
		y[t] = 0
		for k := 0; k < 5 && k <= t; k++ {
			y[t] += float32(x[3*(t-k)]) / 5
		}
	}
	return nil
}

func echoing(steps, hidden int, dt tensor.Dtype) train.Network {
	p := neurons.DefaultLIFParams()
	p.VTh, p.Spike = graph.Const(0.1), surrogate.SuperSpike{Alpha: 3}
	return train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: hidden}, layers.Lift(neurons.LIFStep, p, layers.Regularise(layers.Rate{Upper: 0.4, Weight: 1e-3})),
			layers.Linear{Out: 1}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
		},
		Shape: []int{3}, Steps: steps, Batch: 4, Loss: loss.MeanSquared{Sequence: true}, Dtype: dt, Seed: 3,
	}
}

func learnt(t *testing.T, n train.Network, l train.Learning, change func(*train.Trainer)) (*train.Model, train.Result) {
	m, err := n.Compile()
	require.NoError(t, err)
	tr := train.Trainer{Model: m, Data: echoes{n: 10, steps: n.Steps}, Validation: echoes{n: 6, steps: n.Steps}, Epochs: 3, Seed: 1, Learning: l, Optimiser: &optim.Adam{LearningRate: 1e-2}}
	if change != nil {
		change(&tr)
	}
	r, err := tr.Run(context.Background())
	require.NoError(t, err)
	return m, r
}

// Where e-prop is exact, a training that changes weights at the end of sequences is that of backpropagation through time.
func TestLearningIsExact(t *testing.T) {
	n := echoing(20, 6, tensor.Float64)
	n.Net.(layers.Sequential)[1] = layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()) // penalties count what was read so far
	want, a := learnt(t, n, nil, nil)
	for _, e := range []online.EProp{{}, {Window: 7}, {Window: 1}, {Every: 20, Window: 5}} {
		got, b := learnt(t, n, e, nil)
		for i, p := range want.Params() {
			graphtest.Close(t, p.Name(), graphtest.Floats(p.Value()), graphtest.Floats(got.Params()[i].Value()), 1e-9)
		}
		require.InDelta(t, a.History[2].Validation.Loss, b.History[2].Validation.Loss, 1e-9)
		require.InDelta(t, a.History[2].Train.Loss, b.History[2].Train.Loss, 1e-9)
		require.InDelta(t, a.History[2].GradNorm, b.History[2].GradNorm, 1e-9)
	}
}

// Weights that change within a sequence learn as well, in both precisions, and a training that was interrupted
// in the midst of an epoch goes on to the same bits.
func TestLearningOnline(t *testing.T) {
	for i, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		n, e := echoing(20, 6, dt), online.EProp{Every: 5, Feedback: []online.Feedback{online.Symmetric, online.Random}[i]}
		want, r := learnt(t, n, e, nil)
		require.Less(t, r.History[2].Train.Loss, 0.8*r.History[0].Train.Loss)

		dir := t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		m, err := n.Compile()
		require.NoError(t, err)
		tr := train.Trainer{
			Model: m, Data: echoes{n: 10, steps: 20}, Validation: echoes{n: 6, steps: 20}, Epochs: 3, Seed: 1, Learning: e, Optimiser: &optim.Adam{LearningRate: 1e-2},
			Checkpoints: &train.Checkpoints{Dir: dir},
			OnBatch: func(b train.Batch) {
				if b.Step == 4 {
					cancel()
				}
			},
		}
		_, err = tr.Run(ctx)
		require.ErrorIs(t, err, context.Canceled)
		m, err = n.Compile()
		require.NoError(t, err)
		tr.Model, tr.Optimiser, tr.OnBatch = m, &optim.Adam{LearningRate: 1e-2}, nil
		tr.Resume, _, err = train.LatestCheckpoint(dir)
		require.NoError(t, err)
		_, err = tr.Run(context.Background())
		require.NoError(t, err)
		for i, p := range want.Params() {
			require.Equal(t, p.Value().Data(), m.Params()[i].Value().Data(), p.Name())
		}
	}
}

// variedEchoes are echoes of 1 to all of the time steps.
type variedEchoes struct{ echoes }

func (d variedEchoes) Steps(i int) int { return 1 + 7*i%d.steps }

// Samples may have different lengths: what comes behind their end changes nothing, however long windows are.
func TestLearningLengths(t *testing.T) {
	n := echoing(20, 6, tensor.Float64)
	n.Net.(layers.Sequential)[1] = layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()) // penalties count what was read so far
	of := func(l train.Learning) *train.Model {
		m, _ := learnt(t, n, l, func(t *train.Trainer) {
			t.Data, t.Validation = variedEchoes{echoes{n: 10, steps: 20}}, variedEchoes{echoes{n: 6, steps: 20}}
		})
		return m
	}
	same := func(want *train.Model, e online.EProp) {
		for i, p := range of(e).Params() {
			graphtest.Close(t, p.Name(), graphtest.Floats(want.Params()[i].Value()), graphtest.Floats(p.Value()), 1e-9)
		}
	}
	whole, restless := of(nil), of(online.EProp{Every: 6, Window: 1})
	for _, e := range []online.EProp{{}, {Window: 7}, {Window: 1}} {
		same(whole, e)
	}
	for _, e := range []online.EProp{{Every: 6}, {Every: 6, Window: 2}} {
		same(restless, e)
	}
}

// parted are the sequences of echoes, each cut into samples of so many steps.
type parted struct {
	echoes
	part int
}

func (d parted) Len() int     { return d.n * d.steps / d.part }
func (d parted) Shape() []int { return []int{d.part, 3} }
func (d parted) Part(i int) (sequence, part int) {
	return i / (d.steps / d.part), i % (d.steps / d.part)
}
func (d parted) Target(i int, y []float32) error { return d.of(i, y, 1, d.echoes.Target) }
func (d parted) Sample(i int, x []float32) (int, error) {
	return 0, d.of(i, x, 3, func(i int, x []float32) error { _, err := d.echoes.Sample(i, x); return err })
}

// of gives part i of what a whole sequence has, so many values a step.
func (d parted) of(i int, dst []float32, each int, whole func(int, []float32) error) error {
	all := make([]float32, d.steps*each)
	sequence, part := d.Part(i)
	err := whole(sequence, all)
	copy(dst, all[part*d.part*each:])
	return err
}

// Traces go on from a sample to the next part of its sequence, in which weights have changed: that is a whole sequence in
// which they change as often.
func TestLearningContinued(t *testing.T) {
	n := echoing(20, 6, tensor.Float64)
	n.Net.(layers.Sequential)[1] = layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()) // penalties count what was read so far
	whole := echoes{n: 4, steps: 20}
	want, _ := learnt(t, n, online.EProp{Every: 5}, func(t *train.Trainer) { t.Data, t.Optimiser = whole, &optim.SGD{LearningRate: 0.4} })
	n.Steps = 5 // over which the loss is a mean
	got, _ := learnt(t, n, online.EProp{}, func(t *train.Trainer) {
		t.Data, t.Validation, t.Optimiser = parted{whole, 5}, nil, &optim.SGD{LearningRate: 0.1}
	})
	for i, p := range want.Params() {
		graphtest.Close(t, p.Name(), graphtest.Floats(p.Value()), graphtest.Floats(got.Params()[i].Value()), 1e-9)
	}
}

// tones of so many steps have one value a step; they take little memory themselves.
type tones struct{ steps int }

func (d tones) Len() int                               { return 4 }
func (d tones) Shape() []int                           { return []int{d.steps, 3} }
func (d tones) Sample(i int, x []float32) (int, error) { x[i] = 1; return 0, nil }
func (d tones) Target(i int, y []float32) error        { y[0] = 1; return nil }

// held returns how many bytes a training holds between two batches.
func held(t *testing.T, steps int, l train.Learning) uint64 {
	n := echoing(steps, 100, tensor.Float32)
	m, err := n.Compile()
	require.NoError(t, err)
	var stats runtime.MemStats
	tr := train.Trainer{
		Model: m, Data: tones{steps: steps}, Epochs: 1, Learning: l,
		OnBatch: func(train.Batch) { runtime.GC(); runtime.ReadMemStats(&stats) },
	}
	_, err = tr.Run(context.Background())
	require.NoError(t, err)
	return stats.HeapAlloc
}

// What a training online holds does not depend on the number of time steps, but for the sequences themselves:
// backpropagation through time holds what each of its neurons did.
func TestLearningMemory(t *testing.T) {
	long.Test(t)
	const most, least = 10000, 512                 // two windows, of which the last one has a machine of its own
	data := uint64(4 * 4 * most * (3 + 1 + 1) * 3) // of float32: 4 samples, inputs, targets, outputs, read and put
	one, many := held(t, least, online.EProp{}), held(t, most, online.EProp{})
	require.Less(t, many, one+data+200_000)
	require.Greater(t, held(t, most, nil), one+data+20<<20)
}

// What does not go with learning online is refused.
func TestLearningRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*train.Network, *train.Trainer)
		want   string
	}{
		"a readout": {func(n *train.Network, _ *train.Trainer) {
			n.Net = append(n.Net.(layers.Sequential), layers.MeanOverTime)
			n.Loss = loss.MeanSquared{}
		}, "train: the loss is that of a readout; with Learning, want one at every time step: a loss with Sequence, and no readout over time"},
		"windows of its own": {func(n *train.Network, _ *train.Trainer) { n.Window = 5 },
			"train: with Learning, the windows of a network are those of it; leave out Segment and Window"},
		"a sum of restless batches": {func(_ *train.Network, t *train.Trainer) { t.Accumulate, t.Learning = 2, online.EProp{Every: 1} },
			"train: gradients cannot be accumulated over batches where the weights change within one; leave out Accumulate or Window, or learn at the end of sequences"},
		"no window": {func(_ *train.Network, t *train.Trainer) { t.Learning = online.EProp{Every: 5, Window: 2} },
			"train: online: Window is 2, want a divisor of Every, 5"},
	} {
		t.Run(name, func(t *testing.T) {
			n := echoing(20, 6, tensor.Float32)
			tr := train.Trainer{Data: echoes{n: 10, steps: 20}, Epochs: 1, Learning: online.EProp{}}
			c.change(&n, &tr)
			var err error
			tr.Model, err = n.Compile()
			require.NoError(t, err)
			_, err = tr.Run(context.Background())
			require.EqualError(t, err, c.want)
		})
	}
}
