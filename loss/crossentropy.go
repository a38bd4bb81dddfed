package loss

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
)

// CrossEntropy is the cross-entropy of the softmax of outputs against labels,
//
//	l = −log p_label,  p_c = exp(y_c) / Σ_k exp(y_k),
//
// averaged over the samples. It is computed with the largest output taken off, so that outputs
// of any size are safe. The outputs are [batch, classes], mostly those of a readout.
//
// With a Smoothing ε the label has 1−ε of the target, and all classes, it too, share ε:
//
//	l = −(1−ε) log p_label − ε/C Σ_c log p_c
//
// (C. Szegedy et al., Rethinking the inception architecture, CVPR (2016), section 7).
//
// ClassWeights are for classes that are not equally frequent. Each term of class c counts w_c
// times, and the mean over the samples of a batch, at each time step, is one weighted by the
// w_label, as in PyTorch: Σ_b w_label(b) l_b / Σ_b w_label(b).
type CrossEntropy struct {
	Sequence     bool      // outputs are [T, batch, classes]: the cross-entropy at every time step, averaged over the steps of each sample
	ClassWeights []float64 // one a class, at least 0; nil means 1
	Smoothing    float64   // ε, from 0 to below 1
}

// OverTime returns c.Sequence.
func (c CrossEntropy) OverTime() bool { return c.Sequence }

// Target returns [batch].
func (c CrossEntropy) Target(out tensor.Shape) ([]int, error) {
	return labels("cross-entropy", out, c.Sequence)
}

// Cost returns the mean cross-entropy of the samples. A label that is no class is an error when
// the graph runs.
func (c CrossEntropy) Cost(out, target, weight *G.Node) (*G.Node, error) {
	return classified("cross-entropy", out, target, weight, c.Sequence, scores{weights: c.ClassWeights, smoothing: c.Smoothing, softmax: true})
}

// NegativeLogLikelihood is CrossEntropy of outputs that are logarithms of probabilities
// already: l = −y_label.
type NegativeLogLikelihood struct {
	Sequence     bool      // outputs are [T, batch, classes], as in CrossEntropy
	ClassWeights []float64 // as in CrossEntropy
}

// OverTime returns n.Sequence.
func (n NegativeLogLikelihood) OverTime() bool { return n.Sequence }

// Target returns [batch].
func (n NegativeLogLikelihood) Target(out tensor.Shape) ([]int, error) {
	return labels("negative log-likelihood", out, n.Sequence)
}

// Cost returns the mean of the samples.
func (n NegativeLogLikelihood) Cost(out, target, weight *G.Node) (*G.Node, error) {
	return classified("negative log-likelihood", out, target, weight, n.Sequence, scores{weights: n.ClassWeights})
}

// scores says how a row of outputs is held against a label.
type scores struct {
	weights   []float64
	smoothing float64
	softmax   bool // the outputs are not normalised yet
}

func (s scores) check(classes int) error {
	if s.weights != nil && len(s.weights) != classes {
		return fmt.Errorf("there are %d class weights, want one for each of %d classes", len(s.weights), classes)
	}
	for c, w := range s.weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return fmt.Errorf("the weight of class %d is %v, want a finite number of at least 0", c, w)
		}
	}
	if !(s.smoothing >= 0 && s.smoothing < 1) {
		return fmt.Errorf("the smoothing is %v, want a number from 0 to below 1", s.smoothing)
	}
	return nil
}

// classified returns the loss of outputs against labels.
func classified(name string, out, target, weight *G.Node, sequence bool, s scores) (*G.Node, error) {
	var b graph.Builder
	if !b.Check(name, out, target, weight) {
		return nil, b.Err()
	}
	n, err := axes(name, out, sequence)
	if err != nil {
		return nil, err
	}
	shape := out.Shape()
	if len(shape) != n+1 {
		return nil, fmt.Errorf("%s: outputs have shape %v, want one more axis than the weights, classes", name, []int(shape))
	}
	if want := shape[n-1 : n]; !slices.Equal(target.Shape(), want) || !slices.Equal(weight.Shape(), shape[:n]) {
		return nil, fmt.Errorf("%s: labels have shape %v and weights %v, want %v and %v",
			name, ops.ShapeOf(target), ops.ShapeOf(weight), []int(want), []int(shape[:n]))
	}
	if target.Dtype() != out.Dtype() || weight.Dtype() != out.Dtype() || !ops.IsFloat(out.Dtype()) {
		return nil, fmt.Errorf("%s: outputs, labels and weights have elements of type %v, %v and %v, want one of float32 and float64",
			name, out.Dtype(), target.Dtype(), weight.Dtype())
	}
	if err := s.check(shape[n]); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s.weights = slices.Clone(s.weights)
	in := G.Nodes{out, target, weight}
	l := b.Apply(&classesOp{Signature: ops.SignatureOf(in, out.Dtype(), nil), name: name, scores: s}, in...)
	return l, b.Err()
}
