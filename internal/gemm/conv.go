package gemm

import "fmt"

// Runs are sums of runs of w, chosen by lists: for j < Count,
//
//	dst[j·Step:][:N] += Σ val[e] · w[Base + j·StepW + idx[e]·LdW:][:N]
//
// over Start[j·Stride] ≤ e < Start[j·Stride+Span], in order. Runs of w may
// overlap each other.
type Runs struct {
	N, Count         int
	Step             int // from one sum to the next in dst
	Base, StepW, LdW int
	Start            []int32
	Stride, Span     int
}

// SumRuns32 computes r, for dst that does not overlap w. It panics if r reaches
// outside of a slice.
func SumRuns32(r *Runs, dst, w []float32, idx []int32, val []float32) {
	sumRuns(&active().f32, r, dst, w, idx, val)
}

// SumRuns64 is SumRuns32 for float64.
func SumRuns64(r *Runs, dst, w []float64, idx []int32, val []float64) {
	sumRuns(&active().f64, r, dst, w, idx, val)
}

func sumRuns[T float](kn *kernels[T], r *Runs, dst, w []T, idx []int32, val []T) {
	if r.Count <= 0 || r.N <= 0 {
		return
	}
	if r.Step < 0 || r.Stride < 0 || r.Span < 0 || (r.Count-1)*r.Step+r.N > len(dst) || (r.Count-1)*r.Stride+r.Span >= len(r.Start) {
		panic(fmt.Sprintf("gemm: %d sums of %d elements, %d apart, over %d lists, %d apart, in %d elements and %d starts of lists",
			r.Count, r.N, r.Step, r.Span, r.Stride, len(dst), len(r.Start)))
	}
	for j := range r.Count {
		from, to := r.Start[j*r.Stride], r.Start[j*r.Stride+r.Span]
		if from < to && (from < 0 || int(to) > len(idx) || int(to) > len(val) || len(w) < r.N) {
			panic(fmt.Sprintf("gemm: a list from %d to %d of %d indices and %d values, with runs of %d in %d elements",
				from, to, len(idx), len(val), r.N, len(w)))
		}
	}
	for i := 0; i < r.N; i += kn.tile {
		n := min(kn.tile, r.N-i)
		if !kn.sumRuns(dst[i:], r.Step, n, w[min(i, len(w)):], r.Base, r.StepW, r.LdW, idx, val, r.Start, r.Stride, r.Span, r.Count) {
			panic(fmt.Sprintf("gemm: a run of %d elements lies outside of w, which has %d", r.N, len(w)))
		}
	}
}

// Patches (im2col) says which elements of an image [Height, Width] a kernel [KH, KW] meets
// where it stands at row i < OH and column j < OW of the result: the ones at row
// StrideY·i + DilationY·k and column StrideX·j + DilationX·l, for k < KH and l < KW.
type Patches struct {
	Height, Width, KH, KW, OH, OW          int
	StrideY, StrideX, DilationY, DilationX int
}

// Size returns the number of elements of all patches.
func (p *Patches) Size() int { return p.KH * p.KW * p.OH * p.OW }

// Copy32 writes the patches of src to dst, [KH, KW, OH, OW]: im2col.
//
// It panics if a patch reaches outside of the image, or a slice is too short.
func (p *Patches) Copy32(dst, src []float32) { copyPatches(&active().f32, p, dst, src) }

// Copy64 is Copy32 for float64.
func (p *Patches) Copy64(dst, src []float64) { copyPatches(&active().f64, p, dst, src) }

// Sum32 sets the elements of dst, an image, that patches meet to the sum of the
// patches src that Copy32 would copy them to, or adds this sum to them: col2im, the
// transpose of Copy32.
//
// It panics if a patch reaches outside of the image, or a slice is too short.
func (p *Patches) Sum32(dst, src []float32, add bool) {
	sumPatches(&active().f32, p, dst, src, add)
}

// Sum64 is Sum32 for float64.
func (p *Patches) Sum64(dst, src []float64, add bool) {
	sumPatches(&active().f64, p, dst, src, add)
}

func (p *Patches) check(image, patches int) {
	if min(p.KH, p.KW, p.OH, p.OW, p.StrideY, p.StrideX, p.DilationY, p.DilationX) < 1 ||
		p.StrideY*(p.OH-1)+p.DilationY*(p.KH-1) >= p.Height || p.StrideX*(p.OW-1)+p.DilationX*(p.KW-1) >= p.Width {
		panic(fmt.Sprintf("gemm: patches %+v reach outside of the image", *p))
	}
	if image < p.Height*p.Width || patches < p.Size() {
		panic(fmt.Sprintf("gemm: %d elements of an image and %d of patches, want %d and %d", image, patches, p.Height*p.Width, p.Size()))
	}
}

func copyPatches[T float](kn *kernels[T], p *Patches, dst, src []T) {
	p.check(len(src), len(dst))
	if p.StrideY == 1 && p.StrideX == 1 && p.DilationY == p.DilationX {
		kn.patches(dst, src, p.Width, p.KH, p.KW, p.OH, p.OW, p.DilationY)
		return
	}
	p.each(func(at, patch int) { dst[patch] = src[at] })
}

// maskColumns is up to how many columns of a kernel there is assembly for Sum32; the
// generator has the same number (asm/sumpatches.go).
const maskColumns = 15

func sumPatches[T float](kn *kernels[T], p *Patches, dst, src []T, add bool) {
	p.check(len(dst), len(src))
	if p.StrideY == 1 && p.StrideX == 1 && p.DilationY == 1 && p.DilationX == 1 && p.KW <= maskColumns {
		kn.sumPatches(dst, src, p.Width, p.KH, p.KW, p.OH, p.OW, add)
		return
	}
	if !add {
		p.each(func(at, _ int) { dst[at] = 0 })
	}
	p.each(func(at, patch int) { dst[at] += src[patch] })
}

// each calls do for each element of the patches and where it is in the image.
func (p *Patches) each(do func(at, patch int)) {
	patch := 0
	for k := range p.KH {
		for l := range p.KW {
			for i := range p.OH {
				at := (p.StrideY*i+p.DilationY*k)*p.Width + p.DilationX*l
				for range p.OW {
					do(at, patch)
					at += p.StrideX
					patch++
				}
			}
		}
	}
}

// ListRoom is by how many elements ListRows32 and ListRows64 overwrite what
// follows a list, at most: those of the widest vector, 64 bytes of float32.
const ListRoom = 16

// ListRows32 lists the elements of the rows of a matrix x that are not 0 (compressed
// sparse rows, CSR), row by row behind the first n elements of idx and val, and returns
// how many are listed then. It writes to start[r] how many are listed before row r; element i of row
// r has the index base + r·step + i. NaN is not 0.
//
// It panics if start has fewer elements than x has rows, or idx or val have no room
// for all of x and ListRoom elements more.
func ListRows32(x []float32, ld, rows, cols int, idx []int32, val []float32, start []int32, base, step, n int) int {
	return listRows(&active().f32, x, ld, rows, cols, idx, val, start, base, step, n)
}

// ListRows64 is ListRows32 for float64.
func ListRows64(x []float64, ld, rows, cols int, idx []int32, val []float64, start []int32, base, step, n int) int {
	return listRows(&active().f64, x, ld, rows, cols, idx, val, start, base, step, n)
}

func listRows[T float](kn *kernels[T], x []T, ld, rows, cols int, idx []int32, val []T, start []int32, base, step, n int) int {
	checkMatrix("x", rows, cols, false, len(x), ld)
	if rows > len(start) || n < 0 || min(len(idx), len(val)) < n+rows*cols+ListRoom {
		panic(fmt.Sprintf("gemm: room for %d positions, %d values and %d starts of lists, want %d and %d more, and %d starts",
			len(idx), len(val), len(start), n+rows*cols, ListRoom, rows))
	}
	if rows <= 0 || cols <= 0 {
		return n
	}
	return kn.listRows(x, ld, cols, rows, idx, val, start, base, step, n)
}

// Transpose32 sets dst[p·ldd+i] = src[i·lds+p] for i < rows and p < cols.
//
// It panics if a slice is too short.
func Transpose32(dst []float32, ldd int, src []float32, lds, rows, cols int) {
	transpose(&active().f32, dst, ldd, src, lds, rows, cols)
}

// Transpose64 is Transpose32 for float64.
func Transpose64(dst []float64, ldd int, src []float64, lds, rows, cols int) {
	transpose(&active().f64, dst, ldd, src, lds, rows, cols)
}

func transpose[T float](kn *kernels[T], dst []T, ldd int, src []T, lds, rows, cols int) {
	checkMatrix("src", rows, cols, false, len(src), lds)
	checkMatrix("dst", cols, rows, false, len(dst), ldd)
	kn.transposeRows(dst, ldd, src, lds, rows, cols)
}
