package train

import (
	"fmt"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/flat"
)

// Of a parameter with a constraint there are two tensors: what is learnt, which optimisers,
// checkpoints and copies of a network have, and the values that the network makes of it,
// which people, reports and files of weights have.

// Constraint returns the constraint within which the parameter is learnt. The zero value is
// none.
func (p *Parameter) Constraint() graph.Constraint { return p.keep }

// Values returns a copy of what the network makes of the parameter: of Value what its
// constraint makes of that, and without one the same.
func (p *Parameter) Values() *tensor.Dense { return applied(p.keep, p.value) }

// applied returns a copy of what a constraint makes of d.
func applied(c graph.Constraint, d *tensor.Dense) *tensor.Dense {
	v := d.Clone().(*tensor.Dense)
	if c == (graph.Constraint{}) {
		return v
	}
	switch x := v.Data().(type) {
	case []float32:
		for i := range x {
			x[i] = float32(c.Apply(float64(x[i])))
		}
	case []float64:
		for i := range x {
			x[i] = c.Apply(x[i])
		}
	}
	return v
}

// learnt returns what is to be learnt for the parameter to have the values v. An element
// that it has by now, to the last bit, stays as it is, if keep is set. An error says that a
// value is out of the range of the constraint.
func (p *Parameter) learnt(v *tensor.Dense, keep bool) (*tensor.Dense, error) {
	if p.keep == (graph.Constraint{}) {
		return v, nil
	}
	to := v.Clone().(*tensor.Dense)
	var err error
	if x, ok := to.Data().([]float32); ok {
		err = invert(p.keep, x, p.value.Data().([]float32), keep)
	} else {
		err = invert(p.keep, to.Data().([]float64), p.value.Data().([]float64), keep)
	}
	return to, err
}

func invert[F float32 | float64](c graph.Constraint, x, now []F, keep bool) error {
	for i, v := range x {
		if keep && F(c.Apply(float64(now[i]))) == v {
			x[i] = now[i]
			continue
		}
		y, err := c.Inverse(float64(v))
		if err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
		x[i] = F(y)
	}
	return nil
}

// same reports whether a and b, of one type and shape, have the same elements.
func same(a, b *tensor.Dense) bool {
	x, y := flat.Float64s(a), flat.Float64s(b)
	for i := range x {
		if x[i] != y[i] {
			return false
		}
	}
	return true
}
