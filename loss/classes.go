package loss

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/vec"
)

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
	if len(s.weights) > 0 && slices.Max(s.weights) == 0 {
		return fmt.Errorf("the weights of all %d classes are 0, want one above 0 at least", len(s.weights))
	}
	if !(s.smoothing >= 0 && s.smoothing < 1) {
		return fmt.Errorf("the smoothing is %v, want a number from 0 to below 1", s.smoothing)
	}
	return nil
}

// classified returns the loss of outputs against labels.
func classified(name string, out, target, weight *G.Node, sequence bool, s scores) (*G.Node, error) {
	axes := axesOf(sequence)
	if out != nil && out.Dims() == axes+1 {
		if err := s.check(out.Shape()[axes]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	} else if out != nil {
		_, err := labels(name, out.Shape(), sequence)
		return nil, err
	}
	s.weights = slices.Clone(s.weights)
	return apply(name, out, target, weight, axes, true, kernel{
		func(b batch[float32]) (float64, error) { return classes(s, b) },
		func(b batch[float64]) (float64, error) { return classes(s, b) },
	})
}

// classes computes the loss of each row, in the order of its time steps.
func classes[F vec.Float](s scores, b batch[F]) (loss float64, err error) {
	n := b.shape[len(b.shape)-1]
	labels := make([]int, len(b.target))
	for i, l := range b.target {
		if labels[i] = int(l); labels[i] < 0 || labels[i] >= n || F(labels[i]) != l {
			return 0, fmt.Errorf("sample %d has label %v, want a class from 0 to %d", i, l, n-1)
		}
	}
	row := row{scores: s, target: make([]float64, n)}
	weights := make([]float64, len(labels))
	for t := 0; t < len(b.weight); t += len(labels) {
		for i := range weights {
			weights[i] = float64(b.weight[t+i])
		}
		s.share(labels, weights)
		for i, w := range weights {
			if w == 0 {
				continue
			}
			at := (t + i) * n
			row.set(labels[i])
			if b.gradient == nil {
				loss += w * of(&row, b.out[at:at+n])
			} else {
				gradient(&row, b.out[at:at+n], b.gradient[at:at+n], b.scale*w)
			}
		}
	}
	return loss, nil
}

// share makes the weights of samples at a time step their parts in the mean that weights of classes ask
// for: their sum stays what it was.
func (s scores) share(labels []int, weight []float64) {
	if s.weights == nil {
		return
	}
	var all, heavy float64
	for b, w := range weight {
		all += w
		heavy += w * s.weights[labels[b]]
	}
	for b := range weight {
		if heavy == 0 { // none of the classes counts
			weight[b] = 0
		} else {
			weight[b] *= all / heavy
		}
	}
}

// A row is what one sample is to give.
type row struct {
	scores
	target []float64 // of each class, times its weight
	sum    float64   // of target
}

// set sets the target to that of a label.
func (r *row) set(label int) {
	r.sum = 0
	for c := range r.target {
		q := r.smoothing / float64(len(r.target))
		if c == label {
			q += 1 - r.smoothing
		}
		if r.weights != nil {
			q *= r.weights[c]
		}
		r.target[c] = q
		r.sum += q
	}
}

// of returns the loss of a row of outputs.
func of[F vec.Float](r *row, y []F) (l float64) {
	norm := 0.0
	if r.softmax {
		most := float64(slices.Max(y))
		for _, x := range y {
			norm += math.Exp(float64(x) - most)
		}
		norm = most + math.Log(norm)
	}
	for c, q := range r.target {
		if q != 0 {
			l += q * (norm - float64(y[c]))
		}
	}
	return l
}

// gradient writes the gradient of a row of outputs, times scale.
func gradient[F vec.Float](r *row, y, d []F, scale float64) {
	if !r.softmax {
		for c, q := range r.target {
			d[c] = F(-scale * q)
		}
		return
	}
	most, norm := float64(slices.Max(y)), 0.0
	for _, x := range y {
		norm += math.Exp(float64(x) - most)
	}
	for c, q := range r.target {
		d[c] = F(scale * (r.sum*math.Exp(float64(y[c])-most)/norm - q))
	}
}
