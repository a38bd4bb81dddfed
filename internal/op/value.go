package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// IsFloat reports whether dt is an element type that the library computes in.
func IsFloat(dt tensor.Dtype) bool { return dt == tensor.Float32 || dt == tensor.Float64 }

// Dense returns v as a dense tensor of float32 or float64 whose elements lie
// one after the other, copying it if it is a view.
func Dense(v G.Value) (*tensor.Dense, error) {
	d, ok := v.(*tensor.Dense)
	if !ok {
		return nil, fmt.Errorf("got a %T, want a dense tensor", v)
	}
	if dt := d.Dtype(); !IsFloat(dt) {
		return nil, fmt.Errorf("got elements of type %v, want float32 or float64", dt)
	}
	if d.DataOrder().IsColMajor() || d.RequiresIterator() || d.IsView() {
		m, ok := d.Materialize().(*tensor.Dense)
		if !ok || m.RequiresIterator() {
			return nil, fmt.Errorf("cannot make a view of shape %v contiguous", d.Shape())
		}
		d = m
	}
	return d, nil
}

// Floats returns the elements of a dense tensor or scalar. The slice of a tensor
// shares its memory.
func Floats[F float32 | float64](v G.Value) ([]F, error) {
	var want F
	if d, ok := v.(*tensor.Dense); ok && IsOf[F](d) && !d.IsScalar() {
		d, err := Dense(v)
		if err != nil {
			return nil, err
		}
		return Elems[F](d), nil
	}
	if s, ok := v.Data().(F); ok {
		return []F{s}, nil
	}
	return nil, fmt.Errorf("got elements of type %v, want %T", v.Dtype(), want)
}

// DenseIn is Dense for an input of the operation where, which an error names.
func DenseIn(where fmt.Stringer, v G.Value) (*tensor.Dense, error) {
	d, err := Dense(v)
	if err != nil {
		return nil, fmt.Errorf("spikegrad: %v: %w", where, err)
	}
	return d, nil
}

// FloatsIn is Floats for an input of the operation where, which an error names.
func FloatsIn[F float32 | float64](where fmt.Stringer, v G.Value) ([]F, error) {
	f, err := Floats[F](v)
	if err != nil {
		return nil, fmt.Errorf("spikegrad: %v: %w", where, err)
	}
	return f, nil
}

// IsOf reports whether the elements of d are of type F.
func IsOf[F float32 | float64](d *tensor.Dense) bool {
	_, single := any((*F)(nil)).(*float32)
	return single && d.Dtype() == tensor.Float32 || !single && d.Dtype() == tensor.Float64
}

// Elems returns the elements of d, which are of type F. Unlike Data it allocates
// nothing.
func Elems[F float32 | float64](d *tensor.Dense) []F {
	if d.Dtype() == tensor.Float32 {
		return any(d.Float32s()).([]F)
	}
	return any(d.Float64s()).([]F)
}

// New returns a tensor of zeros.
func New(dt tensor.Dtype, shape tensor.Shape) *tensor.Dense {
	return tensor.New(tensor.Of(dt), tensor.WithShape(shape...))
}

// Scalar returns x as a Gorgonia scalar.
func Scalar(dt tensor.Dtype, x float64) G.Value {
	if dt == tensor.Float32 {
		return G.NewF32(float32(x))
	}
	return G.NewF64(x)
}
