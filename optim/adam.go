package optim

import (
	"cmp"
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// Adam scales the steps of each weight by running means of its gradient and
// of the square of its gradient:
//
//	m ← β₁ m + (1 − β₁) g         m = 0 at first
//	v ← β₂ v + (1 − β₂) g²        v = 0 at first
//	w ← w − α m̂ / (√v̂ + ε)        m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)
//
// where t counts the steps of the parameter, from 1. Weight decay λ comes
// before: coupled, g ← g + λ w, as the gradient of λ|w|²/2 would; Decoupled
// (AdamW), w ← (1 − α λ) w. The decay of the paper, which is not multiplied by
// the initial rate, is α λ here.
//
// D. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR (2015),
// algorithm 1. I. Loshchilov and F. Hutter, Decoupled weight decay
// regularization, ICLR (2019), algorithm 2.
type Adam struct {
	LearningRate float64 // α, above 0; 0 means 1e-3
	Beta1        float64 // β₁, in [0, 1); 0 means 0.9
	Beta2        float64 // β₂, in [0, 1); 0 means 0.999
	Epsilon      float64 // ε, above 0; 0 means 1e-8
	WeightDecay  float64 // λ, at least 0
	Decoupled    bool    // decay the weights, not by way of the gradient

	memory
	now adamStep
}

// NewAdamW returns an Adam with decoupled weight decay. A rate of 0 means 1e-3;
// a usual decay is 0.01.
func NewAdamW(learningRate, weightDecay float64) *Adam {
	return &Adam{LearningRate: learningRate, WeightDecay: weightDecay, Decoupled: true}
}

var _ Optimiser = (*Adam)(nil)

// adamStep is what an Adam needs to know in the current step.
type adamStep struct {
	rate, beta1, beta2, epsilon float64
	decay                       float64 // of the gradient, λ
	keep                        float64 // of the weights, 1 − α λ
}

func (o *Adam) learningRate() float64 { return cmp.Or(o.LearningRate, 1e-3) }

// Rate implements Optimiser.
func (o *Adam) Rate() float64 { return o.learningRate() * o.rateFactor() }

// Step implements Optimiser.
func (o *Adam) Step(params []G.ValueGrad) error { return step(o, "adam", params) }

func (o *Adam) plan(params []G.ValueGrad) error {
	now := adamStep{
		rate:    o.Rate(),
		beta1:   cmp.Or(o.Beta1, 0.9),
		beta2:   cmp.Or(o.Beta2, 0.999),
		epsilon: cmp.Or(o.Epsilon, 1e-8),
		decay:   o.WeightDecay,
		keep:    1,
	}
	if o.Decoupled {
		now.decay, now.keep = 0, 1-now.rate*o.WeightDecay
	}
	err := cmp.Or(
		o.checkRate(o.learningRate()),
		fraction("Beta1", now.beta1),
		fraction("Beta2", now.beta2),
		positive("Epsilon", now.epsilon),
		notNegative("WeightDecay", o.WeightDecay),
	)
	if err == nil {
		o.now = now
		err = o.prepare(o, params, adamMoments)
	}
	return err
}

// Restore implements Optimiser. The moments are "m" and "v".
func (o *Adam) Restore(s State) error {
	if err := o.restore(s, adamMoments); err != nil {
		return fmt.Errorf("optim: adam: %w", err)
	}
	return nil
}

var adamMoments = []string{"m", "v"}

func (o *Adam) step32(p part[float32]) { adam(p, o.now) }
func (o *Adam) step64(p part[float64]) { adam(p, o.now) }

func adam[F float](p part[F], now adamStep) {
	t := float64(p.step)
	alpha := F(now.rate / (1 - math.Pow(now.beta1, t))) // α m̂ = alpha m
	root := F(1 / math.Sqrt(1-math.Pow(now.beta2, t)))  // √v̂ = root √v
	beta1, rest1 := F(now.beta1), F(1-now.beta1)
	beta2, rest2 := F(now.beta2), F(1-now.beta2)
	epsilon, decay, keep := F(now.epsilon), F(now.decay), F(now.keep)

	vec.For[F]().Adam(p.w, p.g, p.moments[0], p.moments[1], alpha, root, beta1, rest1, beta2, rest2, epsilon, decay, keep)
}
