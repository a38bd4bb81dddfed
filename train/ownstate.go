package train

import (
	"encoding"
	"fmt"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// An ownState is the state of an encoder or a schedule that has one.
type ownState struct {
	run  *trainRun
	name string // "encoder"
	of   marshaler
	read []byte
}

// A marshaler can say and take its state.
type marshaler interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// own returns the states of the encoder and the schedule, as far as they have one.
func (r *trainRun) own() (all []*ownState) {
	for _, v := range []struct {
		name string
		of   any
	}{{"encoder", r.Encoder}, {"schedule", r.schedule}} {
		if of, ok := v.of.(marshaler); ok && !isNil(of) {
			all = append(all, &ownState{run: r, name: v.name, of: of})
		}
	}
	return all
}

func (s *ownState) save(c *Checkpoint) error {
	b, err := guard.Marshal(s.name, s.of)
	if err != nil {
		return err
	}
	return c.put(entry{s.name, b})
}

func (s *ownState) check(c *Checkpoint) error {
	if _, ok := c.state[s.name]; !ok {
		return fmt.Errorf("the %s has a state, and had none", s.name)
	}
	return c.get(entry{s.name, &s.read})
}

func (s *ownState) load() (back func(), err error) {
	was, err := guard.Marshal(s.name, s.of)
	if err != nil {
		return nil, err
	}
	back = func() { s.run.keep(guard.Unmarshal(s.name, s.of, was)) } // its own bytes
	if err := guard.Unmarshal(s.name, s.of, s.read); err != nil {
		back() // it may have read half
		return nil, err
	}
	return back, nil
}

// mark returns a function that puts the states of encoder and schedule back to where they
// are now.
func (r *trainRun) mark() (back func(), err error) {
	all := r.own()
	for _, s := range all {
		if s.read, err = guard.Marshal(s.name, s.of); err != nil {
			return nil, err
		}
	}
	return func() {
		for _, s := range all {
			r.keep(guard.Unmarshal(s.name, s.of, s.read))
		}
	}, nil
}
