package train

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// A Loss measures how far the outputs of a network are from their targets.
type Loss interface {
	// Target returns the shape of the targets of a batch for outputs of the given
	// shape; [batch] means that they are the labels of classes.
	Target(out tensor.Shape) ([]int, error)
	// Cost returns the loss as a scalar. The weights [batch] of the samples sum to
	// 1; a sample of weight 0 is padding.
	Cost(out, target, weight *G.Node) (*G.Node, error)
}

// CrossEntropy is the cross-entropy of the softmax of outputs [batch, classes],
// mostly a readout, against labels. Outputs of any size are safe.
type CrossEntropy struct{}

// Target returns [batch].
func (CrossEntropy) Target(out tensor.Shape) ([]int, error) { return labels("cross-entropy", out) }

func labels(name string, out tensor.Shape) ([]int, error) {
	if len(out) != 2 {
		return nil, fmt.Errorf("%s: outputs have shape %v, want [batch classes]; is a readout missing?", name, []int(out))
	}
	return []int{out[0]}, nil
}

// Cost returns the mean cross-entropy of the samples.
func (CrossEntropy) Cost(out, target, weight *G.Node) (*G.Node, error) {
	return graph.CrossEntropy(out, target, weight)
}

// MeanSquared is the mean squared error against targets of the shape of the
// outputs, which are [batch, …] after a readout or [T, batch, …] without one.
type MeanSquared struct {
	Sequence bool // outputs and targets are sequences
}

// Target returns the shape of the outputs.
func (m MeanSquared) Target(out tensor.Shape) ([]int, error) {
	if len(out) < 2 || m.Sequence && len(out) < 3 {
		return nil, fmt.Errorf("mean squared error: outputs have shape %v", []int(out))
	}
	return out, nil
}

// Cost returns the mean over samples, outputs and, of a sequence, time.
func (m MeanSquared) Cost(out, target, weight *G.Node) (*G.Node, error) {
	var b graph.Builder
	cost := b.Square(b.Sub(out, target))
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("mean squared error: %w", err)
	}
	n := out.Shape().TotalSize() / weight.Shape()[0]
	if m.Sequence {
		var err error
		if cost, err = graph.SumOverTime(cost); err != nil {
			return nil, err
		}
	}
	return weighted(&b, cost, weight, 1/float64(n))
}

// weighted returns the sum of x [batch, …] over all axes, each sample weighted,
// times scale.
func weighted(b *graph.Builder, x, weight *G.Node, scale float64) (*G.Node, error) {
	column := make([]int, len(x.Shape()))
	for i := range column {
		column[i] = 1
	}
	column[0] = x.Shape()[0]
	w := b.Expand(b.Reshape(weight, column...), x.Shape())
	c := b.Scale(b.Reduce(b.Mul(x, w), nil), graph.Const(scale))
	return c, b.Err()
}

// SpikeCount is the squared distance of spike counts [batch, classes] from a
// count for the right class and one for the others, over the square of the
// former, averaged over classes.
//
// S. Shrestha and G. Orchard, SLAYER: Spike Layer Error Reassignment in Time,
// NeurIPS (2018).
type SpikeCount struct {
	Right, Wrong float64 // spikes wanted; Right is at least 1
}

// Target returns [batch].
func (s SpikeCount) Target(out tensor.Shape) ([]int, error) {
	if !(s.Right >= 1) || !(s.Wrong >= 0) {
		return nil, fmt.Errorf("spike count: %v and %v spikes are wanted of right and wrong classes, want at least 1 and 0", s.Right, s.Wrong)
	}
	return labels("spike count", out)
}

// Cost returns the mean over samples.
func (s SpikeCount) Cost(out, target, weight *G.Node) (*G.Node, error) {
	var b graph.Builder
	want, err := graph.OneHot(target, out.Shape()[1])
	if err != nil {
		return nil, err
	}
	want = b.Shift(b.Scale(want, graph.Const(s.Right-s.Wrong)), graph.Const(s.Wrong))
	cost := b.Square(b.Sub(out, want))
	return weighted(&b, cost, weight, 1/(s.Right*s.Right*float64(out.Shape()[1])))
}
