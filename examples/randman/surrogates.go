package main

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/surrogate"
)

// A slope is what a surrogate says of the derivative of a spike.
type slope interface {
	Deriv(x float64) float64
	Slope(b *graph.Builder, x *G.Node) *G.Node
}

// shapes are families of surrogates of height 1, the narrower the larger β. The
// first three are those of the paper.
var shapes = []struct {
	name string
	of   func(beta float64) slope
}{
	{"SuperSpike", func(beta float64) slope { return surrogate.SuperSpike{Alpha: beta} }},
	{"sigmoid", func(beta float64) slope { return surrogate.Tanh{K: beta / 2} }}, // 4 σ(βx) (1 − σ(βx))
	{"piecewise linear", func(beta float64) slope { return surrogate.PiecewiseLinear{Alpha: beta} }},
	{"Gaussian", func(beta float64) slope { // exp(−(βx)²)
		return scaled{slope: surrogate.Erfc{K: beta}, height: math.Sqrt(math.Pi) / 2}
	}},
}

// scaled is a spike whose slope is another one times a height.
type scaled struct {
	surrogate.Step
	slope
	height float64
}

// Deriv returns the slope.
func (s scaled) Deriv(x float64) float64 { return s.height * s.slope.Deriv(x) }

// Slope returns the nodes of the slope.
func (s scaled) Slope(b *graph.Builder, x *G.Node) *G.Node {
	return b.Scale(s.slope.Slope(b, x), graph.Const(s.height))
}
