package vec

import (
	"slices"
	"testing"

	"github.com/spikegrad/spikegrad/internal/cpu"
)

// BenchmarkKernels reports ns/elem over 1024 elements in the first level of
// the cache: go test -run '^$' -bench 'Kernels/AVX512/float32'.
func BenchmarkKernels(b *testing.B) {
	for _, level := range cpu.Levels() {
		b.Run(level.String()+"/float32", func(b *testing.B) { benchmark[float32](b, level) })
		b.Run(level.String()+"/float64", func(b *testing.B) { benchmark[float64](b, level) })
	}
}

func benchmark[F Float](b *testing.B, level cpu.Level) {
	const n = 1024
	var a [3][]F
	for j := range a {
		a[j] = make([]F, n)
		for i := range a[j] {
			a[j][i] = 0.1 + F(i+j)/n
		}
	}
	dst := make([]F, n)
	run := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/elem")
		})
	}
	k := force[F](b, level)
	m := calls(b, k)
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f := m[name].run
		run(name, func() { f(dst, a, 0.5) })
	}
	run("Sum", func() { k.Sum(a[0]) })
	run("Finite", func() { k.Finite(a[0]) })
}
