package surrogate

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Circ is a spike with the slope of x/√(α² + x²):
//
//	H(x) = 1 if x > 0, else 0
//	s(x) = (α / √(α² + x²))³
//
// which is 1 at the threshold whatever α is.
type Circ struct {
	Step
	Alpha float64 // α, in the unit of x; the smaller, the narrower
}

// Validate returns an error unless α is a positive number.
func (c Circ) Validate() error { return positive("circ", "α", c.Alpha) }

// Deriv returns s(x).
func (c Circ) Deriv(x float64) float64 {
	r := c.Alpha / math.Hypot(c.Alpha, x)
	return r * r * r
}

// Smooth returns α x/√(α² + x²), an antiderivative of Deriv.
func (c Circ) Smooth(x float64) float64 { return c.Alpha * x / math.Hypot(c.Alpha, x) }

// Slope returns the nodes of s(x).
func (c Circ) Slope(b *graph.Builder, x *G.Node) *G.Node {
	y := b.Square(b.Scale(x, graph.Const(1/c.Alpha)))
	r := b.Inv(b.Sqrt(b.Shift(y, graph.Const(1))))
	return b.Mul(b.Square(r), r)
}
