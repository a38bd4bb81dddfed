package exact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/optim"
)

// A Trainer trains a Model on a data set.
type Trainer struct {
	Model      *Model
	Data       data.Dataset
	Validation data.Dataset // nil for none
	// Encode makes spikes of a sample. It must not keep x.
	Encode    func(x []float32) []Spike
	Loss      Loss            // nil is FirstSpike
	Optimiser optim.Optimiser // nil is Adam at 5e-3
	Schedule  optim.Schedule  // nil is optim.Constant
	Epochs    int
	Batch     int // 0 is 32
	Seed      uint64

	// ClipNorm limits the norm of the gradient of all parameters together: it is large where a
	// potential barely reaches its threshold. 0 leaves it as it is.
	ClipNorm float64

	// Wake, times the factor of the Schedule, is added to all weights that lead to a neuron which
	// fired for no sample of a batch. A neuron that does not fire has no gradient, and would be silent
	// for ever. 0 is no help.
	Wake float64
	// KeepBest leaves the model with the weights of the epoch that was best on the Validation set.
	KeepBest bool

	OnEpoch func(Epoch) error // called after each epoch; an error ends the training
}

// An Epoch is what came of one.
type Epoch struct {
	Number     int // from 1
	Train      Tally
	Validation *Tally
}

// Run trains. When the context ends it stops, after the sample at hand, and returns the epochs that
// are complete with the error of the context; the weights are those of the last batch, or with
// KeepBest of the best epoch.
func (t *Trainer) Run(ctx context.Context) (history []Epoch, err error) {
	if t.Model == nil || t.Data == nil || t.Encode == nil || t.Epochs < 1 || t.Batch < 0 || ctx == nil || t.Data.Len() < 1 || math.IsInf(t.Wake, 1) || !(t.Wake >= 0) || !(t.ClipNorm >= 0) || t.KeepBest && t.Validation == nil {
		return nil, fmt.Errorf("exact: trainer: want a context, a Model, Data with samples, Encode, at least 1 epoch (%d), a Batch (%d), a finite Wake (%v) and a ClipNorm (%v) of at least 0, and a Validation set for KeepBest", t.Epochs, t.Batch, t.Wake, t.ClipNorm)
	}
	o := t.Optimiser
	if o == nil {
		o = &optim.Adam{LearningRate: 5e-3}
	}
	schedule := t.Schedule
	if schedule == nil {
		schedule = optim.Constant{}
	}
	batch := cmp.Or(t.Batch, 32)
	steps := (t.Data.Len() + batch - 1) / batch
	var best keeper
	defer func() { best.restore(t.Model) }()
	for epoch := range t.Epochs {
		order, err := data.Order(t.Data.Len(), t.Seed, epoch)
		if err != nil {
			return history, err
		}
		e := Epoch{Number: epoch + 1}
		for b := range steps {
			samples, classes, err := t.read(t.Data, order[b*batch:min((b+1)*batch, len(order))])
			if err != nil {
				return history, err
			}
			factor := schedule.Rate(epoch*steps+b, t.Epochs*steps)
			o.SetRateFactor(factor)
			tally, err := t.step(ctx, o, samples, classes, t.Wake*factor)
			if err != nil {
				return history, fmt.Errorf("exact: epoch %d, batch %d: %w", epoch+1, b+1, err)
			}
			tally.Cost *= float64(tally.Samples)
			e.Train.add(tally)
		}
		e.Train.Cost /= float64(max(1, e.Train.Samples))
		if t.Validation != nil {
			v, err := t.Evaluate(ctx, t.Validation)
			if err != nil {
				return history, err
			}
			if e.Validation = &v; t.KeepBest {
				best.look(t.Model, v)
			}
		}
		history = append(history, e)
		if t.OnEpoch != nil {
			if err := t.OnEpoch(e); err != nil {
				return history, err
			}
		}
	}
	return history, nil
}

// A keeper holds the weights that were best so far.
type keeper struct {
	right  int
	cost   float64
	values [][]float64
}

// look keeps the weights of a model if it is better than before: more right, or as many at less cost.
func (k *keeper) look(m *Model, v Tally) {
	if k.values != nil && (v.Right < k.right || v.Right == k.right && !(v.Cost < k.cost)) {
		return
	}
	k.right, k.cost, k.values = v.Right, v.Cost, nil
	for _, p := range m.params {
		k.values = append(k.values, slices.Clone(p.floats()))
	}
}

func (k *keeper) restore(m *Model) {
	for i, v := range k.values {
		copy(m.params[i].floats(), v)
	}
}

func (t *Trainer) loss() Loss {
	if t.Loss == nil {
		return FirstSpike{}
	}
	return t.Loss
}

// Evaluate says how the model does on a data set.
func (t *Trainer) Evaluate(ctx context.Context, d data.Dataset) (Tally, error) {
	order := make([]int, d.Len())
	for i := range order {
		order[i] = i
	}
	samples, classes, err := t.read(d, order)
	if err != nil {
		return Tally{}, err
	}
	return t.Model.Evaluate(ctx, samples, classes, t.loss())
}

func (t *Trainer) read(d data.Dataset, which []int) (samples [][]Spike, classes []int, err error) {
	size := 1
	for _, n := range d.Shape() {
		size *= n
	}
	x := make([]float32, size)
	for _, i := range which {
		class, err := d.Sample(i, x)
		if err != nil {
			return nil, nil, fmt.Errorf("exact: sample %d: %w", i, err)
		}
		samples, classes = append(samples, t.Encode(x)), append(classes, class)
	}
	return samples, classes, nil
}

// step learns from a batch.
func (t *Trainer) step(ctx context.Context, o optim.Optimiser, samples [][]Spike, classes []int, wake float64) (Tally, error) {
	tally, err := t.Model.Learn(ctx, samples, classes, t.loss())
	if err != nil {
		return tally, err
	}
	var vs []G.ValueGrad
	for _, p := range t.Model.params {
		for _, g := range p.grad.Float64s() {
			if g-g != 0 {
				return tally, errors.New("the gradient is not finite: a potential just touches its threshold")
			}
		}
		vs = append(vs, p)
	}
	if t.ClipNorm > 0 {
		if _, err := optim.ClipNorm(vs, t.ClipNorm); err != nil {
			return tally, err
		}
	}
	if err := o.Step(vs); err != nil {
		return tally, err
	}
	for _, p := range t.Model.params {
		for i, x := range p.floats() {
			if p.most > 0 {
				p.floats()[i] = min(max(x, 0), p.most)
			}
		}
	}
	if wake > 0 {
		t.Model.wake(tally.Fired, wake)
	}
	return tally, nil
}

// wake adds to the weights that lead to neurons that never fired.
func (m *Model) wake(fired [][]int, by float64) {
	for i, l := range m.layers {
		w := l.w.floats()
		for n, k := range fired[i] {
			for j := 0; j < l.in && k == 0 && !l.Readout; j++ {
				w[j*l.N+n] += by
			}
		}
	}
}
