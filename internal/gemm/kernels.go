package gemm

import "github.com/spikegrad/spikegrad/internal/cpu"

// kernels are the inner loops of a level for one element type.
type kernels[T float] struct {
	threadWork int // multiplications that take about as long as to wake a thread, 50 µs

	// The matrix product. gemm computes a tile of C of at most mr×nr elements, nr
	// being two vectors of so many lanes, from a block of A, mc×kc, and a block of
	// B, kc×nc, in the second-level cache: names and blocks are those of Goto's scheme. A
	// tile is as large as registers allow, mr·2 sums beside two vectors of B and what
	// is broadcast of A. A block of a transposed A is strip×kc, as it is read in strips so
	// wide. transpose takes square rows, and k a multiple of square. BenchmarkFloat32
	// shows what another size of a block costs.
	mr, nr, lanes int
	mc, nc, kc    int
	strip         int
	square        int
	gemm          func(k int, a []T, ars, aks int, b []T, bks int, c []T, ldc, rows, cols int, add bool)
	pack          func(dst []T, step int, src []T, lds, k, panels, width int)
	transpose     func(dst []T, step int, src []T, lds, k int)
	// product computes a large product in the place of all that; nil but in a program
	// that has a library for it.
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

	// Images of half the size and back, by means of 2×2 pixels.
	means, spread func(dst, src []T, rows, cols, width int)

	// Values that are late: rows of which each element, or each pair, has an offset of its own,
	// what lies at places behind offsets, and sums of stretches of at most so many lines.
	scatter, scatterPairs func(dst []T, off []int32, w []T, n int, idx []int32, val []T, rows int) bool
	collect, collectPairs func(sum, src []T, off, at []int32, val []T)
	lines                 int
	shifted               func(dst, src []T, off []int32, w []T, add bool)

	// Searches, of multiples of group elements.
	group   int
	nonZero func(x []T, idx []int32) (n int, ones bool)
	count   func(x []T) int
}

// A machine is the kernels of one level.
type machine struct {
	f32 kernels[float32]
	f64 kernels[float64]
}

// plainGo are the kernels of every processor.
var plainGo = machine{goKernels[float32](), goKernels[float64]()}

// A level that has none of its own gets these.
func init() {
	for l, m := range machines {
		if m == nil {
			machines[l] = &plainGo
		}
	}
}

// InForce names what computes products: a level, or a library.
func InForce() string {
	if library != "" && !cpu.Forced() {
		return library
	}
	return cpu.Kernels().String()
}
