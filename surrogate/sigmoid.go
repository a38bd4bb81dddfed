package surrogate

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Sigmoid is a spike with the slope of a logistic function:
//
//	H(x) = 1 if x > 0, else 0
//	s(x) = α σ(α x) (1 − σ(α x)),  σ(y) = 1 / (1 + exp(−y))
//
// which is α/4 at the threshold, and whose area is 1. SpikingJelly's default is
// α = 4, snnTorch's 25. The paper leaves out the factor α.
//
// F. Zenke and T. P. Vogels, Neural Computation 33 (2021), 899.
type Sigmoid struct {
	Step
	Alpha float64 // α, per unit of x; the larger, the narrower and higher
}

// Validate returns an error unless α is a positive number.
func (s Sigmoid) Validate() error { return positive("sigmoid", "α", s.Alpha) }

// Deriv returns s(x) = α/4 (1 − tanh(α x/2)²).
func (s Sigmoid) Deriv(x float64) float64 { return s.Alpha / 4 * Tanh{K: s.Alpha / 2}.Deriv(x) }

// Smooth returns ½ tanh(½ α x) = σ(α x) − ½, an antiderivative of Deriv.
func (s Sigmoid) Smooth(x float64) float64 { return math.Tanh(s.Alpha*x/2) / 2 }

// Slope returns the nodes of s(x). Gorgonia's own sigmoid
// is 1 from 19 on, which would cut the slope off.
func (s Sigmoid) Slope(b *graph.Builder, x *G.Node) *G.Node {
	return b.Scale(Tanh{K: s.Alpha / 2}.Slope(b, x), graph.Const(s.Alpha/4))
}
