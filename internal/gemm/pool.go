package gemm

import "fmt"

// MeanOfFour32 halves an image: element i, j of dst, rows of cols elements, becomes the mean
// of the elements 2i and 2i+1, 2j and 2j+1 of src, whose rows have width elements: the sum of
// the sums of columns, times a quarter. Behind the pixels that are used src may have others.
//
// It panics if a slice is too short, or width less than 2·cols.
func MeanOfFour32(dst, src []float32, rows, cols, width int) {
	checkFours(len(src), len(dst), rows, cols, width)
	active().f32.means(dst, src, rows, cols, width)
}

// MeanOfFour64 is MeanOfFour32 for float64.
func MeanOfFour64(dst, src []float64, rows, cols, width int) {
	checkFours(len(src), len(dst), rows, cols, width)
	active().f64.means(dst, src, rows, cols, width)
}

// SpreadToFour32 is the transpose of MeanOfFour32: it sets the elements 2i and 2i+1, 2j and
// 2j+1 of dst to a quarter of element i, j of src. Elements of dst behind these stay what
// they are.
//
// It panics if a slice is too short, or width less than 2·cols.
func SpreadToFour32(dst, src []float32, rows, cols, width int) {
	checkFours(len(dst), len(src), rows, cols, width)
	active().f32.spread(dst, src, rows, cols, width)
}

// SpreadToFour64 is SpreadToFour32 for float64.
func SpreadToFour64(dst, src []float64, rows, cols, width int) {
	checkFours(len(dst), len(src), rows, cols, width)
	active().f64.spread(dst, src, rows, cols, width)
}

func checkFours(large, small, rows, cols, width int) {
	if rows < 1 || cols < 1 || width < 2*cols || small < rows*cols || large < (2*rows-1)*width+2*cols {
		panic(fmt.Sprintf("gemm: an image of %d×%d elements in %d, and one of twice as many with rows of %d in %d", rows, cols, small, width, large))
	}
}

func meansGo[T float](dst, src []T, rows, cols, width int) {
	for i := range rows {
		upper, lower := src[2*i*width:][:2*cols], src[(2*i+1)*width:][:2*cols]
		for j := range cols {
			dst[i*cols+j] = (upper[2*j] + lower[2*j] + (upper[2*j+1] + lower[2*j+1])) / 4
		}
	}
}

func spreadGo[T float](dst, src []T, rows, cols, width int) {
	for i := range rows {
		upper, lower := dst[2*i*width:][:2*cols], dst[(2*i+1)*width:][:2*cols]
		for j, x := range src[i*cols:][:cols] {
			upper[2*j], upper[2*j+1] = x/4, x/4
		}
		copy(lower, upper)
	}
}
