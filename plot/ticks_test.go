package plot

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		t      ticker
		lo, hi float64
		want   []string
	}{
		{ticker{count: 5}, 0, 1, []string{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}},
		{ticker{count: 5}, 0, 100, []string{"0", "20", "40", "60", "80", "100"}},
		{ticker{count: 5}, -1.04, 1.04, []string{"−1.0", "−0.5", "0.0", "0.5", "1.0"}},
		{ticker{count: 3}, 0.081, 0.119, []string{"0.09", "0.10", "0.11"}},
		{ticker{count: 5, integer: true}, 0.9, 3.1, []string{"1", "2", "3"}},
		{ticker{count: 5}, 0, 3e6, []string{"0", "0.5e6", "1.0e6", "1.5e6", "2.0e6", "2.5e6", "3.0e6"}},
		{ticker{count: 3}, -2.1e-7, 0, []string{"−2.0e−7", "−1.5e−7", "−1.0e−7", "−0.5e−7", "0"}},
		{ticker{count: 5, log: true}, -2, 3, []string{"0.01", "0.1", "1", "10", "100", "1000"}},
		{ticker{count: 5, log: true}, math.Log10(15), math.Log10(250), []string{"20", "50", "100", "200"}},
		{ticker{count: 5, log: true}, math.Log10(11), math.Log10(17.5), []string{"11", "12", "13", "14", "15", "16", "17"}},
		{ticker{count: 5, log: true}, -5, -3, []string{"1e−5", "1e−4", "1e−3"}}, // not "0.001" beside "1e−5"
		{ticker{count: 5, log: true}, -12, 12, []string{"1e−12", "1e−7", "1e−2", "1e3", "1e8"}},
	} {
		var labels []string
		for _, tick := range c.t.Ticks(c.lo, c.hi) {
			require.GreaterOrEqual(t, tick.Value, c.lo-1e-9*math.Abs(c.lo))
			require.LessOrEqual(t, tick.Value, c.hi+1e-9*math.Abs(c.hi))
			if !tick.IsMinor() {
				labels = append(labels, tick.Label)
			}
		}
		require.Equal(t, c.want, labels, "%+v", c)
	}
}

// However wide or narrow a range is, few ticks in it suffice, and none repeats.
func TestTicksAnywhere(t *testing.T) {
	for _, lo := range []float64{0, 1, -1, 1e-90, -1e-9, 123.456, -1e99, 1e15} {
		for e := -100.0; e < 100; e += 3.7 {
			a, b := span(lo, lo+math.Pow(10, e), 0.05)
			require.Less(t, a, b)
			ticks := ticker{count: 5}.Ticks(a, b)
			require.GreaterOrEqual(t, len(ticks), 2, "%g to %g", a, b)
			require.LessOrEqual(t, len(ticks), 10, "%g to %g", a, b)
			seen := map[string]bool{}
			for _, tick := range ticks {
				require.False(t, seen[tick.Label], "%g to %g: %s twice", a, b, tick.Label)
				seen[tick.Label] = true
			}
		}
	}
}

func TestThin(t *testing.T) {
	n := 100_000
	x, y := make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = float64(i)
	}
	y[12_345], y[54_321] = 7, -7
	xs, ys := thin(x, y)
	require.Less(t, len(xs), 5000)
	require.Equal(t, len(xs), len(ys))
	require.IsNonDecreasing(t, xs)
	require.Contains(t, ys, 7.0)
	require.Contains(t, ys, -7.0)
	x[0] = 5 // no longer from left to right
	xs, _ = thin(x, y)
	require.Len(t, xs, n)
}
