package loss

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// VanRossum is the distance of spike trains [T, batch, …] from others: both are filtered by a
// decaying exponential, and what is left of their difference e is squared and summed, also
// behind the last step,
//
//	d(t) = exp(−1/τ) d(t−1) + e(t),   L = 1/τ Σ_t d(t)²,
//
// averaged over neurons and samples. A spike that has no counterpart counts 1/(τ(1−exp(−2/τ))),
// about a half where τ is long. The steps that a sample does not have do not count.
//
// It needs whole sequences: a model with a Segment or a Window is refused.
//
// M. C. W. van Rossum, A novel spike distance, Neural Computation 13 (2001), 751.
type VanRossum struct {
	Tau float64 // τ, steps, above 0
}

// OverTime returns true.
func (VanRossum) OverTime() bool { return true }

// Whole says that what a step adds depends on those before.
func (VanRossum) Whole() {}

// Target returns the shape of the outputs.
func (v VanRossum) Target(out tensor.Shape) ([]int, error) {
	switch {
	case !(v.Tau > 0) || math.IsInf(v.Tau, 0):
		return nil, fmt.Errorf("van Rossum distance: Tau is %v steps, want a finite number above 0", v.Tau)
	case len(out) < 3:
		return nil, fmt.Errorf("van Rossum distance: outputs have shape %v, want [T batch …]", []int(out))
	}
	return out, nil
}

// Cost returns the mean over neurons and samples.
func (v VanRossum) Cost(out, target, weight *G.Node) (*G.Node, error) {
	if out != nil {
		if _, err := v.Target(out.Shape()); err != nil {
			return nil, err
		}
	}
	return apply("van Rossum distance", out, target, weight, 2, false, kernel{
		func(b batch[float32]) (float64, error) { return trains(v.Tau, b), nil },
		func(b batch[float64]) (float64, error) { return trains(v.Tau, b), nil },
	})
}

// trains goes through the trains of each sample: forward for the distance, and backward for
// its gradient, Σ_{t ≥ s} exp(−(t−s)/τ) 2 d(t)/τ at step s.
func trains[F vec.Float](tau float64, in batch[F]) (loss float64) {
	all, samples := in.shape[0], in.shape[1]
	n := len(in.out) / (all * samples)
	decay := math.Exp(-1 / tau)
	// Behind the last step the squares go on as a geometric series.
	tail := decay * decay / (1 - decay*decay)
	diff := make([]float64, all)
	for b := range samples {
		steps, share := 0, 0.0 // those that the sample has are first
		for t := range all {
			if w := in.weight[t*samples+b]; w != 0 {
				steps, share = t+1, share+float64(w)
			}
		}
		share /= tau * float64(n)
		for i := range n {
			d, squares := 0.0, 0.0
			for t := range steps {
				at := (t*samples+b)*n + i
				d = decay*d + float64(in.out[at]) - float64(in.target[at])
				diff[t] = d
				squares += d * d
			}
			loss += share * (squares + tail*d*d)
			if in.gradient == nil {
				continue
			}
			g := 2 * tail * d
			for t := steps - 1; t >= 0; t-- {
				g += 2 * diff[t]
				in.gradient[(t*samples+b)*n+i] = F(in.scale * share * g)
				g *= decay
			}
		}
	}
	return loss
}
