// Package flat finds the memory of tensors and of Gorgonia's scalars.
package flat

import (
	"errors"
	"fmt"
	"slices"
	"unsafe"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Values is the memory of a value, in row-major order: one of the slices.
type Values struct {
	F32 []float32
	F64 []float64
}

// Len returns the number of elements.
func (f Values) Len() int { return len(f.F32) + len(f.F64) }

// Pointer returns where the memory begins.
func (f Values) Pointer() unsafe.Pointer {
	if f.F32 != nil {
		return unsafe.Pointer(unsafe.SliceData(f.F32))
	}
	return unsafe.Pointer(unsafe.SliceData(f.F64))
}

// Zero sets all elements to zero.
func (f Values) Zero() {
	clear(f.F32)
	clear(f.F64)
}

// Clone returns a copy.
func (f Values) Clone() Values {
	return Values{F32: slices.Clone(f.F32), F64: slices.Clone(f.F64)}
}

// Dense returns a tensor of this shape with a copy of f.
func (f Values) Dense(shape tensor.Shape) *tensor.Dense {
	if c := f.Clone(); c.F32 != nil {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(c.F32))
	} else {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(c.F64))
	}
}

// Of returns the memory of v, not a copy. Its errors continue "value" or
// "gradient".
func Of(v G.Value) (Values, error) {
	switch v := v.(type) {
	case *G.F32:
		if v != nil {
			return Values{F32: unsafe.Slice((*float32)(v), 1)}, nil
		}
	case *G.F64:
		if v != nil {
			return Values{F64: unsafe.Slice((*float64)(v), 1)}, nil
		}
	case *tensor.Dense:
		if v != nil {
			return dense(v)
		}
	case nil:
	default:
		return Values{}, fmt.Errorf("is a %T, want a *tensor.Dense, *gorgonia.F32 or *gorgonia.F64", v)
	}
	return Values{}, errors.New("is nil")
}

func dense(d *tensor.Dense) (f Values, err error) {
	switch {
	case d.Dtype() != tensor.Float32 && d.Dtype() != tensor.Float64:
		return Values{}, fmt.Errorf("is of %v, want float32 or float64", d.Dtype())
	case !d.IsNativelyAccessible():
		return Values{}, errors.New("is not in main memory")
	case d.Shape().TotalSize() == 0:
		return Values{}, fmt.Errorf("has shape %v, want at least one element", d.Shape())
	case d.Dtype() == tensor.Float32:
		f.F32 = d.Float32s()
	default:
		f.F64 = d.Float64s()
	}
	// Not RequiresIterator: it overlooks a slice of a transposed matrix.
	if f.Len() != d.Shape().TotalSize() || !rowMajor(d.Shape(), d.Strides()) {
		return Values{}, fmt.Errorf("of shape %v has strides %v, want it contiguous and row-major", d.Shape(), d.Strides())
	}
	return f, nil
}

// rowMajor says whether elements of these strides lie in row-major order
// without gaps. The stride of an axis of length 1 means nothing.
func rowMajor(shape tensor.Shape, strides []int) bool {
	stride := 1
	for axis := len(shape) - 1; axis >= 0; axis-- {
		if shape[axis] == 1 {
			continue
		}
		if axis >= len(strides) || strides[axis] != stride {
			return false
		}
		stride *= shape[axis]
	}
	return true
}
