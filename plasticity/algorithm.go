package plasticity

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Algorithm says how far a weight moves, depending on where it is.
type Algorithm int

// The algorithms, and how A₊ and A₋ depend on the weight in them.
const (
	// Additive: η₊ and η₋, whatever the weight.
	//
	// S. Song, K. D. Miller and L. F. Abbott, Nat. Neurosci. 3 (2000), 919.
	Additive Algorithm = iota
	// AdditiveStep: η₊ H(w_max − w) and η₋ H(w − w_min), with H(0) = 0.
	AdditiveStep
	// MultiplicativePow: η₊ (w_max − w)^μ and η₋ (w − w_min)^μ, and 0^μ for a
	// weight beyond the bound.
	//
	// R. Gütig et al., J. Neurosci. 23 (2003), 3697.
	MultiplicativePow
	// MultiplicativeRelu: η₊ max(w_max − w, 0) and η₋ max(w − w_min, 0).
	MultiplicativeRelu
)

var algorithmNames = []string{"additive", "additive_step", "multiplicative_pow", "multiplicative_relu"}

// scale returns how far a weight moves for which there is room left in the
// direction of the move, per η; nil for one.
func (a Algorithm) scale(b *graph.Builder, room *G.Node, mu float64) *G.Node {
	switch a {
	case Additive:
		return nil
	case AdditiveStep:
		return b.Above(room, 0)
	case MultiplicativePow:
		return b.Spike(power{mu}, room, graph.Const(0))
	case MultiplicativeRelu:
		return b.Relu(room)
	}
	b.Fail(fmt.Errorf("got algorithm %d, want one of %v", int(a), algorithmNames))
	return nil
}

// power is max(x, 0)^μ, with derivative 0 for x ≤ 0. As a graph.Func it runs
// element by element inside a scan; the slope is that of the function itself.
type power struct{ Mu float64 }

func (p power) Eval(x float64) float64 { return math.Pow(max(x, 0), p.Mu) }
func (p power) Deriv(x float64) float64 {
	if x <= 0 || p.Mu == 0 {
		return 0
	}
	return p.Mu * math.Pow(x, p.Mu-1)
}

// String returns the name of the algorithm, "additive".
func (a Algorithm) String() string {
	if a < 0 || int(a) >= len(algorithmNames) {
		return fmt.Sprintf("Algorithm(%d)", int(a))
	}
	return algorithmNames[a]
}

// UnmarshalText reads the name of an algorithm.
func (a *Algorithm) UnmarshalText(text []byte) error {
	i := slices.Index(algorithmNames, string(text))
	if i < 0 {
		return fmt.Errorf("plasticity: got algorithm %q, want one of %v", text, algorithmNames)
	}
	*a = Algorithm(i)
	return nil
}

// MarshalText writes the name of the algorithm.
func (a Algorithm) MarshalText() ([]byte, error) {
	if a < 0 || int(a) >= len(algorithmNames) {
		return nil, fmt.Errorf("plasticity: got algorithm %d, want one of %v", int(a), algorithmNames)
	}
	return []byte(algorithmNames[a]), nil
}
