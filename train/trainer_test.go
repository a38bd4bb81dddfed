package train_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// A small network learns most of the Yin-Yang set in a few epochs. By chance
// a third would be right; a linear classifier gets about 64 % of it (Kriener
// et al., 2022).
func TestTrainerLearns(t *testing.T) {
	set, err := data.NewYinYang(1500, 42)
	require.NoError(t, err)
	held, err := data.NewYinYang(500, 41)
	require.NoError(t, err)
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		t.Run(dt.String(), func(t *testing.T) {
			net := layers.Sequential{
				layers.Linear{Out: 80, Init: layers.Scaled{Gain: 4}}, lif(), layers.Linear{Out: 3}, li(), layers.MaxOverTime,
			}
			m := newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 20, Batch: 50, Seed: 1, Dtype: dt})
			r, err := (&train.Trainer{Model: m, Data: set, Validation: held, Epochs: 10, Seed: 1, Optimiser: &optim.Adam{LearningRate: 1e-2}}).Run(background)
			require.NoError(t, err)
			require.Len(t, r.History, 10)
			require.False(t, r.Stopped)
			first, last := r.History[0], r.History[9]
			t.Logf("validation accuracy %.3f", last.Validation.Accuracy)
			require.Greater(t, last.Validation.Accuracy, 0.85)
			require.Greater(t, last.Train.Accuracy, 0.85)
			require.Less(t, last.Train.Loss, first.Train.Loss/2)
			require.Positive(t, last.GradNorm)
			require.Equal(t, 1e-2, last.LearningRate)
			require.Equal(t, 1500, last.Train.Samples)
			v, err := m.Evaluate(background, held, nil)
			require.NoError(t, err)
			require.Equal(t, *last.Validation, v)
		})
	}
}

// noisy presents a sample as random spikes.
var noisy = encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
	for i := range dst {
		dst[i] = 0
		if r.Float32() < x[i%len(x)] {
			dst[i] = 1
		}
	}
	return nil
})

// One seed gives one training, to the last bit, on any number of processors.
func TestTrainingIsDeterministic(t *testing.T) {
	set, held := yinyang(t, 53), yinyang(t, 17)
	run := func(procs int, seed uint64) (train.Result, [][]float64) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		net := layers.Sequential{
			layers.Linear{Out: 150}, layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams(), layers.Regularise(layers.Rate{Lower: 0.1, Weight: 1})),
			layers.Dropout{P: 0.3}, layers.Linear{Out: 3}, li(), layers.MaxOverTime,
		}
		m := newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 30, Batch: 20, Seed: 1})
		r, err := (&train.Trainer{Model: m, Data: set, Validation: held, Encoder: noisy, Epochs: 3, Seed: seed, ClipNorm: 1}).Run(background)
		require.NoError(t, err)
		for i := range r.History {
			r.History[i].Duration = 0
		}
		return r, bits(m)
	}
	r1, w1 := run(1, 7)
	for _, procs := range []int{1, 2, 3} {
		r, w := run(procs, 7)
		require.Equal(t, r1, r)
		require.Equal(t, w1, w)
	}
	_, w := run(1, 8)
	require.NotEqual(t, w1, w)
}

// A cancelled training keeps what it has learnt.
func TestCancel(t *testing.T) {
	m := smallModel(t, 5)
	ctx, cancel := context.WithCancel(background)
	var at [][]float64
	batches := 0
	tr := train.Trainer{Model: m, Data: yinyang(t, 20), Validation: yinyang(t, 5), Epochs: 9, OnBatch: func(b train.Batch) {
		batches++
		if b.Epoch == 1 && b.Batch == 2 {
			at = bits(m)
			cancel()
		}
	}}
	r, err := tr.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 7, batches)
	require.True(t, r.Stopped)
	require.Len(t, r.History, 1)
	require.Equal(t, 0, r.Best)
	require.Equal(t, at, bits(m))

	// With KeepBest, the weights are those of the best epoch.
	var best [][]float64
	ctx, cancel = context.WithCancel(background)
	m = smallModel(t, 5)
	tr.Model, tr.KeepBest = m, true
	tr.OnBatch = func(b train.Batch) {
		if b.Epoch == 1 {
			cancel()
		}
	}
	tr.OnEpoch = func(train.Epoch) error { best = bits(m); return nil }
	r, err = tr.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 0, r.Best)
	require.Equal(t, best, bits(m))

	// A context that is over before the start changes nothing, nor do the others.
	was := bits(m)
	r, err = tr.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, r.History)
	require.Equal(t, was, bits(m))
	_, err = m.Evaluate(ctx, yinyang(t, 5), nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = m.Record(ctx, yinyang(t, 5), nil, []int{0})
	require.ErrorIs(t, err, context.Canceled)
	late, stop := context.WithDeadline(background, time.Unix(0, 0))
	defer stop()
	_, err = m.Predict(late, yinyang(t, 5), nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// at is a schedule that gives the learning rates of single epochs.
type rates struct{ perEpoch []float64 }

func (r rates) Rate(step, total int) float64 {
	return r.perEpoch[step/(total/len(r.perEpoch))]
}

// The loss falls with the learning rate as it is and rises when it is huge: the
// best epoch is known.
func TestPatienceAndKeepBest(t *testing.T) {
	set := yinyang(t, 60)
	run := func(tr train.Trainer, perEpoch ...float64) (train.Result, [][]float64, [][][]float64) {
		m := smallModel(t, 20)
		var after [][][]float64
		tr.Model, tr.Data, tr.Validation, tr.Seed = m, set, set, 1
		tr.Epochs, tr.Schedule, tr.Optimiser = len(perEpoch), rates{perEpoch}, &optim.Adam{LearningRate: 1e-2}
		tr.OnEpoch = func(train.Epoch) error { after = append(after, bits(m)); return nil }
		r, err := tr.Run(background)
		require.NoError(t, err)
		return r, bits(m), after
	}
	schedule := []float64{1, 1, 1, 300, 0, 0, 0}

	r, w, after := run(train.Trainer{}, schedule...)
	require.Len(t, r.History, 7)
	require.Equal(t, 2, r.Best)
	require.Equal(t, after[6], w, "without KeepBest the last weights stay")
	for e := 1; e < 3; e++ {
		require.Less(t, r.History[e].Validation.Loss, r.History[e-1].Validation.Loss)
	}
	require.Greater(t, r.History[3].Validation.Loss, r.History[0].Validation.Loss)

	r, w, after = run(train.Trainer{KeepBest: true}, schedule...)
	require.Equal(t, 2, r.Best)
	require.Equal(t, after[2], w)

	r, w, after = run(train.Trainer{KeepBest: true, Patience: 2}, schedule...)
	require.Len(t, r.History, 5, "epoch 2 has the lowest loss, two more are without a lower one")
	require.True(t, r.Stopped)
	require.Equal(t, after[2], w)

	r, _, _ = run(train.Trainer{Patience: 4}, schedule...)
	require.Len(t, r.History, 7)
	require.False(t, r.Stopped, "patience ran out at the end")
}

func TestCallbacks(t *testing.T) {
	m := smallModel(t, 5)
	var got []train.Batch
	stop := errors.New("enough")
	tr := train.Trainer{
		Model: m, Data: yinyang(t, 12), Epochs: 5, Optimiser: &optim.SGD{LearningRate: 0.1}, Schedule: optim.Cosine{}, ClipNorm: 1e-3,
		OnBatch: func(b train.Batch) { got = append(got, b) },
		OnEpoch: func(e train.Epoch) error {
			require.Nil(t, e.Validation)
			if e.Epoch == 1 {
				return stop
			}
			return nil
		},
	}
	r, err := tr.Run(background)
	require.EqualError(t, err, "train: epoch 1: enough")
	require.ErrorIs(t, err, stop)
	require.True(t, r.Stopped)
	require.Len(t, r.History, 2)
	require.Equal(t, -1, r.Best)
	require.Len(t, got, 6)
	loss := 0.0
	for i, b := range got {
		require.Equal(t, []int{i / 3, i % 3, 3}, []int{b.Epoch, b.Batch, b.Batches})
		require.InDelta(t, 0.05*(1+math.Cos(math.Pi*float64(i)/15)), b.LearningRate, 1e-12)
		require.Greater(t, b.GradNorm, 1e-3, "the norm is that before clipping")
		require.True(t, b.Accuracy >= 0 && b.Accuracy <= 1)
		if i < 3 {
			loss += b.Loss * []float64{5, 5, 2}[i] / 12
		}
	}
	require.InDelta(t, loss, r.History[0].Train.Loss, 1e-12)
	require.Equal(t, 12, r.History[0].Train.Samples)

	// Clipping is at work: plain descent moves the weights by the rate times 1e-3.
	before := bits(m)
	tr.OnBatch, tr.OnEpoch, tr.Schedule, tr.Epochs, tr.Data = nil, nil, nil, 1, yinyang(t, 5)
	_, err = tr.Run(background)
	require.NoError(t, err)
	var moved float64
	for i, w := range bits(m) {
		for j := range w {
			moved += (w[j] - before[i][j]) * (w[j] - before[i][j])
		}
	}
	require.InEpsilon(t, 0.1*1e-3, math.Sqrt(moved), 1e-3)
}

// root is a loss that is NaN where an output is negative, and whose gradient is
// infinite where it is 0.
type root struct{ loss.CrossEntropy }

func (root) Cost(out, _, weight *G.Node) (*G.Node, error) {
	var b graph.Builder
	w := b.Expand(b.Reshape(weight, weight.Shape()[0], 1), out.Shape())
	c := b.Reduce(b.Mul(b.Sqrt(out), w), nil)
	return c, b.Err()
}

// What is not finite stops the training and says where; the weights are those of
// the batch before.
func TestNotFinite(t *testing.T) {
	const n, batch, bad = 12, 3, 7
	set := func(value float32) data.Dataset {
		d := list{shape: []int{1}}
		for range n {
			d.x = append(d.x, []float32{1})
		}
		d.x[bad][0] = value
		return d
	}
	// The bad sample comes up in this batch of epoch 0.
	at := slices.Index(orderOf(n, 5, 0), bad) / batch
	require.Equal(t, 2, at)
	for _, c := range []struct {
		name  string
		value float32
		enc   encode.Encoder
		want  string
	}{
		{"sample", float32(math.NaN()), nil, "train: epoch 0, batch 2: sample 7: value 0 is NaN, want a finite number"},
		{"infinite sample", float32(math.Inf(1)), nil, "train: epoch 0, batch 2: sample 7: value 0 is +Inf, want a finite number"},
		{"encoder", 2, encode.Func(overflow), "train: epoch 0, batch 2: encoder: value 0 is -Inf, want a finite number"},
		{"loss", -1, nil, "train: epoch 0, batch 2: loss is NaN, want a finite number"},
		{"gradient", 0, nil, "train: epoch 0, batch 2: the gradient of 0.scale is NaN or infinite, want a finite number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			net := layers.Sequential{scale{}, layers.Last}
			m := newModel(t, train.Network{Net: net, Shape: []int{1}, Steps: 2, Batch: batch, Loss: root{}, Dtype: tensor.Float64})
			var before [][]float64
			batches := 0
			tr := train.Trainer{Model: m, Data: set(c.value), Encoder: c.enc, Epochs: 1, Seed: 5, OnBatch: func(train.Batch) { before, batches = bits(m), batches+1 }}
			r, err := tr.Run(background)
			require.EqualError(t, err, c.want)
			require.True(t, r.Stopped)
			require.Equal(t, at, batches)
			require.Equal(t, before, bits(m))
			require.NotEqual(t, 1., before[0][0], "nothing was learnt before")

			// The model is as good as before.
			tr.Data, tr.Encoder = set(1), nil
			_, err = tr.Run(background)
			require.NoError(t, err)
		})
	}

	// An evaluation finds it too.
	m := newModel(t, train.Network{Net: layers.Sequential{scale{}, layers.Last}, Shape: []int{1}, Steps: 2, Batch: batch, Loss: root{}})
	_, err := m.Evaluate(background, set(-1), nil)
	require.EqualError(t, err, "train: evaluate: samples 6 to 8: loss is NaN, want a finite number")
	tr := train.Trainer{Model: m, Data: set(1), Validation: set(-1), Epochs: 1}
	_, err = tr.Run(background)
	require.EqualError(t, err, "train: epoch 0, validation: samples 6 to 8: loss is NaN, want a finite number")
}

// overflow gives infinity for samples above 1.
func overflow(dst, x []float32, steps int, _ *rand.Rand) error {
	for i := range dst {
		dst[i] = x[i%len(x)]
		if dst[i] > 1 {
			dst[i] = float32(math.Inf(-1))
		}
	}
	return nil
}

// Targets in place of labels: integrators learn the potentials of others, at
// the end and over time.
func TestRegression(t *testing.T) {
	const steps, n = 8, 12
	for name, sequence := range map[string]bool{"last": false, "sequence": true} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			t.Run(name+"/"+dt.String(), func(t *testing.T) {
				net := layers.Sequential{layers.Linear{Out: 2}, li()}
				if !sequence {
					net = append(net, layers.Last)
				}
				model := train.Network{Net: net, Shape: []int{3}, Steps: steps, Batch: 5, Seed: 1, Dtype: dt, Loss: loss.MeanSquared{Sequence: sequence}}
				teacher := newModel(t, model)
				r := rand.New(rand.NewPCG(1, 1))
				d := regression{list{shape: []int{steps, 3}}}
				size := 2
				if sequence {
					size = 2 * steps
				}
				for range n {
					x := make([]float32, steps*3)
					for i := range x {
						x[i] = r.Float32()
					}
					d.x, d.targets = append(d.x, x), append(d.targets, make([]float32, size))
				}
				out, err := teacher.Predict(background, d, nil)
				require.NoError(t, err)
				shape := tensor.Shape{n, 2}
				if sequence {
					shape = tensor.Shape{n, steps, 2}
				}
				require.Equal(t, shape, out.Shape())
				for i := range n {
					for j := range size {
						d.targets[i][j] = float32(elements(out)[i*size+j])
					}
				}
				v, err := teacher.Evaluate(background, d, nil)
				require.NoError(t, err)
				require.Less(t, v.Loss, 1e-12)
				require.True(t, math.IsNaN(v.Accuracy))

				model.Seed = 2
				m := newModel(t, model)
				res, err := (&train.Trainer{Model: m, Data: d, Validation: d, KeepBest: true, Epochs: 150, Optimiser: &optim.Adam{LearningRate: 0.05}}).Run(background)
				require.NoError(t, err)
				first, best := res.History[0].Validation.Loss, res.History[res.Best].Validation.Loss
				require.Less(t, best, first/1e3)
				for _, e := range res.History {
					require.GreaterOrEqual(t, e.Validation.Loss, best, "without labels the lowest loss is best")
				}
				_, err = m.Record(background, d, nil, []int{3})
				require.NoError(t, err)
				classes, err := m.Classes(background, d, nil)
				if sequence {
					require.EqualError(t, err, "train: classes: outputs have shape [8 5 2], want [batch classes]")
				} else {
					require.NoError(t, err)
					require.Len(t, classes, n)
				}
			})
		}
	}
}

// Spikes are counted, and more of the right class are wanted.
func TestSpikeCountLearns(t *testing.T) {
	net := layers.Sequential{
		layers.Linear{Out: 40, Init: layers.Scaled{Gain: 4}}, lif(), layers.Linear{Out: 3, Init: layers.Scaled{Gain: 3}}, lif(), layers.SpikeCount,
	}
	m := newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 20, Batch: 50, Seed: 1, Loss: loss.SpikeCount{Right: 8, Wrong: 1}})
	r, err := (&train.Trainer{Model: m, Data: yinyang(t, 500), Epochs: 10, Optimiser: &optim.Adam{LearningRate: 1e-2}}).Run(background)
	require.NoError(t, err)
	t.Logf("accuracy %.3f", r.History[9].Train.Accuracy)
	require.Greater(t, r.History[9].Train.Accuracy, 0.6)
	require.Less(t, r.History[9].Train.Loss, r.History[0].Train.Loss/2)
}

// Training keeps neither memory nor goroutines.
func TestTrainingDoesNotLeak(t *testing.T) {
	m := smallModel(t, 10, layers.Regularise(layers.Rate{Upper: 0.1, Weight: 1}))
	tr := train.Trainer{Model: m, Data: yinyang(t, 100), Optimiser: &optim.Adam{}, Epochs: 20}
	heap := func() uint64 {
		runtime.GC()
		runtime.GC() // once more for what finalizers let go
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	var before, after uint64
	goroutines := 0
	for run := range 3 { // of 200 steps each
		_, err := tr.Run(background)
		require.NoError(t, err)
		before, after = after, heap()
		if run == 0 {
			goroutines = runtime.NumGoroutine()
		}
	}
	t.Logf("%d bytes more", int64(after)-int64(before))
	// 200 steps that kept 100 bytes each would show.
	require.Less(t, float64(after), float64(before)+20e3)
	require.LessOrEqual(t, runtime.NumGoroutine(), goroutines)
}

// onWeights is a loss of nothing but the weights w [2, 3].
type onWeights struct {
	loss.CrossEntropy
	w    **G.Node
	cost func(w *G.Node) (*G.Node, error)
}

func (l onWeights) Cost(_, _, _ *G.Node) (*G.Node, error) { return l.cost(*l.w) }

// The gradient of a sum is Gorgonia's own constant 1, or a view of it: setting
// it to zero after a step would change that of every graph, from then on.
func TestGradientsAreCopies(t *testing.T) {
	for name, c := range map[string]struct {
		cost func(w *G.Node) (*G.Node, error)
		want []float64 // after three steps of −0.1 times the gradient
	}{
		"sum": {func(w *G.Node) (*G.Node, error) { return G.Sum(w) }, []float64{0.7, 0.7, 0.7, 0.7, 0.7, 0.7}},
		"element": {func(w *G.Node) (*G.Node, error) { return G.Slice(w, G.S(1), G.S(2)) },
			[]float64{1, 1, 1, 1, 1, 0.7}},
		"transpose": {func(w *G.Node) (*G.Node, error) {
			wt, err := G.Transpose(w)
			if err != nil {
				return nil, err
			}
			m := G.NewMatrix(w.Graph(), tensor.Float64, G.WithName("m"), G.WithShape(3, 2),
				G.WithValue(tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float64{1, 2, 3, 4, 5, 6}))))
			if wt, err = G.HadamardProd(wt, m); err != nil {
				return nil, err
			}
			return G.Sum(wt)
		}, []float64{0.7, 0.1, -0.5, 0.4, -0.2, -0.8}},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the second graph must not suffer from the first
				var w *G.Node
				net := layers.Sequential{layers.Last, weightOnly{&w}}
				m := newModel(t, train.Network{Net: net, Shape: []int{4}, Steps: 1, Batch: 1, Dtype: tensor.Float64, Loss: onWeights{w: &w, cost: c.cost}})
				_, err := (&train.Trainer{Model: m, Data: yinyang(t, 1), Epochs: 3, Optimiser: &optim.SGD{LearningRate: 0.1}}).Run(background)
				require.NoError(t, err)
				require.InDeltaSlice(t, c.want, bits(m)[0], 1e-12)
			}
		})
	}
}

// weightOnly has weights and does nothing.
type weightOnly struct{ w **G.Node }

func (l weightOnly) Apply(b *layers.Build, x *G.Node) (_ *G.Node, err error) {
	*l.w, err = b.Weight(x, "w", layers.Constant(1), 2, 3)
	return x, err
}

// Times of spikes that did not come are infinite without a Latest, and so is a loss of them: the
// error says which readout that is.
func TestSilentTimes(t *testing.T) {
	for _, latest := range []float64{0, 3} {
		m := newModel(t, train.Network{
			Net:   layers.Sequential{layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()), layers.FirstSpike{Latest: latest}},
			Shape: []int{2}, Steps: 3, Batch: 1, Loss: loss.FirstSpike{},
		})
		silent := list{shape: []int{2}, x: [][]float32{{0, 0}}}
		got, err := m.Evaluate(background, silent, nil)
		if latest > 0 {
			require.NoError(t, err)
			require.InDelta(t, math.Ln2, got.Loss, 1e-6) // two times of 3
			continue
		}
		require.EqualError(t, err, "train: evaluate: samples 0 to 0: loss is NaN, want a finite number: "+
			"output 0 of the batch is +Inf; layers.FirstSpike without a Latest gives +Inf where there is no spike")
		require.ErrorIs(t, err, train.ErrNotFinite)
	}
}
