package train

import (
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/layers"
)

// Learning is a way to learn other than backpropagation through time: window by window, with what has
// been in states of its own. Package online has one.
type Learning interface {
	// Windows returns how many time steps a window has, of a sequence of so many, and after how many
	// windows the weights change; 0 for the end of the sequence alone.
	Windows(steps int) (window, every int, err error)
	// Prepare is called before the network is built into b. When it has been, gradients is called with its output
	// [T, batch, …] and the cost of a window, and returns the gradients by all Params of the Build. States that it
	// needs, it adds to the Carry.
	Prepare(b *layers.Build) (gradients func(out, cost *G.Node) (G.Nodes, error), err error)
}

// restless reports whether weights change within a batch.
func (m *Model) restless() bool { return m.net.Window > 0 || m.cut.Stride < m.cut.Segments }

// cutFor returns how sequences of so many steps are gone through.
func cutFor(l Learning, steps int) (c feed.Cut, every int, err error) {
	window := 0
	err = guard.Call("Windows", "learning", l, func() (err error) { window, every, err = l.Windows(steps); return err })
	switch {
	case err != nil:
		return c, 0, fmt.Errorf("train: %w", err)
	case window < 1 || window > steps || every < 0:
		return c, 0, fmt.Errorf("train: learning wants windows of %d of %d time steps and changes after %d", window, steps, every)
	}
	c = feed.Cut{Steps: window, Segments: (steps + window - 1) / window, Stride: every, Reach: 0, Carries: true}
	if every == 0 || every > c.Segments {
		c.Stride = c.Segments
	}
	return c, every, nil
}

// online returns the trainer of a model that learns in the way of Learning; itself if there is none.
func (t *Trainer) online() (*Trainer, error) {
	if isNil(t.Learning) {
		return t, nil
	}
	if t.Model.cut.Carries {
		return nil, errors.New("train: with Learning, the windows of a network are those of it; leave out Segment and Window")
	}
	c, err := *t, error(nil)
	c.Model, err = t.Model.online(t.Model.net, t.Learning)
	return &c, err
}

// online returns a model of n that learns in the way of l, with the weights of m.
func (m *Model) online(n Network, l Learning) (*Model, error) {
	o := &Model{learning: l, plain: m, use: m.use, building: m.building}
	if _, err := n.compile(o); err != nil {
		return nil, err
	}
	o.training, o.family, o.by = m.training, m.family, m.by
	return o, nil
}

// differentiateOnline returns the gradients of a window, and enters the states that it carries.
func (m *Model) differentiateOnline(total *G.Node) (grads G.Nodes, err error) {
	if !m.sequences() {
		return nil, errors.New("the loss is that of a readout; with Learning, want one at every time step: a loss with Sequence, and no readout over time")
	}
	err = guard.Call("Prepare", "learning", m.learning, func() (err error) { grads, err = m.gradients(m.out, total); return err })
	if err == nil && len(grads) != len(m.build.Params) {
		err = fmt.Errorf("learning gave %d gradients, want %d", len(grads), len(m.build.Params))
	}
	if err != nil {
		return nil, err
	}
	return grads, m.carry.Hold(m.build.Carry.States)
}

// learnOnline goes through the windows of the batch that f has loaded, and calls step after each stride of
// them. It returns the mean norm of the gradients.
func (m *Model) learnOnline(f *feed.Feeder, clip float64, step func() error) (norm float64, err error) {
	c, updates := m.carry, 0
	for k := range m.cut.Segments {
		if err := errors.Join(c.Stand(f, k), c.Flag(c.Last, true), c.Flag(c.Counts, true)); err != nil {
			return 0, err
		}
		follows := k+1 < m.cut.Segments || f.Parts != nil
		err := m.runFit(follows)
		if err == nil {
			err = m.takeGrads(k%m.cut.Stride > 0)
		}
		if err == nil && follows {
			err = c.Keep(k, m.fit, m.fitAt.states.From)
		}
		if err == nil {
			err = m.addTo(&m.fitted, m.readFit(), k, true, true)
		}
		if err != nil {
			return 0, err
		}
		if (k+1)%m.cut.Stride > 0 && k+1 < m.cut.Segments {
			continue
		}
		err = m.checkTerms(m.fitted)
		var n float64
		if err == nil {
			n, err = m.clipped(clip)
		}
		if err == nil {
			err = step()
		}
		if err != nil {
			return 0, err
		}
		norm, updates = norm+n, updates+1
	}
	return norm / float64(updates), c.Leave(f, m.cut.Segments)
}
