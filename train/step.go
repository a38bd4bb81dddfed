package train

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/score"
	"github.com/spikegrad/spikegrad/internal/segments"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/optim"
)

// train trains on one batch and returns the norm of the gradient.
func (r *trainRun) train(idx []int, rng *rand.Rand) (float64, error) {
	m := r.Model
	if err := r.fetch(idx, &rng); err != nil {
		return 0, err
	}
	err := r.pace(r.step())
	if err == nil {
		err = m.setMode(rng)
	}
	if err == nil {
		err = r.feed.Put(0)
	}
	if err != nil {
		return 0, err
	}
	clip, step := r.ClipNorm, r.optimise
	if r.Accumulate > 1 {
		clip, step = 0, r.gather
	}
	norm, err := m.learn(r.feed, clip, step)
	if err == nil {
		err = m.family.Train(m.build.KeepBuffers)
	}
	if err != nil {
		return 0, err
	}
	if r.acc.norm > 0 {
		norm, r.acc.norm = r.acc.norm, 0
	}
	return norm, m.family.Show()
}

// pace sets the learning rate of a step. It comes once a batch: a schedule may remember how often it
// was asked.
func (r *trainRun) pace(step int) error {
	err := r.Model.ask("Rate", "schedule", r.schedule, func() error {
		r.factor = r.schedule.Rate(step, r.Epochs*r.batches)
		return nil
	})
	if err != nil {
		return err
	}
	return guard.Call("SetRateFactor", "optimiser", r.opt, func() error { r.opt.SetRateFactor(r.factor); return nil })
}

// fetch reads a batch, or takes it from those who read ahead, with its generator.
func (r *trainRun) fetch(idx []int, rng **rand.Rand) (err error) {
	if r.ahead == nil || len(idx) == 0 {
		return r.feed.Fetch(idx, *rng)
	}
	r.feed, *rng, err = r.ahead.Next()
	return err
}

// optimise changes the weights by their gradients. An optimiser that fails has changed
// nothing, unless it panics: then the weights are put back, if it is not one of ours, and
// what it remembers is not known.
func (r *trainRun) optimise() error {
	m, vs := r.Model, r.Model.valueGrads()
	step := func() error { return guard.Call("Step", "optimiser", r.opt, func() error { return r.opt.Step(vs) }) }
	var err error
	if optim.Own(r.opt) {
		err = m.family.Train(step)
	} else if err = m.family.Hide(); err == nil {
		err = step()
	}
	var p *PanicError
	switch {
	case err == nil:
		r.torn = true
	case errors.As(err, &p):
		r.torn = true
		err = cmp.Or(m.family.Back(), err)
	}
	return err
}

// learn computes the gradients of the batch that f has loaded, clips them, and
// calls step with them; where backpropagation is truncated, after each stride. It
// returns the norm of the gradient before clipping, of several the mean.
func (m *Model) learn(f *feed.Feeder, clip float64, step func() error) (norm float64, err error) {
	if !m.cut.Carries {
		if norm, err = m.backpropagate(clip); err != nil {
			return 0, err
		}
		return norm, step()
	}
	if err := m.carry.Enter(f); err != nil {
		return 0, err
	}
	m.fitted = score.Begin(len(m.termNames))
	if m.learning != nil {
		return m.learnOnline(f, clip, step)
	}
	strides := 0
	for from := 0; from < m.cut.Segments; strides++ {
		end := min(from+m.cut.Stride, m.cut.Segments)
		n, err := m.stride(f, from, end, clip)
		if err == nil {
			err = step()
		}
		if err != nil {
			return 0, err
		}
		norm += n
		from = end
	}
	return norm / float64(strides), m.carry.Leave(f, m.cut.Segments)
}

// backpropagate computes the gradients of the batch that is loaded, clips them,
// and returns their norm before that.
func (m *Model) backpropagate(clip float64) (float64, error) {
	if err := m.runFit(true); err != nil {
		return 0, err
	}
	m.fitted = m.readFit()
	if err := m.checkTerms(m.fitted); err != nil {
		return 0, err
	}
	if err := m.build.TakeBuffers(m.fitAt.next.In(m.fit), true); err != nil {
		return 0, err
	}
	if err := m.takeGrads(false); err != nil {
		return 0, err
	}
	return m.clipped(clip)
}

// setMode prepares what acts differently in training and in evaluation: the masks
// of our dropout, and Gorgonia's own operations. A nil generator means evaluation.
func (m *Model) setMode(r *rand.Rand) error {
	machines := []*machine.Machine{m.fit}
	if r == nil {
		machines[0] = m.test
	} else if m.carry != nil && m.carry.Advance != nil {
		machines = append(machines, m.carry.Advance)
	}
	for _, machine := range machines {
		if err := machine.SetTraining(r != nil); err != nil {
			return err
		}
	}
	for _, k := range m.build.Masks {
		if err := k.Draw(r); err != nil {
			return err
		}
	}
	return nil
}

// takeGrads takes over the gradients of the parameters, or adds them to those that are
// there.
func (m *Model) takeGrads(add bool) error {
	for i, p := range m.params {
		if err := p.takeGrad(m.ran.Value(m.fitAt.grads.From+i), add); err != nil {
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
	var vs []G.ValueGrad
	for _, p := range m.params {
		if !p.frozen {
			vs = append(vs, p)
		}
	}
	norm, err := optim.ClipNorm(vs, clip)
	if err != nil {
		return 0, err
	}
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		for _, p := range m.params {
			if !flat.AllFinite(p.grad) {
				return 0, fmt.Errorf("the gradient of %s is NaN or infinite, %w", p.name, ErrNotFinite)
			}
		}
		return 0, fmt.Errorf("the norm of the gradient is %v, %w", norm, ErrNotFinite)
	}
	return norm, nil
}

// stride goes through segments from to end−1 and computes the gradient of what
// they add to the loss. Where the gradient reaches back behind them, the network is
// run again from there, with the weights as they are now.
func (m *Model) stride(f *feed.Feeder, from, end int, clip float64) (norm float64, err error) {
	c, first := m.carry, max(0, end-m.cut.Reach)
	if len(c.States) == 0 {
		first = from // nothing flows back
	}
	if err := c.Forward(f, first, end-1); err != nil {
		return 0, err
	}
	for k := end - 1; k >= first; k-- {
		if err := m.backInto(f, k, from, end); err != nil {
			return 0, err
		}
	}
	if err := m.checkTerms(m.fitted); err != nil {
		return 0, err
	}
	return m.clipped(clip)
}

// backInto runs segment k forward and backward, behind those after it.
func (m *Model) backInto(f *feed.Feeder, k, from, end int) error {
	c, last, counts := m.carry, k == end-1, k >= from
	if err := c.Stand(f, k); err != nil {
		return err
	}
	if err := errors.Join(c.Flag(c.Last, last), c.Flag(c.Counts, counts)); err != nil {
		return err
	}
	lambda := c.Back
	if last {
		lambda = c.Zeros
	}
	if err := segments.Let(c.Lambda, lambda); err != nil {
		return err
	}
	if err := m.runFit(true); err != nil {
		return err
	}
	if err := m.takeGrads(!last); err != nil {
		return err
	}
	if counts {
		if err := m.build.TakeBuffers(m.fitAt.next.In(m.fit), from == 0 && last); err != nil {
			return err
		}
	}
	for i, t := range c.Back {
		if err := flat.Copy(t, m.fit.Value(m.fitAt.lambda.From+i)); err != nil {
			return fmt.Errorf("the gradient of state %s %w", c.States[i].Name, err)
		}
	}
	if last {
		if err := c.Keep(k, m.fit, m.fitAt.states.From); err != nil {
			return err
		}
	}
	return m.addTo(&m.fitted, m.readFit(), k, last, counts)
}
