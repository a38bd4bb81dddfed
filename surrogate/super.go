package surrogate

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// SuperSpike is a spike with the slope of a fast sigmoid:
//
//	H(x) = 1 if x > 0, else 0
//	s(x) = 1 / (1 + α|x|)²
//
// F. Zenke and S. Ganguli, Neural Computation 30 (2018), 1514.
type SuperSpike struct {
	Step
	Alpha float64 // α, per unit of x; the larger, the closer to a step
}

// Validate returns an error unless α is a positive number.
func (s SuperSpike) Validate() error { return positive("SuperSpike", "α", s.Alpha) }

// Deriv returns s(x).
func (s SuperSpike) Deriv(x float64) float64 {
	d := 1 + s.Alpha*math.Abs(x)
	return 1 / (d * d)
}

// Smooth returns x / (1 + α|x|), an antiderivative of Deriv.
func (s SuperSpike) Smooth(x float64) float64 { return x / (1 + s.Alpha*math.Abs(x)) }

// Slope returns the nodes of s(x).
func (s SuperSpike) Slope(b *graph.Builder, x *G.Node) *G.Node {
	d := b.Shift(b.Scale(b.Abs(x), graph.Const(s.Alpha)), graph.Const(1))
	return b.Square(b.Inv(d))
}
