package surrogate

import (
	"cmp"
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// MultiGaussian is a spike whose slope is a narrow normal density less two wide
// ones, so that it is negative at some distance from the threshold:
//
//	H(x) = 1 if x > 0, else 0
//	s(x) = (1 + h) N(x; 0, σ) − h N(x; σ, r σ) − h N(x; −σ, r σ)
//
// where N(x; μ, σ) is the density of a normal distribution of mean μ and
// standard deviation σ. The area is 1 − h.
//
// B. Yin, F. Corradi and S. M. Bohté, Nature Machine Intelligence 3 (2021), 905.
type MultiGaussian struct {
	Step
	Sigma float64 // σ, width of the peak, in the unit of x
	H     float64 // h, weight of the wide densities
	Ratio float64 // r, their width over that of the peak (s in the paper)
}

// DefaultMultiGaussian returns σ = 0.5, h = 0.15, r = 6, the authors' choice.
func DefaultMultiGaussian() MultiGaussian {
	return MultiGaussian{Sigma: 0.5, H: 0.15, Ratio: 6}
}

// Validate returns an error unless σ and r are positive numbers and h is a
// number of at least 0.
func (m MultiGaussian) Validate() error {
	var err error
	if !(m.H >= 0) || math.IsInf(m.H, 0) {
		err = fmt.Errorf("surrogate: multi-Gaussian: h is %v, want a finite number of at least 0", m.H)
	}
	return cmp.Or(positive("multi-Gaussian", "σ", m.Sigma), err, positive("multi-Gaussian", "r", m.Ratio))
}

// densities returns the narrow and the wide density.
func (m MultiGaussian) densities() (peak, wide Gaussian) {
	return Gaussian{Sigma: m.Sigma}, Gaussian{Sigma: m.Ratio * m.Sigma}
}

// Deriv returns s(x).
func (m MultiGaussian) Deriv(x float64) float64 {
	peak, wide := m.densities()
	return (1+m.H)*peak.Deriv(x) - m.H*wide.Deriv(x-m.Sigma) - m.H*wide.Deriv(x+m.Sigma)
}

// Smooth returns an antiderivative of Deriv that is 0 at 0.
func (m MultiGaussian) Smooth(x float64) float64 {
	peak, wide := m.densities()
	return (1+m.H)*peak.Smooth(x) - m.H*wide.Smooth(x-m.Sigma) - m.H*wide.Smooth(x+m.Sigma)
}

// Slope returns the nodes of s(x).
func (m MultiGaussian) Slope(b *graph.Builder, x *G.Node) *G.Node {
	peak, wide := m.densities()
	sides := b.Add(wide.Slope(b, b.Shift(x, graph.Const(-m.Sigma))), wide.Slope(b, b.Shift(x, graph.Const(m.Sigma))))
	return b.Sub(b.Scale(peak.Slope(b, x), graph.Const(1+m.H)), b.Scale(sides, graph.Const(m.H)))
}
