package train

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unsafe"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/par"
)

// ClipNorm scales the gradients of all params so that the norm of their
// concatenation is at most limit, and returns the norm that they had:
//
//	norm = √(Σ g²)
//	g ← g · limit / norm   if norm > limit
//
// The sum is taken in float64, in an order that does not depend on GOMAXPROCS.
// Where a gradient is NaN or Inf, so is the norm, and the gradients are left
// as they are: the caller can stop, or skip the step. A limit of +Inf only
// measures.
//
// ClipNorm returns an error if limit is not above 0 or a parameter has no
// gradient; Optimiser says what parameters may be.
//
// R. Pascanu, T. Mikolov and Y. Bengio, On the difficulty of training
// recurrent neural networks, ICML (2013), algorithm 1.
func ClipNorm(params []G.ValueGrad, limit float64) (norm float64, err error) {
	if !(limit > 0) {
		return 0, fmt.Errorf("train: clip: limit is %v, want a number above 0", limit)
	}
	var few [64]flat // on the stack: no allocation for as many parameters
	gs := few[:0]
	sum := 0.0
	for i, p := range params {
		if node, ok := p.(*G.Node); p == nil || ok && node == nil {
			return 0, fmt.Errorf("train: clip: parameter #%d is nil", i)
		}
		_, g, err := flattenBoth(p)
		if err != nil {
			name := nameOf(p)
			if name == "" {
				name = fmt.Sprintf("#%d", i)
			}
			return 0, fmt.Errorf("train: clip: parameter %s: %w", name, err)
		}
		sum += sumSquares(g.f32) + sumSquares(g.f64)
		gs = append(gs, g)
	}
	norm = math.Sqrt(sum)
	if !(norm > limit) || math.IsInf(norm, 1) {
		return norm, nil
	}
	for i, g := range gs {
		if !shared(g, gs[:i]) {
			scale(g.f32, limit/norm)
			scale(g.f64, limit/norm)
		}
	}
	return norm, nil
}

// shared says whether g is one of gs: without BindDualValues, the gradients of
// a and b in a+b are one tensor.
func shared(g flat, gs []flat) bool {
	for _, h := range gs {
		if g.pointer() == h.pointer() {
			return true
		}
	}
	return false
}

// sumSquares adds up stretches of x, on all processors, and then their sums in order.
func sumSquares[F float](x []F) (sum float64) {
	if len(x) <= grain {
		return sumStretch(x)
	}
	sums := make([]float64, (len(x)+grain-1)/grain)
	par.Chunks(len(x), grain, func(i0, i1 int) { sums[i0/grain] = sumStretch(x[i0:i1]) })
	for _, s := range sums {
		sum += s
	}
	return sum
}

// sumStretch adds in four lanes, so that an addition need not wait for the
// one before.
func sumStretch[F float](x []F) float64 {
	var a, b, c, d float64
	for ; len(x) >= 4; x = x[4:] {
		x0, x1, x2, x3 := float64(x[0]), float64(x[1]), float64(x[2]), float64(x[3])
		a += x0 * x0
		b += x1 * x1
		c += x2 * x2
		d += x3 * x3
	}
	for _, v := range x {
		a += float64(v) * float64(v)
	}
	return (a + b) + (c + d)
}

func scale[F float](x []F, by float64) {
	f := F(by)
	for i := range x {
		x[i] *= f
	}
}

// flat is the memory of a value, in row-major order: one of the slices.
type flat struct {
	f32 []float32
	f64 []float64
}

func (f flat) len() int { return len(f.f32) + len(f.f64) }

func (f flat) pointer() unsafe.Pointer {
	if f.f32 != nil {
		return unsafe.Pointer(unsafe.SliceData(f.f32))
	}
	return unsafe.Pointer(unsafe.SliceData(f.f64))
}

func (f flat) zero() {
	clear(f.f32)
	clear(f.f64)
}

func (f flat) clone() flat {
	return flat{f32: slices.Clone(f.f32), f64: slices.Clone(f.f64)}
}

// dense returns a tensor of this shape with a copy of f.
func (f flat) dense(shape tensor.Shape) *tensor.Dense {
	if c := f.clone(); c.f32 != nil {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(c.f32))
	} else {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(c.f64))
	}
}

// flattenBoth returns the memory of the value and of the gradient of p.
func flattenBoth(p G.ValueGrad) (w, g flat, err error) {
	value := p.Value()
	if w, err = flatten(value); err != nil {
		return flat{}, flat{}, fmt.Errorf("value %w", err)
	}
	grad, err := p.Grad()
	if err != nil {
		return flat{}, flat{}, fmt.Errorf("no gradient: %w", err)
	}
	if g, err = flatten(grad); err != nil {
		return flat{}, flat{}, fmt.Errorf("gradient %w", err)
	}
	switch {
	case grad.Dtype() != value.Dtype():
		return flat{}, flat{}, fmt.Errorf("gradient is of %v, want %v", grad.Dtype(), value.Dtype())
	case g.len() != w.len(), g.len() > 1 && !grad.Shape().Eq(value.Shape()):
		return flat{}, flat{}, fmt.Errorf("gradient has shape %v, want %v", grad.Shape(), value.Shape())
	}
	return w, g, nil
}

// flatten returns the memory of v, not a copy. Its errors continue "value" or
// "gradient".
func flatten(v G.Value) (flat, error) {
	switch v := v.(type) {
	case *G.F32:
		if v != nil {
			return flat{f32: unsafe.Slice((*float32)(v), 1)}, nil
		}
	case *G.F64:
		if v != nil {
			return flat{f64: unsafe.Slice((*float64)(v), 1)}, nil
		}
	case *tensor.Dense:
		if v != nil {
			return flattenDense(v)
		}
	case nil:
	default:
		return flat{}, fmt.Errorf("is a %T, want a *tensor.Dense, *gorgonia.F32 or *gorgonia.F64", v)
	}
	return flat{}, errors.New("is nil")
}

func flattenDense(d *tensor.Dense) (f flat, err error) {
	switch {
	case d.Dtype() != tensor.Float32 && d.Dtype() != tensor.Float64:
		return flat{}, fmt.Errorf("is of %v, want float32 or float64", d.Dtype())
	case !d.IsNativelyAccessible():
		return flat{}, errors.New("is not in main memory")
	case d.Shape().TotalSize() == 0:
		return flat{}, fmt.Errorf("has shape %v, want at least one element", d.Shape())
	case d.Dtype() == tensor.Float32:
		f.f32 = d.Float32s()
	default:
		f.f64 = d.Float64s()
	}
	// Not RequiresIterator: it overlooks a slice of a transposed matrix.
	if f.len() != d.Shape().TotalSize() || !rowMajor(d.Shape(), d.Strides()) {
		return flat{}, fmt.Errorf("of shape %v has strides %v, want it contiguous and row-major", d.Shape(), d.Strides())
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

// nameOf returns the name of p, "" if it has none.
func nameOf(p G.ValueGrad) string {
	// What Node.Name says of an input without a name.
	const unnamed = "%!s(<nil>)()"

	if n, ok := p.(G.Namer); ok && n.Name() != unnamed {
		return n.Name()
	}
	return ""
}
