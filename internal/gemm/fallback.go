package gemm

// goKernels returns the kernels in plain Go: what the others are tested against,
// and what runs where there are no others.
func goKernels[T float]() kernels[T] {
	return kernels[T]{
		mr: 2, nr: 4, lanes: 2, mc: 64, nc: 256, kc: 256,
		gemm: gemmGo[T], pack: packGo[T], transpose: transposeGo[T], group: 1,
	}
}

// gemmGo computes a tile of C. The conversions T(…) forbid the compiler to fuse a
// product and a sum, so results are the same on every computer.
func gemmGo[T float](k int, a []T, ars, aks int, b []T, bks int, c []T, ldc, rows, cols int, add bool) {
	var s [2][4]T
	if rows == 2 && cols == 4 {
		s = sum2x4(k, a, ars, aks, b, bks)
	} else {
		for i := range rows {
			for j := range cols {
				var x T
				for p := range k {
					x += T(a[i*ars+p*aks] * b[p*bks+j])
				}
				s[i][j] = x
			}
		}
	}
	for i := range rows {
		row := c[i*ldc:][:cols]
		for j := range row {
			if add {
				row[j] += s[i][j]
			} else {
				row[j] = s[i][j]
			}
		}
	}
}

func sum2x4[T float](k int, a []T, ars, aks int, b []T, bks int) [2][4]T {
	var s00, s01, s02, s03, s10, s11, s12, s13 T
	a1 := a[ars:]
	for p := range k {
		x, y := a[p*aks], a1[p*aks]
		r := b[p*bks:][:4]
		s00 += T(x * r[0])
		s01 += T(x * r[1])
		s02 += T(x * r[2])
		s03 += T(x * r[3])
		s10 += T(y * r[0])
		s11 += T(y * r[1])
		s12 += T(y * r[2])
		s13 += T(y * r[3])
	}
	return [2][4]T{{s00, s01, s02, s03}, {s10, s11, s12, s13}}
}

func packGo[T float](dst []T, step int, src []T, lds, k, panels, width int) {
	for p := range k {
		for j := range panels {
			copy(dst[(j*k+p)*step:][:width], src[p*lds+j*width:])
		}
	}
}

func transposeGo[T float](dst []T, step int, src []T, lds, k int) {
	for p := range k {
		dst[p*step] = src[p]
	}
}
