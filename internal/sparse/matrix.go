package sparse

import (
	"sync"

	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A Matrix is the right side of products row by row. Between two Loads goroutines may
// share it.
type Matrix[F vec.Float] struct {
	k, n int
	w    []F // k×n
	t    []F // memory for a transpose

	packed gemm.Packed[F]
	pack   sync.Once // for the first dense row since Load
}

// Load takes over the values of w: k×n, or with trans n×k, to be transposed.
func (m *Matrix[F]) Load(w []F, k, n int, trans bool) {
	m.k, m.n, m.pack = k, n, sync.Once{}
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

// Mul computes dst = a·w for some rows of a. Each is looked at, and followed by its spikes or
// not, by itself, so that its result does not depend on the rows beside it. chunk is scratch memory.
func (m *Matrix[F]) Mul(dst, a []F, chunk *Chunk[F]) {
	rows := len(a) / m.k
	k := kernelsFor[F]()
	follow := func(r int) bool { return float64(k.count(a[r*m.k:(r+1)*m.k])) < Below*float64(m.k) }
	for r0, r1 := 0, 0; r0 < rows; r0 = r1 {
		sparse := follow(r0)
		for r1 = r0 + 1; r1 < rows && follow(r1) == sparse; {
			r1++
		}
		a, dst := a[r0*m.k:r1*m.k], dst[r0*m.n:r1*m.n]
		if !sparse {
			m.pack.Do(func() { m.packed.Pack(m.w, m.k, m.n) })
			m.packed.Mul(dst, a, r1-r0)
			continue
		}
		chunk.read(a, m.k)
		clear(dst)
		for r := range r1 - r0 {
			idx, val := chunk.row(r)
			k.gather(dst[r*m.n:(r+1)*m.n], m.w, m.n, idx, val)
		}
	}
}
