package train

import (
	"encoding/json"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/describe"
	"github.com/spikegrad/spikegrad/internal/tensorfile"
)

// A stateful is a part of a training whose state checkpoints hold: all that there is to
// know of it stands in its own file, and it is entered in [trainRun.states].
type stateful interface {
	// save adds the state to c: as JSON by put, as tensors by add, which are those in use
	// and not copies.
	save(c *Checkpoint) error

	// check reads the state in c. An error says why the training cannot go on from it. It
	// changes nothing.
	check(c *Checkpoint) error

	// load puts back what check has read. After an error it has changed nothing. back undoes
	// it; it is nil where no load that comes behind can fail.
	load() (back func(), err error)
}

// states returns all parts of the training that have a state, those first whose load may
// fail. end is nil, unless the training is over.
func (r *trainRun) states(end *final) []stateful {
	var all []stateful
	for _, o := range r.own() {
		all = append(all, o)
	}
	return append(all, &optimiserState{opt: r.opt}, &weightState{run: r, end: end}, &carriedState{m: r.Model, feed: r.feed}, &doctorState{doctor: r.doctor}, &r.acc, &progress{run: r})
}

// snapshot returns the state of the training.
func (r *trainRun) snapshot(end *final) (*Checkpoint, error) {
	c := &Checkpoint{
		Version: Version, Network: describe.Hash(r.layers), Layers: r.layers,
		Seed: r.Seed, ModelSeed: r.Model.net.Seed, Settings: r.settings(), Samples: r.feed.N, Final: end != nil,
		state: map[string]json.RawMessage{},
	}
	for _, s := range r.states(end) {
		if err := s.save(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// restore puts the state in c back. After an error nothing has changed.
func (r *trainRun) restore(c *Checkpoint) error {
	all := r.states(nil)
	for _, s := range all {
		if err := s.check(c); err != nil {
			return err
		}
	}
	var undo []func()
	for _, s := range all {
		back, err := s.load()
		if err != nil {
			for _, back := range slices.Backward(undo) {
				back()
			}
			return err
		}
		if back != nil {
			undo = append(undo, back)
		}
	}
	return nil
}

// An entry is a part of a state as JSON.
type entry struct {
	name string
	v    any // to read it, a pointer
}

// put adds parts of the state.
func (c *Checkpoint) put(entries ...entry) error {
	for _, e := range entries {
		b, err := json.Marshal(e.v)
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		c.state[e.name] = b
	}
	return nil
}

// get reads parts of the state. What is not there stays as it is.
func (c *Checkpoint) get(entries ...entry) error {
	for _, e := range entries {
		b, ok := c.state[e.name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(b, e.v); err != nil {
			return fmt.Errorf("its state makes no sense: %s: %w", e.name, describe.Short(err))
		}
	}
	return nil
}

// add adds a tensor.
func (c *Checkpoint) add(name string, d *tensor.Dense) error {
	t, err := tensorfile.Of(name, d)
	if err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	c.tensors = append(c.tensors, t)
	return nil
}
