package train

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/flat"
)

// A Parameter is a learnable tensor of a model.
type Parameter struct {
	name  string
	value *tensor.Dense
	keep  graph.Constraint
	grad  *tensor.Dense // nil before the first training batch

	frozen bool // in the present training
}

// Name returns the name of the parameter, "0.linear.w".
func (p *Parameter) Name() string { return p.name }

// Value returns what is learnt: the weights, or of a parameter with a constraint what that
// is applied to, of e^5.81 for a rate of 335 per second the exponent. Values has the
// other. It may be changed in place between runs of the model and of its replicas.
func (p *Parameter) Value() G.Value { return p.value }

// Grad returns the gradient of the last training batch, for an Optimiser; as
// every solver does, that sets it to zero when it has taken its step.
func (p *Parameter) Grad() (G.Value, error) {
	if p.grad == nil {
		return nil, fmt.Errorf("train: %s has no gradient yet", p.name)
	}
	return p.grad, nil
}

// room makes memory for the gradient, and returns it.
func (p *Parameter) room() *tensor.Dense {
	if p.grad == nil {
		p.grad = tensor.New(tensor.Of(p.value.Dtype()), tensor.WithShape(p.value.Shape()...))
	}
	return p.grad
}

// grads returns the gradients of the parameters, not copies.
func (m *Model) grads() []*tensor.Dense {
	gs := make([]*tensor.Dense, len(m.params))
	for i, p := range m.params {
		gs[i] = p.room()
	}
	return gs
}

// takeGrad copies a gradient. The value in the graph may be one that all graphs
// share, as that of Gorgonia's constant 1, and an optimiser sets gradients to
// zero.
//
// With add it is added to the gradient that is there.
func (p *Parameter) takeGrad(v G.Value, add bool) error {
	p.room()
	take := flat.Copy
	if add {
		take = flat.Add
	}
	if err := take(p.grad, v); err != nil {
		return fmt.Errorf("the gradient of %s %w", p.name, err)
	}
	return nil
}

// Params returns the learnable parameters, in the order of the layers. Those of a
// replica are copies of what they are now; nil while another goroutine uses it.
func (m *Model) Params() []*Parameter {
	switch {
	case !m.compiled():
		return nil
	case !m.replica:
		return slices.Clone(m.params)
	}
	var ps []*Parameter
	_ = m.within(func() error {
		return m.reading(func() error {
			for i, w := range m.learnt() {
				ps = append(ps, &Parameter{name: m.params[i].name, value: w, keep: m.params[i].keep})
			}
			return nil
		})
	})
	return ps
}

// valueGrads returns the parameters as a solver wants them.
func (m *Model) valueGrads() []G.ValueGrad {
	vs := make([]G.ValueGrad, len(m.params))
	for i, p := range m.params {
		vs[i] = p
	}
	return vs
}
