package sparse

import (
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// kernels are the kernels that follow spikes.
type kernels[F vec.Float] struct {
	// count returns how many elements are not zero.
	count func(x []F) int
	// nonZero writes the positions of the elements that are not zero to idx, and
	// reports whether these are all 1.
	nonZero func(x []F, idx []int32) (n int, ones bool)
	// add adds to dst the rows idx of w, which are ld apart; axpy their multiples.
	add  func(dst, w []F, ld int, idx []int32)
	axpy func(dst, w []F, ld int, idx []int32, val []F)
}

var (
	rows32 = kernels[float32]{gemm.Count32, gemm.NonZero32, gemm.AddRows32, gemm.AxpyRows32}
	rows64 = kernels[float64]{gemm.Count64, gemm.NonZero64, gemm.AddRows64, gemm.AxpyRows64}
)

func kernelsFor[F vec.Float]() *kernels[F] {
	if k, ok := any(&rows32).(*kernels[F]); ok {
		return k
	}
	return any(&rows64).(*kernels[F])
}

// gather adds to dst the rows idx of w, times val if there is any.
func (k *kernels[F]) gather(dst, w []F, ld int, idx []int32, val []F) {
	if len(val) == 0 {
		k.add(dst, w, ld, idx)
	} else {
		k.axpy(dst, w, ld, idx, val)
	}
}

// Gather adds to dst the rows idx of w, ld elements apart, in order, times val if there is any.
// Rows may overlap.
func Gather[F vec.Float](dst, w []F, ld int, idx []int32, val []F) {
	kernelsFor[F]().gather(dst, w, ld, idx, val)
}

// Transpose writes the transpose of the rows×cols matrix w to t.
func Transpose[F vec.Float](t, w []F, rows, cols int) {
	const tile = 16
	for i0 := 0; i0 < rows; i0 += tile {
		for j0 := 0; j0 < cols; j0 += tile {
			for i := i0; i < min(rows, i0+tile); i++ {
				for j := j0; j < min(cols, j0+tile); j++ {
					t[j*rows+i] = w[i*cols+j]
				}
			}
		}
	}
}

// Sized returns a slice of n elements, s itself if it is long enough; else one
// with room to grow, as the number of spikes is never quite the same and rises as a
// network learns. Room that is never written to takes no memory.
func Sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, 2*n)
	}
	return s[:n]
}
