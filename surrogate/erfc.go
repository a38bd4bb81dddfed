package surrogate

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Erfc is a spike with the slope of an error function, a Gaussian:
//
//	H(x) = 1 if x > 0, else 0
//	s(x) = 2/√π exp(−(k x)²)
//
// which is 2/√π at the threshold whatever k is.
type Erfc struct {
	Step
	K float64 // k, per unit of x; the larger, the narrower
}

// Validate returns an error unless k is a positive number.
func (e Erfc) Validate() error { return positive("erfc", "k", e.K) }

// Deriv returns s(x).
func (e Erfc) Deriv(x float64) float64 {
	return 2 / math.SqrtPi * math.Exp(-(e.K*x)*(e.K*x))
}

// Smooth returns erf(k x)/k, an antiderivative of Deriv.
func (e Erfc) Smooth(x float64) float64 { return math.Erf(e.K*x) / e.K }

// Slope returns the nodes of s(x).
func (e Erfc) Slope(b *graph.Builder, x *G.Node) *G.Node {
	y := b.Square(b.Scale(x, graph.Const(e.K)))
	return b.Scale(b.Exp(b.Neg(y)), graph.Const(2/math.SqrtPi))
}
