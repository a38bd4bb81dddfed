package sparse

import (
	"runtime"

	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/par"
)

// columnTile is how many columns of a matrix are worked on together, so that
// those of all its rows stay in the cache.
const columnTile = 256

// TimesMatrix computes y = x·w, or y += x·w, for w with n columns.
func (l *Lists[F]) TimesMatrix(y, w []F, n int, accumulate bool) {
	for c0 := 0; c0 < n; c0 += columnTile {
		if l.rows <= chunkRows { // a function for other goroutines would be allocated
			l.tile(y, w, n, c0, accumulate, 0, l.rows)
			continue
		}
		par.Chunks(l.rows, chunkRows, func(r0, r1 int) { l.tile(y, w, n, c0, accumulate, r0, r1) })
	}
}

// tile computes the columns from c0 on of a chunk of TimesMatrix.
func (l *Lists[F]) tile(y, w []F, n, c0 int, accumulate bool, r0, r1 int) {
	k := kernelsFor[F]()
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

// TransposedTimes computes d = xᵀ·y for y with n columns.
func (l *Lists[F]) TransposedTimes(d, y []F, n int) {
	panels := (len(l.chunks) + panelChunks - 1) / panelChunks
	if l.turned == nil {
		l.turned = make([]Chunk[F], panels)
	}
	par.Each(panels, func(k int) {
		l.turned[k].turn(l.chunks[k*panelChunks:min(len(l.chunks), (k+1)*panelChunks)], l.cols)
	})
	// Every element of d is the work of one goroutine, so how they are shared out
	// does not matter to the result. Those that take whole tiles each read a part of
	// y by themselves.
	k := kernelsFor[F]()
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

// TransposedProduct computes d = xᵀ·y for x with rows rows and cols columns and y
// with n columns: by lists of x if it is sparse.
func (l *Lists[F]) TransposedProduct(d, x, y []F, rows, cols, n int) {
	if l.Read(x, rows, cols); l.Sparse {
		l.TransposedTimes(d, y, n)
		return
	}
	gemm.Mul(gemm.Args[F]{TransA: true, M: cols, N: n, K: rows, A: x, LdA: cols, B: y, LdB: n, C: d})
}

// turn makes of the lists of rows in chunks those of the columns: the rows in
// which each is not zero, in order.
func (t *Chunk[F]) turn(chunks []Chunk[F], cols int) {
	n, graded := 0, false
	for k := range chunks {
		n += len(chunks[k].all())
		graded = graded || len(chunks[k].val) > 0
	}
	t.start, t.idx, t.val = Sized(t.start, cols+1), Sized(t.idx, n), t.val[:0]
	if graded {
		t.val = Sized(t.val, n)
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
