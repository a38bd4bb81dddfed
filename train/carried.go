package train

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"gorgonia.org/tensor"
)

// carriedName is the name of a state in which a sequence goes on with its next part.
func carriedName(sequence int, state string) string {
	return fmt.Sprintf("carried/%d/%s", sequence, state)
}

// addCarried adds the states of sequences that are not at their end.
func (c *Checkpoint) addCarried(f *feeder) error {
	if f.parts == nil {
		return nil
	}
	c.state.Carried = slices.Sorted(maps.Keys(f.parts.states))
	for _, id := range c.state.Carried {
		for k, s := range f.m.carry.states {
			if err := c.add(carriedName(id, s.Name), f.parts.states[id][k]); err != nil {
				return err
			}
		}
	}
	return nil
}

// carried returns the states that addCarried added.
func (c *Checkpoint) carried(f *feeder) (map[int][]*tensor.Dense, error) {
	all := map[int][]*tensor.Dense{}
	if f.parts == nil {
		if len(c.state.Carried) > 0 {
			return nil, errors.New("its samples were parts of longer sequences, and are not")
		}
		return all, nil
	}
	for _, id := range c.state.Carried {
		for _, s := range f.m.carry.states {
			d, err := c.tensor(carriedName(id, s.Name))
			if err != nil {
				return nil, err
			}
			want := s.In.Shape().Clone()
			want[0] = 1
			if d.Dtype() != f.m.Dtype || !d.Shape().Eq(want) {
				return nil, fmt.Errorf("%s is of %v with shape %v, want %v and %v", carriedName(id, s.Name), d.Dtype(), d.Shape(), f.m.Dtype, want)
			}
			all[id] = append(all[id], d.Clone().(*tensor.Dense))
		}
	}
	return all, nil
}
