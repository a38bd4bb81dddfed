package surrogate

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Triangle is a spike whose slope is a triangle of half-width 1, and 0 outside:
//
//	H(x) = 1 if x > 0, else 0
//	s(x) = α max(0, 1 − |x|)
//
// S. K. Esser et al., PNAS 113 (2016), 11441; G. Bellec et al., Nature
// Communications 11 (2020), 3625.
type Triangle struct {
	Step
	Alpha float64 // α, the slope at the threshold; 0.3 in Bellec et al.
}

// Validate returns an error unless α is a positive number.
func (t Triangle) Validate() error { return positive("triangle", "α", t.Alpha) }

// Deriv returns s(x).
func (t Triangle) Deriv(x float64) float64 { return t.Alpha * math.Max(0, 1-math.Abs(x)) }

// Smooth returns an antiderivative of Deriv that is 0 at 0.
func (t Triangle) Smooth(x float64) float64 {
	a := math.Min(1, math.Abs(x))
	return math.Copysign(t.Alpha*(a-a*a/2), x)
}

// Slope returns the nodes of s(x).
func (t Triangle) Slope(b *graph.Builder, x *G.Node) *G.Node {
	return b.Scale(b.Relu(b.Not(b.Abs(x))), graph.Const(t.Alpha))
}
