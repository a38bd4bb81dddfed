package gemm

import "unsafe"

// To pack B costs a copy of it, which a kernel that goes through it a few times does not
// earn back. BenchmarkFloat32 has shapes on both sides: 64×256×256 reads B where it is.
const (
	directRows   = 256     // for up to so many rows of A it does not pay to pack B
	directBytes  = 1 << 20 // if B stays in the second-level cache
	directTurned = 1 << 15 // a transposed A that stays in the first-level cache is read where it is
)

// panels are the rows of a block of A, mr in a panel, or the columns of a block
// of B, nr in a panel. They are views of the matrix where it reads well, else
// copies in the order in which the kernel goes through them.
type panels[T float] struct {
	data  []T
	panel int // from one panel to the next
	in    int // from one row of A to the next within its panel; in B it is 1
	along int // from one step of the sum to the next
}

// packA returns the m×k block of op(A) at row i and column p.
func (j *job[T]) packA(buf *[]T, i, m, p, k int) panels[T] {
	switch {
	case !j.transA: // the kernel follows each row by itself, a stream that is read ahead
		return panels[T]{data: j.a[i*j.lda+p:], panel: j.mr * j.lda, in: j.lda, along: 1}
	case j.directA():
		return panels[T]{data: j.a[p*j.lda+i:], panel: j.mr, in: 1, along: j.lda}
	}
	dst := room(buf, j.strip*j.kc)
	j.packRows(dst, j.mr, j.mr, j.a[p*j.lda+i:], j.lda, k, m)
	return panels[T]{data: dst, panel: k * j.mr, in: 1, along: j.mr}
}

// packB returns the k×n block of op(B) at row p and column c, for m rows of A.
func (j *job[T]) packB(buf *[]T, p, k, c, n, m int) panels[T] {
	if j.directB(m) {
		return panels[T]{data: j.b[p*j.ldb+c:], panel: j.nr, along: j.ldb}
	}
	step := j.panelStep(n)
	dst := room(buf, j.kc*(j.nc+j.nr))
	if j.transB {
		b := j.b[c*j.ldb+p:]
		for i := 0; i < n; i += j.nr {
			j.transposeRows(dst[i*k:], step, b[i*j.ldb:], j.ldb, min(j.nr, n-i), k)
		}
	} else {
		j.packRows(dst, step, j.nr, j.b[p*j.ldb+c:], j.ldb, k, n)
	}
	return panels[T]{data: dst, panel: k * step, along: step}
}

// panelStep returns how many elements a panel of n columns has for a step of the sum.
func (j *job[T]) panelStep(n int) int {
	if n <= j.lanes {
		return j.lanes
	}
	return j.nr
}

// directA and directB return whether the kernel reads A, and B for m rows of A, where they are.
func (j *job[T]) directA() bool {
	var elem T
	return !j.transA || j.lda*j.k <= directTurned/int(unsafe.Sizeof(elem))
}
func (j *job[T]) directB(m int) bool { return !j.transB && m <= directRows && j.smallB(m) }

// smallB returns whether op(B) stays close by while m rows of A are multiplied
// with it. A single tile of rows goes through it once and can wait a little.
func (j *job[T]) smallB(m int) bool {
	var elem T
	limit := directBytes / int(unsafe.Sizeof(elem))
	if m <= j.mr {
		limit *= 4
	}
	return j.k*j.n <= limit
}

// packRows copies k rows of n elements into panels of width elements a row.
func (j *job[T]) packRows(dst []T, step, width int, src []T, ld, k, n int) {
	full := n / width
	if full > 0 {
		j.pack(dst, step, src, ld, k, full, width)
	}
	if rest := n - full*width; rest > 0 {
		j.pack(dst[full*k*step:], step, src[full*width:], ld, k, 1, rest)
	}
}

// transposeRows sets dst[p·step+i] = src[i·ld+p] for i < n and p < k.
func (kn *kernels[T]) transposeRows(dst []T, step int, src []T, ld, n, k int) {
	if n < kn.square || k < kn.square {
		for i := range n {
			for p, x := range src[i*ld:][:k] {
				dst[p*step+i] = x
			}
		}
		return
	}
	// Squares; the last ones overlap those before where n or k is no multiple. Where rows of
	// dst lie far apart, often a power of two, only so many are written to at a time as a set
	// of the first-level cache has lines: each of these is written to twice.
	kin, klast := k-k%kn.square, k-kn.square
	along := kin
	if step > 8*kn.nr {
		along = kn.square
	}
	squares := func(p, along int) {
		for i := 0; i < n; i += kn.square {
			i := min(i, n-kn.square)
			kn.transpose(dst[p*step+i:], step, src[i*ld+p:], ld, along)
		}
	}
	for p := 0; p < kin; p += along {
		squares(p, along)
	}
	if kin < k {
		squares(klast, kn.square)
	}
}

// room returns a buffer of at least n elements.
func room[T float](buf *[]T, n int) []T {
	if len(*buf) < n {
		*buf = make([]T, n)
	}
	return *buf
}
