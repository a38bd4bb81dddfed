package sparse

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// TestProducts holds products that follow lists to sums written as loops, of whole numbers
// so that both are exact: however a product is cut into tiles, whether its right side is
// copied, and on however many goroutines.
func TestProducts(t *testing.T) {
	t.Run("float32", testProducts[float32])
	t.Run("float64", testProducts[float64])
}

func testProducts[F vec.Float](t *testing.T) {
	r := rand.New(rand.NewPCG(3, 7))
	for _, size := range [][3]int{{40, 30, 70}, {9, 20, 600}, {64, 40, 300}, {511, 30, 130}, {513, 70, 129}, {700, 33, 600}, {1100, 20, 257}, {600, 15, 1100}} {
		for _, ones := range []bool{true, false} {
			rows, k, n := size[0], size[1], size[2]
			x, w, y, base := make([]F, rows*k), make([]F, k*n), make([]F, rows*n), make([]F, rows*n)
			for i := range x {
				if r.Float64() < 0.05 {
					if x[i] = 1; !ones {
						x[i] = F(1 + r.IntN(5))
					}
				}
			}
			for _, s := range [][]F{w, y, base} {
				for i := range s {
					s[i] = F(r.IntN(17) - 8)
				}
			}
			for _, procs := range []int{1, 3} {
				t.Run(fmt.Sprintf("%v/ones=%t/procs=%d", size, ones, procs), func(t *testing.T) {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
					var l Lists[F]
					l.Read(x, rows, k)
					require.True(t, l.Sparse)
					got := append([]F(nil), base...)
					l.TimesMatrix(got, w, n, true)
					require.Equal(t, timesByLoops(base, x, w, rows, k, n), got)
					l.TimesMatrix(got, w, n, false)
					require.Equal(t, timesByLoops(make([]F, rows*n), x, w, rows, k, n), got)
					d := append([]F(nil), w...)
					l.TransposedTimes(d, y, n)
					require.Equal(t, turnedByLoops(x, y, rows, k, n), d)
				})
			}
		}
	}
}

// timesByLoops returns y + x·w.
func timesByLoops[F vec.Float](y, x, w []F, rows, k, n int) []F {
	y = append([]F(nil), y...)
	for r := range rows {
		for i := range k {
			for c := range n {
				y[r*n+c] += x[r*k+i] * w[i*n+c]
			}
		}
	}
	return y
}

// turnedByLoops returns xᵀ·y.
func turnedByLoops[F vec.Float](x, y []F, rows, k, n int) []F {
	d := make([]F, k*n)
	for r := range rows {
		for i := range k {
			for c := range n {
				d[i*n+c] += x[r*k+i] * y[r*n+c]
			}
		}
	}
	return d
}
