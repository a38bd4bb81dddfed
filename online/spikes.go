package online

import (
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// spikes say of the inputs of a sample at which steps they are not zero, and what they are there.
type spikes[F vec.Float] struct {
	start []int32 // where those of input i begin
	at    []int32
	val   []F // empty where all are 1
}

// of returns those of input i.
func (s *spikes[F]) of(i int) (at []int32, val []F) {
	from, to := s.start[i], s.start[i+1]
	if len(s.val) > 0 {
		val = s.val[from:to]
	}
	return s.at[from:to], val
}

// A reader finds in x [T, batch, m] what is not zero, in blocks of time steps, in the order in which it lies there.
type reader[F vec.Float] struct {
	x      []F
	rows   int // T batch
	m      int
	blocks []block
	crew   par.Crew
}

// A block has the inputs that are not zero, row by row, and where those of each row end.
type block struct {
	idx, end []int32
	ones     bool
}

// blockRows is how many rows are in a block.
const blockRows = 256

// Piece reads a block.
func (rd *reader[F]) Piece(_, k int) {
	w := &rd.blocks[k]
	w.idx, w.end, w.ones = w.idx[:0], w.end[:0], true
	for row := k * blockRows; row < min((k+1)*blockRows, rd.rows); row++ {
		have := len(w.idx)
		if cap(w.idx) < have+rd.m {
			w.idx = append(make([]int32, 0, 2*(have+rd.m)), w.idx...)
		}
		n, ones := sparse.NonZero(rd.x[row*rd.m:][:rd.m], w.idx[have:have+rd.m])
		w.idx, w.end, w.ones = w.idx[:have+n], append(w.end, int32(have+n)), w.ones && ones
	}
}

// row returns the inputs of a row that are not zero.
func (rd *reader[F]) row(row int) []int32 {
	w, i := &rd.blocks[row/blockRows], row%blockRows
	from := int32(0)
	if i > 0 {
		from = w.end[i-1]
	}
	return w.idx[from:w.end[i]]
}

// A sorter sorts what a reader has found by inputs, sample by sample.
type sorter[F vec.Float] struct {
	*reader[F]
	steps, batch int
	spikes       []spikes[F] // of each sample
	ones         bool
	each         par.Crew
}

func newSorter[F vec.Float](steps, batch, m int) *sorter[F] {
	s := &sorter[F]{reader: &reader[F]{rows: steps * batch, m: m}, steps: steps, batch: batch, spikes: make([]spikes[F], batch)}
	s.blocks = make([]block, (s.rows+blockRows-1)/blockRows)
	return s
}

// read finds what is not zero in x.
func (s *sorter[F]) read(x []F) {
	s.x = x
	s.crew.Do(s.reader, par.Workers(len(s.blocks)), len(s.blocks))
	s.ones = true
	for i := range s.blocks {
		s.ones = s.ones && s.blocks[i].ones
	}
	s.each.Do(s, par.Workers(s.batch), s.batch)
}

// Piece sorts the inputs of sample b.
func (s *sorter[F]) Piece(_, b int) {
	of := &s.spikes[b]
	of.start = sparse.Sized(of.start, s.m+2)
	clear(of.start)
	n := 0
	for t := range s.steps {
		idx := s.row(t*s.batch + b)
		n += len(idx)
		for _, i := range idx {
			of.start[i+2]++
		}
	}
	for i := range s.m {
		of.start[i+2] += of.start[i+1]
	}
	of.at, of.val = sparse.Sized(of.at, n), of.val[:0]
	if !s.ones {
		of.val = sparse.Sized(of.val, n)
	}
	for t := range s.steps { // what is the end of input i − 1 becomes that of i
		x := s.x[(t*s.batch+b)*s.m:][:s.m]
		for _, i := range s.row(t*s.batch + b) {
			k := of.start[i+1]
			of.start[i+1]++
			of.at[k] = int32(t)
			if !s.ones {
				of.val[k] = x[i]
			}
		}
	}
}
