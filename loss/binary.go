package loss

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// BinaryCrossEntropy is for samples that may have several labels, or none: each output y is by
// itself the logit of a label, whose target t is 1 or 0 or between,
//
//	l = −p t log σ(y) − (1−t) log(1 − σ(y)),  σ(y) = 1/(1 + exp(−y)),
//
// averaged over outputs and samples. Outputs of any size are safe. The weights p of what is
// there are for labels that are rare.
type BinaryCrossEntropy struct {
	Sequence        bool      // outputs and targets are sequences [T, batch, …]
	PositiveWeights []float64 // p, one for each output of a sample at a time step, at least 0; nil means 1
}

// OverTime returns e.Sequence.
func (e BinaryCrossEntropy) OverTime() bool { return e.Sequence }

// Target returns the shape of the outputs.
func (e BinaryCrossEntropy) Target(out tensor.Shape) ([]int, error) {
	n := 1
	if e.Sequence {
		n = 2
	}
	if len(out) <= n {
		return nil, fmt.Errorf("binary cross-entropy: outputs have shape %v, want more than %d axes", []int(out), n)
	}
	if p := e.PositiveWeights; p != nil && len(p) != out[n:].TotalSize() {
		return nil, fmt.Errorf("binary cross-entropy: there are %d positive weights, want one for each of %d outputs", len(p), out[n:].TotalSize())
	}
	for i, p := range e.PositiveWeights {
		if !(p >= 0) || math.IsInf(p, 0) {
			return nil, fmt.Errorf("binary cross-entropy: positive weight %d is %v, want a finite number of at least 0", i, p)
		}
	}
	return out, nil
}

// Cost returns the mean.
func (e BinaryCrossEntropy) Cost(out, target, weight *G.Node) (*G.Node, error) {
	if _, err := e.Target(shapeOf(out)); err != nil {
		return nil, err
	}
	ps := slices.Clone(e.PositiveWeights)
	return elementwise("binary cross-entropy", out, target, weight, e.Sequence, func(i int, y, t float64) (l, d float64) {
		p := 1.0
		if ps != nil {
			p = ps[i]
		}
		// log(1 + exp(−y)) and log(1 + exp(y)), and the logistic function
		far := math.Log1p(math.Exp(-math.Abs(y)))
		there, not := max(-y, 0)+far, max(y, 0)+far
		s := 1 / (1 + math.Exp(-y))
		return p*t*there + (1-t)*not, (1-t)*s - p*t*(1-s)
	})
}
