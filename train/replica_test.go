package train_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// asked returns a model that spikes, some data sets, and what it predicts for each.
func asked(t testing.TB, set func(*train.Network)) (m *train.Model, sets []data.Dataset, want [][]float32) {
	c := train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 50, Init: layers.Scaled{Gain: 4}},
			layers.Dropout{P: 0.2},
			layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(), layers.LearnEach("TauMemInv"), layers.Each(layers.Constant(0.9), "VTh")),
			layers.Linear{Out: 3},
			layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
			layers.MaxOverTime,
		},
		Shape: []int{4}, Steps: 20, Batch: 20, Seed: 3,
	}
	if set != nil {
		set(&c)
	}
	m, err := c.Compile()
	require.NoError(t, err)
	for i := range 4 {
		d, err := data.NewYinYang(30, uint64(i))
		require.NoError(t, err)
		sets = append(sets, d)
		want = append(want, predict(t, m, d))
	}
	return m, sets, want
}

func predict(t testing.TB, m *train.Model, d data.Dataset) []float32 {
	p, err := m.Predict(background, d, nil)
	require.NoError(t, err)
	return p.Float32s()
}

// hammer calls f in goroutines of its own, times each.
func hammer(goroutines, times int, f func(i int)) {
	var all sync.WaitGroup
	for i := range goroutines {
		all.Add(1)
		go func() {
			defer all.Done()
			for range times {
				f(i)
			}
		}()
	}
	all.Wait()
}

// A model that several goroutines ask answers one of them, rightly, and tells the others
// what to do. So does a copy of it.
func TestModelInUse(t *testing.T) {
	for name, set := range map[string]func(*train.Network){
		"whole": nil, "segments": func(m *train.Network) { m.Segment = 8 },
	} {
		m, sets, want := asked(t, set)
		copied := *m
		var answers, refused atomic.Int64
		hammer(4, 10, func(i int) {
			asks := m
			if i%2 == 1 {
				asks = &copied
			}
			p, err := asks.Predict(background, sets[i], nil)
			switch {
			case err == nil && equal(p.Float32s(), want[i]):
				answers.Add(1)
			case err != nil && err.Error() == "train: predict: model is in use by another goroutine; give each a Replica" && errors.Is(err, train.ErrInUse):
				refused.Add(1)
			default:
				t.Errorf("%s: %v, %v", name, p, err)
			}
		})
		require.Positive(t, answers.Load())
		require.EqualValues(t, 40, answers.Load()+refused.Load())
	}
}

func equal(a, b []float32) bool {
	for i, x := range a {
		if x != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// every method of a model that uses its memory.
func every(t testing.TB, m *train.Model, d data.Dataset, s *train.Carried) map[string]func() error {
	dir := t.TempDir()
	return map[string]func() error{
		"evaluate":     func() error { _, err := m.Evaluate(background, d, nil); return err },
		"predict":      func() error { _, err := m.Predict(background, d, nil); return err },
		"classes":      func() error { _, err := m.Classes(background, d, nil); return err },
		"record":       func() error { _, err := m.Record(background, d, nil, []int{0}); return err },
		"cost":         func() error { _, err := m.Cost(background, d, nil); return err },
		"diagnose":     func() error { _, err := train.Diagnose(background, m, d, nil); return err },
		"rest":         func() error { _, err := m.Rest(1); return err },
		"step":         func() error { _, err := m.Step(s, make([]float32, 4)); return err },
		"set weights":  func() error { return m.SetWeights(m.Weights()) },
		"save weights": func() error { return m.SaveWeights(dir) },
		"load weights": func() error { return m.LoadWeights(dir) },
		"load partial": func() error { _, err := m.LoadPartial(dir); return err },
		"train":        func() error { _, err := (&train.Trainer{Model: m, Data: d, Epochs: 1}).Run(background); return err },
	}
}

// While a batch runs every method is refused, whoever calls it: here it is an encoder
// that is asked segment by segment.
func TestModelInUseEverywhere(t *testing.T) {
	m, err := train.Network{
		Net: layers.Sequential{layers.Linear{Out: 3}, layers.MaxOverTime}, Shape: []int{4}, Steps: 4, Segment: 2, Batch: 10,
	}.Compile()
	require.NoError(t, err)
	d, err := data.NewYinYang(10, 1)
	require.NoError(t, err)
	s, err := m.Rest(1)
	require.NoError(t, err)
	methods := every(t, m, d, s)
	for name, f := range methods {
		asked := 0
		_, err = m.Predict(background, d, segmentEncoder(func() {
			asked++
			err := f()
			require.ErrorIs(t, err, train.ErrInUse, name)
			require.ErrorContains(t, err, "model is in use by another goroutine; give each a Replica")
			require.Nil(t, m.Weights())
		}))
		require.NoError(t, err)
		require.Positive(t, asked)
	}
	for _, name := range []string{"save weights", "load weights", "load partial", "step", "set weights", "train", "cost"} {
		require.NoError(t, methods[name](), name)
	}
}

type segmentEncoder func()

func (e segmentEncoder) Encode(dst, x []float32, steps int, _ *rand.Rand) error {
	e()
	return encode.Repeat.Encode(dst, x, steps, nil)
}

func (e segmentEncoder) EncodeSegment(dst, x []float32, from, steps, total int, r *rand.Rand) error {
	return e.Encode(dst, x, steps, r)
}

// A data set, an encoder, a schedule, an observer and the functions of a Trainer may ask
// the model in their turn, and change nothing by it.
func TestModelIsLent(t *testing.T) {
	run := func(ask func(m *train.Model)) [][]float64 {
		m, sets, _ := asked(t, nil)
		asks := func() {
			if ask != nil {
				ask(m)
			}
		}
		tr := train.Trainer{
			Model: m, Data: nosy{sets[0], asks}, Validation: nosy{sets[1], asks}, Epochs: 2, Doctor: true,
			Encoder: encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
				asks()
				return encode.Repeat.Encode(dst, x, steps, r)
			}),
			Schedule: scheduleFunc(func() float64 { asks(); return 0.5 }),
			OnBatch:  func(train.Batch) { asks() }, OnEpoch: func(train.Epoch) error { asks(); return nil },
			OnFinding: func(diagnose.Finding) { asks() },
			Observers: []train.Observer{watcher(asks)},
		}
		_, err := tr.Run(background)
		require.NoError(t, err)
		return bits(m)
	}
	_, sets, _ := asked(t, nil)
	calls := 0
	want := run(nil)
	require.Equal(t, want, run(func(m *train.Model) {
		calls++
		require.NotNil(t, m.Weights())
		if calls%8 == 0 {
			_, err := m.Evaluate(background, sets[2], nil)
			require.NoError(t, err)
			require.NoError(t, m.SetWeights(m.Weights()))
			_, err = m.Rest(2)
			require.NoError(t, err)
		}
	}))
	require.Greater(t, calls, 100)
}

type nosy struct {
	data.Dataset
	ask func()
}

func (n nosy) Sample(i int, x []float32) (int, error) { n.ask(); return n.Dataset.Sample(i, x) }

type scheduleFunc func() float64

func (f scheduleFunc) Rate(int, int) float64 { return f() }

type watcher func()

func (w watcher) Begin(train.Session) error         { w(); return nil }
func (w watcher) Batch(train.Batch)                 { w() }
func (w watcher) Diagnosis(int, []diagnose.Finding) { w() }
func (w watcher) Epoch(train.Epoch)                 { w() }
func (w watcher) Sync()                             { w() }
func (w watcher) End(train.Result, error)           { w() }

// Replicas answer at the same time, bit for bit as the model does alone: whole sequences,
// metrics, classes, recordings, costs, and step by step.
func TestReplicas(t *testing.T) {
	for name, set := range map[string]func(*train.Network){
		"whole": nil, "segments": func(m *train.Network) { m.Segment = 8 }, "spikes": func(m *train.Network) { m.SpikeInput = true },
	} {
		m, sets, want := asked(t, set)
		metrics, err := m.Evaluate(background, sets[0], nil)
		require.NoError(t, err)
		classes, err := m.Classes(background, sets[0], nil)
		require.NoError(t, err)
		records, err := m.Record(background, sets[0], nil, []int{1, 7})
		require.NoError(t, err)
		cost, err := m.Cost(background, sets[0], nil)
		require.NoError(t, err)
		hammer(4, 3, func(i int) {
			r, err := m.Replica()
			if err == nil && i%2 == 1 {
				r, err = r.Replica()
			}
			if err != nil {
				t.Error(err)
				return
			}
			p, err := r.Predict(background, sets[i], nil)
			if err != nil || !equal(p.Float32s(), want[i]) {
				t.Errorf("%s: %v, %v", name, p, err)
			}
		})
		r, err := m.Replica()
		require.NoError(t, err)
		got, err := r.Evaluate(background, sets[0], nil)
		require.NoError(t, err)
		require.Equal(t, metrics, got, name)
		gotClasses, err := r.Classes(background, sets[0], nil)
		require.NoError(t, err)
		require.Equal(t, classes, gotClasses)
		gotRecords, err := r.Record(background, sets[0], nil, []int{1, 7})
		require.NoError(t, err)
		require.Equal(t, records, gotRecords)
		gotCost, err := r.Cost(background, sets[0], nil)
		require.NoError(t, err)
		require.Equal(t, cost, gotCost)
		require.Equal(t, m.Warnings(), r.Warnings())
		require.Equal(t, bits(m), bits(r))

		const readOnly = "a replica only reads the weights: train or load the model that it was made from"
		require.EqualError(t, r.SetWeights(m.Weights()), "train: set weights: "+readOnly)
		require.ErrorContains(t, r.LoadWeights(t.TempDir()), readOnly)
		_, err = (&train.Trainer{Model: r, Data: sets[0], Epochs: 1}).Run(background)
		require.EqualError(t, err, "train: "+readOnly)
	}
}

// A state goes on with the model and any of its replicas, one at a time.
func TestStatesGoOnWithReplicas(t *testing.T) {
	m, sets, _ := asked(t, nil)
	x := make([]float32, 4)
	_, err := sets[0].Sample(0, x)
	require.NoError(t, err)
	s, err := m.Rest(1)
	require.NoError(t, err)
	start := s.Clone()
	var want [][]float32
	for range 30 {
		y, err := m.Step(s, x)
		require.NoError(t, err)
		want = append(want, y.Clone().(*tensor.Dense).Float32s())
	}
	models := []*train.Model{m}
	for range 2 {
		r, err := m.Replica()
		require.NoError(t, err)
		models = append(models, r)
	}
	s = start.Clone()
	for k, w := range want {
		y, err := models[k%3].Step(s, x)
		require.NoError(t, err)
		require.Equal(t, w, y.Float32s(), "step %d", k)
	}

	hammer(3, 5, func(i int) { // each a state of its own
		s := start.Clone()
		for s == nil {
			s = start.Clone() // another one was copying it
		}
		for k, w := range want {
			if y, err := models[i].Step(s, x); err != nil || !equal(y.Float32s(), w) {
				t.Errorf("step %d: %v, %v", k, y, err)
			}
		}
	})
	var moved, refused atomic.Int64
	shared := start.Clone()
	hammer(3, 30, func(i int) { // all one state
		switch _, err := models[i].Step(shared, x); {
		case err == nil:
			moved.Add(1)
		case errors.Is(err, train.ErrInUse):
			refused.Add(1)
		default:
			t.Error(err)
		}
	})
	require.EqualValues(t, 90, moved.Load()+refused.Load())
	s = start.Clone()
	for range moved.Load() {
		_, err := m.Step(s, x)
		require.NoError(t, err)
	}
	for _, name := range s.Names() {
		require.Equal(t, s.Tensor(name).Data(), shared.Tensor(name).Data(), "after as many steps")
	}

	other, _, _ := asked(t, nil)
	_, err = other.Step(s, x)
	require.EqualError(t, err, "train: step: the state is of another model")
	for _, none := range []*train.Carried{nil, {}} {
		_, err = m.Step(none, x)
		require.EqualError(t, err, "train: step: the state is nil, want one made by Rest")
		require.Nil(t, none.Clone())
		require.Nil(t, none.Names())
		require.Nil(t, none.Tensor("V"))
	}
}

// Replicas that answer while the model is in training see the weights after some whole
// batch, and in the end those that it ends with; the training is the same as without them.
func TestReplicasFollowATraining(t *testing.T) {
	for name, optimiser := range map[string]func() optim.Optimiser{
		"ours":    func() optim.Optimiser { return &optim.Adam{LearningRate: 0.01} },
		"another": func() optim.Optimiser { return &failing{&optim.Adam{LearningRate: 0.01}, -1} },
	} {
		m, sets, _ := asked(t, nil)
		alone, _, _ := asked(t, nil)
		tr := train.Trainer{Model: alone, Data: sets[0], Optimiser: optimiser(), Epochs: 5, Seed: 2}
		seen := map[string]bool{fmt.Sprint(bits(alone)): true} // weights after some batch
		tr.OnBatch = func(train.Batch) { seen[fmt.Sprint(bits(alone))] = true }
		_, err := tr.Run(background)
		require.NoError(t, err)
		require.Len(t, seen, 11)

		tr.Model, tr.Optimiser, tr.OnBatch = m, optimiser(), nil
		var all sync.WaitGroup
		done := make(chan struct{})
		var last [][]float64
		for range 2 {
			all.Add(1)
			go func() {
				defer all.Done()
				r, err := m.Replica() // the model may be in use
				if err != nil {
					t.Error(err)
					return
				}
				for {
					select {
					case <-done:
						if fmt.Sprint(bits(r)) != fmt.Sprint(last) {
							t.Errorf("%s: the replica has not followed", name)
						}
						return
					default:
						if w := fmt.Sprint(bits(r)); !seen[w] {
							t.Errorf("%s: these weights were never there between batches", name)
						}
						if _, err := r.Predict(background, sets[1], nil); err != nil {
							t.Error(err)
						}
					}
				}
			}()
		}
		_, err = tr.Run(background)
		require.NoError(t, err)
		require.Equal(t, bits(alone), bits(m), name)
		last = bits(m)
		close(done)
		all.Wait()

		// What is loaded is seen at once, and so is what is changed in place.
		r, err := m.Replica()
		require.NoError(t, err)
		fresh, _, want := asked(t, nil)
		require.NoError(t, m.SetWeights(fresh.Weights()))
		require.Equal(t, want[0], predict(t, r, sets[0]))
		m.Params()[0].Value().(*tensor.Dense).Zero()
		require.Equal(t, predict(t, m, sets[0]), predict(t, r, sets[0]))
	}
}

// Two trainings of one model, and an observer that trains the model that is in training.
func TestSecondTraining(t *testing.T) {
	m, sets, _ := asked(t, nil)
	tr := train.Trainer{Model: m, Data: sets[0], Epochs: 1}
	var inside error
	tr.OnEpoch = func(train.Epoch) error {
		_, inside = (&train.Trainer{Model: m, Data: sets[0], Epochs: 1}).Run(background)
		return nil
	}
	_, err := tr.Run(background)
	require.NoError(t, err)
	require.ErrorIs(t, inside, train.ErrInUse)
	require.EqualError(t, inside, "train: model is in use by another goroutine, or by an observer's training")
	_, err = tr.Run(background)
	require.NoError(t, err)
}

// What a model was compiled from can be compiled again, otherwise.
func TestNetworkOfModel(t *testing.T) {
	m, sets, want := asked(t, nil)
	n := m.Network()
	n.Batch = 7
	other, err := n.Compile()
	require.NoError(t, err)
	got := predict(t, other, sets[0])
	for i, w := range want[0] {
		require.InDelta(t, w, got[i], 1e-5)
	}
	require.Len(t, other.Params(), 5)
	require.NotEqual(t, 7, m.Network().Batch)

	n.Shape[0] = 100
	require.NotEqual(t, 100, m.Network().Shape[0])
	require.NotEqual(t, 100, other.Network().Shape[0])
	require.Equal(t, train.Network{}, new(train.Model).Network())
	require.Equal(t, train.Network{}, (*train.Model)(nil).Network())
}

// Nobody made these.
func TestZeroModels(t *testing.T) {
	for _, m := range []*train.Model{nil, {}} {
		for name, f := range every(t, m, nil, nil) {
			require.ErrorContains(t, f(), "the model is nil or was not made by Network.Compile", name)
		}
		_, err := m.Replica()
		require.EqualError(t, err, "train: replica: the model is nil or was not made by Network.Compile")
		require.Nil(t, m.Weights())
		require.Nil(t, m.Params())
		require.Nil(t, m.Layers())
		require.Nil(t, m.Warnings())
		require.Zero(t, m.Nodes())
	}
	_, err := (*train.Trainer)(nil).Run(background)
	require.EqualError(t, err, "train: the trainer is nil")
}
