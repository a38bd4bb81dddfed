package train

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"gorgonia.org/tensor"
)

// A carriedState is the states in which sequences go on that are not at their end.
type carriedState struct {
	feed *feeder
	read map[int][]*tensor.Dense
}

// carriedName is the name of a state in which a sequence goes on with its next part.
func carriedName(sequence int, state string) string {
	return fmt.Sprintf("carried/%d/%s", sequence, state)
}

func (s *carriedState) save(c *Checkpoint) error {
	f := s.feed
	if f.parts == nil {
		return nil
	}
	ids := slices.Sorted(maps.Keys(f.parts.states))
	for _, id := range ids {
		for k, state := range f.m.carry.states {
			if err := c.add(carriedName(id, state.Name), f.parts.states[id][k]); err != nil {
				return err
			}
		}
	}
	return c.put(entry{"carried", ids})
}

func (s *carriedState) check(c *Checkpoint) error {
	f := s.feed
	var ids []int
	if err := c.get(entry{"carried", &ids}); err != nil {
		return err
	}
	if f.parts == nil {
		if len(ids) > 0 {
			return errors.New("its samples were parts of longer sequences, and are not")
		}
		return nil
	}
	s.read = map[int][]*tensor.Dense{}
	for _, id := range ids {
		for _, state := range f.m.carry.states {
			d, err := c.tensor(carriedName(id, state.Name))
			if err != nil {
				return err
			}
			want := state.In.Shape().Clone()
			want[0] = 1
			if d.Dtype() != f.m.net.Dtype || !d.Shape().Eq(want) {
				return fmt.Errorf("%s is of %v with shape %v, want %v and %v", carriedName(id, state.Name), d.Dtype(), d.Shape(), f.m.net.Dtype, want)
			}
			s.read[id] = append(s.read[id], d.Clone().(*tensor.Dense))
		}
	}
	return nil
}

func (s *carriedState) load() (back func(), err error) {
	if s.feed.parts != nil {
		s.feed.parts.states = s.read
	}
	return nil, nil
}
