package gemm

import "fmt"

// Float32 computes C = op(A)·op(B), or C += op(A)·op(B) if accumulate. op(A) is
// m×k and op(B) is k×n: op transposes if transA or transB. C is m×n. Matrices lie
// row by row, ld… elements from one row to the next.
//
// It panics if a size is negative or a slice is shorter than its matrix.
func Float32(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, accumulate bool, c []float32, ldc int) {
	multiply(&active().f32, &jobs32, product[float32]{
		transA: transA, transB: transB, m: m, n: n, k: k,
		a: a, lda: lda, b: b, ldb: ldb, add: accumulate, c: c, ldc: ldc,
	})
}

// Float64 is Float32 for float64.
func Float64(transA, transB bool, m, n, k int, a []float64, lda int, b []float64, ldb int, accumulate bool, c []float64, ldc int) {
	multiply(&active().f64, &jobs64, product[float64]{
		transA: transA, transB: transB, m: m, n: n, k: k,
		a: a, lda: lda, b: b, ldb: ldb, add: accumulate, c: c, ldc: ldc,
	})
}

type float interface{ float32 | float64 }

// A product is what Float32 and Float64 are asked for.
type product[T float] struct {
	transA, transB bool
	m, n, k        int
	a              []T
	lda            int
	b              []T
	ldb            int
	add            bool
	c              []T
	ldc            int
}

// check panics if the product would reach past the end of a slice: the kernels
// do not look.
func (p *product[T]) check() {
	if p.m < 0 || p.n < 0 || p.k < 0 {
		panic(fmt.Sprintf("gemm: m, n, k = %d, %d, %d, want none negative", p.m, p.n, p.k))
	}
	checkMatrix("a", p.m, p.k, p.transA, len(p.a), p.lda)
	checkMatrix("b", p.k, p.n, p.transB, len(p.b), p.ldb)
	checkMatrix("c", p.m, p.n, false, len(p.c), p.ldc)
}

func checkMatrix(name string, rows, cols int, trans bool, length, ld int) {
	if trans {
		rows, cols = cols, rows
	}
	if rows == 0 || cols == 0 {
		return
	}
	if ld < cols {
		panic(fmt.Sprintf("gemm: %s has rows of %d elements, %d apart", name, cols, ld))
	}
	if length < cols || (length-cols)/ld < rows-1 {
		panic(fmt.Sprintf("gemm: %s has %d elements, want %d rows of %d, %d apart", name, length, rows, cols, ld))
	}
}
