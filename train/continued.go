package train

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/tensor"
)

// parts are the samples of a Continued data set.
type parts struct {
	Continued
	sequences [][]int // samples of each, in the order of the parts
	last      map[int]bool
	states    map[int][]*tensor.Dense // of sequences that are not at their end, one row of each state
}

func newParts(f *feeder, c Continued) (*parts, error) {
	m := f.m
	if !m.cut.carries {
		return nil, errors.New("the samples are parts of longer sequences: the model must carry states from one to the next, so set its Window")
	}
	p := &parts{Continued: c, last: map[int]bool{}, states: map[int][]*tensor.Dense{}}
	place := map[int]int{} // in sequences
	var ids []int          // of these
	for i := range f.n {
		id, part, err := f.partOf(c, i)
		if err != nil {
			return nil, err
		}
		k, ok := place[id]
		if !ok {
			k = len(p.sequences)
			place[id], p.sequences, ids = k, append(p.sequences, nil), append(ids, id)
		}
		if part < 0 || part >= f.n {
			return nil, fmt.Errorf("sample %d is part %d of sequence %d, want a part from 0 on, without a gap", i, part, id)
		}
		for len(p.sequences[k]) <= part {
			p.sequences[k] = append(p.sequences[k], -1)
		}
		if other := p.sequences[k][part]; other >= 0 {
			return nil, fmt.Errorf("samples %d and %d are both part %d of sequence %d", other, i, part, id)
		}
		p.sequences[k][part] = i
	}
	for i, s := range p.sequences {
		if k := slices.Index(s, -1); k >= 0 {
			return nil, fmt.Errorf("sequence %d has no part %d", ids[i], k)
		}
		p.last[s[len(s)-1]] = true
		if len(s) > 1 && m.net.Steps%m.cut.steps != 0 {
			return nil, fmt.Errorf("samples of %d time steps are gone through %d at a time; to go on behind the end of one the latter must be a divisor", m.net.Steps, m.cut.steps)
		}
		for _, i := range s[:len(s)-1] {
			steps, err := f.stepsOf(i)
			if err == nil && steps != m.net.Steps {
				err = fmt.Errorf("sample %d has %d time steps, and is not the end of its sequence; want %d", i, steps, m.net.Steps)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// enter finds the states that enter the batch that f has loaded.
func (m *Model) enter(f *feeder) error {
	for b := range f.starts {
		f.starts[b] = 1
	}
	if f.parts == nil {
		return nil
	}
	for b, i := range f.present {
		id, part, err := f.partOf(f.parts, i)
		if err != nil {
			return err
		}
		if part == 0 {
			continue
		}
		rows, ok := f.parts.states[id]
		if !ok {
			return fmt.Errorf("sample %d is part %d of sequence %d, and the part before it was not run", i, part, id)
		}
		f.starts[b] = 0
		for k, t := range m.carry.entering(0) {
			if err := copyRow(t, b, rows[k], 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// leave keeps the states in which the batch that f has loaded ended, for sequences
// that go on.
func (m *Model) leave(f *feeder) error {
	if f.parts == nil {
		return nil
	}
	for b, i := range f.present {
		id, _, err := f.partOf(f.parts, i)
		if err != nil {
			return err
		}
		if f.parts.last[i] {
			delete(f.parts.states, id)
			continue
		}
		rows := make([]*tensor.Dense, len(m.carry.states))
		for k, t := range m.carry.entering(m.cut.segments) {
			shape := t.Shape().Clone()
			shape[0] = 1
			rows[k] = tensor.New(tensor.Of(m.net.Dtype), tensor.WithShape(shape...))
			if err := copyRow(rows[k], 0, t, b); err != nil {
				return err
			}
		}
		f.parts.states[id] = rows
	}
	return nil
}
