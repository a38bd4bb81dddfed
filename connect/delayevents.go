package connect

import (
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// delayEvents are the elements of a sequence that are not zero: row by row, a row being one
// sample at one step, and turned, element by element of a sample.
type delayEvents[F vec.Float] struct {
	rows, n    int
	start, idx []int32 // of each row, the end behind them; element of the sample
	val        []F     // of each; empty if all are 1

	// Of each element of a sample the places of its values, rising: sample by sample, with room
	// behind the last step of each for the longest delay.
	from, at []int32
	amount   []F
	turned   bool
}

// row returns the elements of a row and their values.
func (e *delayEvents[F]) row(r int) (idx []int32, val []F) {
	from, to := e.start[r], e.start[r+1]
	if len(e.val) > 0 {
		val = e.val[from:to]
	}
	return e.idx[from:to], val
}

// column returns the places and values of an element.
func (e *delayEvents[F]) column(i int) (at []int32, amount []F) {
	from, to := e.from[i], e.from[i+1]
	if len(e.val) > 0 {
		amount = e.amount[from:to]
	}
	return e.at[from:to], amount
}

// read makes the lists of x [rows, n].
func (e *delayEvents[F]) read(x []F, rows, n int, scratch func(worker int) *delayScratch[F]) {
	e.rows, e.n, e.turned = rows, n, false
	e.start = sparse.Sized(e.start, rows+1)
	e.start[0] = 0
	par.Chunks(rows, par.Rows, func(r0, r1 int) {
		for r := r0; r < r1; r++ {
			e.start[r+1] = int32(sparse.Count(x[r*n : (r+1)*n]))
		}
	})
	for r := range rows {
		e.start[r+1] += e.start[r]
	}
	e.idx = sparse.Sized(e.idx, int(e.start[rows]))
	e.val = sparse.Sized(e.val, len(e.idx))
	graded := make([]bool, (rows+par.Rows-1)/par.Rows)
	_ = par.Blocks(rows, par.Rows, scratch, func(s *delayScratch[F], r0, r1 int) error {
		s.found = sparse.Sized(s.found, n)
		for r := r0; r < r1; r++ {
			row := x[r*n : (r+1)*n]
			k, ones := sparse.NonZero(row, s.found)
			graded[r0/par.Rows] = graded[r0/par.Rows] || !ones
			copy(e.idx[e.start[r]:e.start[r+1]], s.found[:k])
			for j, i := range s.found[:k] {
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

// take takes over lists that were given.
func (e *delayEvents[F]) take(m *sparse.CSR) {
	e.rows, e.n, e.turned = m.Rows, m.Cols, false
	e.start, e.idx, e.val = m.Start, m.Idx, e.val[:0]
	for _, v := range m.Val {
		e.val = append(e.val, F(v))
	}
}

// turn makes the lists of each element of a sample, for so many steps and samples and so much
// room behind the last step.
func (e *delayEvents[F]) turn(steps, batch, room int) {
	if e.turned {
		return
	}
	e.turned = true
	e.from = sparse.Sized(e.from, e.n+1)
	e.at = sparse.Sized(e.at, int(e.start[e.rows]))
	e.amount = sparse.Sized(e.amount, len(e.val))
	clear(e.from)
	for _, i := range e.idx[:e.start[e.rows]] {
		e.from[i+1]++
	}
	for i := range e.n {
		e.from[i+1] += e.from[i]
	}
	// from[i] moves to the end of element i while it fills; then all move back.
	for b := range batch {
		for t := range steps {
			idx, val := e.row(t*batch + b)
			for k, i := range idx {
				to := e.from[i]
				e.from[i]++
				e.at[to] = int32(b*(steps+room) + t)
				if len(val) > 0 {
					e.amount[to] = val[k]
				}
			}
		}
	}
	copy(e.from[1:], e.from[:e.n])
	e.from[0] = 0
}
