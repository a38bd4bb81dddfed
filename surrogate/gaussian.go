package surrogate

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Gaussian is a spike whose slope is the density of a normal distribution:
//
//	H(x) = 1 if x > 0, else 0
//	s(x) = exp(−x²/(2σ²)) / (√(2π) σ)
//
// which is about 0.4/σ at the threshold, and whose area is 1.
//
// B. Yin, F. Corradi and S. M. Bohté, Nature Machine Intelligence 3 (2021), 905.
type Gaussian struct {
	Step
	Sigma float64 // σ, in the unit of x; 0.5 in the authors' programs
}

// Validate returns an error unless σ is a positive number.
func (g Gaussian) Validate() error { return positive("Gaussian", "σ", g.Sigma) }

// Deriv returns s(x).
func (g Gaussian) Deriv(x float64) float64 {
	y := x / g.Sigma
	return math.Exp(-y*y/2) * g.height()
}

// Smooth returns ½ erf(x/(√2 σ)), an antiderivative of Deriv.
func (g Gaussian) Smooth(x float64) float64 { return math.Erf(x/(math.Sqrt2*g.Sigma)) / 2 }

// Slope returns the nodes of s(x).
func (g Gaussian) Slope(b *graph.Builder, x *G.Node) *G.Node {
	y := b.Square(b.Scale(x, graph.Const(1/(math.Sqrt2*g.Sigma))))
	return b.Scale(b.Exp(b.Neg(y)), graph.Const(g.height()))
}

// height returns s(0).
func (g Gaussian) height() float64 { return 1 / (math.Sqrt(2*math.Pi) * g.Sigma) }
