package gemm

import (
	"fmt"
	"math"
	"unsafe"
)

// Places are offsets into a sequence. They know the largest, so that kernels look once
// whether all are inside.
type Places struct {
	at   []int32
	most int
}

// Reset makes room for n offsets, of which none is known.
func (p *Places) Reset(n int) {
	if cap(p.at) < n {
		p.at = make([]int32, n)
	}
	p.at, p.most = p.at[:n], 0
	clear(p.at)
}

// Put sets offset k.
//
// It panics if that is negative, or more than an int32 holds.
func (p *Places) Put(k, offset int) {
	if offset < 0 || offset > math.MaxInt32 {
		panic(fmt.Sprintf("gemm: offset %d is %d", k, offset))
	}
	p.at[k] = int32(offset)
	p.most = max(p.most, offset)
}

// reaches panics unless n elements, from the largest offset on, end within length.
func (p *Places) reaches(name string, length, n int) {
	if p.most+n > length {
		panic(fmt.Sprintf("gemm: %d elements from %d on, but %s has %d", n, p.most, name, length))
	}
}

// Scatter adds rows of w [rows, n·taps] to places in dst: for each e and each j < n, val[e], or 1 if val is
// empty, times the element of row idx[e] to that from offset idx[e]·n + j on. With taps of 2
// an offset is that of two elements beside each other. Sums are in the order of idx.
//
// It panics if an index or an offset is outside.
func Scatter[T float](dst []T, off *Places, w []T, n, taps int, idx []int32, val []T) {
	kn := kernelsOf[T]()
	if len(val) != 0 && len(val) != len(idx) {
		panic(fmt.Sprintf("gemm: %d values for %d indices", len(val), len(idx)))
	}
	rows := min(countRows("off", len(off.at), max(n, 1), n), countRows("w", len(w), max(n*taps, 1), n*taps), math.MaxInt32)
	if len(idx) == 0 || n == 0 {
		return
	}
	off.reaches("dst", len(dst), taps)
	f := kn.scatter
	if taps == 2 {
		f = kn.scatterPairs
	}
	if !f(dst, off.at, w, n, idx, val, rows) {
		panicIndex("w", idx, rows)
	}
}

// Collect is the transpose of Scatter: it adds to sum [n·taps], for each offset off[from+j] with j < n, what src
// has there and at the places at behind it, times val[e] if val is not empty, in the order of at.
// The places rise.
//
// It panics if one is outside.
func Collect[T float](sum, src []T, off *Places, from, n, taps int, at []int32, val []T) {
	kn := kernelsOf[T]()
	if len(val) != 0 && len(val) != len(at) {
		panic(fmt.Sprintf("gemm: %d values for %d places", len(val), len(at)))
	}
	if len(at) == 0 || n == 0 {
		return
	}
	if at[0] < 0 {
		panic(fmt.Sprintf("gemm: place %d", at[0]))
	}
	off.reaches("src", len(src), int(at[len(at)-1])+taps)
	sum, places := sum[:n*taps], off.at[from:from+n]
	if taps == 2 {
		kn.collectPairs(sum, src, places, at, val)
	} else {
		kn.collect(sum, src, places, at, val)
	}
}

// LineOf returns how many elements a line of the cache holds.
func LineOf[T float]() int {
	var x T
	return 64 / int(unsafe.Sizeof(x))
}

// Shifted adds to dst, whole lines of LineOf elements, for each offset off[from+j] with j < len(w),
// w[j] times as many elements of src from that offset on; it begins at 0 unless add. Sums are in the order of the offsets.
//
// It panics if dst is no whole lines, or one is outside of src.
func Shifted[T float](dst, src []T, off *Places, from int, w []T, add bool) {
	kn := kernelsOf[T]()
	line := LineOf[T]()
	if len(dst)%line != 0 {
		panic(fmt.Sprintf("gemm: dst has %d elements, want lines of %d", len(dst), line))
	}
	off.reaches("src", len(src), len(dst))
	places := off.at[from : from+len(w)]
	for step := kn.lines * line; len(dst) > 0; {
		n := min(step, len(dst))
		kn.shifted(dst[:n], src, places, w, add)
		dst, src = dst[n:], src[n:]
	}
}

// Transpose is Transpose32 or Transpose64.
func Transpose[T float](dst []T, ldd int, src []T, lds, rows, cols int) {
	transpose(kernelsOf[T](), dst, ldd, src, lds, rows, cols)
}
