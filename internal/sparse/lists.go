// Package sparse holds matrices of which few elements are not zero, as lists, and
// their products with dense ones, which follow the lists.
//
// The lists of a matrix are compressed sparse rows (CSR); turned they are those of its
// columns (CSC).
package sparse

import (
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// chunkRows is how many rows have their lists together: one piece of work.
const chunkRows = par.Rows

// Lists hold, row by row, the positions of the elements of a matrix that are not
// zero, and their values where those are not all 1. Memory is kept from use to use.
type Lists[F vec.Float] struct {
	Sparse bool // few elements are not zero; else there are no lists
	rows   int
	cols   int
	chunks []Chunk[F]
	turned []Chunk[F] // the same lists column by column in each panel, made when needed
	val    []F        // memory for the values of lists that were given
	packed []F        // columns of the right side of a product, row behind row
	panel  [][]F      // such columns of some rows, for each goroutine
}

// A Chunk is the lists of some rows.
type Chunk[F vec.Float] struct {
	start []int32 // of each row in idx, and the end; idx may hold other rows, too
	idx   []int32
	val   []F // empty if all are 1
}

// Read makes the lists of x if it is sparse. Whether it is, is judged by a few
// of its rows, always the same ones.
func (l *Lists[F]) Read(x []F, rows, cols int) {
	k := kernelsFor[F]()
	expected := l.judge(rows, cols, func(r int) int { return k.count(x[r*cols : (r+1)*cols]) })
	if !l.Sparse {
		return
	}
	if rows <= chunkRows { // a function for other goroutines would be allocated
		l.chunks[0].read(x, cols)
		return
	}
	par.Chunks(rows, chunkRows, func(r0, r1 int) {
		c, x := &l.chunks[r0/chunkRows], x[r0*cols:r1*cols]
		if c.idx == nil {
			c.idx = make([]int32, 0, int(2*expected*float64(len(x)))+cols)
		}
		c.read(x, cols)
	})
}

// judge sets whether a matrix is sparse, of which count returns the number of
// elements of a row that are not zero, and returns about which share of all that
// are. If it is sparse, there are chunks for its lists.
func (l *Lists[F]) judge(rows, cols int, count func(r int) int) (share float64) {
	l.rows, l.cols = rows, cols
	n, seen := Probe(rows, cols, count)
	if l.Sparse = float64(n) < Below*float64(seen); l.Sparse && l.chunks == nil {
		l.chunks = make([]Chunk[F], (rows+chunkRows-1)/chunkRows)
	}
	return float64(n) / float64(seen)
}

// Take makes l the lists of m if they are sparse, as Read would those of the dense
// matrix. They share memory with m.
func (l *Lists[F]) Take(m *CSR) {
	if l.judge(m.Rows, m.Cols, m.Count); !l.Sparse {
		return
	}
	val, same := any(m.Val).([]F)
	if !same {
		l.val = l.val[:0]
		for _, v := range m.Val {
			l.val = append(l.val, F(v))
		}
		val = l.val
	}
	for k := range l.chunks {
		l.chunks[k] = Chunk[F]{start: m.Start[k*chunkRows : min(m.Rows, (k+1)*chunkRows)+1], idx: m.Idx, val: val}
	}
}

func (c *Chunk[F]) read(x []F, cols int) {
	c.start, c.idx, c.val = append(c.start[:0], 0), c.idx[:0], c.val[:0]
	ones := true
	k := kernelsFor[F]()
	for at := 0; at < len(x); at += cols {
		have := len(c.idx)
		if cap(c.idx) < have+cols {
			c.idx = append(make([]int32, 0, 2*have+2*cols), c.idx...)
		}
		n, one := k.nonZero(x[at:at+cols], c.idx[have:have+cols])
		c.idx = c.idx[:have+n]
		c.start = append(c.start, int32(have+n))
		ones = ones && one
	}
	if ones {
		return
	}
	for r := range len(c.start) - 1 {
		row := x[r*cols : (r+1)*cols]
		for _, j := range c.idx[c.start[r]:c.start[r+1]] {
			c.val = append(c.val, row[j])
		}
	}
}

// row returns the positions and values of row i of the chunk.
func (c *Chunk[F]) row(i int) (idx []int32, val []F) {
	from, to := c.start[i], c.start[i+1]
	if len(c.val) > 0 {
		val = c.val[from:to]
	}
	return c.idx[from:to], val
}

// all returns the positions in all rows.
func (c *Chunk[F]) all() []int32 { return c.idx[c.start[0]:c.start[len(c.start)-1]] }
