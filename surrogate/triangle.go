package surrogate

import (
	"cmp"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Triangle is a spike whose slope is a triangle of half-width w, and 0 outside:
//
//	H(x) = 1 if x > 0, else 0
//	s(x) = α max(0, 1 − |x|/w)
//
// S. K. Esser et al., PNAS 113 (2016), 11441; G. Bellec et al., Nature
// Communications 11 (2020), 3625.
type Triangle struct {
	Step
	Alpha float64 // α, the slope at the threshold; w α is 0.3 in Bellec et al.
	Width float64 // w, where the slope ends, there the threshold; 0 means 1
}

// Validate returns an error unless α is a positive number, and w one or 0.
func (t Triangle) Validate() error {
	if err := positive("triangle", "α", t.Alpha); err != nil {
		return err
	}
	return positive("triangle", "the width", t.width())
}

func (t Triangle) width() float64 { return cmp.Or(t.Width, 1) }

// Deriv returns s(x).
func (t Triangle) Deriv(x float64) float64 { return t.Alpha * math.Max(0, 1-math.Abs(x)/t.width()) }

// Smooth returns an antiderivative of Deriv that is 0 at 0.
func (t Triangle) Smooth(x float64) float64 {
	a := math.Min(t.width(), math.Abs(x))
	return math.Copysign(t.Alpha*(a-a*a/(2*t.width())), x)
}

// Slope returns the nodes of s(x).
func (t Triangle) Slope(b *graph.Builder, x *G.Node) *G.Node {
	return b.Scale(b.Relu(b.Not(b.Scale(b.Abs(x), graph.Const(1/t.width())))), graph.Const(t.Alpha))
}
