package train

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/optim"
)

// train trains on one batch and returns the norm of the gradient.
func (r *trainRun) train(idx []int, rng *rand.Rand) (float64, error) {
	m := r.Model
	if err := r.feed.fetch(idx, rng); err != nil {
		return 0, err
	}
	// Once a batch: a schedule may remember how often it was asked.
	err := m.ask("Rate", "schedule", r.schedule, func() error {
		r.factor = r.schedule.Rate(r.step(), r.Epochs*r.batches)
		return nil
	})
	if err == nil {
		err = guard.Call("SetRateFactor", "optimiser", r.opt, func() error { r.opt.SetRateFactor(r.factor); return nil })
	}
	if err == nil {
		err = m.setMode(rng)
	}
	if err == nil {
		err = r.feed.put(0)
	}
	if err != nil {
		return 0, err
	}
	norm, err := m.learn(r.feed, r.ClipNorm, r.optimise)
	if err != nil {
		return 0, err
	}
	return norm, m.family.show()
}

// optimise changes the weights by their gradients. An optimiser that fails has changed
// nothing, unless it panics: then the weights are put back, if it is not one of ours, and
// what it remembers is not known.
func (r *trainRun) optimise() error {
	m, vs := r.Model, r.Model.valueGrads()
	step := func() error { return guard.Call("Step", "optimiser", r.opt, func() error { return r.opt.Step(vs) }) }
	var err error
	switch r.opt.(type) {
	case *optim.SGD, *optim.Adam, *optim.RMSProp:
		err = m.family.train(step)
	default:
		if err = m.family.hide(); err == nil {
			err = step()
		}
	}
	var p *PanicError
	switch {
	case err == nil:
		r.torn = true
	case errors.As(err, &p):
		r.torn = true
		err = cmp.Or(m.family.back(), err)
	}
	return err
}

// rate returns the learning rate of the next step.
func (r *trainRun) rate() (rate float64) {
	rate = math.NaN()
	r.keep(guard.Call("Rate", "optimiser", r.opt, func() error { rate = r.opt.Rate(); return nil }))
	return rate
}

// backpropagate computes the gradients of the batch that is loaded, clips them,
// and returns their norm before that.
func (m *Model) backpropagate(clip float64) (float64, error) {
	if err := m.fit.Run(); err != nil {
		return 0, err
	}
	m.fitted = m.readFit()
	if err := m.checkTerms(m.fitted.terms); err != nil {
		return 0, err
	}
	if err := m.takeGrads(false); err != nil {
		return 0, err
	}
	return m.clipped(clip)
}

// takeGrads takes over the gradients of the parameters, or adds them to those that are
// there.
func (m *Model) takeGrads(add bool) error {
	for i, p := range m.params {
		if err := p.takeGrad(m.fit.Value(m.fitAt.grads.from+i), add); err != nil {
			return err
		}
	}
	return nil
}

// clipped clips the gradients, and returns their norm before that.
func (m *Model) clipped(clip float64) (float64, error) {
	if clip == 0 {
		clip = math.Inf(1)
	}
	norm, err := optim.ClipNorm(m.valueGrads(), clip)
	if err != nil {
		return 0, err
	}
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		for _, p := range m.params {
			if !finite(p.grad) {
				return 0, fmt.Errorf("the gradient of %s is not finite", p.name)
			}
		}
		return 0, fmt.Errorf("the norm of the gradient is %v", norm)
	}
	return norm, nil
}

func finite(v G.Value) bool {
	for _, x := range toFloat64(v) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}
