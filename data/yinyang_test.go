package data_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
)

func TestYinYangClass(t *testing.T) {
	for _, c := range []struct {
		x, y   float64
		class  int
		inside bool
	}{
		{0.25, 0.5, data.Dot, true},
		{0.75, 0.5, data.Dot, true},
		{0.84, 0.5, data.Dot, true},
		{0.5, 0.9, data.Yang, true}, // the upper half
		{0.5, 0.1, data.Yin, true},  // the lower half
		{0.25, 0.3, data.Yang, true},
		{0.75, 0.7, data.Yin, true},
		{0.25, 0.2, data.Yin, true},  // below the left head
		{0.75, 0.8, data.Yang, true}, // above the right head
		{0.5, 0.5, data.Yang, true},  // left head: d₋ ≤ R/2
		{0, 0.5, data.Yang, true},
		{1, 0.5, data.Yin, true},
		{0.1, 0.1, 0, false},
		{1.2, 0.5, 0, false},
		{math.NaN(), 0.5, 0, false},
		{0.5, math.Inf(1), 0, false},
	} {
		class, inside := data.YinYangClass(c.x, c.y)
		require.Equal(t, c.inside, inside, "(%v, %v)", c.x, c.y)
		require.Equal(t, c.class, class, "(%v, %v)", c.x, c.y)
	}
}

// grid calls f with the centres of n×n cells of the unit square that lie in
// the figure. With n a power of two, 1−x is exact.
func grid(n int, f func(x, y float64, class int)) {
	for i := range n {
		for j := range n {
			x, y := (float64(i)+0.5)/float64(n), (float64(j)+0.5)/float64(n)
			if class, inside := data.YinYangClass(x, y); inside {
				f(x, y, class)
			}
		}
	}
}

// A half turn exchanges yin and yang and keeps the dots.
func TestYinYangSymmetry(t *testing.T) {
	turned := [3]int{data.Yin: data.Yang, data.Yang: data.Yin, data.Dot: data.Dot}
	grid(512, func(x, y float64, class int) {
		other, inside := data.YinYangClass(1-x, 1-y)
		if !inside || other != turned[class] {
			require.Failf(t, "asymmetric", "(%v, %v) is %d, its opposite %d", x, y, class, other)
		}
	})
}

// The figure has the area π/4, each of the two dots π/100, and yin and yang
// share the rest.
func TestYinYangArea(t *testing.T) {
	const n = 1024
	var cells [3]float64
	grid(n, func(_, _ float64, class int) { cells[class]++ })
	dots := 2 * math.Pi / 100
	for class, want := range [3]float64{(math.Pi/4 - dots) / 2, (math.Pi/4 - dots) / 2, dots} {
		require.InDelta(t, want, cells[class]/(n*n), 1e-4, "class %d", class)
	}
}

func TestNewYinYang(t *testing.T) {
	const n = 30000
	d, err := data.NewYinYang(n, 42)
	require.NoError(t, err)
	require.Equal(t, n, d.Len())
	require.Equal(t, []int{4}, d.Shape())
	require.Equal(t, 3, data.Classes(d))

	// What a class's points should be on average, with the second moments.
	var mean, square [3][2]float64
	var cells [3]float64
	grid(512, func(x, y float64, class int) {
		cells[class]++
		for k, v := range [2]float64{x, y} {
			mean[class][k] += v
			square[class][k] += v * v
		}
	})
	var count [3]float64
	var sum [3][2]float64
	x := make([]float32, 4)
	for i := range n {
		label, err := d.Sample(i, x)
		require.NoError(t, err)
		class, inside := data.YinYangClass(float64(x[0]), float64(x[1]))
		if !inside || class != label || x[2] != 1-x[0] || x[3] != 1-x[1] {
			require.Failf(t, "wrong sample", "%d is %v with label %d, its point has class %d", i, x, label, class)
		}
		count[label]++
		sum[label][0] += float64(x[0])
		sum[label][1] += float64(x[1])
	}
	for class := range 3 {
		// Five standard deviations, σ = √(n⅓⅔) for the count.
		require.InDelta(t, n/3, count[class], 5*math.Sqrt(n*2./9), "class %d", class)
		for k := range 2 {
			m := mean[class][k] / cells[class]
			sd := math.Sqrt(square[class][k]/cells[class] - m*m)
			require.InDelta(t, m, sum[class][k]/count[class], 5*sd/math.Sqrt(count[class]), "class %d axis %d", class, k)
		}
	}
}

func TestNewYinYangSeed(t *testing.T) {
	all := func(n int, seed uint64) (x []float32) {
		d, err := data.NewYinYang(n, seed)
		require.NoError(t, err)
		x = make([]float32, 4*n)
		for i := range n {
			_, err := d.Sample(i, x[4*i:4*i+4])
			require.NoError(t, err)
		}
		return x
	}
	a := all(100, 42)
	require.Equal(t, a, all(100, 42))
	require.Equal(t, a[:40], all(10, 42)) // a smaller set is the start of a larger one
	require.NotEqual(t, a, all(100, 41))
	require.Empty(t, all(0, 42))
	for _, n := range []int{-1, 1<<26 + 1, math.MaxInt} {
		_, err := data.NewYinYang(n, 42)
		require.ErrorContains(t, err, "samples asked for, want 0 to 67108864")
	}
}
