package gemm

// Packed is a matrix B [k, n] in the order in which the kernels go through it, for many
// products with few rows of A each: Mul would copy it every time, or wait for rows that
// lie far apart. Goroutines may share it between two Packs.
type Packed[F float32 | float64] struct {
	k, n int
	kn   *kernels[F]
	kc   int // steps of the sum that lie together
	step int // from one of these to the next in a panel
	data []F
}

// Pack takes over the values of b, in rows of n elements.
func (p *Packed[F]) Pack(b []F, k, n int) {
	checkMatrix("b", k, n, false, len(b), n)
	p.k, p.n, p.kn = k, n, kernelsOf[F]()
	j := job[F]{product: product[F]{n: n, k: k, b: b, ldb: n}, kernels: p.kn}
	p.kc, p.step = even(k, p.kn.kc, 8), j.panelStep(n)
	p.data = room(&p.data, k*ceil(n, p.kn.nr)*p.step)
	for at := 0; at < k; at += p.kc {
		j.packRows(p.data[p.block(at):], p.step, p.kn.nr, b[at*n:], n, min(p.kc, k-at), n)
	}
}

// block returns where the rows from at on begin.
func (p *Packed[F]) block(at int) int { return at * ceil(p.n, p.kn.nr) * p.step }

// Mul computes C = A·B for m rows of A, with the bits of Mul of a matrix that is not packed. It is
// the work of one goroutine. It panics if a slice is shorter than its matrix.
func (p *Packed[F]) Mul(c, a []F, m int) { p.MulRows(c, a, p.k, m) }

// MulRows is Mul of rows of A that are lda elements apart.
func (p *Packed[F]) MulRows(c, a []F, lda, m int) {
	checkMatrix("a", m, p.k, false, len(a), lda)
	checkMatrix("c", m, p.n, false, len(c), p.n)
	j := job[F]{product: product[F]{c: c, ldc: p.n}, kernels: p.kn}
	for at := 0; at < p.k && m > 0; at += p.kc {
		kc := min(p.kc, p.k-at)
		left := panels[F]{data: a[at:], panel: p.kn.mr * lda, in: lda, along: 1}
		right := panels[F]{data: p.data[p.block(at):], panel: kc * p.step, along: p.step}
		j.block(left, right, m, p.n, kc, c, at > 0)
	}
}

// kernelsOf returns the kernels in force for an element type.
func kernelsOf[F float32 | float64]() *kernels[F] {
	if k, ok := any(&active().f32).(*kernels[F]); ok {
		return k
	}
	return any(&active().f64).(*kernels[F])
}
