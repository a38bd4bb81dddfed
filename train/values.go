package train

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// number returns a scalar value.
func number(v G.Value) float64 {
	switch x := v.Data().(type) {
	case float32:
		return float64(x)
	case float64:
		return x
	}
	return math.NaN()
}

func toFloat64(v G.Value) []float64 {
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
	return []float64{number(v)}
}

// set copies x to the elements of a tensor of float32 or float64.
func set[F float32 | float64](v any, x []F) {
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

// fill sets all elements of an input to x.
func fill(n *G.Node, x int) {
	v := make([]float32, n.Shape().TotalSize())
	for i := range v {
		v[i] = float32(x)
	}
	set(n.Value(), v)
}

// copyValue copies the elements of v to t. Its errors continue the name of v.
func copyValue(t *tensor.Dense, v G.Value) error {
	to, from, err := flattenPair(t, v)
	copy(to.F32, from.F32)
	copy(to.F64, from.F64)
	return err
}

// addValue adds the elements of v to t. Its errors continue the name of v.
func addValue(t *tensor.Dense, v G.Value) error {
	to, from, err := flattenPair(t, v)
	vec.For[float32]().Add(to.F32, to.F32, from.F32)
	vec.For[float64]().Add(to.F64, to.F64, from.F64)
	return err
}

// flattenPair returns the memory of a tensor and that of a value to put into it.
func flattenPair(t *tensor.Dense, v G.Value) (to, from flat.Values, err error) {
	from, err = flat.Of(v)
	if d, ok := v.(*tensor.Dense); err != nil && ok { // a view, perhaps
		from, err = flat.Of(d.Materialize())
	}
	switch {
	case err != nil:
	case v.Dtype() != t.Dtype() || from.Len() != t.DataSize():
		err = fmt.Errorf("is of %v with shape %v, want %v and %v", v.Dtype(), v.Shape(), t.Dtype(), t.Shape())
	default:
		to, err = flat.Of(t)
	}
	if err != nil {
		return flat.Values{}, flat.Values{}, err
	}
	return to, from, nil
}

// copyRow copies row j of src to row i of dst.
func copyRow(dst *tensor.Dense, i int, src *tensor.Dense, j int) error {
	from, err := flat.Of(src)
	if err != nil {
		return err
	}
	to, err := flat.Of(dst)
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

// allFinite returns an error that names the first value that is NaN or infinite.
func allFinite(x []float32) error {
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
