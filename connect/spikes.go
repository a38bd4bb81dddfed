package connect

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/limit"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// Spikes are the spikes of a sequence [T, batch, …] as lists: of every sample at
// every time step the positions of the elements that are not zero, counted over
// the axes behind the batch in their order, and their values where these are not
// all 1. It is the sparse form of a dense tensor, in which sums are taken of what
// comes twice, as in a sparse tensor of PyTorch's in coordinate format.
//
// SpikeInput makes it the input of a graph. Memory is kept from use to use:
// Clear, Add and running a graph allocate nothing once the lists have had their
// largest size. It must not be used by two goroutines at once.
type Spikes struct {
	shape               tensor.Shape
	steps, batch, width int
	rows                int // one sample at one time step is a row

	// The spikes in the order in which they came; with sorted in that of the dense
	// tensor, none twice, and none that is 0.
	row, idx []int32
	val      []float64 // empty if all are 1
	sorted   bool
	start    []int32    // of each row in idx and val, and the end; of sorted lists
	csr      sparse.CSR // of the present run

	spareRow, spareIdx []int32 // memory for sorting
	spareVal           []float64
	count              []int32
}

// NewSpikes returns the lists of a sequence of the given shape, [T batch n] or
// [T batch c h w], without spikes. An error says that it has less than three axes,
// one below 1, or more than 2²⁸ rows T·batch, and as many elements of a
// row.
func NewSpikes(shape ...int) (*Spikes, error) {
	if len(shape) < 3 || slices.Min(shape) < 1 {
		return nil, fmt.Errorf("connect: spikes: the shape is %v, want [T batch n …] with axes of at least 1", shape)
	}
	s := &Spikes{shape: slices.Clone(shape), steps: shape[0], batch: shape[1], sorted: true}
	var rows, width error
	s.rows, rows = limit.Within(maxRows, shape[:2]...)
	s.width, width = limit.Within(maxRows, shape[2:]...)
	if rows != nil || width != nil {
		return nil, fmt.Errorf("connect: spikes: the shape is %v, want at most %d rows and as many elements of a row", shape, maxRows)
	}
	s.start = make([]int32, s.rows+1)
	return s, nil
}

// maxRows bounds the rows of lists: 2²⁸ take 1 GiB for where they begin.
const maxRows = 1 << 28

// Shape returns the shape [T, batch, …] of the dense tensor.
func (s *Spikes) Shape() []int { return slices.Clone(s.shape) }

// Steps, Batch and Width return the number of time steps, of samples, and of the
// elements of a sample at one time step.
func (s *Spikes) Steps() int { return s.steps }
func (s *Spikes) Batch() int { return s.batch }
func (s *Spikes) Width() int { return s.width }

// Clear removes all spikes.
func (s *Spikes) Clear() {
	s.row, s.idx, s.val, s.sorted = s.row[:0], s.idx[:0], s.val[:0], true
	clear(s.start)
}

// Add adds value to element i of a sample at time step t: 1 for a spike, another
// number for one that is signed or graded. Spikes may come in any order; the order
// of a dense tensor is the fastest. What is added to one element twice adds up, and
// an element that becomes 0 has no spike. An error says which of t, sample and i is
// out of range.
func (s *Spikes) Add(t, sample, i int, value float64) error {
	if uint(t) >= uint(s.steps) || uint(sample) >= uint(s.batch) || uint(i) >= uint(s.width) || len(s.idx) == math.MaxInt32 {
		return s.refuse(t, sample, i)
	}
	if value != 1 && len(s.val) == 0 {
		s.grade()
	}
	s.row, s.idx, s.sorted = append(s.row, int32(t*s.batch+sample)), append(s.idx, int32(i)), false
	if len(s.val) > 0 || value != 1 {
		s.val = append(s.val, value)
	}
	return nil
}

func (s *Spikes) refuse(t, sample, i int) error {
	for _, c := range []struct {
		name string
		v, n int
	}{{"time step", t, s.steps}, {"sample", sample, s.batch}, {"element", i, s.width}} {
		if c.n == 0 {
			return fmt.Errorf("connect: spikes: they were not made by NewSpikes")
		}
		if c.v < 0 || c.v >= c.n {
			return fmt.Errorf("connect: spikes of shape %v: %s is %d, want 0 to %d", []int(s.shape), c.name, c.v, c.n-1)
		}
	}
	return fmt.Errorf("connect: spikes of shape %v: want at most %d spikes", []int(s.shape), math.MaxInt32)
}

// grade gives the spikes values, which were all 1.
func (s *Spikes) grade() {
	s.val = sparse.Sized(s.val, len(s.idx))
	for i := range s.val {
		s.val[i] = 1
	}
}

// Len returns the number of elements that are not zero.
func (s *Spikes) Len() int {
	s.sort()
	return len(s.idx)
}

// Row returns the spikes of a sample at time step t: the positions of its elements
// that are not zero, rising, and their values, nil if all spikes of the sequence
// are 1. They must not be changed, and hold until the next change of s. Where there
// is no such sample or time step there are none.
func (s *Spikes) Row(t, sample int) (idx []int32, val []float64) {
	if t < 0 || t >= s.steps || sample < 0 || sample >= s.batch {
		return nil, nil
	}
	m := s.inOrder()
	return m.Row(t*s.batch + sample)
}

// inOrder returns the lists in the order of the dense tensor.
func (s *Spikes) inOrder() sparse.CSR {
	s.sort()
	return sparse.CSR{Rows: s.rows, Cols: s.width, Start: s.start, Idx: s.idx, Val: s.val}
}

// lists is inOrder for those that a run follows.
func (s *Spikes) lists() *sparse.CSR {
	s.csr = s.inOrder()
	return &s.csr
}

// SetDense makes s the spikes of a dense tensor of its shape, in the place of those
// it had.
func (s *Spikes) SetDense(v *tensor.Dense) error {
	if v == nil || s.rows == 0 || !slices.Equal(v.Shape(), s.shape) {
		var got []int
		if v != nil {
			got = v.Shape()
		}
		return fmt.Errorf("connect: spikes: the dense tensor has shape %v, want %v", got, []int(s.shape))
	}
	v, err := ops.Dense(v)
	if err != nil {
		return fmt.Errorf("connect: spikes: %w", err)
	}
	s.Clear()
	if v.Dtype() == tensor.Float32 {
		setDense(s, v.Float32s())
	} else {
		setDense(s, v.Float64s())
	}
	return nil
}

func setDense[F vec.Float](s *Spikes, x []F) {
	for r := range s.rows {
		row, have := x[r*s.width:(r+1)*s.width], len(s.idx)
		s.idx = slices.Grow(s.idx, s.width)[:have+s.width]
		n, ones := sparse.NonZero(row, s.idx[have:])
		if !ones && len(s.val) == 0 {
			s.idx = s.idx[:have]
			s.grade()
		}
		s.idx = s.idx[:have+n]
		for _, i := range s.idx[have:] {
			s.row = append(s.row, int32(r))
			if len(s.val) > 0 || !ones {
				s.val = append(s.val, float64(row[i]))
			}
		}
		s.start[r+1] = int32(len(s.idx))
	}
}

// Dense returns the dense tensor of element type float32 or float64.
func (s *Spikes) Dense(dt tensor.Dtype) (*tensor.Dense, error) {
	if s.rows == 0 {
		return nil, fmt.Errorf("connect: spikes: they were not made by NewSpikes")
	}
	if !ops.IsFloat(dt) {
		return nil, fmt.Errorf("connect: spikes: a tensor of %v asked for, want float32 or float64", dt)
	}
	if err := s.dense(); err != nil {
		return nil, err
	}
	d := ops.New(dt, s.shape)
	s.write(d)
	return d, nil
}

// dense returns an error if the dense tensor would be too large.
func (s *Spikes) dense() error {
	if _, err := limit.Elements(s.shape...); err != nil {
		return fmt.Errorf("connect: spikes: the dense tensor: %w", err)
	}
	return nil
}

// write writes all elements to a tensor of as many.
func (s *Spikes) write(d *tensor.Dense) {
	if d.Dtype() == tensor.Float32 {
		sparse.SpreadAll(s.lists(), d.Float32s())
	} else {
		sparse.SpreadAll(s.lists(), d.Float64s())
	}
}

// sort puts the spikes in the order of the dense tensor, adds up those of one
// element, and drops what is 0.
func (s *Spikes) sort() {
	if s.sorted {
		return
	}
	order, twice := s.order()
	if !order { // by sample, perhaps, and each in order
		s.by(s.row, s.rows)
		order, twice = s.order()
	}
	if !order {
		s.by(s.idx, s.width)
		s.by(s.row, s.rows)
		_, twice = s.order()
	}
	if twice && len(s.val) == 0 {
		s.grade()
	}
	if len(s.val) > 0 {
		s.merge()
	}
	clear(s.start)
	for _, r := range s.row {
		s.start[r+1]++
	}
	for r := range s.rows {
		s.start[r+1] += s.start[r]
	}
	s.sorted = true
}

// order reports whether the spikes are in the order of the dense tensor, and if
// so, whether some element comes twice.
func (s *Spikes) order() (ok, twice bool) {
	for k := 1; k < len(s.row); k++ {
		r, i, lastRow, last := s.row[k], s.idx[k], s.row[k-1], s.idx[k-1]
		if r < lastRow || r == lastRow && i < last {
			return false, false
		}
		twice = twice || r == lastRow && i == last
	}
	return true, twice
}

// by sorts the spikes by keys below n, of which each has one. What has the same key
// keeps its order.
func (s *Spikes) by(key []int32, n int) {
	s.count = sparse.Sized(s.count, n+1)
	clear(s.count)
	for _, k := range key {
		s.count[k+1]++
	}
	for k := range n {
		s.count[k+1] += s.count[k]
	}
	s.spareRow, s.spareIdx, s.spareVal = sparse.Sized(s.spareRow, len(s.row)), sparse.Sized(s.spareIdx, len(s.idx)), sparse.Sized(s.spareVal, len(s.val))
	for j, k := range key {
		at := s.count[k]
		s.count[k]++
		s.spareRow[at], s.spareIdx[at] = s.row[j], s.idx[j]
		if len(s.val) > 0 {
			s.spareVal[at] = s.val[j]
		}
	}
	s.row, s.spareRow = s.spareRow, s.row
	s.idx, s.spareIdx = s.spareIdx, s.idx
	s.val, s.spareVal = s.spareVal, s.val
}

// merge adds up the values of one element, in the order in which they came, and
// drops elements that are 0. The spikes are in order.
func (s *Spikes) merge() {
	n := 0
	for k := 0; k < len(s.row); {
		r, i, sum := s.row[k], s.idx[k], s.val[k]
		for k++; k < len(s.row) && s.row[k] == r && s.idx[k] == i; k++ {
			sum += s.val[k]
		}
		if sum != 0 {
			s.row[n], s.idx[n], s.val[n] = r, i, sum
			n++
		}
	}
	s.row, s.idx, s.val = s.row[:n], s.idx[:n], s.val[:n]
}
