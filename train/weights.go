package train

import (
	"errors"
	"fmt"

	"gorgonia.org/tensor"
)

// Weights returns a copy of the parameters, in the order of Params.
func (m *Model) Weights() []*tensor.Dense {
	if m.compiled() != nil {
		return nil
	}
	ws := make([]*tensor.Dense, len(m.params))
	for i, p := range m.params {
		ws[i] = p.value.Clone().(*tensor.Dense)
	}
	return ws
}

// SetWeights copies ws, in the order of Params, to the parameters. An error says
// which does not fit, or is not finite; then none is changed.
func (m *Model) SetWeights(ws []*tensor.Dense) error {
	if err := m.setWeights(ws); err != nil {
		return fmt.Errorf("train: set weights: %w", err)
	}
	return nil
}

func (m *Model) setWeights(ws []*tensor.Dense) error {
	if err := m.compiled(); err != nil {
		return err
	}
	if len(ws) != len(m.params) {
		return fmt.Errorf("got %d tensors, the model has %d parameters", len(ws), len(m.params))
	}
	for i, w := range ws {
		if err := m.params[i].accepts(w); err != nil {
			return fmt.Errorf("%s: %w", m.params[i].name, err)
		}
	}
	for i, w := range ws {
		if err := tensor.Copy(m.params[i].value, w); err != nil {
			return fmt.Errorf("%s: %w", m.params[i].name, err)
		}
	}
	return nil
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
