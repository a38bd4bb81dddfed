package train

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
)

// Weights returns a copy of the parameters, in the order of Params: the values that the
// network has, of parameters with a constraint too. Params says which these are. It is nil
// while another goroutine uses the model.
func (m *Model) Weights() (ws []*tensor.Dense) {
	_ = m.within(func() error {
		return m.reading(func() error { ws = m.weights(); return nil })
	})
	return ws
}

// weights is Weights for a model in use.
func (m *Model) weights() []*tensor.Dense {
	ws := make([]*tensor.Dense, len(m.params))
	for i, p := range m.params {
		ws[i] = p.Values()
	}
	return ws
}

// SetWeights copies ws, in the order of Params, to the parameters. They are values as
// Weights returns them; what is learnt of one with a constraint is computed from them,
// which rounds. One that the parameter has already is left as it is, to the last bit. An error
// says which does not fit, is out of the range of its constraint, or is not finite; then
// none is changed.
func (m *Model) SetWeights(ws []*tensor.Dense) error {
	if err := m.within(func() error { return m.setWeights(ws) }); err != nil {
		return fmt.Errorf("train: set weights: %w", err)
	}
	return nil
}

func (m *Model) setWeights(ws []*tensor.Dense) error {
	if err := m.owner(); err != nil {
		return err
	}
	if len(ws) != len(m.params) {
		return fmt.Errorf("got %d tensors, the model has %d parameters", len(ws), len(m.params))
	}
	return m.family.Change(func() error {
		all := make([]*tensor.Dense, len(ws))
		for i, p := range m.params {
			err := p.accepts(ws[i])
			if err == nil {
				all[i], err = p.weight().Learnt(ws[i], true)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
		return assign(m.params, all)
	})
}

// Tensors returns copies of all that makes the network the one that it is, by name: what is
// learnt, values of neurons that are not, and buffers. layers.Given and layers.Fold take
// them. It is nil while another goroutine uses the model.
func (m *Model) Tensors() (all map[string]*tensor.Dense) {
	_ = m.within(func() error {
		return m.reading(func() error {
			all = map[string]*tensor.Dense{}
			for i, w := range copiesOf(m.all()) {
				all[m.all()[i].name] = w
			}
			return nil
		})
	})
	return all
}

// learnt returns copies of what is learnt.
func (m *Model) learnt() []*tensor.Dense { return copiesOf(m.params) }

// copiesOf returns copies of what is learnt of ps.
func copiesOf(ps []*Parameter) []*tensor.Dense {
	ws := valuesOf(ps)
	for i, w := range ws {
		ws[i] = w.Clone().(*tensor.Dense)
	}
	return ws
}

// all returns what makes a network the one that it is: the parameters, and behind
// them the values that neurons have from layers.Each and keep, and buffers.
func (m *Model) all() []*Parameter { return slices.Concat(m.params, m.fixed) }

// valueOf returns the tensor of a weight by its name, nil if there is none.
func (m *Model) valueOf(name string) *tensor.Dense {
	all := m.all()
	if i := slices.IndexFunc(all, func(p *Parameter) bool { return p.name == name }); i >= 0 {
		return all[i].value
	}
	return nil
}

// assign copies ws, which are to be learnt, to ps, or nothing if one does not fit.
func assign(ps []*Parameter, ws []*tensor.Dense) error {
	for i, w := range ws {
		if err := ps[i].accepts(w); err != nil {
			return fmt.Errorf("%s: %w", ps[i].name, err)
		}
	}
	for i, w := range ws {
		if err := tensor.Copy(ps[i].value, w); err != nil {
			return fmt.Errorf("%s: %w", ps[i].name, err)
		}
	}
	return nil
}

// valuesOf returns what is learnt of ps, not copies.
func valuesOf(ps []*Parameter) []*tensor.Dense {
	ws := make([]*tensor.Dense, len(ps))
	for i, p := range ps {
		ws[i] = p.value
	}
	return ws
}

// accepts returns an error unless w can take the place of the value of p.
func (p *Parameter) accepts(w *tensor.Dense) error {
	if w == nil {
		return errors.New("the tensor is nil")
	}
	if w.Dtype() != p.value.Dtype() || !w.Shape().Eq(p.value.Shape()) {
		return fmt.Errorf("the tensor is of %v with shape %v, want %v and %v", w.Dtype(), w.Shape(), p.value.Dtype(), p.value.Shape())
	}
	if _, err := flat.Of(w); err != nil {
		return fmt.Errorf("the tensor %w", err)
	}
	if !flat.AllFinite(w) {
		return errors.New("the tensor has an element that is NaN or infinite")
	}
	return nil
}

// namesOf returns the names of ps.
func namesOf(ps []*Parameter) []string {
	names := make([]string, len(ps))
	for i, p := range ps {
		names[i] = p.name
	}
	return names
}
