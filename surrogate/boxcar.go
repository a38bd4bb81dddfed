package surrogate

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Boxcar is a spike through which the gradient passes straight, if the input is
// near enough to the threshold:
//
//	H(x) = 1 if x > 0, else 0
//	s(x) = 1/a if |x| < a/2, else 0
//
// whose area is 1. With a = 2 it is half the straight-through estimator of
// binary networks.
//
// Y. Wu et al., Frontiers in Neuroscience 12 (2018), 331; I. Hubara et al.,
// NIPS (2016), 4107.
type Boxcar struct {
	Step
	Width float64 // a, in the unit of x
}

// Validate returns an error unless the width is a positive number.
func (c Boxcar) Validate() error { return positive("boxcar", "the width", c.Width) }

// Deriv returns s(x).
func (c Boxcar) Deriv(x float64) float64 {
	if math.Abs(x) < c.Width/2 {
		return 1 / c.Width
	}
	return 0
}

// Smooth returns x/a, clamped to [−½, ½], an antiderivative of Deriv.
func (c Boxcar) Smooth(x float64) float64 { return math.Max(-0.5, math.Min(x/c.Width, 0.5)) }

// Slope returns the nodes of s(x).
func (c Boxcar) Slope(b *graph.Builder, x *G.Node) *G.Node {
	inside := b.Above(b.Neg(b.Abs(x)), -c.Width/2)
	return b.Scale(inside, graph.Const(1/c.Width))
}
