package loss

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
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
