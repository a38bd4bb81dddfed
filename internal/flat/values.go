package flat

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// Number returns a scalar value.
func Number(v G.Value) float64 {
	switch x := v.Data().(type) {
	case float32:
		return float64(x)
	case float64:
		return x
	}
	return math.NaN()
}

// Numbers returns scalar values.
func Numbers(vs []G.Value) []float64 {
	xs := make([]float64, len(vs))
	for i, v := range vs {
		xs[i] = Number(v)
	}
	return xs
}

// Largest returns the position of the largest element, of equal ones the first.
func Largest(x []float64) int {
	at := 0
	for i, v := range x {
		if v > x[at] {
			at = i
		}
	}
	return at
}

// Float64s returns the elements of v, a copy.
func Float64s(v G.Value) []float64 {
	switch d := v.Data().(type) {
	case []float64:
		return append([]float64(nil), d...)
	case []float32:
		x := make([]float64, len(d))
		for i, f := range d {
			x[i] = float64(f)
		}
		return x
	}
	return []float64{Number(v)}
}

// Set copies x to the elements of a tensor of float32 or float64.
func Set[F float32 | float64](v any, x []F) {
	if d := v.(*tensor.Dense); d.Dtype() == tensor.Float32 {
		convert(d.Float32s(), x)
	} else {
		convert(d.Float64s(), x)
	}
}

// convert copies from to the elements of to, as many as both have.
func convert[T, F float32 | float64](to []T, from []F) {
	if same, ok := any(from).([]T); ok {
		copy(to, same)
		return
	}
	to = to[:min(len(to), len(from))]
	for i := range to {
		to[i] = T(from[i])
	}
}

// Copy copies the elements of v to t. Its errors continue the name of v.
func Copy(t *tensor.Dense, v G.Value) error {
	if v == G.Value(t) {
		return nil
	}
	to, from, err := pair(t, v)
	copy(to.F32, from.F32)
	copy(to.F64, from.F64)
	return err
}

// Add adds the elements of v to t. Its errors continue the name of v.
func Add(t *tensor.Dense, v G.Value) error {
	to, from, err := pair(t, v)
	vec.For[float32]().Add(to.F32, to.F32, from.F32)
	vec.For[float64]().Add(to.F64, to.F64, from.F64)
	return err
}

// pair returns the memory of a tensor and that of a value to put into it.
func pair(t *tensor.Dense, v G.Value) (to, from Values, err error) {
	from, err = Of(v)
	if d, ok := v.(*tensor.Dense); err != nil && ok { // a view, perhaps
		from, err = Of(d.Materialize())
	}
	switch {
	case err != nil:
	case v.Dtype() != t.Dtype() || from.Len() != t.DataSize():
		err = fmt.Errorf("is of %v with shape %v, want %v and %v", v.Dtype(), v.Shape(), t.Dtype(), t.Shape())
	default:
		to, err = Of(t)
	}
	if err != nil {
		return Values{}, Values{}, err
	}
	return to, from, nil
}

// CopyRow copies row j of src to row i of dst.
func CopyRow(dst *tensor.Dense, i int, src *tensor.Dense, j int) error {
	from, err := Of(src)
	if err != nil {
		return err
	}
	to, err := Of(dst)
	if err != nil {
		return err
	}
	n := from.Len() / src.Shape()[0]
	if from.F32 != nil {
		copy(to.F32[i*n:(i+1)*n], from.F32[j*n:])
	} else {
		copy(to.F64[i*n:(i+1)*n], from.F64[j*n:])
	}
	return nil
}

// Finite returns an error that names the first value that is NaN or infinite.
func Finite(x []float32) error {
	if vec.For[float32]().Finite(x) {
		return nil
	}
	for i, v := range x {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("value %d is %v, want a finite number", i, v)
		}
	}
	return nil
}
