package loss

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/readout"
)

// A Loss measures how far the outputs of a network are from their targets. Where
// outputs and targets are sequences, [T, batch, …], it has a method
// OverTime() bool that returns true.
type Loss interface {
	// Target returns the shape of the targets of a batch for outputs of the given
	// shape; [batch] means that they are the labels of classes.
	Target(out tensor.Shape) ([]int, error)
	// Cost returns the loss as a scalar. The weights [batch] of the samples sum to 1,
	// and so do, where outputs and targets are sequences, the weights [T, batch] of
	// their time steps; weight 0 is padding. What a step adds to the loss of sequences
	// is proportional to its weight.
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
	return readout.CrossEntropy(out, target, weight)
}

// MeanSquared is the mean squared error against targets of the shape of the
// outputs, which are [batch, …] after a readout or [T, batch, …] without one.
type MeanSquared struct {
	Sequence bool // outputs and targets are sequences
}

// OverTime returns m.Sequence.
func (m MeanSquared) OverTime() bool { return m.Sequence }

// Target returns the shape of the outputs.
func (m MeanSquared) Target(out tensor.Shape) ([]int, error) {
	switch {
	case m.Sequence && len(out) < 3:
		return nil, fmt.Errorf("mean squared error: outputs have shape %v, want [T batch …]", []int(out))
	case len(out) < 2:
		return nil, fmt.Errorf("mean squared error: outputs have shape %v, want [batch …]", []int(out))
	}
	return out, nil
}

// Cost returns the mean over samples, outputs and, of a sequence, time.
func (m MeanSquared) Cost(out, target, weight *G.Node) (*G.Node, error) {
	b := graph.NewBuilder(out, nil)
	cost := b.Square(b.Sub(out, target))
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("mean squared error: %w", err)
	}
	if _, err := m.Target(out.Shape()); err != nil {
		return nil, err
	}
	axes := 1
	if m.Sequence {
		axes = 2
	}
	return weighted("mean squared error", cost, weight, axes, 1/float64(out.Shape()[axes:].TotalSize()))
}

// weighted returns the sum of x over all axes, weighted by the elements of weight,
// which has so many axes, times scale.
func weighted(name string, x, weight *G.Node, axes int, scale float64) (*G.Node, error) {
	column := make([]int, x.Dims())
	for i := range column {
		column[i] = 1
	}
	copy(column, x.Shape()[:axes])
	b := graph.NewBuilder(x, nil)
	w := b.Expand(b.Reshape(weight, column...), x.Shape())
	c := b.Scale(b.Reduce(b.Mul(x, w), nil), graph.Const(scale))
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("%s: weights of the samples: %w", name, err)
	}
	return c, nil
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
	if !(s.Right >= 1) || !(s.Wrong >= 0) || math.IsInf(s.Right, 0) || math.IsInf(s.Wrong, 0) {
		return nil, fmt.Errorf("spike count: Right is %v and Wrong %v, want finite numbers of at least 1 and 0", s.Right, s.Wrong)
	}
	return labels("spike count", out)
}

// Cost returns the mean over samples.
func (s SpikeCount) Cost(out, target, weight *G.Node) (*G.Node, error) {
	b := graph.NewBuilder(out, nil)
	if b.Err() != nil || out.Dims() != 2 {
		return nil, cmp.Or(b.Err(), errors.New("spike count: outputs are no matrix, want [batch classes]"))
	}
	classes := out.Shape()[1]
	want, err := readout.OneHot(target, classes)
	if err != nil {
		return nil, err
	}
	want = b.Shift(b.Scale(want, graph.Const(s.Right-s.Wrong)), graph.Const(s.Wrong))
	cost := b.Square(b.Sub(out, want))
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("spike count: %w", err)
	}
	return weighted("spike count", cost, weight, 1, 1/(s.Right*s.Right*float64(classes)))
}
