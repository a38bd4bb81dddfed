package train_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// A course is a training that can be begun again and again.
type course struct {
	net func() layers.Layer
	dt  tensor.Dtype
	set func(*train.Trainer) // what is special about it
}

// deep has all that is drawn at random, and learnt neuron parameters.
func deep() layers.Layer {
	return layers.Sequential{
		layers.Linear{Out: 12, Init: layers.Scaled{Gain: 4}},
		layers.Named("hidden", layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams(), layers.LearnEach("TauMemInv"),
			layers.Regularise(layers.Rate{Lower: 0.1, Weight: 1}))),
		layers.Dropout{P: 0.3}, layers.Linear{Out: 3}, li(), layers.MaxOverTime,
	}
}

// momentum is an optimiser of somebody else's, with a moment that has not the
// shape of its parameter.
type momentum struct {
	rate, factor float64
	state        optim.State
}

func (o *momentum) Rate() float64           { return o.rate * o.factor }
func (o *momentum) SetRateFactor(f float64) { o.factor = f }
func (o *momentum) State() optim.State {
	s := optim.State{Steps: o.state.Steps, Slots: map[string]optim.Slot{}}
	for name, slot := range o.state.Slots {
		s.Slots[name] = optim.Slot{Steps: slot.Steps, Moments: map[string]*tensor.Dense{"norms": slot.Moments["norms"].Clone().(*tensor.Dense)}}
	}
	return s
}
func (o *momentum) Restore(s optim.State) error {
	o.state = s
	o.state = o.State()
	return nil
}
func (o *momentum) Step(ps []G.ValueGrad) error {
	if o.state.Slots == nil {
		o.state.Slots = map[string]optim.Slot{}
	}
	o.state.Steps++
	for _, p := range ps {
		name := p.(*train.Parameter).Name()
		slot, ok := o.state.Slots[name]
		if !ok {
			slot.Moments = map[string]*tensor.Dense{"norms": tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{0, 1}))}
		}
		slot.Steps++
		o.state.Slots[name] = slot
		norms := slot.Moments["norms"].Float64s()
		g, err := p.Grad()
		if err != nil {
			return err
		}
		w, d := p.Value().Data().([]float32), g.Data().([]float32)
		for _, x := range d {
			norms[0] += float64(x) * float64(x)
		}
		norms[1] = 0.9*norms[1] + norms[0]
		for i := range w {
			w[i] -= float32(o.Rate() / (1 + norms[1]) * float64(d[i]))
			d[i] = 0
		}
	}
	return nil
}

// halving is a schedule that remembers how often it was asked.
type halving struct{ asked uint64 }

func (h *halving) Rate(int, int) float64 { h.asked++; return 1 / float64(h.asked) }
func (h *halving) MarshalBinary() ([]byte, error) {
	return binary.BigEndian.AppendUint64(nil, h.asked), nil
}
func (h *halving) UnmarshalBinary(b []byte) error { h.asked = binary.BigEndian.Uint64(b); return nil }

// walk is an encoder with a generator of its own, which goes on from batch to batch.
type walk struct{ *rand.PCG }

func (w walk) Encode(dst, x []float32, steps int, _ *rand.Rand) error {
	return noisy(dst, x, steps, rand.New(w.PCG))
}

func courses() map[string]course {
	return map[string]course{
		"adam, best, patience": {net: deep, set: func(t *train.Trainer) {
			t.Optimiser, t.Encoder, t.KeepBest, t.Patience, t.ClipNorm = &optim.Adam{LearningRate: 0.05}, noisy, true, 3, 1
			t.Schedule = optim.Warmup{Steps: 3, Then: optim.Cosine{}}
		}},
		"float64": {net: deep, dt: tensor.Float64, set: func(t *train.Trainer) {
			t.Optimiser, t.KeepBest = optim.NewAdamW(0.02, 0.01), true
		}},
		"sgd, no validation": {net: deep, set: func(t *train.Trainer) {
			t.Optimiser, t.Validation = &optim.SGD{LearningRate: 0.1, Momentum: 0.9, Nesterov: true}, nil
		}},
		"rmsprop": {net: deep, set: func(t *train.Trainer) {
			t.Optimiser, t.Schedule = &optim.RMSProp{Momentum: 0.5}, optim.StepDecay{Every: 2, Factor: 0.5}
		}},
		"their own": {net: small0, set: func(t *train.Trainer) {
			t.Optimiser, t.Schedule, t.Encoder = &momentum{rate: 0.5}, &halving{}, walk{rand.NewPCG(1, 2)}
		}},
		"continued": {net: deep, set: func(t *train.Trainer) {
			m := train.Network{Net: deep(), Shape: t.Model.Network().Shape, Steps: 6, Batch: 3, Seed: 3, Window: 4, Stride: 2}
			var err error
			if t.Model, err = m.Compile(); err != nil {
				panic(err)
			}
			t.Data, t.Patience = newCutUp(6, 4, 20, 6, 13, 12), 0 // ten parts in four batches
		}},
		"doctor": {net: deep, set: func(t *train.Trainer) {
			t.Doctor, t.OnFinding, t.Encoder = true, func(diagnose.Finding) {}, walk{rand.NewPCG(1, 2)}
		}},
		"batch norm": {net: normalised, set: func(t *train.Trainer) { t.KeepBest = true }},
		"delays":     {net: delaying, set: func(t *train.Trainer) { t.KeepBest = true }},
		"observed":   {net: deep, set: func(t *train.Trainer) { t.Observers = []train.Observer{&diary{}} }},
	}
}

// delaying has delays that shrink to whole steps within the course.
func delaying() layers.Layer {
	return layers.Sequential{
		layers.Delay{Max: 3, Interpolate: true}, layers.DelayedLinear{Out: 12, Init: layers.Scaled{Gain: 4}, Delay: layers.Delay{Max: 3, Over: 13}},
		layers.Named("hidden", lif()),
		layers.RecurrentThrough(layers.BackLate{Delay: layers.Delay{Max: 3, Over: 13}}, neurons.LIFStep, neurons.DefaultLIFParams()),
		layers.Linear{Out: 3}, li(), layers.MaxOverTime,
	}
}

func small0() layers.Layer { return small() }

// trainer returns the training at its beginning.
func (c course) trainer(t testing.TB, dir string) *train.Trainer {
	m := newModel(t, train.Network{Net: c.net(), Shape: []int{4}, Steps: 6, Batch: 10, Seed: 3, Dtype: c.dt})
	tr := &train.Trainer{
		Model: m, Data: yinyang(t, 34), Validation: yinyang(t, 15), Epochs: 4, Seed: 5,
		Checkpoints: &train.Checkpoints{Dir: dir},
		OnWarning:   func(err error) { require.NoError(t, err) },
	}
	c.set(tr)
	return tr
}

// timeless returns a result without what depends on the clock.
func timeless(r train.Result) train.Result {
	for i := range r.History {
		r.History[i].Duration = 0
	}
	return r
}

func read(t testing.TB, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return b
}

func checkpoint(t testing.TB, path ...string) *train.Checkpoint {
	t.Helper()
	c, err := train.ReadCheckpoint(filepath.Join(path...))
	require.NoError(t, err)
	return c
}

// A training that goes on from any of its checkpoints ends as one that ran
// through: with the same bits of weights, optimiser and history.
func TestResume(t *testing.T) {
	for name, c := range courses() {
		t.Run(name, func(t *testing.T) {
			whole := t.TempDir()
			tr := c.trainer(t, whole)
			tr.Checkpoints.EverySteps, tr.Checkpoints.Keep = 1, 1000
			want, err := tr.Run(background)
			require.NoError(t, err)
			want = timeless(want)
			final := read(t, whole, "final.safetensors")
			weights, memory := bits(tr.Model), tr.Optimiser

			// How often checkpoints are written makes no difference.
			seldom := c.trainer(t, t.TempDir())
			_, err = seldom.Run(background)
			require.NoError(t, err)
			require.Equal(t, final, read(t, seldom.Checkpoints.Dir, "final.safetensors"))

			steps, err := filepath.Glob(filepath.Join(whole, "step-*.safetensors"))
			require.NoError(t, err)
			require.Len(t, steps, 4*len(want.History))
			for i, path := range append(steps, filepath.Join(whole, "final.safetensors")) {
				if i%3 != 0 && i < len(steps)-1 {
					continue // to save time; all places in an epoch come up
				}
				tr := c.trainer(t, t.TempDir())
				tr.Resume = checkpoint(t, path)
				r, err := tr.Run(background)
				require.NoError(t, err)
				require.Equal(t, want, timeless(r), path)
				require.Equal(t, weights, bits(tr.Model))
				if memory != nil {
					require.Equal(t, memory.State(), tr.Optimiser.State())
					require.Equal(t, memory.Rate(), tr.Optimiser.Rate())
				}
				require.Equal(t, final, read(t, tr.Checkpoints.Dir, "final.safetensors"), path)
			}
		})
	}
}

// Whenever a training is cancelled, it has written a checkpoint to go on from.
func TestCancelAndResume(t *testing.T) {
	for _, name := range []string{"adam, best, patience", "their own", "continued"} {
		t.Run(name, func(t *testing.T) {
			c := courses()[name]
			tr := c.trainer(t, t.TempDir())
			want, err := tr.Run(background)
			require.NoError(t, err)
			final := read(t, tr.Checkpoints.Dir, "final.safetensors")

			dir := t.TempDir()
			rounds, done := 0, false
			for ; !done; rounds++ {
				require.Less(t, rounds, 20)
				tr := c.trainer(t, dir)
				if rounds > 0 {
					latest, passed, err := train.LatestCheckpoint(dir)
					require.NoError(t, err)
					require.Empty(t, passed)
					require.Equal(t, rounds, latest.Steps(), "one batch each")
					tr.Resume = latest
				}
				ctx, cancel := context.WithCancel(background)
				tr.OnBatch = func(train.Batch) { cancel() } // in the last batch of an epoch, before its validation
				r, err := tr.Run(ctx)
				cancel()
				if done = err == nil; done {
					require.Equal(t, timeless(want), timeless(r))
				} else {
					require.ErrorIs(t, err, context.Canceled)
					require.NoFileExists(t, filepath.Join(dir, "final.safetensors"))
				}
			}
			require.Equal(t, final, read(t, dir, "final.safetensors"))
		})
	}
}

// stopper is an encoder that cancels the training in one of its batches.
type stopper struct {
	walk
	after  *int
	cancel func()
}

func (s stopper) Encode(dst, x []float32, steps int, r *rand.Rand) error {
	if *s.after--; *s.after == 0 {
		s.cancel()
	}
	return s.walk.Encode(dst, x, steps, r)
}

// A validation that was cancelled is made anew, with an encoder that stands where
// it stood.
func TestCancelInValidation(t *testing.T) {
	c := courses()["their own"]
	whole := c.trainer(t, t.TempDir())
	_, err := whole.Run(background)
	require.NoError(t, err)

	dir := t.TempDir()
	tr := c.trainer(t, dir)
	ctx, cancel := context.WithCancel(background)
	after := 4 + 1 // in the first of two batches of the validation
	tr.Encoder = stopper{tr.Encoder.(walk), &after, cancel}
	_, err = tr.Run(ctx)
	require.EqualError(t, err, "train: epoch 0, validation: context canceled")
	again := c.trainer(t, dir)
	again.Resume = checkpoint(t, dir, "step-000000004.safetensors")
	require.Equal(t, []int{0, 4}, []int{again.Resume.Epoch, again.Resume.Batch})
	_, err = again.Run(background)
	require.NoError(t, err)
	require.Equal(t, read(t, whole.Checkpoints.Dir, "final.safetensors"), read(t, dir, "final.safetensors"))
}
