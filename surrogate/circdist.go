package surrogate

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// CircDist is a spike that comes by chance, the probability being a scaled
// x/√(α² + x²):
//
//	p(x) = ½ + ½ x/√(x² + α²)
//	s(x) = (α / √(α² + x²))³
//
// The slope is that of [Circ], 2α times the derivative of the probability.
type CircDist struct {
	Step
	Alpha float64 // α, in the unit of x; the smaller, the less noise
}

// Validate returns an error unless α is a positive number.
func (c CircDist) Validate() error { return positive("circ dist", "α", c.Alpha) }

// Prob returns p(x).
func (c CircDist) Prob(x float64) float64 { return 0.5 + 0.5*x/math.Hypot(c.Alpha, x) }

// Chance returns the nodes of p(x).
func (c CircDist) Chance(b *graph.Builder, x *G.Node) *G.Node {
	// From 1e9 on the quotient rounds to 1, and squares would soon overflow.
	y := b.Clamp(b.Scale(x, graph.Const(1/c.Alpha)), -1e9, 1e9)
	r := b.Sqrt(b.Shift(b.Square(y), graph.Const(1)))
	return b.Shift(b.Scale(b.Div(y, r), graph.Const(0.5)), graph.Const(0.5))
}

// Deriv returns s(x).
func (c CircDist) Deriv(x float64) float64 { return Circ{Alpha: c.Alpha}.Deriv(x) }

// Smooth returns α x/√(α² + x²), an antiderivative of Deriv.
func (c CircDist) Smooth(x float64) float64 { return Circ{Alpha: c.Alpha}.Smooth(x) }

// Slope returns the nodes of s(x).
func (c CircDist) Slope(b *graph.Builder, x *G.Node) *G.Node { return Circ{Alpha: c.Alpha}.Slope(b, x) }
