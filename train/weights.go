package train

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/tensor"
)

// Weights returns a copy of the parameters, in the order of Params; nil while another
// goroutine uses the model.
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
		ws[i] = p.value.Clone().(*tensor.Dense)
	}
	return ws
}

// SetWeights copies ws, in the order of Params, to the parameters. An error says
// which does not fit, or is not finite; then none is changed.
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
	return m.family.change(func() error { return assign(m.params, ws) })
}

// all returns what makes a network the one that it is: the parameters, and behind
// them the values that neurons have from layers.Each and keep.
func (m *Model) all() []*Parameter { return slices.Concat(m.params, m.fixed) }

// assign copies ws to the values of ps, or nothing if one does not fit.
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

// valuesOf returns those of ps, not copies.
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
	if _, err := flatten(w); err != nil {
		return fmt.Errorf("the tensor %w", err)
	}
	if !finite(w) {
		return errors.New("the tensor has an element that is NaN or infinite")
	}
	return nil
}
