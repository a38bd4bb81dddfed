package weights

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/safetensors"
	"github.com/spikegrad/spikegrad/internal/tensorfile"
)

// A Weight is a parameter of a network, or another tensor that belongs to it.
type Weight struct {
	Name  string
	Value *tensor.Dense    // as it is learnt
	Keep  graph.Constraint // what the network applies to that; the zero value is none
}

// Applied returns a copy of what a constraint makes of d.
func Applied(c graph.Constraint, d *tensor.Dense) *tensor.Dense {
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

// Learnt returns what is to be learnt for the parameter to have the values v. An element
// that it has by now, to the last bit, stays as it is, if keep is set. An error says that a
// value is out of the range of the constraint.
func (w Weight) Learnt(v *tensor.Dense, keep bool) (*tensor.Dense, error) {
	if w.Keep == (graph.Constraint{}) {
		return v, nil
	}
	to := v.Clone().(*tensor.Dense)
	var err error
	if x, ok := to.Data().([]float32); ok {
		err = invert(w.Keep, x, w.Value.Data().([]float32), keep)
	} else {
		err = invert(w.Keep, to.Data().([]float64), w.Value.Data().([]float64), keep)
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

// Dense returns t as a tensor, if it can take the place of the value of w.
func (w Weight) Dense(t safetensors.Tensor) (*tensor.Dense, error) {
	want, err := tensorfile.Of(w.Name, w.Value)
	if err != nil {
		return nil, fmt.Errorf("%s %w", w.Name, err)
	}
	if t.DType != want.DType || !slices.Equal(t.Shape, want.Shape) {
		return nil, fmt.Errorf("%s is %s of shape %v, want %s of shape %v", w.Name, t.DType, describe.Numbers(t.Shape), want.DType, want.Shape)
	}
	return tensorfile.Dense(t)
}
