package matfunc

// A Submatrix is a part of each of Count matrices that have K×K blocks of N×N elements:
// one block, or with Whole unset its diagonal.
type Submatrix struct {
	Count, K, N int
	Row, Col    int // of the block
	Whole       bool
}

// Block returns a block of the matrices, or its diagonal.
func (p Submatrix) Block(row, col int, whole bool) Submatrix {
	p.Row, p.Col, p.Whole = row, col, whole
	return p
}

// Matrices is the shape of the matrices.
func (p Submatrix) Matrices() []int { return []int{p.Count, p.K * p.N, p.K * p.N} }

// Size is the number of elements in the submatrix.
func (p Submatrix) Size() int {
	if p.Whole {
		return p.Count * p.N * p.N
	}
	return p.Count * p.N
}

// At returns the position of element i of the submatrix among those of the matrices.
func (p Submatrix) At(i int) int {
	r, c := i%p.N, i%p.N
	of := i / p.N
	if p.Whole {
		r, of = of%p.N, of/p.N
	}
	m := p.K * p.N
	return (of*m+p.Row*p.N+r)*m + p.Col*p.N + c
}

// Move copies the submatrix: with in src is what stands in it, which goes to the matrices dst, else the other way.
func Move[F float32 | float64](p Submatrix, dst, src []F, in bool) {
	for i := range p.Size() {
		if in {
			dst[p.At(i)] = src[i]
		} else {
			dst[i] = src[p.At(i)]
		}
	}
}
