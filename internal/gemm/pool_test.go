package gemm

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFours holds halved images, and what goes back to images, to loops over single elements,
// to the last bit: for rows that are odd, longer than is used, and of all remainders of
// registers, numbers with all digits, zeros of both signs, infinities and NaN. What a kernel
// has no business with stays as it is.
func TestFours(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		testFours(t, MeanOfFour32, SpreadToFour32)
		testFours(t, MeanOfFour64, SpreadToFour64)
	})
}

func testFours[T float](t *testing.T, means, spread func(dst, src []T, rows, cols, width int)) {
	rng := rand.New(rand.NewPCG(5, 6))
	special := []T{0, T(math.Copysign(0, -1)), T(math.Inf(1)), T(math.Inf(-1)), T(math.NaN())}
	numbers := func(n int) []T {
		x := make([]T, n)
		for i := range x {
			if x[i] = T(rng.NormFloat64()); rng.IntN(20) == 0 {
				x[i] = special[rng.IntN(len(special))]
			}
		}
		return x
	}
	for range 300 {
		rows, cols := 1+rng.IntN(9), 1+rng.IntN(40)
		width := 2*cols + rng.IntN(4)
		large, small := numbers(2*rows*width+rng.IntN(3)), numbers(rows*cols+rng.IntN(3))
		wantSmall, wantLarge := append([]T(nil), small...), append([]T(nil), large...)
		for i := range rows {
			for j := range cols {
				at := 2*i*width + 2*j
				wantSmall[i*cols+j] = ((large[at] + large[at+width]) + (large[at+1] + large[at+width+1])) * 0.25
				for _, k := range []int{at, at + 1, at + width, at + width + 1} {
					wantLarge[k] = small[i*cols+j] * 0.25
				}
			}
		}
		got := append([]T(nil), small...)
		means(got, large, rows, cols, width)
		requireSame(t, wantSmall, got)
		spread(large, small, rows, cols, width)
		requireSame(t, wantLarge, large)
	}
	for _, c := range [][5]int{{7, 2, 1, 2, 4}, {8, 1, 1, 2, 4}, {8, 2, 1, 2, 3}, {8, 2, 0, 2, 4}, {8, 2, 1, 0, 4}} {
		require.Panics(t, func() { means(make([]T, c[1]), make([]T, c[0]), c[2], c[3], c[4]) }, "%v", c)
		require.Panics(t, func() { spread(make([]T, c[0]), make([]T, c[1]), c[2], c[3], c[4]) }, "%v", c)
	}
}

// requireSame wants the same bits, but of NaN.
func requireSame[T float](t *testing.T, want, got []T) {
	t.Helper()
	for i, w := range want {
		if g := got[i]; g != w && (g == g || w == w) || math.Signbit(float64(g)) != math.Signbit(float64(w)) && w == w {
			t.Fatalf("element %d of %d is %v, want %v", i, len(want), g, w)
		}
	}
}
