package feed

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
)

// Parts are the samples of a Continued data set.
type Parts struct {
	data.Continued
	sequences [][]int // samples of each, in the order of the parts
	Last      map[int]bool
	States    map[int][]*tensor.Dense // of sequences that are not at their end, one row of each state
}

func newParts(f *Feeder, c data.Continued) (*Parts, error) {
	in := f.in
	if !in.Carries {
		return nil, errors.New("the samples are parts of longer sequences: the model must carry states from one to the next, so set its Window")
	}
	p := &Parts{Continued: c, Last: map[int]bool{}, States: map[int][]*tensor.Dense{}}
	place := map[int]int{} // in sequences
	var ids []int          // of these
	for i := range f.N {
		id, part, err := f.PartOf(c, i)
		if err != nil {
			return nil, err
		}
		k, ok := place[id]
		if !ok {
			k = len(p.sequences)
			place[id], p.sequences, ids = k, append(p.sequences, nil), append(ids, id)
		}
		if part < 0 || part >= f.N {
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
		p.Last[s[len(s)-1]] = true
		if len(s) > 1 && in.Steps%in.Segment != 0 {
			return nil, fmt.Errorf("samples of %d time steps are gone through %d at a time; to go on behind the end of one the latter must be a divisor", in.Steps, in.Segment)
		}
		for _, i := range s[:len(s)-1] {
			steps, err := f.stepsOf(i)
			if err == nil && steps != in.Steps {
				err = fmt.Errorf("sample %d has %d time steps, and is not the end of its sequence; want %d", i, steps, in.Steps)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}
