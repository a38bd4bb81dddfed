package surrogate

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Logistic is a spike that comes by chance, with noise of a logistic
// distribution on the threshold:
//
//	p(x) = ½ + ½ tanh(k x)
//	s(x) = 1 − tanh(k x)²
//
// The slope is that of [Tanh], 2/k times the derivative of the probability.
type Logistic struct {
	Step
	K float64 // k, per unit of x; the larger, the less noise
}

// Validate returns an error unless k is a positive number.
func (l Logistic) Validate() error { return positive("logistic", "k", l.K) }

// Prob returns p(x).
func (l Logistic) Prob(x float64) float64 { return 0.5 + 0.5*math.Tanh(l.K*x) }

// Chance returns the nodes of p(x).
func (l Logistic) Chance(b *graph.Builder, x *G.Node) *G.Node {
	y := b.Tanh(b.Scale(x, graph.Const(l.K)))
	return b.Shift(b.Scale(y, graph.Const(0.5)), graph.Const(0.5))
}

// Deriv returns s(x).
func (l Logistic) Deriv(x float64) float64 { return Tanh{K: l.K}.Deriv(x) }

// Smooth returns tanh(k x)/k, an antiderivative of Deriv.
func (l Logistic) Smooth(x float64) float64 { return Tanh{K: l.K}.Smooth(x) }

// Slope returns the nodes of s(x).
func (l Logistic) Slope(b *graph.Builder, x *G.Node) *G.Node { return Tanh{K: l.K}.Slope(b, x) }
