package gemm

// Args are the arguments of a product C = op(A)·op(B), or C += with Accumulate; op(A)
// is M×K, op(B) K×N. Rows of C are LdC elements apart, or N if that is 0.
type Args[F float32 | float64] struct {
	TransA, TransB bool
	M, N, K        int
	A              []F
	LdA            int
	B              []F
	LdB            int
	Accumulate     bool
	C              []F
	LdC            int
}

// Mul computes the product.
func Mul[F float32 | float64](p Args[F]) {
	if p.LdC == 0 {
		p.LdC = p.N
	}
	switch c := any(p.C).(type) {
	case []float32:
		Float32(p.TransA, p.TransB, p.M, p.N, p.K, any(p.A).([]float32), p.LdA, any(p.B).([]float32), p.LdB, p.Accumulate, c, p.LdC)
	case []float64:
		Float64(p.TransA, p.TransB, p.M, p.N, p.K, any(p.A).([]float64), p.LdA, any(p.B).([]float64), p.LdB, p.Accumulate, c, p.LdC)
	}
}
