package optim

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/flat"
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
		return 0, fmt.Errorf("optim: clip: limit is %v, want a number above 0", limit)
	}
	var few [64]flat.Values // on the stack: no allocation for as many parameters
	gs := few[:0]
	sum := 0.0
	for i, p := range params {
		if node, ok := p.(*G.Node); p == nil || ok && node == nil {
			return 0, fmt.Errorf("optim: clip: parameter #%d is nil", i)
		}
		_, g, err := flattenBoth(p)
		if err != nil {
			name := nameOf(p)
			if name == "" {
				name = fmt.Sprintf("#%d", i)
			}
			return 0, fmt.Errorf("optim: clip: parameter %s: %w", name, err)
		}
		sum += sumSquares(g.F32) + sumSquares(g.F64)
		gs = append(gs, g)
	}
	norm = math.Sqrt(sum)
	if !(norm > limit) || math.IsInf(norm, 1) {
		return norm, nil
	}
	for i, g := range gs {
		if !shared(g, gs[:i]) {
			scale(g.F32, limit/norm)
			scale(g.F64, limit/norm)
		}
	}
	return norm, nil
}

// shared says whether g is one of gs: without BindDualValues, the gradients of
// a and b in a+b are one tensor.
func shared(g flat.Values, gs []flat.Values) bool {
	for _, h := range gs {
		if g.Pointer() == h.Pointer() {
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

// flattenBoth returns the memory of the value and of the gradient of p.
func flattenBoth(p G.ValueGrad) (w, g flat.Values, err error) {
	value := p.Value()
	if w, err = flat.Of(value); err != nil {
		return flat.Values{}, flat.Values{}, fmt.Errorf("value %w", err)
	}
	grad, err := p.Grad()
	if err != nil {
		return flat.Values{}, flat.Values{}, fmt.Errorf("no gradient: %w", err)
	}
	if g, err = flat.Of(grad); err != nil {
		return flat.Values{}, flat.Values{}, fmt.Errorf("gradient %w", err)
	}
	switch {
	case grad.Dtype() != value.Dtype():
		return flat.Values{}, flat.Values{}, fmt.Errorf("gradient is of %v, want %v", grad.Dtype(), value.Dtype())
	case g.Len() != w.Len(), g.Len() > 1 && !grad.Shape().Eq(value.Shape()):
		return flat.Values{}, flat.Values{}, fmt.Errorf("gradient has shape %v, want %v", grad.Shape(), value.Shape())
	}
	return w, g, nil
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
