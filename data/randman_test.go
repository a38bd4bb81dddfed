package data_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/internal/long"
)

// spikeTimes returns the times of the units in a sample, −1 where there is no
// spike, and the class.
func spikeTimes(t *testing.T, d *data.Randman, i int) (times []int, class int) {
	shape := d.Shape()
	x := make([]float32, shape[0]*shape[1])
	class, err := d.Sample(i, x)
	require.NoError(t, err)
	times = make([]int, shape[1])
	for u := range times {
		times[u] = -1
		for s := range shape[0] {
			if x[s*shape[1]+u] != 0 {
				require.Equal(t, float32(1), x[s*shape[1]+u])
				require.Equal(t, -1, times[u], "unit %d spikes twice", u)
				times[u] = s
			}
		}
	}
	return times, class
}

func distance(a, b []int) (d float64) {
	for i := range a {
		d += float64((a[i] - b[i]) * (a[i] - b[i]))
	}
	return math.Sqrt(d)
}

// nearest returns, over the first n samples, how often the nearest other sample is
// of the same class, and the median distance to the nearest of the same class.
func nearest(t *testing.T, d *data.Randman, n int) (share, median float64) {
	times, classes := make([][]int, n), make([]int, n)
	for i := range n {
		times[i], classes[i] = spikeTimes(t, d, i)
	}
	var within []float64
	right := 0
	for i := range n {
		same, other := math.Inf(1), math.Inf(1)
		for k := range n {
			switch {
			case k == i:
			case classes[k] == classes[i]:
				same = min(same, distance(times[i], times[k]))
			default:
				other = min(other, distance(times[i], times[k]))
			}
		}
		within = append(within, same)
		if same < other {
			right++
		}
	}
	slices.Sort(within)
	return float64(right) / float64(n), within[n/2]
}

// Every unit spikes once, in times that fill the range, and classes take turns.
func TestNewRandman(t *testing.T) {
	p := data.DefaultRandmanParams()
	d, err := data.NewRandman(p, 1000, 1)
	require.NoError(t, err)
	require.Equal(t, 1000, d.Len())
	require.Equal(t, []int{100, 20}, d.Shape())
	require.Equal(t, 10, data.Classes(d))
	lo, hi := make([]int, 200), make([]int, 200)
	for i := range lo {
		lo[i] = 100
	}
	for i := range d.Len() {
		times, class := spikeTimes(t, d, i)
		require.Equal(t, i%10, class)
		for u, s := range times {
			require.NotEqual(t, -1, s, "unit %d of sample %d does not spike", u, i)
			lo[class*20+u], hi[class*20+u] = min(lo[class*20+u], s), max(hi[class*20+u], s)
		}
	}
	for i := range lo { // a hundred points of each class come close to the ends
		require.LessOrEqual(t, lo[i], 10)
		require.GreaterOrEqual(t, hi[i], 89)
	}
}

// Manifolds of one dimension: the nearest sample is of the same class, and four
// times as many samples are four times as near to one another. Those of larger α
// are shorter. Those of two dimensions are less dense.
func TestRandmanIsSmooth(t *testing.T) {
	long.Test(t)
	p := data.DefaultRandmanParams()
	p.Steps = 2000 // rounding should matter little
	p.Classes = 4
	near := func(p data.RandmanParams, n int) float64 {
		d, err := data.NewRandman(p, n, 3)
		require.NoError(t, err)
		share, median := nearest(t, d, n)
		require.Greater(t, share, 0.97)
		return median
	}
	sparse, dense := near(p, 120), near(p, 480)
	require.InDelta(t, 4, sparse/dense, 1.2)
	rough, smooth := p, p
	rough.Alpha, smooth.Alpha = 2, 6
	require.Greater(t, near(rough, 480), 1.2*dense)
	require.Less(t, near(smooth, 480), dense)
	plane := p
	plane.Dim = 2
	require.Greater(t, near(plane, 480), 2*dense)
}

func TestRandmanSeed(t *testing.T) {
	long.Test(t)
	p := data.DefaultRandmanParams()
	p.Spikes = 3
	all := func(n int, seed uint64) (x []float32) {
		d, err := data.NewRandman(p, n, seed)
		require.NoError(t, err)
		x = make([]float32, n*2000)
		for i := range n {
			_, err := d.Sample(i, x[i*2000:(i+1)*2000])
			require.NoError(t, err)
		}
		return x
	}
	a := all(40, 5)
	require.Equal(t, a, all(40, 5))
	require.Equal(t, a[:20*2000], all(20, 5)) // a smaller set is the start of a larger one
	require.NotEqual(t, a, all(40, 6))
	var spikes float32
	for _, v := range a {
		spikes += v
	}
	require.InDelta(t, 40*20*3, spikes, 200) // but for those that coincide
	require.Empty(t, all(0, 5))
}

func TestRandmanErrors(t *testing.T) {
	for want, change := range map[string]func(*data.RandmanParams, *int){
		"data: randman: -1 samples asked for, want 0 to 268435456":                                                     func(_ *data.RandmanParams, n *int) { *n = -1 },
		"data: randman: 0 classes asked for, want 1 to 65536":                                                          func(p *data.RandmanParams, _ *int) { p.Classes = 0 },
		"data: randman: 0 units asked for, want 1 to 65536":                                                            func(p *data.RandmanParams, _ *int) { p.Units = 0 },
		"data: randman: 0 dimensions asked for, want 1 to 1024":                                                        func(p *data.RandmanParams, _ *int) { p.Dim = 0 },
		"data: randman: 65536 time steps asked for, want 1 to 65535":                                                   func(p *data.RandmanParams, _ *int) { p.Steps = 65536 },
		"data: randman: 0 spikes of a unit asked for, want 1 to 1024":                                                  func(p *data.RandmanParams, _ *int) { p.Spikes = 0 },
		"data: randman: smoothness α is 0.9, want 1 to 100":                                                            func(p *data.RandmanParams, _ *int) { p.Alpha = 0.9 },
		"data: randman: smoothness α is NaN, want 1 to 100":                                                            func(p *data.RandmanParams, _ *int) { p.Alpha = math.NaN() },
		"data: randman: 268435456 samples with 20 spikes asked for, want at most 268435456 spikes":                     func(_ *data.RandmanParams, n *int) { *n = 1 << 28 },
		"data: randman: 65536 classes of 20 functions with 10 waves each asked for, want at most 1048576 waves in all": func(p *data.RandmanParams, _ *int) { p.Classes = 65536 },
	} {
		p, n := data.DefaultRandmanParams(), 10
		change(&p, &n)
		_, err := data.NewRandman(p, n, 1)
		require.EqualError(t, err, want)
	}
	d, err := data.NewRandman(data.DefaultRandmanParams(), 10, 1)
	require.NoError(t, err)
	_, err = d.Sample(10, make([]float32, 2000))
	require.EqualError(t, err, "data: sample 10 asked for, want 0 to 9")
	_, err = d.Sample(0, make([]float32, 1999))
	require.EqualError(t, err, "data: sample 0: x has length 1999, want 2000")
}
