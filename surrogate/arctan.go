package surrogate

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Arctan is a spike with the slope of an arctangent, the default of snnTorch and
// of SpikingJelly (ATan in both, α = 2):
//
//	H(x) = 1 if x > 0, else 0
//	s(x) = α/2 / (1 + (π/2 α x)²)
//
// which is α/2 at the threshold, and whose area is 1.
//
// W. Fang et al., ICCV (2021), 2641.
type Arctan struct {
	Step
	Alpha float64 // α, per unit of x; the larger, the narrower and higher
}

// Validate returns an error unless α is a positive number.
func (a Arctan) Validate() error { return positive("arctan", "α", a.Alpha) }

// Deriv returns s(x).
func (a Arctan) Deriv(x float64) float64 {
	y := math.Pi / 2 * a.Alpha * x
	return a.Alpha / 2 / (1 + y*y)
}

// Smooth returns arctan(π/2 α x)/π, an antiderivative of Deriv.
func (a Arctan) Smooth(x float64) float64 { return math.Atan(math.Pi/2*a.Alpha*x) / math.Pi }

// Slope returns the nodes of s(x).
func (a Arctan) Slope(b *graph.Builder, x *G.Node) *G.Node {
	y := b.Square(b.Scale(x, graph.Const(math.Pi/2*a.Alpha)))
	return b.Scale(b.Inv(b.Shift(y, graph.Const(1))), graph.Const(a.Alpha/2))
}
