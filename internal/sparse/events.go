package sparse

import (
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// Events are the elements of a sequence that are not zero: row by row, a row being one
// sample at one step, and turned, element by element of a sample.
type Events[F vec.Float] struct {
	rows, n    int
	start, idx []int32 // of each row, the end behind them; element of the sample
	val        []F     // of each; empty if all are 1
	found      [][]int32

	turned  []turnedEvents[F] // of blocks of so many
	samples int
}

// turnedEvents are, of each element of a sample, the places of its values in a block of samples, rising:
// sample by sample, with room behind the last step of each for the longest delay.
type turnedEvents[F vec.Float] struct {
	from, at []int32
	amount   []F
}

// Row returns the elements of a row and their values.
func (e *Events[F]) Row(r int) (idx []int32, val []F) {
	from, to := e.start[r], e.start[r+1]
	if len(e.val) > 0 {
		val = e.val[from:to]
	}
	return e.idx[from:to], val
}

// Column returns the places and values of an element in a block of samples.
func (e *Events[F]) Column(block, i int) (at []int32, amount []F) {
	t := &e.turned[block]
	from, to := t.from[i], t.from[i+1]
	if len(e.val) > 0 {
		amount = t.amount[from:to]
	}
	return t.at[from:to], amount
}

// Read makes the lists of x [rows, n].
func (e *Events[F]) Read(x []F, rows, n int) {
	e.rows, e.n, e.samples = rows, n, 0
	e.start = Sized(e.start, rows+1)
	e.start[0] = 0
	par.Chunks(rows, par.Rows, func(r0, r1 int) {
		for r := r0; r < r1; r++ {
			e.start[r+1] = int32(Count(x[r*n : (r+1)*n]))
		}
	})
	for r := range rows {
		e.start[r+1] += e.start[r]
	}
	e.idx = Sized(e.idx, int(e.start[rows]))
	e.val = Sized(e.val, len(e.idx))
	graded := make([]bool, (rows+par.Rows-1)/par.Rows)
	_ = par.Blocks(rows, par.Rows, e.scratch, func(found []int32, r0, r1 int) error {
		for r := r0; r < r1; r++ {
			row := x[r*n : (r+1)*n]
			k, ones := NonZero(row, found)
			graded[r0/par.Rows] = graded[r0/par.Rows] || !ones
			copy(e.idx[e.start[r]:e.start[r+1]], found[:k])
			for j, i := range found[:k] {
				e.val[int(e.start[r])+j] = row[i]
			}
		}
		return nil
	})
	for _, g := range graded {
		if g {
			return
		}
	}
	e.val = e.val[:0]
}

// scratch returns room for the elements of a row.
func (e *Events[F]) scratch(worker int) []int32 {
	for len(e.found) <= worker {
		e.found = append(e.found, nil)
	}
	e.found[worker] = Sized(e.found[worker], e.n)
	return e.found[worker]
}

// Len is how many there are.
func (e *Events[F]) Len() int { return len(e.idx) }

// Blocks is in how many blocks of samples they are turned.
func (e *Events[F]) Blocks() int { return len(e.turned) }

// Spread writes the sequence to x.
func (e *Events[F]) Spread(x []F) {
	par.Chunks(e.rows, par.Rows, func(r0, r1 int) {
		clear(x[r0*e.n : r1*e.n])
		for r := r0; r < r1; r++ {
			idx, val := e.Row(r)
			for k, i := range idx {
				x[r*e.n+int(i)] = 1
				if len(val) > 0 {
					x[r*e.n+int(i)] = val[k]
				}
			}
		}
	})
}

// Take takes over lists that were given.
func (e *Events[F]) Take(m *CSR) {
	e.rows, e.n, e.samples = m.Rows, m.Cols, 0
	e.start, e.idx, e.val = m.Start, m.Idx, e.val[:0]
	for _, v := range m.Val {
		e.val = append(e.val, F(v))
	}
}

// Turn makes the lists of each element of a sample, in blocks of so many samples, for so many steps and
// so much room behind the last step.
func (e *Events[F]) Turn(steps, batch, room, samples int) {
	if e.samples == samples {
		return
	}
	e.samples = samples
	e.turned = Sized(e.turned, (batch+samples-1)/samples)
	par.Each(len(e.turned), func(k int) {
		e.turned[k].turn(e, steps, batch, room, k*samples, min(batch, (k+1)*samples))
	})
}

// turn makes the lists of samples b0 to b1−1.
func (to *turnedEvents[F]) turn(e *Events[F], steps, batch, room, b0, b1 int) {
	to.from = Sized(to.from, e.n+1)
	clear(to.from)
	for t := range steps {
		for _, i := range e.idx[e.start[t*batch+b0]:e.start[t*batch+b1]] {
			to.from[i+1]++
		}
	}
	for i := range e.n {
		to.from[i+1] += to.from[i]
	}
	to.at = Sized(to.at, int(to.from[e.n]))
	to.amount = Sized(to.amount, min(len(e.val), len(to.at)))
	// from[i] moves to the end of element i while it fills; then all move back.
	for b := b0; b < b1; b++ {
		for t := range steps {
			idx, val := e.Row(t*batch + b)
			for k, i := range idx {
				at := to.from[i]
				to.from[i]++
				to.at[at] = int32((b-b0)*(steps+room) + t)
				if len(val) > 0 {
					to.amount[at] = val[k]
				}
			}
		}
	}
	copy(to.from[1:], to.from[:e.n])
	to.from[0] = 0
}
