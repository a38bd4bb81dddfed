package surrogate

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Tanh is a spike with the slope
//
//	H(x) = 1 if x > 0, else 0
//	s(x) = 1 − tanh(k x)²
//
// which is 1 at the threshold whatever k is.
type Tanh struct {
	Step
	K float64 // k, per unit of x; the larger, the narrower
}

// Validate returns an error unless k is a positive number.
func (t Tanh) Validate() error { return positive("tanh", "k", t.K) }

// Deriv returns s(x).
func (t Tanh) Deriv(x float64) float64 {
	y := math.Tanh(t.K * x)
	return 1 - y*y
}

// Smooth returns tanh(k x)/k, an antiderivative of Deriv.
func (t Tanh) Smooth(x float64) float64 { return math.Tanh(t.K*x) / t.K }

// Slope returns the nodes of s(x).
func (t Tanh) Slope(b *graph.Builder, x *G.Node) *G.Node {
	return b.Not(b.Square(b.Tanh(b.Scale(x, graph.Const(t.K)))))
}
