package gemm

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/cpu"
)

// everywhere is what the sums of TestSameEverywhere gave on AVX2 and AVX-512.
var everywhere = map[int]string{
	32: "ca7491ab3946ef5e29ae7310300fc2d529347803165143e2ea751e4db05a58c0",
	64: "679ae6711ecd7340ffc15921cd01c9a8f0a4e7413652ae68c79517e83033fbb6",
}

// Products and sums of rows, runs and patches give the same bits on processors of
// different kinds, which no test on one of them can compare: all give those that AVX2 gave.
func TestSameEverywhere(t *testing.T) {
	for _, level := range cpu.Levels()[1:] {
		restore := force(t, level)
		require.Equal(t, everywhere, map[int]string{
			32: allSums(Float32, AddRows32, AxpyRows32, SumRuns32, (*Patches).Sum32),
			64: allSums(Float64, AddRows64, AxpyRows64, SumRuns64, (*Patches).Sum64),
		}, "%v", level)
		restore()
	}
}

// allSums returns a hash of what sums of all kinds give for sizes and numbers drawn at
// random. The numbers have all digits, so that a sum in another order is another one.
func allSums[T float](
	product func(transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, accumulate bool, c []T, ldc int),
	add func(dst, w []T, ldw int, idx []int32),
	axpy func(dst, w []T, ldw int, idx []int32, val []T),
	runs func(r *Runs, dst, w []T, idx []int32, val []T),
	patches func(p *Patches, dst, src []T, add bool),
) string {
	h := sha256.New()
	rng := rand.New(rand.NewPCG(21, 22))
	numbers := func(n int) []T {
		x := make([]T, n)
		for i := range x {
			x[i] = T(int64(rng.Uint64())) / (1 << 62)
		}
		return x
	}
	for i := range 60 {
		transA, transB := i&1 > 0, i&2 > 0
		m, n, k := 1+rng.IntN(70), 1+rng.IntN(70), 1+rng.IntN(600)
		lda, ldb := k, n
		if transA {
			lda = m
		}
		if transB {
			ldb = k
		}
		c := numbers(m * n)
		product(transA, transB, m, n, k, numbers(m*k), lda, numbers(k*n), ldb, i&4 > 0, c, n)

		w, idx := numbers(20*n), indices(rng, 20)
		row, multiples := numbers(n), numbers(n)
		add(row, w, n, idx)
		axpy(multiples, w, n, idx, numbers(len(idx)))

		r, list, size := randomRuns(rng, n)
		sums := numbers((r.Count-1)*r.Step + n)
		runs(&r, sums, numbers(size), list, numbers(len(list)))
		p := randomPatches(rng)
		image := numbers(p.Height * p.Width)
		patches(&p, image, numbers(p.Size()), i%2 == 0)
		for _, x := range [][]T{c, row, multiples, sums, image} {
			_ = binary.Write(h, binary.LittleEndian, x)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}
