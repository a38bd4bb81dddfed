package gemm

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/spikegrad/spikegrad/internal/cpu"
)

// products are those of networks: whole sequences of 100 steps of a batch of 64
// through a layer, its two gradients, readouts, and single steps.
var products = []shape{
	{false, false, false, 6400, 512, 512},
	{false, true, false, 6400, 512, 512},
	{true, false, false, 512, 512, 6400},
	{false, false, false, 6400, 512, 784},
	{false, false, false, 6400, 10, 512},
	{false, true, false, 6400, 512, 10},
	{true, false, false, 512, 10, 6400},
	{false, false, false, 6400, 20, 512},
	{false, false, false, 64, 256, 256},
	{false, true, false, 64, 256, 256},
	{false, false, false, 10, 512, 6400},
	{false, false, false, 5, 1, 5},
}

func (s shape) String() string {
	op := map[bool]string{false: "N", true: "T"}
	return fmt.Sprintf("%s%s/%dx%dx%d", op[s.transA], op[s.transB], s.m, s.n, s.k)
}

func BenchmarkFloat32(b *testing.B) { benchmarkLevels(b, benchmarkProduct[float32]) }
func BenchmarkFloat64(b *testing.B) { benchmarkLevels(b, benchmarkProduct[float64]) }

// benchmarkLevels measures all products on the best level, and with a library if there
// is one, and the first ones on the levels below.
func benchmarkLevels(b *testing.B, f func(b *testing.B, s shape)) {
	for _, l := range cpu.Levels() {
		some := products[:3] // of one size, without and with a transposed side
		switch l {
		case cpu.Best():
			some = products
		case cpu.Go:
			some = products[:1]
		}
		for _, s := range some {
			b.Run(fmt.Sprintf("%v/%v", l, s), func(b *testing.B) {
				defer force(b, l)()
				f(b, s)
			})
		}
	}
	if InForce() == library {
		for _, s := range products {
			b.Run(fmt.Sprintf("%v/%v", library, s), func(b *testing.B) { f(b, s) })
		}
	}
}

func benchmarkProduct[T float](b *testing.B, s shape) {
	rng := rand.New(rand.NewPCG(1, 2))
	tight := func(rows, cols int) matrix[T] {
		x := matrix[T]{rows: rows, cols: cols, ld: cols, data: make([]T, rows*cols)}
		for i := range x.data {
			x.data[i] = T(rng.NormFloat64())
		}
		return x
	}
	x, y, z := tight(s.m, s.k), tight(s.k, s.n), tight(s.m, s.n)
	if s.transA {
		x.ld = s.m
	}
	if s.transB {
		y.ld = s.k
	}
	b.ReportAllocs()
	for b.Loop() {
		multiplyMatrices(s, x, y, z)
	}
	b.ReportMetric(2*float64(s.m*s.n*s.k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
}

// BenchmarkRows32 takes the rows of a 512×n matrix that 5 % of spikes ask for,
// step after step. GB/s is how fast it reads the matrix.
func BenchmarkRows32(b *testing.B) {
	const in, steps = 512, 100
	for _, n := range []int{20, 256, 512} {
		rng := rand.New(rand.NewPCG(1, 2))
		w, row, val := make([]float32, in*n), make([]float32, n), make([]float32, in)
		idx, rows := make([][]int32, steps), 0
		for t := range idx {
			for i := range int32(in) {
				if rng.Float64() < 0.05 {
					idx[t] = append(idx[t], i)
				}
			}
			rows += len(idx[t])
		}
		each := func(name string, f func(idx []int32)) {
			b.Run(fmt.Sprintf("%s/%dx%d", name, in, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					for _, i := range idx {
						f(i)
					}
				}
				ns := float64(b.Elapsed().Nanoseconds()) / float64(b.N*rows)
				b.ReportMetric(ns, "ns/row")
				b.ReportMetric(float64(4*n)/ns, "GB/s")
			})
		}
		each("Sum", func(idx []int32) { AddRows32(row, w, n, idx) })
		each("Axpy", func(idx []int32) { AxpyRows32(row, w, n, idx, val[:len(idx)]) })
	}
}

func BenchmarkNonZero32(b *testing.B) {
	for _, density := range []float64{0, 0.05, 1} {
		rng := rand.New(rand.NewPCG(1, 2))
		x, idx := make([]float32, 1<<16), make([]int32, 1<<16)
		for i := range x {
			if rng.Float64() < density {
				x[i] = 1
			}
		}
		each := func(name string, f func()) {
			b.Run(fmt.Sprintf("%s/density=%v", name, density), func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(x)), "ns/element")
			})
		}
		each("NonZero", func() { NonZero32(x, idx) })
		each("Count", func() { Count32(x) })
	}
}

// BenchmarkImages32 runs the kernels of convolutions on an image of the conv
// workload, 16 channels of 12×12 pixels, of which 18.5 % are not zero, and on what
// becomes of it, 32 channels of 8×8.
func BenchmarkImages32(b *testing.B) {
	const in, size, out, kernel, outSize = 16, 12, 32, 5, 8
	rng := rand.New(rand.NewPCG(1, 2))
	x, y := make([]float32, in*size*size), random[float32](rng, 1, size*size*out).data
	for i := range x {
		if rng.Float64() < 0.185 {
			x[i] = 1
		}
	}
	each := func(name string, unit string, units int, f func()) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*units), "ns/"+unit)
		})
	}
	turned := make([]float32, len(x))
	each("Transpose", "element", len(x), func() { Transpose32(turned, in, x, size*size, in, size*size) })
	idx, val, start := make([]int32, len(x)+ListRoom), make([]float32, len(x)+ListRoom), make([]int32, in*size+1)
	list := func() {
		n := 0
		for c := range in {
			n = ListRows32(x[c*size*size:], size, size, size, idx, val, start[c*size:], 0, 1, n)
		}
		start[in*size] = int32(n)
	}
	each("ListRows", "row", in*size, list)
	p := Patches{Height: size, Width: size, KH: kernel, KW: kernel, OH: outSize, OW: outSize, StrideY: 1, StrideX: 1, DilationY: 1, DilationX: 1}
	patches := make([]float32, in*p.Size())
	each("Copy", "element", in*p.Size(), func() {
		for c := range in {
			p.Copy32(patches[c*p.Size():], x[c*size*size:])
		}
	})
	each("Sum", "element", in*p.Size(), func() {
		for c := range in {
			p.Sum32(turned[c*size*size:], patches[c*p.Size():], false)
		}
	})
	r, w, met := Runs{N: kernel * out, Count: kernel, Step: kernel * out, StepW: out, LdW: out, Stride: 1, Span: outSize}, make([]float32, kernel*kernel*out), 0
	for c := range in {
		for k := range kernel {
			met += int(start[c*size+k+outSize] - start[c*size+k])
		}
	}
	each("SumRuns", "run", met, func() {
		for c := range in {
			r.Start = start[c*size:]
			SumRuns32(&r, w, y, idx, val)
		}
	})
}
