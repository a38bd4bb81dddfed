package gemm

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

var shapes = []struct {
	name    string
	ta, tb  bool
	m, n, k int
}{
	{"NN/6400x512x512", false, false, 6400, 512, 512},
	{"NT/6400x512x512", false, true, 6400, 512, 512},
	{"TN/512x512x6400", true, false, 512, 512, 6400},
	{"NN/6400x10x512", false, false, 6400, 10, 512},
	{"NT/6400x512x10", false, true, 6400, 512, 10},
	{"TN/512x10x6400", true, false, 512, 10, 6400},
	{"TN/10x512x6400", true, false, 10, 512, 6400},
	{"NN/6400x20x512", false, false, 6400, 20, 512},
	{"NN/64x256x256", false, false, 64, 256, 256},
	{"NT/64x256x256", false, true, 64, 256, 256},
	{"NN/10x512x6400", false, false, 10, 512, 6400},
	{"NN/6400x512x784", false, false, 6400, 512, 784},
	{"NN/1024x1024x1024", false, false, 1024, 1024, 1024},
	{"NN/5x1x5", false, false, 5, 1, 5},
	{"NN/512x1x512", false, false, 512, 1, 512},
}

func BenchmarkGemm(b *testing.B) {
	for _, lv := range Levels() {
		for _, s := range shapes {
			b.Run(fmt.Sprintf("%v/f32/%s", lv, s.name), func(b *testing.B) { bench(b, lv, s.ta, s.tb, s.m, s.n, s.k, Float32) })
		}
		for _, s := range shapes {
			b.Run(fmt.Sprintf("%v/f64/%s", lv, s.name), func(b *testing.B) { bench(b, lv, s.ta, s.tb, s.m, s.n, s.k, Float64) })
		}
	}
}

func bench[T float](b *testing.B, lv Level, ta, tb bool, m, n, k int, f func(bool, bool, int, int, int, []T, int, []T, int, bool, []T, int)) {
	defer Force(lv)()
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []T {
		x := make([]T, n)
		for i := range x {
			x[i] = T(rng.NormFloat64())
		}
		return x
	}
	x, y, z := random(m*k), random(k*n), make([]T, m*n)
	lda, ldb := k, n
	if ta {
		lda = m
	}
	if tb {
		ldb = k
	}
	b.ReportAllocs()
	for b.Loop() {
		f(ta, tb, m, n, k, x, lda, y, ldb, false, z, n)
	}
	b.ReportMetric(2e-9*float64(m*n*k)*float64(b.N)/b.Elapsed().Seconds(), "GFLOP/s")
}
