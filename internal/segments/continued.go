package segments

import (
	"fmt"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
)

// Enter finds the states that enter the batch that f has loaded.
func (c *Carry) Enter(f *feed.Feeder) error {
	for b := range f.Starts {
		f.Starts[b] = 1
	}
	if f.Parts == nil {
		return nil
	}
	for b, i := range f.Present {
		id, part, err := f.PartOf(f.Parts, i)
		if err != nil {
			return err
		}
		if part == 0 {
			continue
		}
		rows, ok := f.Parts.States[id]
		if !ok {
			return fmt.Errorf("sample %d is part %d of sequence %d, and the part before it was not run", i, part, id)
		}
		f.Starts[b] = 0
		for k, t := range c.Entering(0) {
			if err := flat.CopyRow(t, b, rows[k], 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// Leave keeps the states in which the batch that f has loaded ended, for sequences
// that go on: behind so many segments.
func (c *Carry) Leave(f *feed.Feeder, segments int) error {
	if f.Parts == nil {
		return nil
	}
	for b, i := range f.Present {
		id, _, err := f.PartOf(f.Parts, i)
		if err != nil {
			return err
		}
		if f.Parts.Last[i] {
			delete(f.Parts.States, id)
			continue
		}
		rows := make([]*tensor.Dense, len(c.States))
		for k, t := range c.Entering(segments) {
			shape := t.Shape().Clone()
			shape[0] = 1
			rows[k] = tensor.New(tensor.Of(c.dtype), tensor.WithShape(shape...))
			if err := flat.CopyRow(rows[k], 0, t, b); err != nil {
				return err
			}
		}
		f.Parts.States[id] = rows
	}
	return nil
}
