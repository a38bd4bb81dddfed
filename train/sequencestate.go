package train

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/feed"
)

// A carriedState is the states in which sequences go on that are not at their end.
type carriedState struct {
	m    *Model
	feed *feed.Feeder
	read map[int][]*tensor.Dense
}

// carriedName is the name of a state in which a sequence goes on with its next part.
func carriedName(sequence int, state string) string {
	return fmt.Sprintf("carried/%d/%s", sequence, state)
}

func (s *carriedState) save(c *Checkpoint) error {
	f := s.feed
	if f.Parts == nil {
		return nil
	}
	ids := slices.Sorted(maps.Keys(f.Parts.States))
	for _, id := range ids {
		for k, state := range s.m.carry.States {
			if err := c.add(carriedName(id, state.Name), f.Parts.States[id][k]); err != nil {
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
	if f.Parts == nil {
		if len(ids) > 0 {
			return errors.New("its samples were parts of longer sequences, and are not")
		}
		return nil
	}
	s.read = map[int][]*tensor.Dense{}
	for _, id := range ids {
		for _, state := range s.m.carry.States {
			d, err := c.tensor(carriedName(id, state.Name))
			if err != nil {
				return err
			}
			want := state.In.Shape().Clone()
			want[0] = 1
			if d.Dtype() != s.m.net.Dtype || !d.Shape().Eq(want) {
				return fmt.Errorf("%s is of %v with shape %v, want %v and %v", carriedName(id, state.Name), d.Dtype(), d.Shape(), s.m.net.Dtype, want)
			}
			s.read[id] = append(s.read[id], d.Clone().(*tensor.Dense))
		}
	}
	return nil
}

func (s *carriedState) load() (back func(), err error) {
	if s.feed.Parts != nil {
		s.feed.Parts.States = s.read
	}
	return nil, nil
}
