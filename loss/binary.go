package loss

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// BinaryCrossEntropy is for samples that may have several labels, or none: each output y is by
// itself the logit of a label, whose target t is 1 or 0 or between, which is checked,
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
	n := axesOf(e.Sequence)
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
	ps, samples := slices.Clone(e.PositiveWeights), shapeOf(out)[axesOf(e.Sequence)-1]
	return apply("binary cross-entropy", out, target, weight, axesOf(e.Sequence), false, kernel{
		func(b batch[float32]) (float64, error) { return logits(ps, samples, b) },
		func(b batch[float64]) (float64, error) { return logits(ps, samples, b) },
	})
}

// logits computes the loss of each output by itself, and its mean over the outputs of a row. Beyond 0 and 1 there is no
// lowest loss, towards which it could train.
func logits[F vec.Float](ps []float64, samples int, b batch[F]) (loss float64, err error) {
	n := len(b.out) / len(b.weight)
	for r, w := range b.weight {
		if w == 0 {
			continue
		}
		share := float64(w) / float64(n)
		for i := range n {
			y, t, p := float64(b.out[r*n+i]), float64(b.target[r*n+i]), 1.0
			if !(t >= 0 && t <= 1) {
				return 0, fmt.Errorf("target %d of sample %d of the batch is %v, want 0 to 1", i, r%samples, t)
			}
			if ps != nil {
				p = ps[i]
			}
			if b.gradient != nil {
				s := 1 / (1 + math.Exp(-y))
				b.gradient[r*n+i] = F(b.scale * share * ((1-t)*s - p*t*(1-s)))
				continue
			}
			// log(1 + exp(−y)) and log(1 + exp(y))
			far := math.Log1p(math.Exp(-math.Abs(y)))
			loss += share * (p*t*(max(-y, 0)+far) + (1-t)*(max(y, 0)+far))
		}
	}
	return loss, nil
}
