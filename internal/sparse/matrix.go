package sparse

import (
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A Matrix is the right side of products row by row.
type Matrix[F vec.Float] struct {
	k, n int
	w    []F // k×n
	t    []F // memory for a transpose
}

// Load takes over the values of w: k×n, or with trans n×k, to be transposed.
func (m *Matrix[F]) Load(w []F, k, n int, trans bool) {
	m.k, m.n = k, n
	if !trans {
		m.w = w
		return
	}
	if len(m.t) != len(w) {
		m.t = make([]F, len(w))
	}
	Transpose(m.t, w, n, k)
	m.w = m.t
}

// Mul computes dst = a·w for some rows of a, all of which it looks at. chunk is scratch
// memory.
func (m *Matrix[F]) Mul(dst, a []F, chunk *Chunk[F]) {
	rows := len(a) / m.k
	k := kernelsFor[F]()
	if float64(k.count(a)) >= Below*float64(len(a)) {
		gemm.Mul(gemm.Args[F]{M: rows, N: m.n, K: m.k, A: a, LdA: m.k, B: m.w, LdB: m.n, C: dst})
		return
	}
	chunk.read(a, m.k)
	clear(dst)
	for r := range rows {
		idx, val := chunk.row(r)
		k.gather(dst[r*m.n:(r+1)*m.n], m.w, m.n, idx, val)
	}
}
