package logic

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// MullerC returns the next value of a C element, which waits for its inputs to
// agree: it takes their value where they do, and else keeps its own,
//
//	y ← H(x₁ x₂ + (x₁ + x₂) y)
//
// D. E. Muller and W. S. Bartky, International Symposium on the Theory of
// Switching (1959), 204.
func MullerC(b *graph.Builder, y, x1, x2 *G.Node) *G.Node {
	sum := b.Add(b.Mul(x1, x2), b.Mul(b.Add(x1, x2), y))
	return b.Spike(spike, sum, graph.Const(0))
}

// MullerCs returns the values of C elements over time, from 0 on. The shape of
// the inputs is [T, batch, …], and that of the values the same. An error says
// what is wrong with the inputs.
func MullerCs(x1, x2 *G.Node) (*G.Node, error) {
	b := graph.NewBuilder(x1, nil)
	switch {
	case b.Err() != nil:
	case x2 == nil:
		b.Fail(fmt.Errorf("x2 is nil"))
	case x1.Dims() < 2:
		b.Fail(fmt.Errorf("x1 has shape %v, want [T batch …]", []int(x1.Shape())))
	case !slices.Equal(x1.Shape(), x2.Shape()):
		b.Fail(fmt.Errorf("x1 has shape %v, x2 %v", []int(x1.Shape()), []int(x2.Shape())))
	}
	// A step has one input, so the two go in side by side: [T, 2, batch, …].
	side := func(x *G.Node) *G.Node {
		if b.Err() != nil {
			return nil
		}
		return b.Reshape(x, slices.Insert(slices.Clone([]int(x.Shape())), 1, 1)...)
	}
	s1, s2 := side(x1), side(x2)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("logic: C elements: %w", err)
	}
	xs, err := G.Concat(1, s1, s2)
	if err != nil {
		return nil, fmt.Errorf("logic: C elements: %w", err)
	}
	run, err := graph.Scan(mullerStep, xs, nil, mullerParams{})
	if err != nil {
		return nil, fmt.Errorf("logic: C elements: %w", err)
	}
	return run.Out, nil
}

type mullerState struct {
	Y *G.Node
}

type mullerParams struct{}

func (mullerParams) Rest(x *G.Node) (mullerState, error) {
	var b graph.Builder
	return mullerState{Y: b.Fill(b.At(x, 0), graph.Const(0))}, b.Err()
}

func mullerStep(x *G.Node, s mullerState, _ mullerParams) (*G.Node, mullerState, error) {
	b := graph.NewBuilder(x, nil)
	y := MullerC(b, s.Y, b.At(x, 0), b.At(x, 1))
	return y, mullerState{Y: y}, b.Err()
}
