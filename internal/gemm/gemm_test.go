package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuick(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, lv := range Levels() {
		t.Run(lv.String(), func(t *testing.T) {
			defer Force(lv)()
			for range 500 {
				m, n, k := rng.IntN(70), rng.IntN(70), rng.IntN(70)
				ta, tb, add := rng.IntN(2) == 0, rng.IntN(2) == 0, rng.IntN(2) == 0
				one[float32](t, rng, ta, tb, add, m, n, k, Float32, 1e-5)
				one[float64](t, rng, ta, tb, add, m, n, k, Float64, 1e-13)
			}
			one[float32](t, rng, true, false, true, 300, 600, 1100, Float32, 1e-5)
			one[float32](t, rng, false, true, true, 300, 600, 1100, Float32, 1e-5)
			one[float32](t, rng, false, false, true, 300, 600, 1100, Float32, 1e-5)
			one[float32](t, rng, true, true, true, 300, 600, 1100, Float32, 1e-5)
		})
	}
}

func one[T float](t *testing.T, rng *rand.Rand, ta, tb, add bool, m, n, k int, f func(bool, bool, int, int, int, []T, int, []T, int, bool, []T, int), tol float64) {
	mat := func(r, c int) ([]T, int) {
		ld := c + rng.IntN(5)
		x := make([]T, r*ld)
		for i := range x {
			x[i] = T(rng.NormFloat64())
		}
		return x, ld
	}
	am, ak := m, k
	if ta {
		am, ak = k, m
	}
	bm, bk := k, n
	if tb {
		bm, bk = n, k
	}
	a, lda := mat(am, ak)
	b, ldb := mat(bm, bk)
	c, ldc := mat(m, n)
	want := make([]float64, len(c))
	mag := make([]float64, len(c))
	for i := range c {
		want[i] = float64(c[i])
	}
	for i := range m {
		for j := range n {
			s := 0.0
			if add {
				s = want[i*ldc+j]
			}
			mg := math.Abs(s)
			for p := range k {
				x, y := 0.0, 0.0
				if ta {
					x = float64(a[p*lda+i])
				} else {
					x = float64(a[i*lda+p])
				}
				if tb {
					y = float64(b[j*ldb+p])
				} else {
					y = float64(b[p*ldb+j])
				}
				s += x * y
				mg += math.Abs(x * y)
			}
			want[i*ldc+j] = s
			mag[i*ldc+j] = mg
		}
	}
	f(ta, tb, m, n, k, a, lda, b, ldb, add, c, ldc)
	for i := range c {
		require.LessOrEqual(t, math.Abs(float64(c[i])-want[i]), tol*mag[i], fmt.Sprint(ta, tb, add, m, n, k, i))
	}
}
