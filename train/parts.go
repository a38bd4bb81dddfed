package train

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/internal/flat"
)

// A Varied data set has sequences of different lengths. What a sample has behind
// its length, values, events and targets, is neither read nor counted, whatever it is,
// NaN too: not by readouts, losses, regularisers or metrics. Only an encoder of your own gets it to
// see, with the rest of the sample; what it makes of these time steps is not looked at.
// The network runs on with zeros.
type Varied interface {
	// Steps returns the number of time steps of sample i, from 1 to the model's.
	Steps(i int) int
}

// A Continued data set has sequences that are longer than the model's number of time
// steps, cut into samples. The network goes on with a sample where it stood at the
// end of the one before, for which the model needs a Window. Gradients end at the
// cut. In every epoch the sequences come in a new order, the parts of one always in
// theirs, and no two parts of one in one batch.
type Continued interface {
	// Part returns the sequence of which sample i is a part, and which part of it, 0
	// being the first.
	Part(i int) (sequence, part int)
}

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

// deal returns the samples of each batch of so many places. Every place goes
// through sequences one after the other, the longest ones having been dealt to the
// emptiest places, so that the number of batches does not depend on r. A nil r
// leaves the order as it is.
func (p *parts) deal(batch int, r *rand.Rand) [][]int {
	seqs := slices.Clone(p.sequences)
	shuffle := func(s [][]int) {
		if r != nil {
			r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
		}
	}
	shuffle(seqs)
	slices.SortStableFunc(seqs, func(a, b []int) int { return len(b) - len(a) })
	places, load := make([][][]int, batch), make([]int, batch)
	for _, s := range seqs {
		k := slices.Index(load, slices.Min(load))
		places[k], load[k] = append(places[k], s), load[k]+len(s)
	}
	batches := make([][]int, slices.Max(load))
	for _, s := range places {
		shuffle(s)
		for b, i := range slices.Concat(s...) {
			batches[b] = append(batches[b], i)
		}
	}
	return batches
}

// epoch returns the samples of each batch of an epoch of training.
func (f *feeder) epoch(seed uint64, epoch int) ([][]int, error) {
	if f.parts != nil {
		return f.parts.deal(f.m.net.Batch, rand.New(rand.NewPCG(seed, uint64(epoch)))), nil
	}
	order, err := data.Order(f.n, seed, epoch)
	if err != nil {
		return nil, err
	}
	return chunks(order, f.m.net.Batch), nil
}

// inOrder returns the samples of each batch of an evaluation.
func (f *feeder) inOrder() [][]int {
	if f.parts != nil {
		return f.parts.deal(f.m.net.Batch, nil)
	}
	all := make([]int, f.n)
	for i := range all {
		all[i] = i
	}
	return chunks(all, f.m.net.Batch)
}

func chunks(x []int, n int) [][]int { return slices.Collect(slices.Chunk(x, n)) }

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

// copyRow copies row j of src to row i of dst.
func copyRow(dst *tensor.Dense, i int, src *tensor.Dense, j int) error {
	from, err := flat.Of(src)
	if err != nil {
		return err
	}
	to, err := flat.Of(dst)
	if err != nil {
		return err
	}
	n := from.Len() / src.Shape()[0]
	if from.F32 != nil {
		copy(to.F32[i*n:(i+1)*n], from.F32[j*n:])
	} else {
		copy(to.F64[i*n:(i+1)*n], from.F64[j*n:])
	}
	return nil
}
