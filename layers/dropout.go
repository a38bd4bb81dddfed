package layers

import (
	"math"
	"math/rand/v2"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Dropout sets elements to 0 with probability P during training and scales the
// others by 1/(1−P). One mask serves the whole sequence, as a mask that changed
// with time would average out. It is off in evaluation.
//
// N. Srivastava et al., JMLR 15 (2014), 1929; of whole channels J. Tompson et al., CVPR
// (2015), 648.
type Dropout struct {
	P        float64 // 0 ≤ P < 1
	Channels bool    // drop channels of [T, batch, c, …] as a whole
}

// Apply adds the mask, an input [batch, …] or [batch, c] called "dropout".
func (d Dropout) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("dropout", x, "[T batch …]", 3, math.MaxInt); err != nil {
		return nil, err
	}
	if !(d.P >= 0 && d.P < 1) {
		return nil, b.errorf("dropout", "probability is %v, want 0 ≤ P < 1", d.P)
	}
	shape := x.Shape()
	of := slices.Clone(shape[1:])
	if d.Channels {
		for i := range of[2:] {
			of[2+i] = 1
		}
	}
	mask, err := b.Mask(x, "dropout", 1, dropped(d.P), of...)
	if err != nil {
		return nil, err
	}
	var g graph.Builder
	y := g.Mul(x, g.Expand(mask, shape))
	if err := g.Err(); err != nil {
		return nil, b.errorf("dropout", "%w", err)
	}
	return y, nil
}

// dropped draws 0 with probability p, else 1/(1−p).
func dropped(p float64) func(r *rand.Rand) float64 {
	return func(r *rand.Rand) float64 {
		if r.Float64() < p {
			return 0
		}
		return 1 / (1 - p)
	}
}

// Noise adds to every element of [T, batch, …] normal noise with mean 0 and the standard
// deviation Std during training: to the currents into the neurons behind it. It is off in
// evaluation.
//
// The noise is drawn for each step of the sequence that the graph has; a network with
// segments meets that of its first segment in all of them, and one that learns online that of
// its first window.
type Noise struct {
	Std float64 // in the unit of x
}

// Apply adds the noise, an input of the shape of x called "noise".
func (n Noise) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("noise", x, "[T batch …]", 2, math.MaxInt); err != nil {
		return nil, err
	}
	if !(n.Std >= 0) || math.IsInf(n.Std, 1) {
		return nil, b.errorf("noise", "the standard deviation is %v, want a finite number of at least 0", n.Std)
	}
	mask, err := b.Mask(x, "noise", 0, normal(n.Std), x.Shape()...)
	if err != nil {
		return nil, err
	}
	var g graph.Builder
	y := g.Add(x, mask)
	if err := g.Err(); err != nil {
		return nil, b.errorf("noise", "%w", err)
	}
	return y, nil
}

// noisy returns w with noise that training draws for each batch.
func (b *Build) noisy(name string, w *G.Node, std float64) (*G.Node, error) {
	if !(std >= 0) || math.IsInf(std, 1) {
		return nil, b.errorf("noise", "the standard deviation is %v, want a finite number of at least 0", std)
	}
	if std == 0 {
		return w, nil
	}
	mask, err := b.Mask(w, name, 0, normal(std), w.Shape()...)
	if err != nil {
		return nil, err
	}
	var g graph.Builder
	return g.Add(w, mask), g.Err()
}

// normal draws from the normal distribution with mean 0.
func normal(std float64) func(r *rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return std * r.NormFloat64() }
}
