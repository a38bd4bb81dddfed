package surrogate

import (
	"fmt"
	"math"

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

// ByName returns the spike function that Norse calls by that name: heaviside,
// super, triangle, tanh, heavi_erfc or circ, with the given α (or k).
func ByName(name string, alpha float64) (graph.Func, error) {
	if math.IsNaN(alpha) || math.IsInf(alpha, 0) {
		return nil, fmt.Errorf("surrogate: %s: α is %v, want a finite number", name, alpha)
	}
	switch name {
	case "heaviside":
		return Heaviside{}, nil
	case "super":
		return SuperSpike{Alpha: alpha}, nil
	case "triangle":
		return Triangle{Alpha: alpha}, nil
	case "tanh":
		return Tanh{K: alpha}, nil
	case "heavi_erfc":
		return Erfc{K: alpha}, nil
	case "circ":
		return Circ{Alpha: alpha}, nil
	}
	return nil, fmt.Errorf("surrogate: no spike function %q, want heaviside, super, triangle, tanh, heavi_erfc or circ", name)
}
