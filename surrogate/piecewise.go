package surrogate

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// PiecewiseLinear is a spike whose slope falls linearly from 1, and is 0 from a
// distance of 1/α on:
//
//	H(x) = 1 if x > 0, else 0
//	s(x) = max(0, 1 − α|x|)
//
// [Triangle] has its height as a parameter too.
//
// F. Zenke and T. P. Vogels, Neural Computation 33 (2021), 899.
type PiecewiseLinear struct {
	Step
	Alpha float64 // α, per unit of x; the larger, the narrower
}

// Validate returns an error unless α is a positive number.
func (p PiecewiseLinear) Validate() error { return positive("piecewise linear", "α", p.Alpha) }

// Deriv returns s(x).
func (p PiecewiseLinear) Deriv(x float64) float64 { return math.Max(0, 1-p.Alpha*math.Abs(x)) }

// Smooth returns an antiderivative of Deriv that is 0 at 0.
func (p PiecewiseLinear) Smooth(x float64) float64 {
	a := math.Min(1/p.Alpha, math.Abs(x))
	return math.Copysign(a-p.Alpha*a*a/2, x)
}

// Slope returns the nodes of s(x).
func (p PiecewiseLinear) Slope(b *graph.Builder, x *G.Node) *G.Node {
	return b.Relu(b.Not(b.Scale(b.Abs(x), graph.Const(p.Alpha))))
}
