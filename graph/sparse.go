package graph

import "github.com/spikegrad/spikegrad/internal/vec"

// chunkRows is how many rows are one piece of work. Like blockLanes it is fixed,
// so that results do not depend on GOMAXPROCS.
const chunkRows = 64

// eachChunk calls work for chunks of rows on all processors.
func eachChunk(rows int, work func(r0, r1 int)) {
	_ = eachBlock(rows, chunkRows, func(int) struct{} { return struct{}{} },
		func(_ struct{}, r0, r1 int) error { work(r0, r1); return nil })
}

// spikeLists holds, row by row, the positions of the elements of a matrix that
// are not zero, and their values where those are not all 1.
type spikeLists[F vec.Float] struct {
	sparse bool // few elements are not zero; else there are no lists
	rows   int
	cols   int
	chunks []spikeChunk[F]
}

type spikeChunk[F vec.Float] struct {
	start []int32 // of each row in idx, and the end
	idx   []int32
	val   []F // empty if all are 1
}

// read makes the lists of x if it is sparse. Whether it is, is judged by a few
// of its rows, always the same ones.
func (l *spikeLists[F]) read(x []F, rows, cols int) {
	l.rows, l.cols = rows, cols
	const probes = 64
	n, step := 0, max(1, rows/probes)
	seen := 0
	for r := 0; r < rows; r += step {
		n += countNonZero(x[r*cols : (r+1)*cols])
		seen += cols
	}
	if l.sparse = float64(n) < sparseBelow*float64(seen); !l.sparse {
		return
	}
	if l.chunks == nil {
		l.chunks = make([]spikeChunk[F], (rows+chunkRows-1)/chunkRows)
	}
	eachChunk(rows, func(r0, r1 int) { l.chunks[r0/chunkRows].read(x[r0*cols:r1*cols], cols) })
}

func (c *spikeChunk[F]) read(x []F, cols int) {
	c.start, c.idx, c.val = append(c.start[:0], 0), c.idx[:0], c.val[:0]
	ones := true
	for at := 0; at < len(x); at += cols {
		have := len(c.idx)
		if cap(c.idx) < have+cols {
			c.idx = append(make([]int32, 0, 2*have+2*cols), c.idx...)
		}
		n, one := nonZero(x[at:at+cols], c.idx[have:have+cols])
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
func (c *spikeChunk[F]) row(i int) (idx []int32, val []F) {
	from, to := c.start[i], c.start[i+1]
	if len(c.val) > 0 {
		val = c.val[from:to]
	}
	return c.idx[from:to], val
}

// timesMatrix computes y = x·w, or y += x·w, for w with n columns.
func (l *spikeLists[F]) timesMatrix(y, w []F, n int, accumulate bool) {
	eachChunk(l.rows, func(r0, r1 int) {
		c := &l.chunks[r0/chunkRows]
		for r := r0; r < r1; r++ {
			dst := y[r*n : (r+1)*n]
			if !accumulate {
				clear(dst)
			}
			addRows(dst, w, n, c, r-r0)
		}
	})
}

// addRows adds to dst the rows of w that row i of the chunk selects.
func addRows[F vec.Float](dst, w []F, n int, c *spikeChunk[F], i int) {
	idx, val := c.row(i)
	gather(dst, w, n, idx, val)
}

// columnTile is how many columns of a result are one piece of work.
const columnTile = 128

// transposedTimes computes d = xᵀ·y for y with n columns.
func (l *spikeLists[F]) transposedTimes(d, y []F, n int) {
	clear(d)
	_ = eachBlock(n, columnTile, func(int) struct{} { return struct{}{} }, func(_ struct{}, c0, c1 int) error {
		for k := range l.chunks {
			c := &l.chunks[k]
			for i := range len(c.start) - 1 {
				r := k*chunkRows + i
				idx, val := c.row(i)
				scatter(d[c0:], n, idx, val, y[r*n+c0:r*n+c1])
			}
		}
		return nil
	})
}

// transpose writes the transpose of the rows×cols matrix w to t.
func transpose[F vec.Float](t, w []F, rows, cols int) {
	const tile = 16
	for i0 := 0; i0 < rows; i0 += tile {
		for j0 := 0; j0 < cols; j0 += tile {
			for i := i0; i < min(rows, i0+tile); i++ {
				for j := j0; j < min(cols, j0+tile); j++ {
					t[j*rows+i] = w[i*cols+j]
				}
			}
		}
	}
}
