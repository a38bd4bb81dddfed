package loss

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// TET is the loss of temporal efficient training: the cross-entropy of the outputs [T, batch,
// classes] at every time step, and how far all outputs are from one level,
//
//	L = (1−λ) mean_t l_CE(y(t)) + λ mean_t mean_c (y_c(t) − φ)².
//
// With a λ of 0 it is CrossEntropy{Sequence: true}.
//
// S. Deng, Y. Li, S. Zhang and S. Gu, Temporal efficient training of spiking neural network via
// gradient re-weighting, ICLR (2022), equations 8 and 9.
type TET struct {
	Lambda float64 // λ, from 0 to 1; Deng et al. take 0.05 for static images and 0.001 for recordings
	Level  float64 // φ; Deng et al. take the threshold, 1
}

// OverTime returns true.
func (TET) OverTime() bool { return true }

// Target returns [batch].
func (t TET) Target(out tensor.Shape) ([]int, error) {
	if !(t.Lambda >= 0 && t.Lambda <= 1) {
		return nil, fmt.Errorf("TET: Lambda is %v, want a number from 0 to 1", t.Lambda)
	}
	return labels("TET", out, true)
}

// Cost returns the mean of the samples.
func (t TET) Cost(out, target, weight *G.Node) (*G.Node, error) {
	if _, err := t.Target(shapeOf(out)); err != nil {
		return nil, err
	}
	entropy, err := CrossEntropy{Sequence: true}.Cost(out, target, weight)
	if err != nil {
		return nil, fmt.Errorf("TET: %w", err)
	}
	if t.Lambda == 0 {
		return entropy, nil
	}
	b := graph.NewBuilder(out, nil)
	square := b.Square(b.Shift(out, graph.Const(-t.Level)))
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("TET: %w", err)
	}
	level, err := weighted("TET", square, weight, 2, t.Lambda/float64(out.Shape()[2]))
	if err != nil {
		return nil, err
	}
	sum := b.Add(b.Scale(entropy, graph.Const(1-t.Lambda)), level)
	return sum, b.Err()
}

// shapeOf returns the shape of a node, nil of none.
func shapeOf(n *G.Node) tensor.Shape {
	if n == nil {
		return nil
	}
	return n.Shape()
}
