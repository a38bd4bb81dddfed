package sparse

import (
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A CSR is a matrix as compressed sparse rows that somebody else has made.
type CSR struct {
	Rows, Cols int
	Start      []int32   // of each row in Idx and Val, and the end
	Idx        []int32   // columns, rising in each row
	Val        []float64 // of each, none 0; empty if all are 1
}

// Row returns the columns and values of row r.
func (m *CSR) Row(r int) (idx []int32, val []float64) {
	from, to := m.Start[r], m.Start[r+1]
	if len(m.Val) > 0 {
		val = m.Val[from:to]
	}
	return m.Idx[from:to], val
}

// Count returns how many elements of row r are not zero.
func (m *CSR) Count(r int) int { return int(m.Start[r+1] - m.Start[r]) }

// Spread writes the elements of rows r0 to r1−1 to x.
func Spread[F vec.Float](m *CSR, x []F, r0, r1 int) {
	clear(x)
	for r := r0; r < r1; r++ {
		row := x[(r-r0)*m.Cols:][:m.Cols]
		idx, val := m.Row(r)
		for k, i := range idx {
			row[i] = 1
			if len(val) > 0 {
				row[i] = F(val[k])
			}
		}
	}
}

// SpreadAll writes all elements to x.
func SpreadAll[F vec.Float](m *CSR, x []F) {
	par.Chunks(m.Rows, chunkRows, func(r0, r1 int) { Spread(m, x[r0*m.Cols:r1*m.Cols], r0, r1) })
}
