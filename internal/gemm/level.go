package gemm

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/spikegrad/spikegrad/internal/paths"
)

// A Level is the instruction set that the package runs on.
type Level int

// The levels, slowest first.
const (
	Go       Level = iota // no assembly
	AVX2                  // AVX2 and FMA
	AVX512                // AVX-512 F, BW, DQ and VL
	OpenBLAS              // the best of the others, but large products by OpenBLAS; with the build tag openblas alone
)

func (l Level) String() string {
	return [...]string{"Go", "AVX2", "AVX512", "OpenBLAS"}[l]
}

// kernels are the inner loops of a level for one element type.
type kernels[T float] struct {
	threadWork int // multiplications that take about as long as to wake a thread, 50 µs

	// The matrix product. gemm computes a tile of C of at most mr×nr elements, nr
	// being two vectors of so many lanes, from a block of A, mc×kc, and a block of
	// B, kc×nc, in the second-level cache. A block of a transposed A is strip×kc, as it
	// is read in strips so wide. transpose takes square rows, and k a
	// multiple of square.
	mr, nr, lanes int
	mc, nc, kc    int
	strip         int
	square        int
	gemm          func(k int, a []T, ars, aks int, b []T, bks int, c []T, ldc, rows, cols int, add bool)
	pack          func(dst []T, step int, src []T, lds, k, panels, width int)
	transpose     func(dst []T, step int, src []T, lds, k int)
	// product computes a large product in the place of all that; nil but on OpenBLAS.
	product func(transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, accumulate bool, c []T, ldc int)

	// Sums of rows, of at most tile elements.
	tile     int
	addRows  func(dst, w []T, ldw int, idx []int32, rows int) bool
	axpyRows func(dst, w []T, ldw int, idx []int32, val []T, rows int) bool

	// Convolutions: sums of runs, at most tile elements long, patches and lists. What is
	// listed may be followed by lanes elements that are overwritten.
	sumRuns    func(dst []T, step, n int, w []T, base, stepW, ldw int, idx []int32, val []T, start []int32, stride, span, count int) bool
	patches    func(dst, src []T, width, kh, kw, oh, ow, d int)
	sumPatches func(dst, src []T, width, kh, kw, oh, ow int, add bool)
	listRows   func(x []T, ld, cols, rows int, idx []int32, val []T, start []int32, base, step, from int) (n int)

	// Searches, of multiples of group elements.
	group   int
	nonZero func(x []T, idx []int32) (n int, ones bool)
	count   func(x []T) int
}

// A machine is the kernels of one level.
type machine struct {
	level Level
	f32   kernels[float32]
	f64   kernels[float64]
}

// machines are the levels that run on this computer, slowest first.
var machines = withOpenBLAS(append([]*machine{{Go, goKernels[float32](), goKernels[float64]()}}, vectorMachines()...))

var active atomic.Pointer[machine]

func init() {
	m := machines[len(machines)-1]
	for _, wanted := range machines {
		if strings.EqualFold(wanted.level.String(), paths.Kernels()) {
			m = wanted
		}
	}
	active.Store(m)
}

// Levels returns the levels that run on this computer, slowest first. The last
// one is in use unless Force has chosen another.
func Levels() []Level {
	ls := make([]Level, len(machines))
	for i, m := range machines {
		ls[i] = m.level
	}
	return ls
}

// Force makes the whole package run at a level that Levels lists, until restore
// is called. It is for tests: sums by Go, and by OpenBLAS, differ from those of the
// other levels in their last bits. It panics if the computer does not have the level.
func Force(level Level) (restore func()) {
	for _, m := range machines {
		if m.level == level {
			old := active.Swap(m)
			return func() { active.Store(old) }
		}
	}
	panic(fmt.Sprintf("gemm: level %d does not run on this computer, only %v", level, Levels()))
}
