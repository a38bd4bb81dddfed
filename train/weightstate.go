package train

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/safetensors"
	"github.com/spikegrad/spikegrad/internal/weights"
)

// A weightState is the weights, and those of the best epoch.
type weightState struct {
	run       *trainRun
	end       *final // nil unless the training is over
	now, best []*tensor.Dense
}

// final carries the last weights, where the parameters of the file are the best ones.
type final struct {
	last []*tensor.Dense // weights, where the model has the best; else nil
}

// savedWeights say which of the tensors in a checkpoint are weights.
type savedWeights struct {
	Params []string // as they are learnt
	Fixed  []string // values of neurons that are not learnt
	Within weights.Constraints
	Kept   bool // there are best weights
}

// The names of weights that are not those of the model.
func bestName(param string) string { return "best/" + param }

func lastName(param string) string { return "last/" + param }

func itself(param string) string { return param }

// weights returns which weights c has.
func (c *Checkpoint) weights() (s savedWeights, err error) {
	err = c.get(entry{"params", &s.Params}, entry{"fixed", &s.Fixed}, entry{"constraints", &s.Within}, entry{"kept", &s.Kept})
	return s, err
}

func (w *weightState) save(c *Checkpoint) error {
	m := w.run.Model
	ts, err := weights.Named(weightsOf(m.all()))
	if err != nil {
		return err
	}
	c.tensors = append(c.tensors, ts...)
	others, otherName := w.run.weights, bestName
	if w.end != nil {
		others, otherName = w.end.last, lastName
	}
	for i, p := range m.all() {
		if others != nil {
			if err := c.add(otherName(p.name), others[i]); err != nil {
				return err
			}
		}
	}
	return c.put(entry{"params", namesOf(m.params)}, entry{"fixed", namesOf(m.fixed)}, entry{"constraints", weights.ConstraintsOf(weightsOf(m.params))}, entry{"kept", w.run.weights != nil})
}

func (w *weightState) check(c *Checkpoint) error {
	m := w.run.Model
	s, err := c.weights()
	if err != nil {
		return err
	}
	if len(s.Params) != len(m.params) {
		return fmt.Errorf("it has %d parameters, want %d", len(s.Params), len(m.params))
	}
	now, other := itself, bestName
	if c.Final && s.Kept {
		now, other = lastName, itself
	}
	if w.now, err = c.read(m.all(), now); err != nil {
		return err
	}
	if s.Kept && w.run.KeepBest {
		w.best, err = c.read(m.all(), other)
	}
	return err
}

func (w *weightState) load() (back func(), err error) {
	w.run.weights = w.best
	m := w.run.Model
	return nil, m.family.Change(func() error { return assign(m.all(), w.now) }) // which were looked at
}

// read returns the values of ps, which have these names.
func (c *Checkpoint) read(ps []*Parameter, name func(param string) string) ([]*tensor.Dense, error) {
	ws := make([]*tensor.Dense, len(ps))
	for i, p := range ps {
		at := slices.IndexFunc(c.tensors, func(t safetensors.Tensor) bool { return t.Name == name(p.name) })
		if at < 0 {
			return nil, fmt.Errorf("tensor %s is missing", describe.Quote(name(p.name)))
		}
		d, err := p.weight().Dense(c.tensors[at])
		if err != nil {
			return nil, err
		}
		if err := p.accepts(d); err != nil {
			return nil, fmt.Errorf("%s: %w", name(p.name), err)
		}
		ws[i] = d.Clone().(*tensor.Dense)
	}
	return ws, nil
}
