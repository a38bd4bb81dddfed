package gemm

import (
	"fmt"
	"math"
)

// AddRows32 adds rows of a matrix to dst: dst[i] += Σ_j w[idx[j]·ldw + i], in the
// order of idx. A row is as long as dst, which must not overlap w; rows may overlap each
// other.
//
// It panics if an index is outside of w.
func AddRows32(dst, w []float32, ldw int, idx []int32) {
	addRows(&active().f32, dst, w, ldw, idx)
}

// AddRows64 is AddRows32 for float64.
func AddRows64(dst, w []float64, ldw int, idx []int32) {
	addRows(&active().f64, dst, w, ldw, idx)
}

// AxpyRows32 adds multiples of rows of a matrix to dst: dst[i] += Σ_j
// val[j]·w[idx[j]·ldw + i], in the order of idx. A row is as long as dst, which
// must not overlap w.
//
// It panics if an index is outside of w, or val is not as long as idx.
func AxpyRows32(dst, w []float32, ldw int, idx []int32, val []float32) {
	axpyRows(&active().f32, dst, w, ldw, idx, val)
}

// AxpyRows64 is AxpyRows32 for float64.
func AxpyRows64(dst, w []float64, ldw int, idx []int32, val []float64) {
	axpyRows(&active().f64, dst, w, ldw, idx, val)
}

// NonZero32 writes the positions of the elements of x that are not 0 to idx[:n],
// and tells whether all of these are exactly 1. NaN is not 0. What is in idx[n:]
// afterwards is undefined.
//
// It panics if idx has less capacity than x is long.
func NonZero32(x []float32, idx []int32) (n int, ones bool) {
	return nonZero(&active().f32, x, idx)
}

// NonZero64 is NonZero32 for float64.
func NonZero64(x []float64, idx []int32) (n int, ones bool) {
	return nonZero(&active().f64, x, idx)
}

// Count32 counts the elements of x that are not 0. NaN is not 0.
func Count32(x []float32) int { return count(&active().f32, x) }

// Count64 is Count32 for float64.
func Count64(x []float64) int { return count(&active().f64, x) }

func addRows[T float](kn *kernels[T], dst, w []T, ldw int, idx []int32) {
	rows := countRows("w", len(w), ldw, len(dst))
	if len(idx) == 0 {
		return
	}
	for i := 0; i < len(dst); i += kn.tile {
		if !kn.addRows(dst[i:min(i+kn.tile, len(dst))], w[min(i, len(w)):], ldw, idx, rows) {
			panicIndex("w", idx, rows)
		}
	}
}

func axpyRows[T float](kn *kernels[T], dst, w []T, ldw int, idx []int32, val []T) {
	if len(val) != len(idx) {
		panic(fmt.Sprintf("gemm: %d values for %d indices", len(val), len(idx)))
	}
	rows := countRows("w", len(w), ldw, len(dst))
	if len(idx) == 0 {
		return
	}
	for i := 0; i < len(dst); i += kn.tile {
		if !kn.axpyRows(dst[i:min(i+kn.tile, len(dst))], w[min(i, len(w)):], ldw, idx, val, rows) {
			panicIndex("w", idx, rows)
		}
	}
}

// countRows returns how many rows of n elements, ld apart, a matrix has, as far
// as an index reaches.
func countRows(name string, length, ld, n int) int {
	if ld < 1 {
		panic(fmt.Sprintf("gemm: %s has rows of %d elements, %d apart", name, n, ld))
	}
	if n == 0 || length < n {
		return 0
	}
	return min((length-n)/ld+1, math.MaxInt32)
}

func panicIndex(name string, idx []int32, rows int) {
	for j, r := range idx {
		if r < 0 || int(r) >= rows {
			panic(fmt.Sprintf("gemm: idx[%d] = %d, but %s has %d rows", j, r, name, rows))
		}
	}
}

func nonZero[T float](kn *kernels[T], x []T, idx []int32) (n int, ones bool) {
	if cap(idx) < len(x) {
		panic(fmt.Sprintf("gemm: room for %d positions, want %d", cap(idx), len(x)))
	}
	idx, ones = idx[:len(x)], true
	whole := len(x) - len(x)%kn.group
	if whole > 0 {
		n, ones = kn.nonZero(x[:whole], idx)
	}
	rest, restOnes := nonZeroGo(x[whole:], idx[n:])
	for i := range idx[n : n+rest] {
		idx[n+i] += int32(whole)
	}
	return n + rest, ones && restOnes
}

func count[T float](kn *kernels[T], x []T) (n int) {
	whole := len(x) - len(x)%kn.group
	if whole > 0 {
		n = kn.count(x[:whole])
	}
	return n + countGo(x[whole:])
}
