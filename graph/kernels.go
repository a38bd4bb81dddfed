package graph

import (
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/paths"
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
var sparseBelow = sparseShare()

func sparseShare() float64 {
	if paths.Dense() {
		return 0
	}
	return 0.25
}

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
	k := rowKernelsFor[F]()
	if float64(k.count(a)) >= sparseBelow*float64(len(a)) {
		mul(product[F]{m: rows, n: m.n, k: m.k, a: a, lda: m.k, b: m.w, ldb: m.n, c: dst})
		return
	}
	chunk.read(a, m.k)
	clear(dst)
	for r := range rows {
		idx, val := chunk.row(r)
		k.gather(dst[r*m.n:(r+1)*m.n], m.w, m.n, idx, val)
	}
}

// rowKernels are the kernels that follow spikes.
type rowKernels[F vec.Float] struct {
	// count returns how many elements are not zero.
	count func(x []F) int
	// nonZero writes the positions of the elements that are not zero to idx, and
	// reports whether these are all 1.
	nonZero func(x []F, idx []int32) (n int, ones bool)
	// add adds to dst the rows idx of w, which are ld apart; axpy their multiples.
	add  func(dst, w []F, ld int, idx []int32)
	axpy func(dst, w []F, ld int, idx []int32, val []F)
}

var (
	rows32 = rowKernels[float32]{gemm.Count32, gemm.NonZero32, gemm.AddRows32, gemm.AxpyRows32}
	rows64 = rowKernels[float64]{gemm.Count64, gemm.NonZero64, gemm.AddRows64, gemm.AxpyRows64}
)

func rowKernelsFor[F vec.Float]() *rowKernels[F] {
	if k, ok := any(&rows32).(*rowKernels[F]); ok {
		return k
	}
	return any(&rows64).(*rowKernels[F])
}

// gather adds to dst the rows idx of w, times val if there is any.
func (k *rowKernels[F]) gather(dst, w []F, ld int, idx []int32, val []F) {
	if len(val) == 0 {
		k.add(dst, w, ld, idx)
	} else {
		k.axpy(dst, w, ld, idx, val)
	}
}
