package optim

import (
	"cmp"
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// SGD is stochastic gradient descent, with momentum if Momentum is not 0:
//
//	g ← g + λ w
//	v ← μ v + g        v = 0 at first
//	w ← w − η v        or, with Nesterov, w ← w − η (g + μ v)
//
// The velocity v is in units of the gradient, so a change of the rate takes
// effect at once. While η and μ are constant, −η v is the velocity of Sutskever
// et al., and with Nesterov w is the point θ + μ v at which they take the
// gradient: equations 3 and 4 with the parameters where they are needed.
//
// I. Sutskever, J. Martens, G. Dahl and G. Hinton, On the importance of
// initialization and momentum in deep learning, ICML (2013).
type SGD struct {
	LearningRate float64 // η, above 0; there is no default
	Momentum     float64 // μ, in [0, 1); 0 for none
	Nesterov     bool    // look ahead; needs Momentum
	WeightDecay  float64 // λ, at least 0; adds λ w, the gradient of λ|w|²/2, to the gradient

	memory
	now sgdStep
}

var _ Optimiser = (*SGD)(nil)

// sgdStep is what an SGD needs to know in the current step.
type sgdStep struct {
	rate, momentum, decay float64
	nesterov              bool
}

// Rate implements Optimiser.
func (o *SGD) Rate() float64 { return o.LearningRate * o.rateFactor() }

// Step implements Optimiser.
func (o *SGD) Step(params []G.ValueGrad) error { return step(o, "sgd", params) }

func (o *SGD) plan(params []G.ValueGrad) error {
	err := cmp.Or(
		o.checkRate(o.LearningRate),
		fraction("Momentum", o.Momentum),
		notNegative("WeightDecay", o.WeightDecay),
	)
	if err == nil && o.Nesterov && o.Momentum == 0 {
		err = errors.New("with Nesterov, Momentum is 0, want it above 0")
	}
	if err == nil {
		o.now = sgdStep{o.Rate(), o.Momentum, o.WeightDecay, o.Nesterov}
		err = o.prepare(o, params, o.moments())
	}
	return err
}

// Restore implements Optimiser. With Momentum there is one moment, "velocity".
func (o *SGD) Restore(s State) error {
	if err := o.restore(s, o.moments()); err != nil {
		return fmt.Errorf("optim: sgd: %w", err)
	}
	return nil
}

var velocity = []string{"velocity"}

func (o *SGD) moments() []string {
	if o.Momentum == 0 {
		return nil
	}
	return velocity
}

func (o *SGD) step32(p part[float32]) { sgd(p, o.now) }
func (o *SGD) step64(p part[float64]) { sgd(p, o.now) }

func sgd[F float](p part[F], now sgdStep) {
	rate, mu, decay := F(now.rate), F(now.momentum), F(now.decay)
	w := p.w
	gs := p.g[:len(w)]
	if mu == 0 {
		for i := range w {
			w[i] -= rate * (gs[i] + decay*w[i])
		}
		return
	}
	normal := vec.SmallestNormal[F]()
	v := p.moments[0][:len(w)]
	for i := range w {
		g := gs[i] + decay*w[i]
		v[i] = vec.Flush(mu*v[i]+g, normal)
		step := v[i]
		if now.nesterov {
			step = g + mu*v[i]
		}
		w[i] -= rate * step
	}
}
