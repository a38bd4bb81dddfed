package loss

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// A Loss measures how far the outputs of a network are from their targets. Where
// outputs are sequences, [T, batch, …], it has a method OverTime() bool that returns true, and
// if it makes more of a sequence than a sum over its steps, a method Whole(), by which it is
// refused where a model goes through sequences in parts. Where the answer of a network is not
// the class of the largest output, a method Scores([]float64) makes scores of the outputs of a
// sample, in their place, of which it is.
type Loss interface {
	// Target returns the shape of the targets of a batch for outputs of the given
	// shape; [batch] means that they are the labels of classes, also where outputs are
	// sequences. Else the targets of sequences are sequences, [T, batch, …].
	Target(out tensor.Shape) ([]int, error)
	// Cost returns the loss as a scalar. The weights [batch] of the samples sum to 1,
	// and so do, where outputs are sequences, the weights [T, batch] of their time steps;
	// weight 0 is padding. What a step adds to the loss of sequences is proportional to
	// its weight.
	Cost(out, target, weight *G.Node) (*G.Node, error)
}

// labels returns the shape of the targets of a loss of that name that are labels of classes.
func labels(name string, out tensor.Shape, sequence bool) ([]int, error) {
	switch {
	case sequence && len(out) == 3:
		return []int{out[1]}, nil
	case !sequence && len(out) == 2:
		return []int{out[0]}, nil
	case sequence:
		return nil, fmt.Errorf("%s: outputs have shape %v, want [T batch classes]; is there a readout too many, or Sequence set?", name, []int(out))
	case len(out) == 3:
		return nil, fmt.Errorf("%s: outputs have shape %v, want [batch classes]; is a readout missing? With Sequence the loss is that at every time step", name, []int(out))
	}
	return nil, fmt.Errorf("%s: outputs have shape %v, want [batch classes]; is a readout missing?", name, []int(out))
}

// axesOf returns how many axes the weights have.
func axesOf(sequence bool) int {
	if sequence {
		return 2
	}
	return 1
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
