package train_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/train"
)

// optimisers are those of the library.
var optimisers = map[string]func() optim.Optimiser{
	"sgd":      func() optim.Optimiser { return &optim.SGD{LearningRate: 0.1, WeightDecay: 0.01} },
	"momentum": func() optim.Optimiser { return &optim.SGD{LearningRate: 0.05, Momentum: 0.8} },
	"adam":     func() optim.Optimiser { return &optim.Adam{LearningRate: 0.05, WeightDecay: 0.01} },
	"rmsprop":  func() optim.Optimiser { return &optim.RMSProp{LearningRate: 0.01, Momentum: 0.5} },
}

// slots returns a state's steps and moments in a form that can be compared.
func slots(o optim.Optimiser) map[string]any {
	all := map[string]any{}
	for name, slot := range o.State().Slots {
		all[name] = slot.Steps
		for moment, d := range slot.Moments {
			all[name+" "+moment] = fmt.Sprint(d.Shape(), d.Dtype(), elements(d))
		}
	}
	return all
}

// fold trains a network of its own for two epochs and returns its weights and the state of
// the optimiser.
func fold(t *testing.T, o optim.Optimiser, out int, dt tensor.Dtype) ([][]float64, map[string]any) {
	t.Helper()
	m := newModel(t, train.Network{Net: layers.Sequential{layers.Linear{Out: out}, li(), layers.Last}, Shape: []int{4}, Steps: 3, Batch: 10, Seed: uint64(out), Dtype: dt})
	_, err := (&train.Trainer{Model: m, Data: yinyang(t, 30), Epochs: 2, Optimiser: o, Schedule: optim.StepDecay{Every: 2, Factor: 0.5}}).Run(background)
	require.NoError(t, err)
	state := slots(o)
	state["steps"] = o.State().Steps
	return bits(m), state
}

// An optimiser that is used for one network after the other is to each of them a new one,
// whether their parameters have the same shapes and names or not.
func TestOptimiserOfManyNetworks(t *testing.T) {
	all := map[string]func() optim.Optimiser{"own": func() optim.Optimiser { return &halved{} }, "wrapped": func() optim.Optimiser { return &lookahead{SGD: optim.SGD{LearningRate: 0.1, Momentum: 0.5}} }}
	for name, o := range optimisers {
		all[name] = o
	}
	for name, optimiser := range all {
		reused := optimiser()
		for _, c := range []struct {
			out int
			dt  tensor.Dtype
		}{{3, tensor.Float32}, {3, tensor.Float32}, {5, tensor.Float32}, {5, tensor.Float64}, {3, tensor.Float32}} {
			want, wantState := fold(t, optimiser(), c.out, c.dt)
			got, state := fold(t, reused, c.out, c.dt)
			require.Equal(t, want, got, "%s: %v", name, c)
			require.Equal(t, wantState, state, "%s: %v", name, c)
			runtime.GC()
		}
	}
}

// With the loss (w − 1)² of w = 0, momentum and a rate of 0.1, the first step is 0.2, and
// one that goes on with the velocity −2 is 0.1 (0.9 · 2 + 2 (1 − 0.2)).
func TestOptimiserGoesOnWithItsNetwork(t *testing.T) {
	d := list{shape: []int{1}, x: [][]float32{{1}}, labels: []int{0}}
	network := func() *train.Model {
		return newModel(t, train.Network{Net: layers.Sequential{layers.Linear{Out: 1, NoBias: true, Init: layers.Constant(0)}, layers.MeanOverTime},
			Shape: []int{1}, Steps: 1, Batch: 1, Loss: loss.SpikeCount{Right: 1}, Dtype: tensor.Float64})
	}
	for name, o := range map[string]optim.Optimiser{
		"sgd": &optim.SGD{LearningRate: 0.1, Momentum: 0.9}, "wrapped": &lookahead{SGD: optim.SGD{LearningRate: 0.1, Momentum: 0.9}},
	} {
		run := func(m *train.Model, o optim.Optimiser) float64 {
			_, err := (&train.Trainer{Model: m, Data: d, Epochs: 1, Optimiser: o}).Run(background)
			require.NoError(t, err)
			return bits(m)[0][0]
		}
		m, other := network(), network()
		require.InDelta(t, 0.2, run(m, o), 1e-15, name)
		require.InDelta(t, 0.54, run(m, o), 1e-15, name) // goes on
		require.InDelta(t, 0.2, run(other, o), 1e-15, name)
		require.InDelta(t, 0.54+0.092, run(m, o), 1e-15, name) // the velocity is gone
		plain := &optim.SGD{LearningRate: 0.1}
		require.InDelta(t, 0.632+0.0736, run(m, plain), 1e-15, name)
		require.InDelta(t, 0.7056+0.05888, run(m, o), 1e-15, name) // another has trained it since
	}
	// A state that was put into an optimiser is for the network that comes.
	o := &optim.SGD{LearningRate: 0.1, Momentum: 0.9}
	m := network()
	_, err := (&train.Trainer{Model: m, Data: d, Epochs: 1, Optimiser: o}).Run(background)
	require.NoError(t, err)
	second := &optim.SGD{LearningRate: 0.1, Momentum: 0.9}
	require.NoError(t, second.Restore(o.State()))
	_, err = (&train.Trainer{Model: m, Data: d, Epochs: 1, Optimiser: second}).Run(background)
	require.NoError(t, err)
	require.InDelta(t, 0.54, bits(m)[0][0], 1e-15)

	_, err = (&train.Trainer{Model: m, Data: d, Epochs: 1, Optimiser: stubborn{&optim.SGD{LearningRate: 1}}}).Run(background)
	require.EqualError(t, err, "train: the optimiser cannot begin anew: no state is as good as mine")
}

// halved is an optimiser with a state of its own: its rate halves at each step.
type halved struct{ steps int }

func (h *halved) Step(params []G.ValueGrad) error {
	h.steps++
	s := optim.SGD{LearningRate: 1 / float64(int(1)<<h.steps)}
	return s.Step(params)
}
func (h *halved) Rate() float64         { return 1 / float64(int(2)<<h.steps) }
func (h *halved) SetRateFactor(float64) {}
func (h *halved) State() optim.State    { return optim.State{Steps: h.steps} }
func (h *halved) Restore(s optim.State) error {
	if len(s.Slots) > 0 {
		return fmt.Errorf("got %d slots", len(s.Slots))
	}
	h.steps = s.Steps
	return nil
}

// lookahead is an SGD that also moves each parameter half the way back to where it was
// three steps before.
type lookahead struct {
	optim.SGD
	steps int
	slow  [][]float64
}

func (l *lookahead) Step(params []G.ValueGrad) error {
	if l.steps%3 == 0 {
		l.slow = nil
		for _, p := range params {
			l.slow = append(l.slow, elements(p.Value()))
		}
	}
	if err := l.SGD.Step(params); err != nil {
		return err
	}
	if l.steps++; l.steps%3 > 0 {
		return nil
	}
	for i, p := range params {
		switch x := p.Value().Data().(type) {
		case []float32:
			for j := range x {
				x[j] = (x[j] + float32(l.slow[i][j])) / 2
			}
		case []float64:
			for j := range x {
				x[j] = (x[j] + l.slow[i][j]) / 2
			}
		}
	}
	return nil
}

func (l *lookahead) Restore(s optim.State) error {
	l.steps, l.slow = s.Steps, nil
	return l.SGD.Restore(s)
}

// stubborn goes on with what it remembers.
type stubborn struct{ *optim.SGD }

func (stubborn) Restore(optim.State) error { return fmt.Errorf("no state is as good as mine") }

// Two trainings at the same time cannot share an optimiser; one after the other can.
func TestOptimiserOfTwoTrainings(t *testing.T) {
	o := &optim.Adam{LearningRate: 0.01}
	trainer := func() *train.Trainer {
		m := newModel(t, train.Network{Net: layers.Sequential{layers.Linear{Out: 3}, layers.Last}, Shape: []int{4}, Steps: 3, Batch: 10})
		return &train.Trainer{Model: m, Data: yinyang(t, 10), Epochs: 1, Optimiser: o}
	}
	first, second := trainer(), trainer()
	first.OnBatch = func(train.Batch) {
		_, err := second.Run(background)
		require.ErrorIs(t, err, train.ErrInUse)
		require.EqualError(t, err, "train: the optimiser is in use by another goroutine, in another training; give each one of its own")
	}
	_, err := first.Run(background)
	require.NoError(t, err)
	_, err = second.Run(background)
	require.NoError(t, err)
}
