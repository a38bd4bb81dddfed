package graph

import (
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A product is C = op(A)·op(B), or C += with accumulate; op(A) is m×k, op(B) k×n.
type product[F vec.Float] struct {
	transA, transB bool
	m, n, k        int
	a              []F
	lda            int
	b              []F
	ldb            int
	accumulate     bool
	c              []F
}

func mul[F vec.Float](p product[F]) {
	switch c := any(p.c).(type) {
	case []float32:
		gemm.Float32(p.transA, p.transB, p.m, p.n, p.k, any(p.a).([]float32), p.lda, any(p.b).([]float32), p.ldb, p.accumulate, c, p.n)
	case []float64:
		gemm.Float64(p.transA, p.transB, p.m, p.n, p.k, any(p.a).([]float64), p.lda, any(p.b).([]float64), p.ldb, p.accumulate, c, p.n)
	}
}

// sparseBelow is the share of non-zero elements below which adding up the rows
// of a matrix beats the dense product.
const sparseBelow = 0.25

// A matrix is the right side of row-by-row products.
type matrix[F vec.Float] struct {
	k, n int
	w    []F // k×n
	t    []F // memory for a transpose
}

// load takes over the values of w.
func (m *matrix[F]) load(w []F, in matInstr) {
	m.k, m.n = in.k, in.n
	if !in.trans {
		m.w = w
		return
	}
	if len(m.t) != len(w) {
		m.t = make([]F, len(w))
	}
	transpose(m.t, w, in.n, in.k)
	m.w = m.t
}

// mul computes dst = a·w for some rows of a. chunk is scratch memory.
func (m *matrix[F]) mul(dst, a []F, chunk *spikeChunk[F]) {
	rows := len(a) / m.k
	if float64(countNonZero(a)) >= sparseBelow*float64(len(a)) {
		mul(product[F]{m: rows, n: m.n, k: m.k, a: a, lda: m.k, b: m.w, ldb: m.n, c: dst})
		return
	}
	chunk.read(a, m.k)
	clear(dst)
	for r := range rows {
		addRows(dst[r*m.n:(r+1)*m.n], m.w, m.n, chunk, r)
	}
}

// countNonZero returns how many elements are not zero.
func countNonZero[F vec.Float](x []F) int {
	switch x := any(x).(type) {
	case []float32:
		return gemm.Count32(x)
	case []float64:
		return gemm.Count64(x)
	}
	return 0
}

// nonZero writes the positions of the elements that are not zero to idx, and
// reports whether these are all 1.
func nonZero[F vec.Float](x []F, idx []int32) (n int, ones bool) {
	switch x := any(x).(type) {
	case []float32:
		return gemm.NonZero32(x, idx)
	case []float64:
		return gemm.NonZero64(x, idx)
	}
	return 0, false
}

// gather adds to dst the rows idx of w, which are ld apart, times val if there
// is any.
func gather[F vec.Float](dst, w []F, ld int, idx []int32, val []F) {
	switch dst := any(dst).(type) {
	case []float32:
		w := any(w).([]float32)
		if len(val) == 0 {
			gemm.AddRows32(dst, w, ld, idx)
		} else {
			gemm.AxpyRows32(dst, w, ld, idx, any(val).([]float32))
		}
	case []float64:
		w := any(w).([]float64)
		if len(val) == 0 {
			gemm.AddRows64(dst, w, ld, idx)
		} else {
			gemm.AxpyRows64(dst, w, ld, idx, any(val).([]float64))
		}
	}
}

// scatter adds src, times val if there is any, to the rows idx of dst, which are
// ld apart.
func scatter[F vec.Float](dst []F, ld int, idx []int32, val, src []F) {
	switch dst := any(dst).(type) {
	case []float32:
		if src := any(src).([]float32); len(val) == 0 {
			gemm.ScatterRows32(dst, ld, idx, src)
			return
		}
	case []float64:
		if src := any(src).([]float64); len(val) == 0 {
			gemm.ScatterRows64(dst, ld, idx, src)
			return
		}
	}
	for k, j := range idx {
		d := dst[int(j)*ld:][:len(src)]
		for i, x := range src {
			d[i] += val[k] * x
		}
	}
}
