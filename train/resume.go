package train

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/safetensors"
	"github.com/spikegrad/spikegrad/optim"
)

// final is what is special about the end of a training.
type final struct {
	last []*tensor.Dense // weights, where the model has the best; else nil
}

// A stateful has a state of its own: an encoder or a schedule may.
type stateful interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

func (r *trainRun) stateful() map[string]stateful {
	all := map[string]stateful{}
	for name, v := range map[string]any{"encoder": r.Encoder, "schedule": r.schedule} {
		if s, ok := v.(stateful); ok && !isNil(v) {
			all[name] = s
		}
	}
	return all
}

// marshal returns the state of what is called so.
func marshal(name string, s stateful) (b []byte, err error) {
	err = guard.Call("MarshalBinary", name, s, func() (err error) { b, err = s.MarshalBinary(); return err })
	if err != nil {
		return nil, fmt.Errorf("state of the %s: %w", name, err)
	}
	return b, nil
}

// unmarshal puts the state of what is called so back.
func unmarshal(name string, s stateful, b []byte) error {
	err := guard.Call("UnmarshalBinary", name, s, func() error { return s.UnmarshalBinary(b) })
	if err != nil {
		return fmt.Errorf("state of the %s: %w", name, err)
	}
	return nil
}

// mark returns a function that puts the states of all that has one back to where
// they are now.
func (r *trainRun) mark() (back func(), err error) {
	all, was := r.stateful(), map[string][]byte{}
	for name, s := range all {
		if was[name], err = marshal(name, s); err != nil {
			return nil, err
		}
	}
	return func() {
		for name, s := range all {
			r.keep(unmarshal(name, s, was[name])) // its own bytes
		}
	}, nil
}

// settings returns what a training may be resumed with otherwise than it began,
// and a person wants to hear of.
func (r *trainRun) settings() map[string]string {
	s := map[string]string{
		"batch size": strconv.Itoa(r.Model.Batch),
		"epochs":     strconv.Itoa(r.Epochs),
		"ClipNorm":   fmt.Sprint(r.ClipNorm),
		"optimiser":  describe.Value(r.opt),
		"schedule":   describe.Value(r.schedule),
		"Patience":   strconv.Itoa(r.Patience),
		"KeepBest":   strconv.FormatBool(r.KeepBest),
		"Segment":    strconv.Itoa(r.Model.Segment),
		"Window":     strconv.Itoa(r.Model.Window),
		"Stride":     strconv.Itoa(r.Model.Stride),
		"validation": "none",
	}
	if r.Validation != nil {
		s["validation"] = fmt.Sprintf("%d samples", r.validation)
	}
	return s
}

// snapshot returns the state of the training. Its tensors are those in use, not
// copies.
func (r *trainRun) snapshot(end *final) (*Checkpoint, error) {
	m := r.Model
	c := &Checkpoint{
		Version: Version, Network: hashOf(r.layers), Layers: r.layers,
		Seed: r.Seed, ModelSeed: m.Seed, Settings: r.settings(),
		Epoch: r.at.epoch, Batch: r.at.batch, Batches: r.batches, Size: m.Batch, Samples: r.feed.n, Final: end != nil,
		Best: r.best, History: r.history,
		state: state{
			Kept: r.weights != nil, BestBy: r.bestBy, Lowest: r.lowest, LowestLoss: r.lowestLoss,
			Constraints: m.constraints(), RateFactor: r.factor, Sums: r.at.sums, GradNorm: r.at.gradNorm, Own: map[string][]byte{}, Doctor: r.doctor.state(),
		},
		clock: clock{Epoch: r.elapsed()},
	}
	for _, e := range r.history {
		c.clock.Epochs = append(c.clock.Epochs, e.Duration)
	}
	var err error
	if c.tensors, err = m.namedWeights(); err != nil {
		return nil, err
	}
	for name, s := range r.stateful() {
		if c.state.Own[name], err = marshal(name, s); err != nil {
			return nil, err
		}
	}
	others, otherName := r.weights, bestName
	if end != nil {
		others, otherName = end.last, lastName
	}
	for i, p := range m.params {
		c.state.Params = append(c.state.Params, p.name)
		if others != nil {
			if err := c.add(otherName(p.name), others[i]); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range m.fixed {
		c.state.Fixed = append(c.state.Fixed, p.name)
	}
	if err := c.addCarried(r.feed); err != nil {
		return nil, err
	}
	return c, c.addOptimiser(r.opt)
}

// add adds a tensor.
func (c *Checkpoint) add(name string, d *tensor.Dense) error {
	t, err := named(name, d)
	if err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	c.tensors = append(c.tensors, t)
	return nil
}

// addOptimiser adds what the optimiser remembers.
func (c *Checkpoint) addOptimiser(opt optim.Optimiser) error {
	var s optim.State
	if err := guard.Call("State", "optimiser", opt, func() error { s = opt.State(); return nil }); err != nil {
		return err
	}
	o := optimiserState{Type: describe.Kind(opt), Steps: s.Steps, Slots: map[string]slotState{}}
	for _, param := range slices.Sorted(maps.Keys(s.Slots)) {
		slot := s.Slots[param]
		names := slices.Sorted(maps.Keys(slot.Moments))
		o.Slots[param] = slotState{Steps: slot.Steps, Moments: names}
		for _, name := range names {
			if err := c.add(momentName(name, param), slot.Moments[name]); err != nil {
				return err
			}
		}
	}
	c.state.Optimiser = o
	return nil
}

// optimiser returns what the optimiser remembered.
func (c *Checkpoint) optimiser() (optim.State, error) {
	o := c.state.Optimiser
	s := optim.State{Steps: o.Steps, Slots: map[string]optim.Slot{}}
	for _, param := range slices.Sorted(maps.Keys(o.Slots)) {
		slot := optim.Slot{Steps: o.Slots[param].Steps, Moments: map[string]*tensor.Dense{}}
		for _, name := range o.Slots[param].Moments {
			d, err := c.tensor(momentName(name, param))
			if err != nil {
				return optim.State{}, err
			}
			slot.Moments[name] = d
		}
		s.Slots[param] = slot
	}
	return s, nil
}

// resume goes to where c was written. After an error nothing has changed.
func (r *trainRun) resume(c *Checkpoint) error {
	err := c.check()
	if err == nil {
		err = r.fits(c)
	}
	if err == nil {
		err = r.restore(c)
	}
	if err != nil {
		return fmt.Errorf("train: resume from %s: %w", c.Path, err)
	}
	r.goTo(c)
	now := r.settings()
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if was := c.Settings[name]; was != now[name] {
			r.warn(fmt.Errorf("train: resume from %s: %s was %s, is %s", c.Path, name, describe.Text(was), now[name]))
		}
	}
	return nil
}

// fits returns an error unless c is of the training that r is.
func (r *trainRun) fits(c *Checkpoint) error {
	m, s := r.Model, c.state
	spiking, terms := len(m.spiking), len(m.termNames)-1
	switch x, y := differ(c.Layers, r.layers); {
	case x != y:
		return fmt.Errorf("it belongs to another network: %s there is %s here; Model.LoadPartial loads the weights that fit", describe.Quote(x), describe.Quote(y))
	case c.ModelSeed != m.Seed:
		return fmt.Errorf("the seed of the model was %d, is %d: set Model.Seed to go on", c.ModelSeed, m.Seed)
	case c.Seed != r.Seed:
		return fmt.Errorf("the seed was %d, is %d: set Trainer.Seed to go on", c.Seed, r.Seed)
	case c.Samples != r.feed.n:
		return fmt.Errorf("the data set had %d samples, has %d: their order would be another", c.Samples, r.feed.n)
	case s.Optimiser.Type != describe.Kind(r.opt):
		return fmt.Errorf("the optimiser was %s, is %s", describe.Text(s.Optimiser.Type), describe.Kind(r.opt))
	case s.Sums.N < 0 || s.Sums.Rated < 0 || s.Sums.N > 0 && len(s.Sums.Terms) != terms || len(s.Sums.Rates) != 0 && len(s.Sums.Rates) != spiking:
		return errors.New("the sums of its epoch make no sense")
	case c.Size == m.Batch && c.Batches != r.batches || c.Size != m.Batch && c.Batch > 0 && r.feed.parts != nil:
		return fmt.Errorf("an epoch had %d batches of %d, has %d of %d: sequences go on from batch to batch, and would be torn", c.Batches, c.Size, r.batches, m.Batch)
	case len(s.Params) != len(m.params):
		return fmt.Errorf("it has %d parameters, want %d", len(s.Params), len(m.params))
	}
	return nil
}

// restore puts the weights and the states of all that has one back.
func (r *trainRun) restore(c *Checkpoint) (err error) {
	now, other := func(p string) string { return p }, bestName
	if c.Final && c.state.Kept {
		now, other = lastName, now
	}
	weights, err := c.read(r.Model.params, now)
	if err != nil {
		return err
	}
	fixed, err := c.read(r.Model.fixed, func(p string) string { return p })
	if err != nil {
		return err
	}
	var best []*tensor.Dense
	if c.state.Kept && r.KeepBest {
		if best, err = c.read(r.Model.params, other); err != nil {
			return err
		}
	}
	carried, err := c.carried(r.feed)
	if err != nil {
		return err
	}
	opt, err := c.optimiser()
	if err != nil {
		return err
	}
	back, err := r.mark()
	if err != nil {
		return err
	}
	if err = r.setStates(c.state.Own); err == nil {
		err = guard.Call("Restore", "optimiser", r.opt, func() error { return r.opt.Restore(opt) })
	}
	if err != nil {
		back()
		return err
	}
	r.weights = best
	if r.feed.parts != nil {
		r.feed.parts.states = carried
	}
	return r.Model.family.change(func() error { return assign(r.Model.all(), slices.Concat(weights, fixed)) }) // which were looked at
}

// setStates puts states back by name.
func (r *trainRun) setStates(own map[string][]byte) error {
	for name, s := range r.stateful() {
		b, ok := own[name]
		if !ok {
			return fmt.Errorf("the %s has a state, and had none", name)
		}
		if err := unmarshal(name, s, b); err != nil {
			return err
		}
	}
	return nil
}

// read returns the values of ps, which have these names.
func (c *Checkpoint) read(ps []*Parameter, name func(param string) string) ([]*tensor.Dense, error) {
	ws := make([]*tensor.Dense, len(ps))
	for i, p := range ps {
		at := slices.IndexFunc(c.tensors, func(t safetensors.Tensor) bool { return t.Name == name(p.name) })
		if at < 0 {
			return nil, fmt.Errorf("tensor %s is missing", describe.Quote(name(p.name)))
		}
		d, err := p.dense(c.tensors[at])
		if err != nil {
			return nil, err
		}
		if err := p.accepts(d); err != nil {
			return nil, fmt.Errorf("%s: %w", name(p.name), err)
		}
		ws[i] = d.Clone().(*tensor.Dense)
	}
	return ws, nil
}

// goTo goes to the place of c.
func (r *trainRun) goTo(c *Checkpoint) {
	s := c.state
	r.history = slices.Clone(c.History)
	r.best, r.bestBy, r.lowest, r.lowestLoss = c.Best, s.BestBy, s.Lowest, s.LowestLoss
	if r.KeepBest && !s.Kept && r.best >= 0 {
		r.warn(fmt.Errorf("train: resume from %s: it does not have the weights of the best epoch; the best is that of the epochs to come", c.Path))
		r.best, r.bestBy = -1, Metrics{}
	}
	r.factor = s.RateFactor
	r.keep(guard.Call("SetRateFactor", "optimiser", r.opt, func() error { r.opt.SetRateFactor(r.factor); return nil }))
	r.doctor.goTo(s.Doctor)
	sums := s.Sums
	sums.Terms, sums.Rates = slices.Clone(sums.Terms), slices.Clone(sums.Rates)
	r.at = position{epoch: c.Epoch, batch: c.Batch, sums: sums, gradNorm: s.GradNorm, spent: c.clock.Epoch}
	if c.Size == r.Model.Batch {
		return
	}
	// Batches of another size: none of the samples is seen twice in an epoch.
	seen := int(min(int64(c.Batch)*int64(c.Size), int64(c.Samples)))
	r.at.batch = (seen + r.Model.Batch - 1) / r.Model.Batch
	if left := min(r.at.batch*r.Model.Batch, c.Samples) - seen; left > 0 {
		r.warn(fmt.Errorf("train: resume from %s: epoch %d leaves out %d samples, since batches have another size", c.Path, c.Epoch, left))
	}
}

// elapsed returns the time spent on the present epoch.
func (r *trainRun) elapsed() time.Duration { return r.at.spent + time.Since(r.began) }
