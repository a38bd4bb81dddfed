package gemm

import (
	"math"
	"unsafe"
)

// goKernels returns the kernels in plain Go: what the others are tested against,
// and what runs where there are no others.
func goKernels[T float]() kernels[T] {
	return kernels[T]{
		threadWork: 1 << 17,
		mr:         2, nr: 4, lanes: 2, mc: 64, nc: 256, kc: 256, strip: 64,
		gemm: gemmGo[T], pack: packGo[T], transpose: transposeGo[T], square: 1,
		tile: 512, addRows: addRowsGo[T], axpyRows: axpyRowsGo[T],
		sumRuns: sumRunsGo[T], patches: patchesGo[T], sumPatches: sumPatchesGo[T], listRows: listRowsGo[T],
		means: meansGo[T], spread: spreadGo[T],
		scatter: scatterGo[T], scatterPairs: scatterPairsGo[T], collect: collectGo[T], collectPairs: collectPairsGo[T],
		lines: 6, shifted: shiftedGo[T],
		group: 1, nonZero: nonZeroGo[T], count: countGo[T],
	}
}

// mulAdd returns a·b + c. Of float32 the product is exact, as with the fused
// instructions of the other levels; the conversions forbid the compiler to fuse
// those of float64, so that results have the same bits on every computer.
func mulAdd[T float](a, b, c T) T {
	return T(float64(float64(a)*float64(b)) + float64(c))
}

// fusedAdd is mulAdd with one rounding of float64, too: of values that are late, which are plain Go on arm64.
func fusedAdd[T float](a, b, c T) T {
	if unsafe.Sizeof(c) == 8 {
		return T(math.FMA(float64(a), float64(b), float64(c)))
	}
	return mulAdd(a, b, c)
}

func gemmGo[T float](k int, a []T, ars, aks int, b []T, bks int, c []T, ldc, rows, cols int, add bool) {
	if rows == 2 && cols == 4 {
		gemm2x4(k, a, ars, aks, b, bks, c, ldc, add)
		return
	}
	for i := range rows {
		for j := range cols {
			var s T
			if add {
				s = c[i*ldc+j]
			}
			for p := range k {
				s = mulAdd(a[i*ars+p*aks], b[p*bks+j], s)
			}
			c[i*ldc+j] = s
		}
	}
}

// gemm2x4 computes a whole tile, whose sums fit into registers.
func gemm2x4[T float](k int, a []T, ars, aks int, b []T, bks int, c []T, ldc int, add bool) {
	var s00, s01, s02, s03, s10, s11, s12, s13 T
	c0, c1 := c[:4], c[ldc:][:4]
	if add {
		s00, s01, s02, s03 = c0[0], c0[1], c0[2], c0[3]
		s10, s11, s12, s13 = c1[0], c1[1], c1[2], c1[3]
	}
	a1 := a[ars:]
	for p := range k {
		x, y, r := a[p*aks], a1[p*aks], b[p*bks:][:4]
		s00 = mulAdd(x, r[0], s00)
		s01 = mulAdd(x, r[1], s01)
		s02 = mulAdd(x, r[2], s02)
		s03 = mulAdd(x, r[3], s03)
		s10 = mulAdd(y, r[0], s10)
		s11 = mulAdd(y, r[1], s11)
		s12 = mulAdd(y, r[2], s12)
		s13 = mulAdd(y, r[3], s13)
	}
	c0[0], c0[1], c0[2], c0[3] = s00, s01, s02, s03
	c1[0], c1[1], c1[2], c1[3] = s10, s11, s12, s13
}

func packGo[T float](dst []T, step int, src []T, lds, k, panels, width int) {
	for p := range k {
		for j := range panels {
			copy(dst[(j*k+p)*step:][:width], src[p*lds+j*width:])
		}
	}
}

func transposeGo[T float](dst []T, step int, src []T, _, k int) {
	for p := range k {
		dst[p*step] = src[p]
	}
}

func addRowsGo[T float](dst, w []T, ldw int, idx []int32, rows int) bool {
	for _, r := range idx {
		if r < 0 || int(r) >= rows {
			return false
		}
		row := w[int(r)*ldw:][:len(dst)]
		for i, x := range row {
			dst[i] += x
		}
	}
	return true
}

func axpyRowsGo[T float](dst, w []T, ldw int, idx []int32, val []T, rows int) bool {
	for j, r := range idx {
		if r < 0 || int(r) >= rows {
			return false
		}
		row := w[int(r)*ldw:][:len(dst)]
		for i, x := range row {
			dst[i] = mulAdd(val[j], x, dst[i])
		}
	}
	return true
}

func sumRunsGo[T float](dst []T, step, n int, w []T, base, stepW, ldw int, idx []int32, val []T, start []int32, stride, span, count int) bool {
	for j := range count {
		from, to := start[j*stride], start[j*stride+span]
		if from >= to {
			continue
		}
		dst := dst[j*step:][:n]
		for e := from; e < to; e++ {
			at := base + j*stepW + int(idx[e])*ldw
			if at < 0 || at > len(w)-n {
				return false
			}
			for i, x := range w[at:][:n] {
				dst[i] = mulAdd(val[e], x, dst[i])
			}
		}
	}
	return true
}

func patchesGo[T float](dst, src []T, width, kh, kw, oh, ow, d int) {
	for k := range kh {
		for l := range kw {
			for i := range oh {
				copy(dst[:ow], src[(i+d*k)*width+d*l:])
				dst = dst[ow:]
			}
		}
	}
}

func sumPatchesGo[T float](dst, src []T, width, kh, kw, oh, ow int, add bool) {
	for y := 0; y < oh+kh-1 && !add; y++ {
		clear(dst[y*width:][:ow+kw-1])
	}
	for l := range kw {
		for k := range kh {
			for i := range oh {
				row := dst[(i+k)*width+l:][:ow]
				for j, x := range src[((k*kw+l)*oh+i)*ow:][:ow] {
					row[j] += x
				}
			}
		}
	}
}

func scatterGo[T float](dst []T, off []int32, w []T, n int, idx []int32, val []T, rows int) bool {
	x := T(1)
	for e, r := range idx {
		if r < 0 || int(r) >= rows {
			return false
		}
		if len(val) > 0 {
			x = val[e]
		}
		row := w[int(r)*n:][:n]
		for j, k := range off[int(r)*n:][:n] {
			dst[k] = fusedAdd(row[j], x, dst[k])
		}
	}
	return true
}

func scatterPairsGo[T float](dst []T, off []int32, w []T, n int, idx []int32, val []T, rows int) bool {
	x := T(1)
	for e, r := range idx {
		if r < 0 || int(r) >= rows {
			return false
		}
		if len(val) > 0 {
			x = val[e]
		}
		row := w[2*int(r)*n:][:2*n]
		for j, k := range off[int(r)*n:][:n] {
			to := dst[k:][:2]
			to[0] = fusedAdd(row[2*j], x, to[0])
			to[1] = fusedAdd(row[2*j+1], x, to[1])
		}
	}
	return true
}

func collectGo[T float](sum, src []T, off, at []int32, val []T) {
	x := T(1)
	for j, k := range off {
		from, s := src[k:], sum[j]
		for e, place := range at {
			if len(val) > 0 {
				x = val[e]
			}
			s = fusedAdd(from[place], x, s)
		}
		sum[j] = s
	}
}

func collectPairsGo[T float](sum, src []T, off, at []int32, val []T) {
	x := T(1)
	for j, k := range off {
		from, s, t := src[k:], sum[2*j], sum[2*j+1]
		for e, place := range at {
			if len(val) > 0 {
				x = val[e]
			}
			s, t = fusedAdd(from[place], x, s), fusedAdd(from[place+1], x, t)
		}
		sum[2*j], sum[2*j+1] = s, t
	}
}

func shiftedGo[T float](dst, src []T, off []int32, w []T, add bool) {
	if !add {
		clear(dst)
	}
	for e, k := range off {
		for i, x := range src[k:][:len(dst)] {
			dst[i] = fusedAdd(w[e], x, dst[i])
		}
	}
}

func listRowsGo[T float](x []T, ld, cols, rows int, idx []int32, val []T, start []int32, base, step, n int) int {
	for r := range rows {
		start[r] = int32(n)
		for i, v := range x[r*ld:][:cols] {
			if v != 0 {
				idx[n], val[n] = int32(base+r*step+i), v
				n++
			}
		}
	}
	return n
}

func nonZeroGo[T float](x []T, idx []int32) (n int, ones bool) {
	ones = true
	for i, v := range x {
		if v != 0 {
			idx[n] = int32(i)
			n++
			ones = ones && v == 1
		}
	}
	return n, ones
}

func countGo[T float](x []T) (n int) {
	for _, v := range x {
		if v != 0 {
			n++
		}
	}
	return n
}
