package train

import (
	"errors"
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/score"
	"github.com/spikegrad/spikegrad/internal/segments"
	"github.com/spikegrad/spikegrad/online"
	"github.com/spikegrad/spikegrad/optim"
)

// Live returns what learns while it serves, as t says: from streams that come time step by time step, as many as
// Network.Batch, with Model, Learning, Optimiser and ClipNorm. A Schedule, sums over batches and ranks have no meaning
// there and are refused, as is dropout; data, epochs and who is told are not looked at.
//
// The loss of a time step counts 1/Network.Steps, as in a training on sequences of so many: on such, the two have the
// same bits.
func (t *Trainer) Live() (*online.Learner, error) {
	var err error
	switch {
	case t == nil:
		err = errors.New("the trainer is nil")
	case isNil(t.Learning):
		err = errors.New("Learning is nil, want one that goes forward in time, such as online.EProp")
	case !isNil(t.Schedule) || t.Accumulate > 1 || t.Reduce != nil:
		err = errors.New("there are no batches to schedule, to add up or to share; leave out Schedule, Accumulate and Reduce")
	case !(t.ClipNorm >= 0):
		err = fmt.Errorf("norm to clip to is %v, want at least 0", t.ClipNorm)
	}
	var l *online.Learner
	if err == nil {
		err = t.Model.within(func() (err error) { l, err = t.live(); return err })
	}
	if err != nil {
		return nil, fmt.Errorf("train: live: %w", err)
	}
	return l, nil
}

func (t *Trainer) live() (*online.Learner, error) {
	if err := t.Model.owner(); err != nil {
		return nil, err
	}
	n, c := t.Model.net, *t
	n.Steps, n.Segment, n.Window, n.Stride, n.SpikeInput = 1, 0, 0, 0, false
	m, err := t.Model.online(n, t.Learning)
	if err != nil {
		return nil, err
	}
	if len(m.build.Masks) > 0 {
		return nil, errors.New("the network draws masks for sequences (layers.Dropout), and a stream has no end; leave them out")
	}
	fill(m.length, 1)
	fill(m.total, t.Model.net.Steps)
	flat.Set(m.w.Value(), slices.Repeat([]float64{1 / float64(n.Batch)}, n.Batch))
	m.carry.Starts.Value().(*tensor.Dense).Zero() // what streams begin from is in their states
	if c.Model = m; isNil(c.Optimiser) {
		c.Optimiser = &optim.Adam{LearningRate: 1e-3}
	}
	for _, p := range m.params {
		p.frozen = optim.Frozen(c.Optimiser, p.name)
	}
	r, of := &trainRun{Trainer: &c, opt: c.Optimiser}, func(s segments.Span) G.Nodes { return m.fitNodes[s.From : s.From+s.N] }
	setRate := func() error { r.opt.SetRateFactor(1); return nil }
	return online.NewLearner(online.Network{
		In: m.inputs(), Out: m.out, States: m.build.Carry.States, Terms: of(m.fitAt.terms), Grads: of(m.fitAt.grads),
		Names: namesOf(m.params), Values: valuesOf(m.params), Sums: m.grads(), Every: m.every,
		Check: func(terms []G.Value) error { return m.checkTerms(score.Outcome{Terms: terms}) },
		Within: func(f func() error) error {
			return m.within(func() error {
				if !m.training.Enter() {
					return fmt.Errorf("model is %w, by a Trainer", ErrInUse)
				}
				defer m.training.Leave()
				return f()
			})
		},
		Change: func() error {
			_, err := m.clipped(r.ClipNorm)
			if err == nil {
				err = r.takeOver()
			}
			if err == nil {
				err = guard.Call("SetRateFactor", "optimiser", r.opt, setRate)
			}
			if err == nil {
				err = r.optimise()
			}
			if err == nil {
				err = m.family.Show()
			}
			return err
		},
	})
}
