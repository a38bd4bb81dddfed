package gemm

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// A product with a packed matrix has the bits of one without, on every path.
func TestPacked(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		testPacked[float32](t)
		testPacked[float64](t)
	})
}

func testPacked[F float32 | float64](t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	numbers := func(n int) []F {
		x := make([]F, n)
		for i := range x {
			x[i] = F(r.NormFloat64())
		}
		return x
	}
	var p Packed[F]
	for i := range 60 {
		m, n, k := 1+r.IntN(40), 1+r.IntN(90), 1+r.IntN(900)
		if i%3 == 0 {
			n = 1 + r.IntN(20)
		}
		a, b := numbers(m*k), numbers(k*n)
		want, got := make([]F, m*n), numbers(m*n)
		Mul(Args[F]{M: m, N: n, K: k, A: a, LdA: k, B: b, LdB: n, C: want})
		p.Pack(b, k, n)
		p.Mul(got, a, m)
		if InForce() != library {
			require.Equal(t, want, got, "%d×%d×%d", m, k, n)
		}
		p.Mul(got, a[:m/2*k], m/2) // fewer rows, of the same matrix, or none
		require.Zero(t, testing.AllocsPerRun(2, func() { p.Mul(got, a, m) }))
	}
	require.Panics(t, func() { p.Mul(nil, numbers(1), 3) })
}
