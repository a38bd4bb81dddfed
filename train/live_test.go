package train_test

import (
	"context"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/online"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// recurring is a recurrent network that echoes, and its data.
func recurring(dt tensor.Dtype) (train.Network, echoes) {
	const steps = 20
	n := echoing(steps, 6, dt)
	p := neurons.DefaultLIFParams()
	p.VTh, p.Spike = graph.Const(0.1), surrogate.SuperSpike{Alpha: 3}
	n.Net.(layers.Sequential)[1] = layers.Recurrent(neurons.LIFStep, p)
	n.Batch = 2
	return n, echoes{n: 6, steps: steps}
}

// at returns inputs and targets of some samples at step t, side by side.
func (d echoes) at(t int, samples ...int) (x, y []float32) {
	in, out := make([]float32, 3*d.steps), make([]float32, d.steps)
	for _, i := range samples {
		_, _ = d.Sample(i, in)
		_ = d.Target(i, out)
		x, y = append(x, in[3*t:3*t+3]...), append(y, out[t])
	}
	return x, y
}

func live(t testing.TB, n train.Network, e online.EProp) (*train.Model, *online.Learner, *optim.Adam) {
	m, err := n.Compile()
	require.NoError(t, err)
	opt := &optim.Adam{LearningRate: 1e-2}
	l, err := (&train.Trainer{Model: m, Learning: e, Optimiser: opt, ClipNorm: 0.5}).Live()
	require.NoError(t, err)
	return m, l, opt
}

// Of streams that are the samples of a data set a Learner learns what a training on that does, to the last bit; so do
// its replicas.
func TestLiveIsTraining(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, e := range []online.EProp{{Every: 1}, {Every: 1, Feedback: online.Random}, {Every: 5, Window: 1}} {
			n, d := recurring(dt)
			want, err := n.Compile()
			require.NoError(t, err)
			tr := train.Trainer{Model: want, Data: d, Epochs: 1, Learning: e, Optimiser: &optim.Adam{LearningRate: 1e-2}, ClipNorm: 0.5}
			var losses []float64
			tr.OnBatch = func(b train.Batch) { losses = append(losses, b.Loss) }
			_, err = tr.Run(context.Background())
			require.NoError(t, err)

			m, l, _ := live(t, n, e)
			start := copied(m)
			replica, err := m.Replica()
			require.NoError(t, err)
			order, err := data.Order(d.n, 0, 0)
			require.NoError(t, err)
			for b, from := 0, 0; from < d.n; b, from = b+1, from+2 {
				require.NoError(t, l.Restart())
				sum := 0.
				for k := range d.steps {
					_, loss, err := l.Step(d.at(k, order[from:from+2]...))
					require.NoError(t, err)
					sum += loss
				}
				require.Equal(t, losses[b], sum)
			}
			require.NotEqual(t, start, copied(m))
			for i, p := range want.Params() {
				require.Equal(t, p.Value().Data(), m.Params()[i].Value().Data(), p.Name())
				require.Equal(t, p.Value().Data(), replica.Params()[i].Value().Data(), p.Name())
			}
		}
	}
}

func copied(m *train.Model) (all []tensor.Tensor) {
	for _, p := range m.Params() {
		all = append(all, p.Value().(*tensor.Dense).Clone().(*tensor.Dense))
	}
	return all
}

// A learner that goes on from a state gives the bits of one that was not interrupted, also in the midst of a sum of
// gradients; without a target it gives the outputs of Model.Step, changes nothing, and its traces go on.
func TestLiveGoesOn(t *testing.T) {
	n, d := recurring(tensor.Float32)
	m, l, opt := live(t, n, online.EProp{Every: 3})
	s, err := m.Rest(2)
	require.NoError(t, err)
	before := copied(m)
	for k := range 7 {
		x, _ := d.at(k, 0, 1)
		want, err := m.Step(s, x)
		require.NoError(t, err)
		got, loss, err := l.Step(x, nil)
		require.NoError(t, err)
		require.Equal(t, want.Data(), got.Data())
		require.True(t, math.IsNaN(loss))
	}
	require.Equal(t, before, copied(m))
	for k := 7; k < 12; k++ { // 5 targets: one change, and a sum of two
		_, _, err = l.Step(d.at(k, 0, 1))
		require.NoError(t, err)
	}
	state, err := l.State()
	require.NoError(t, err)
	require.Equal(t, 1, state.Due)
	require.NotZero(t, norm(state.Tensors["eligibility of 0.linear.w"]))
	require.NotZero(t, norm(state.Tensors["sum of 0.linear.w"]))

	other, l2, opt2 := live(t, n, online.EProp{Every: 3})
	for i, p := range other.Params() {
		require.NoError(t, tensor.Copy(p.Value().(*tensor.Dense), m.Params()[i].Value().(*tensor.Dense)))
	}
	require.NoError(t, opt2.Restore(opt.State()))
	require.NoError(t, l2.Restore(state))
	for k := 12; k < 20; k++ {
		_, a, err := l.Step(d.at(k, 0, 1))
		require.NoError(t, err)
		_, b, err := l2.Step(d.at(k, 0, 1))
		require.NoError(t, err)
		require.Equal(t, a, b)
	}
	require.Equal(t, copied(m), copied(other))

	// One stream begins anew, the other goes on.
	require.NoError(t, l.Restart(1))
	x, _ := d.at(0, 2, 2)
	y, _, err := l.Step(x, nil)
	require.NoError(t, err)
	s, err = m.Rest(2)
	require.NoError(t, err)
	fresh, err := m.Step(s, x)
	require.NoError(t, err)
	require.Equal(t, fresh.Data().([]float32)[1], y.Data().([]float32)[1])
	require.NotEqual(t, fresh.Data().([]float32)[0], y.Data().([]float32)[0])
}

func norm(d *tensor.Dense) (sum float64) {
	for _, v := range d.Data().([]float32) {
		sum += math.Abs(float64(v))
	}
	return sum
}

// What a step allocates is some dozens of small objects, whatever the size of the network: nothing of the states,
// traces and weights, which would be 1.6 MB here.
func TestLiveAllocates(t *testing.T) {
	n, d := recurring(tensor.Float32)
	n.Net.(layers.Sequential)[0] = layers.Linear{Out: 200}
	_, l, _ := live(t, n, online.EProp{Every: 2})
	x, y := d.at(3, 0, 1)
	run := func() {
		if _, _, err := l.Step(x, y); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		run()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const steps = 200
	for range steps {
		run()
	}
	runtime.ReadMemStats(&after)
	require.Less(t, (after.Mallocs-before.Mallocs)/steps, uint64(150))
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/steps, uint64(10_000))
}

// What cannot be learnt live is refused, and what is wrong in a step too, with the weights as they were.
func TestLiveRefused(t *testing.T) {
	n, d := recurring(tensor.Float32)
	m, l, _ := live(t, n, online.EProp{Every: 1})
	for want, tr := range map[string]*train.Trainer{
		"train: live: the trainer is nil": nil,
		"train: live: Learning is nil, want one that goes forward in time, such as online.EProp":                                                  {Model: m},
		"train: live: the model is nil or was not made by Network.Compile":                                                                        {Learning: online.EProp{Every: 1}},
		"train: live: there are no batches to schedule, to add up or to share; leave out Schedule, Accumulate and Reduce":                         {Model: m, Learning: online.EProp{Every: 1}, Accumulate: 2},
		"train: live: norm to clip to is -1, want at least 0":                                                                                     {Model: m, Learning: online.EProp{Every: 1}, ClipNorm: -1},
		"train: live: the weights are to change at the end of sequences, and a stream has none; want a number of time steps (online.EProp.Every)": {Model: m, Learning: online.EProp{}},
	} {
		_, err := tr.Live()
		require.EqualError(t, err, want)
	}
	dropping := n
	dropping.Net = append(layers.Sequential{layers.Dropout{P: 0.5}}, n.Net.(layers.Sequential)...)
	dm, err := dropping.Compile()
	require.NoError(t, err)
	_, err = (&train.Trainer{Model: dm, Learning: online.EProp{Every: 1}}).Live()
	require.EqualError(t, err, "train: live: the network draws masks for sequences (layers.Dropout), and a stream has no end; leave them out")

	before := copied(m)
	x, y := d.at(0, 0, 1)
	inf := []float32{float32(math.Inf(1)), 0}
	for _, c := range []struct {
		x, y []float32
		want string
	}{
		{x[1:], y, "online: the input has 5 values, a time step of shape [2 3] has 6"},
		{x, y[1:], "online: the target has 1 values, want 2 of shape [1 2 1]"},
		{x, inf, "online: target: value 0 is +Inf, want a finite number"},
		{append(inf, 0, 0, 0, 0), y, "online: input: value 0 is +Inf, want a finite number"},
		{x, []float32{3e38, 0}, "online: loss is +Inf, want a finite number"},
	} {
		_, _, err := l.Step(c.x, c.y)
		require.EqualError(t, err, c.want)
	}
	require.Equal(t, before, copied(m))
	require.EqualError(t, l.Restart(2), "online: stream is 2, want 0 to 1")
	require.EqualError(t, l.Restore(online.LearnerState{}), "online: the weights are due in 0 steps, want 1 to 1")
	require.EqualError(t, l.Restore(online.LearnerState{Due: 1}), "online: the state has 0 tensors, want 15")
	var none *online.Learner
	_, _, err = none.Step(x, y)
	require.EqualError(t, err, "online: the learner is nil or was not made by train.Trainer.Live")

	// In the midst of a training nobody else learns.
	tr := train.Trainer{Model: m, Data: d, Epochs: 1, OnBatch: func(train.Batch) { _, _, err = l.Step(x, y) }}
	_, trained := tr.Run(context.Background())
	require.NoError(t, trained)
	require.ErrorIs(t, err, train.ErrInUse)

	labels := train.Network{
		Net:   layers.Sequential{layers.Linear{Out: 4}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()), layers.Linear{Out: 3}},
		Shape: []int{3}, Steps: 5, Batch: 1, Loss: loss.CrossEntropy{Sequence: true},
	}
	_, l, _ = live(t, labels, online.EProp{Every: 1})
	_, _, err = l.Step([]float32{1, 0, 1}, []float32{3})
	require.EqualError(t, err, "online: label 0 is 3, want a class from 0 to 2")
	_, _, err = l.Step([]float32{1, 0, 1}, []float32{2})
	require.NoError(t, err)
}
