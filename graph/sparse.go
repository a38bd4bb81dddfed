package graph

import (
	"runtime"

	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// chunkRows is how many rows are one piece of work. Like blockLanes it is fixed,
// so that results do not depend on GOMAXPROCS.
const chunkRows = 64

// spikeLists holds, row by row, the positions of the elements of a matrix that
// are not zero, and their values where those are not all 1.
type spikeLists[F vec.Float] struct {
	sparse bool // few elements are not zero; else there are no lists
	rows   int
	cols   int
	chunks []spikeChunk[F]
	turned []spikeChunk[F] // the same lists column by column in each panel, made when needed
	val    []F             // memory for the values of lists that were given
}

type spikeChunk[F vec.Float] struct {
	start []int32 // of each row in idx, and the end; idx may hold other rows, too
	idx   []int32
	val   []F // empty if all are 1
}

// read makes the lists of x if it is sparse. Whether it is, is judged by a few
// of its rows, always the same ones.
func (l *spikeLists[F]) read(x []F, rows, cols int) {
	k := rowKernelsFor[F]()
	expected := l.judge(rows, cols, func(r int) int { return k.count(x[r*cols : (r+1)*cols]) })
	if !l.sparse {
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
func (l *spikeLists[F]) judge(rows, cols int, count func(r int) int) (share float64) {
	l.rows, l.cols = rows, cols
	const probes = 64
	n, seen := 0, 0
	for r := 0; r < rows; r += max(1, rows/probes) {
		n += count(r)
		seen += cols
	}
	if l.sparse = float64(n) < sparseBelow*float64(seen); l.sparse && l.chunks == nil {
		l.chunks = make([]spikeChunk[F], (rows+chunkRows-1)/chunkRows)
	}
	return float64(n) / float64(seen)
}

func (c *spikeChunk[F]) read(x []F, cols int) {
	c.start, c.idx, c.val = append(c.start[:0], 0), c.idx[:0], c.val[:0]
	ones := true
	k := rowKernelsFor[F]()
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
func (c *spikeChunk[F]) row(i int) (idx []int32, val []F) {
	from, to := c.start[i], c.start[i+1]
	if len(c.val) > 0 {
		val = c.val[from:to]
	}
	return c.idx[from:to], val
}

// all returns the positions in all rows.
func (c *spikeChunk[F]) all() []int32 { return c.idx[c.start[0]:c.start[len(c.start)-1]] }

// columnTile is how many columns of a matrix are worked on together, so that
// those of all its rows stay in the cache.
const columnTile = 256

// timesMatrix computes y = x·w, or y += x·w, for w with n columns.
func (l *spikeLists[F]) timesMatrix(y, w []F, n int, accumulate bool) {
	for c0 := 0; c0 < n; c0 += columnTile {
		if l.rows <= chunkRows { // a function for other goroutines would be allocated
			l.tile(y, w, n, c0, accumulate, 0, l.rows)
			continue
		}
		par.Chunks(l.rows, chunkRows, func(r0, r1 int) { l.tile(y, w, n, c0, accumulate, r0, r1) })
	}
}

// tile computes the columns from c0 on of a chunk of timesMatrix.
func (l *spikeLists[F]) tile(y, w []F, n, c0 int, accumulate bool, r0, r1 int) {
	k := rowKernelsFor[F]()
	c1 := min(n, c0+columnTile)
	c := &l.chunks[r0/chunkRows]
	for r := r0; r < r1; r++ {
		dst := y[r*n+c0 : r*n+c1]
		if !accumulate {
			clear(dst)
		}
		idx, val := c.row(r - r0)
		k.gather(dst, w[c0:], n, idx, val)
	}
}

// panelChunks is how many chunks are a panel: rows whose stretch of the right
// side of xᵀ·y stays in the cache.
const panelChunks = 8

// transposedTimes computes d = xᵀ·y for y with n columns.
func (l *spikeLists[F]) transposedTimes(d, y []F, n int) {
	panels := (len(l.chunks) + panelChunks - 1) / panelChunks
	if l.turned == nil {
		l.turned = make([]spikeChunk[F], panels)
	}
	par.Each(panels, func(k int) {
		l.turned[k].turn(l.chunks[k*panelChunks:min(len(l.chunks), (k+1)*panelChunks)], l.cols)
	})
	// Every element of d is the work of one goroutine, so how they are shared out
	// does not matter to the result. Those that take whole tiles each read a part of
	// y by themselves.
	k := rowKernelsFor[F]()
	tiles := (n + columnTile - 1) / columnTile
	parts := min(l.cols, (runtime.GOMAXPROCS(0)+tiles-1)/tiles)
	par.Each(tiles*parts, func(i int) {
		c0, part := i/parts*columnTile, i%parts
		c1 := min(n, c0+columnTile)
		from, to := part*l.cols/parts, (part+1)*l.cols/parts
		for j := from; j < to; j++ {
			clear(d[j*n+c0 : j*n+c1])
		}
		for p := range l.turned {
			right := y[p*panelChunks*chunkRows*n+c0:]
			for j := from; j < to; j++ {
				if idx, val := l.turned[p].row(j); len(idx) > 0 {
					k.gather(d[j*n+c0:j*n+c1], right, n, idx, val)
				}
			}
		}
	})
}

// transposedProduct computes d = xᵀ·y for x with rows rows and cols columns and y
// with n columns: by lists of x if it is sparse.
func (l *spikeLists[F]) transposedProduct(d, x, y []F, rows, cols, n int) {
	if l.read(x, rows, cols); l.sparse {
		l.transposedTimes(d, y, n)
		return
	}
	mul(product[F]{transA: true, m: cols, n: n, k: rows, a: x, lda: cols, b: y, ldb: n, c: d})
}

// turn makes of the lists of rows in chunks those of the columns: the rows in
// which each is not zero, in order.
func (t *spikeChunk[F]) turn(chunks []spikeChunk[F], cols int) {
	n, graded := 0, false
	for k := range chunks {
		n += len(chunks[k].all())
		graded = graded || len(chunks[k].val) > 0
	}
	t.start, t.idx, t.val = sized(t.start, cols+1), sized(t.idx, n), t.val[:0]
	if graded {
		t.val = sized(t.val, n)
	}
	clear(t.start)
	for k := range chunks {
		for _, j := range chunks[k].all() {
			t.start[j+1]++
		}
	}
	for j := range cols {
		t.start[j+1] += t.start[j]
	}
	// start[j] moves to the end of column j while it fills; then all move back.
	for k := range chunks {
		c := &chunks[k]
		for i := range len(c.start) - 1 {
			idx, val := c.row(i)
			for m, j := range idx {
				at := t.start[j]
				t.start[j]++
				t.idx[at] = int32(k*chunkRows + i)
				if len(val) > 0 {
					t.val[at] = val[m]
				} else if graded {
					t.val[at] = 1
				}
			}
		}
	}
	copy(t.start[1:], t.start[:cols])
	t.start[0] = 0
}

// sized returns a slice of n elements, s itself if it is long enough; else one
// with room to grow, as the number of spikes is never quite the same and rises as a
// network learns. Room that is never written to takes no memory.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, 2*n)
	}
	return s[:n]
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
