package optim

import (
	"cmp"
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// RMSProp divides the gradient of each weight by the root of a running mean of
// its square:
//
//	s ← ρ s + (1 − ρ) g²         s = 0 at first
//	w ← w − η g / (√s + ε)
//
// With Momentum the step is that of a velocity, v ← μ v + g / (√s + ε) and
// w ← w − η v, v = 0 at first.
//
// T. Tieleman and G. Hinton, Lecture 6.5, RMSProp: divide the gradient by a
// running average of its recent magnitude, Coursera: Neural Networks for
// Machine Learning (2012).
type RMSProp struct {
	LearningRate float64 // η, above 0; 0 means 1e-3
	Decay        float64 // ρ, in [0, 1); 0 means 0.9
	Epsilon      float64 // ε, above 0; 0 means 1e-8
	Momentum     float64 // μ, in [0, 1); 0 for none

	memory
	now rmsPropStep
}

var _ Optimiser = (*RMSProp)(nil)

// rmsPropStep is what an RMSProp needs to know in the current step.
type rmsPropStep struct{ rate, decay, epsilon, momentum float64 }

func (o *RMSProp) learningRate() float64 { return cmp.Or(o.LearningRate, 1e-3) }

// Rate implements Optimiser.
func (o *RMSProp) Rate() float64 { return o.learningRate() * o.rateFactor() }

// Step implements Optimiser.
func (o *RMSProp) Step(params []G.ValueGrad) error { return step(o, "rmsprop", params) }

func (o *RMSProp) plan(params []G.ValueGrad) error {
	now := rmsPropStep{
		rate:     o.Rate(),
		decay:    cmp.Or(o.Decay, 0.9),
		epsilon:  cmp.Or(o.Epsilon, 1e-8),
		momentum: o.Momentum,
	}
	err := cmp.Or(
		o.checkRate(o.learningRate()),
		fraction("Decay", now.decay),
		positive("Epsilon", now.epsilon),
		fraction("Momentum", now.momentum),
	)
	if err == nil {
		o.now = now
		err = o.prepare(o, params, o.moments())
	}
	return err
}

// Restore implements Optimiser. The moments are "square", s, and with Momentum
// "velocity", v.
func (o *RMSProp) Restore(s State) error {
	if err := o.restore(s, o.moments()); err != nil {
		return fmt.Errorf("optim: rmsprop: %w", err)
	}
	return nil
}

var rmsPropMoments = []string{"square", "velocity"}

func (o *RMSProp) moments() []string {
	if o.Momentum == 0 {
		return rmsPropMoments[:1]
	}
	return rmsPropMoments
}

func (o *RMSProp) step32(p part[float32]) { rmsProp(p, o.now) }
func (o *RMSProp) step64(p part[float64]) { rmsProp(p, o.now) }

func rmsProp[F float](p part[F], now rmsPropStep) {
	rate, epsilon, mu := F(now.rate), F(now.epsilon), F(now.momentum)
	rho, rest := F(now.decay), F(1-now.decay)
	normal := vec.SmallestNormal[F]()
	w := p.w
	g, s := p.g[:len(w)], p.moments[0][:len(w)]
	if mu == 0 {
		for i := range w {
			s[i] = vec.Flush(rho*s[i]+rest*g[i]*g[i], normal)
			w[i] -= rate * g[i] / (sqrt(s[i]) + epsilon)
		}
		return
	}
	v := p.moments[1][:len(w)]
	for i := range w {
		s[i] = vec.Flush(rho*s[i]+rest*g[i]*g[i], normal)
		v[i] = vec.Flush(mu*v[i]+g[i]/(sqrt(s[i])+epsilon), normal)
		w[i] -= rate * v[i]
	}
}

// sqrt is compiled to one instruction in either type.
func sqrt[F float](x F) F { return F(math.Sqrt(float64(x))) }
