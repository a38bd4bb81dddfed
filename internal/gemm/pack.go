package gemm

// panels are the rows of a block of A, mr in a panel, or the columns of a block
// of B, nr in a panel. Where the matrix itself reads well they are views of it,
// else copies in the order in which the kernel goes through them.
type panels[T float] struct {
	data  []T
	panel int // from one panel to the next
	in    int // from one row of A to the next in its panel; in B it is 1
	along int // from one step of the sum to the next
}

// packA returns the m×k block of op(A) at row i and column p, which n columns of
// B are waiting for.
func (j *job[T]) packA(buf *[]T, i, m, p, k, n int) panels[T] {
	switch {
	case j.transA:
		a := j.a[p*j.lda+i:]
		dst := room(buf, j.mc*j.kc)
		j.packRows(dst, j.mr, j.mr, a, j.lda, k, m)
		return panels[T]{data: dst, panel: k * j.mr, in: 1, along: j.mr}
	case n <= 2*j.nr:
		return panels[T]{data: j.a[i*j.lda+p:], panel: j.mr * j.lda, in: j.lda, along: 1}
	}
	// Rows apart by a power of two would share few lines of the first cache.
	ld := k + j.lanes
	dst := room(buf, j.mc*(j.kc+j.lanes))
	for r := range m {
		copy(dst[r*ld:][:k], j.a[(i+r)*j.lda+p:])
	}
	return panels[T]{data: dst, panel: j.mr * ld, in: ld, along: 1}
}

// packB returns the k×n block of op(B) at row p and column c, which m rows of A
// are waiting for.
func (j *job[T]) packB(buf *[]T, c, n, p, k, m int) panels[T] {
	step := j.nr
	if n <= j.lanes {
		step = j.lanes
	}
	if !j.transB {
		b := j.b[p*j.ldb+c:]
		if j.direct {
			return panels[T]{data: b, panel: j.nr, along: j.ldb}
		}
		dst := room(buf, j.kc*(j.nc+j.nr))
		j.packRows(dst, step, j.nr, b, j.ldb, k, n)
		return panels[T]{data: dst, panel: k * step, along: step}
	}
	dst := room(buf, j.kc*(j.nc+j.nr))
	b := j.b[c*j.ldb+p:]
	for jr := 0; jr < n; jr += j.nr {
		w := min(j.nr, n-jr)
		j.transposeRows(dst[jr*k:], step, b[jr*j.ldb:], j.ldb, w, k)
	}
	return panels[T]{data: dst, panel: k * step, along: step}
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
func (j *job[T]) transposeRows(dst []T, step int, src []T, ld, n, k int) {
	in, kin := n-n%j.group, k-k%j.group
	for i := 0; i < in && kin > 0; i += j.group {
		j.transpose(dst[i:], step, src[i*ld:], ld, kin)
	}
	for i := range n {
		from := 0
		if i < in {
			from = kin
		}
		row := src[i*ld:][:k]
		for p := from; p < k; p++ {
			dst[p*step+i] = row[p]
		}
	}
}

// room returns n elements of a buffer, which grows to hold them.
func room[T float](buf *[]T, n int) []T {
	if len(*buf) < n {
		*buf = make([]T, n)
	}
	return *buf
}
