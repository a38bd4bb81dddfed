package sparse

import (
	"runtime"
	"unsafe"

	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// columnTile is how many columns of a matrix are worked on together, so that those of all
// its rows stay in the cache.
const columnTile = 256

// Rows that are a power of two apart share a few places of a cache. Where a matrix has long
// rows, and so many of x read it that a copy pays, its columns are copied first, row behind
// row: from packBytes on, for packRows of x. Then the second-level cache holds packTile of
// them for 2,000 rows.
const (
	packBytes = 4096
	packRows  = 8 * chunkRows
	packTile  = 128
)

// packs reports whether products with matrices of n columns copy some of these.
func (l *Lists[F]) packs(n int) bool {
	var x F
	return l.rows >= packRows && n*int(unsafe.Sizeof(x)) >= packBytes
}

// TimesMatrix computes y = x·w, or y += x·w, for w with n columns.
func (l *Lists[F]) TimesMatrix(y, w []F, n int, accumulate bool) {
	if l.rows <= chunkRows { // a function for other goroutines would be allocated
		l.times(y, w, n, 0, n, n, accumulate, 0, l.rows)
		return
	}
	wide, packs := columnTile, l.packs(n)
	if packs {
		wide = packTile
	}
	for c0 := 0; c0 < n; c0 += wide {
		c1 := min(n, c0+wide)
		right, ld := w[c0:], n
		if packs {
			ld = c1 - c0
			l.packed = Sized(l.packed, l.cols*packTile)
			right = l.packed[:l.cols*ld]
			par.Chunks(l.cols, chunkRows, func(r0, r1 int) { pack(right[r0*ld:r1*ld], w[r0*n+c0:], n, ld) })
		}
		par.Chunks(l.rows, chunkRows, func(r0, r1 int) { l.times(y, right, n, c0, c1, ld, accumulate, r0, r1) })
	}
}

// times computes the columns c0 ≤ c < c1 of a chunk of TimesMatrix. The rows of w begin
// with the first of them, and are ld apart.
func (l *Lists[F]) times(y, w []F, n, c0, c1, ld int, accumulate bool, r0, r1 int) {
	k := kernelsFor[F]()
	c := &l.chunks[r0/chunkRows]
	for r := r0; r < r1; r++ {
		dst := y[r*n+c0 : r*n+c1]
		if !accumulate {
			clear(dst)
		}
		idx, val := c.row(r - r0)
		k.gather(dst, w, ld, idx, val)
	}
}

// pack copies the first wide elements of rows that are ld apart to dst, row behind row.
func pack[F vec.Float](dst, w []F, ld, wide int) {
	for i := range len(dst) / wide {
		copy(dst[i*wide:(i+1)*wide], w[i*ld:])
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
	if panels == 1 {
		if l.turned[0].turn(l.chunks, l.cols); (l.cols+len(l.turned[0].idx))*n < fewSums { // not worth goroutines, and functions for them
			if len(l.panel) == 0 {
				l.panel = append(l.panel, nil)
			}
			for c0 := 0; c0 < n; c0 += columnTile {
				l.columns(d, y, n, c0, 0, l.cols, &l.panel[0])
			}
			return
		}
	} else {
		par.Each(panels, func(k int) {
			l.turned[k].turn(l.chunks[k*panelChunks:min(len(l.chunks), (k+1)*panelChunks)], l.cols)
		})
	}
	// Every element of d is the work of one goroutine, so how they are shared out
	// does not matter to the result. Those that take whole tiles each read a part of
	// y by themselves.
	tiles := (n + columnTile - 1) / columnTile
	parts := min(l.cols, (runtime.GOMAXPROCS(0)+tiles-1)/tiles)
	for w := len(l.panel); w < par.Workers(tiles*parts); w++ {
		l.panel = append(l.panel, nil)
	}
	buffer := func(worker int) *[]F { return &l.panel[worker] }
	_ = par.Blocks(tiles*parts, 1, buffer, func(panel *[]F, i, _ int) error {
		c0, part := i/parts*columnTile, i%parts
		l.columns(d, y, n, c0, part*l.cols/parts, (part+1)*l.cols/parts, panel)
		return nil
	})
}

// fewSums is up to how many sums one goroutine takes less time than several have to begin.
const fewSums = 1 << 15

// columns computes rows from ≤ j < to of a tile of TransposedTimes, the columns from c0 on,
// with memory for the stretches of y that are in a panel.
func (l *Lists[F]) columns(d, y []F, n, c0, from, to int, panel *[]F) {
	k := kernelsFor[F]()
	c1 := min(n, c0+columnTile)
	for j := from; j < to; j++ {
		clear(d[j*n+c0 : j*n+c1])
	}
	for p := range l.turned {
		r0 := p * panelChunks * chunkRows
		right, ld := y[r0*n+c0:], n
		if l.packs(n) {
			ld = c1 - c0
			*panel = Sized(*panel, panelChunks*chunkRows*columnTile)
			right = (*panel)[:min(l.rows-r0, panelChunks*chunkRows)*ld]
			pack(right, y[r0*n+c0:], n, ld)
		}
		for j := from; j < to; j++ {
			if idx, val := l.turned[p].row(j); len(idx) > 0 {
				k.gather(d[j*n+c0:j*n+c1], right, ld, idx, val)
			}
		}
	}
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
