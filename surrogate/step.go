package surrogate

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Step is the Heaviside function, H(x) = 1 for x > 0 and else 0. The spike
// functions of this package embed it.
type Step struct{}

// Eval returns H(x). H(0) is 0.
func (Step) Eval(x float64) float64 {
	if x > 0 {
		return 1
	}
	return 0
}

// Heaviside says that Eval is H, so that a scan may compute it as a comparison.
func (Step) Heaviside() {}

// Smoother is a spike function with an antiderivative of its slope.
type Smoother interface {
	graph.Func
	Smooth(x float64) float64
}

// Smooth returns f with its Smooth form in place of the step: a neuron that
// fires by it is differentiable, and finite differences can check its gradient.
func Smooth(f Smoother) graph.Func { return smooth{f} }

type smooth struct{ f Smoother }

func (s smooth) Eval(x float64) float64  { return s.f.Smooth(x) }
func (s smooth) Deriv(x float64) float64 { return s.f.Deriv(x) }

// Threshold returns f(x), the spikes of values with the threshold 0, as a node
// of the shape of x. The gradient is the surrogate's.
func Threshold(x *G.Node, f graph.Func) (*G.Node, error) {
	z, err := threshold(x, f)
	if err != nil {
		return nil, fmt.Errorf("surrogate: threshold: %w", err)
	}
	return z, nil
}

// Sign returns 2 f(x) − 1, which is 1 where x is above 0 and else −1.
func Sign(x *G.Node, f graph.Func) (*G.Node, error) {
	z, err := threshold(x, f)
	if err != nil {
		return nil, fmt.Errorf("surrogate: sign: %w", err)
	}
	var b graph.Builder
	y := b.Shift(b.Scale(z, graph.Const(2)), graph.Const(-1))
	return y, b.Err()
}

func threshold(x *G.Node, f graph.Func) (*G.Node, error) {
	if err := Check(f); err != nil {
		return nil, err
	}
	b := graph.NewBuilder(x, nil)
	return b.Spike(f, x, graph.Const(0)), b.Err()
}
