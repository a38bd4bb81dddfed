package gemm

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// A late is random input of Scatter and Collect.
type late[T float] struct {
	n, rows, taps, length int
	off                   Places
	w, dst, val           []T
	idx                   []int32
}

func randomLate[T float](rng *rand.Rand, slice func(n int) []T) (l late[T]) {
	l.n, l.rows, l.taps, l.length = rng.IntN(40), 1+rng.IntN(5), 1+rng.IntN(2), 2+rng.IntN(60)
	l.off.Reset(l.n * l.rows)
	for k := range l.n * l.rows {
		l.off.Put(k, rng.IntN(l.length-l.taps+1))
	}
	l.idx = indices(rng, l.rows)
	l.w, l.dst = slice(l.n*l.rows*l.taps), slice(l.length)
	if rng.IntN(2) == 0 {
		l.val = slice(len(l.idx))
	}
	return l
}

func (l *late[T]) factor(e int) T {
	if len(l.val) == 0 {
		return 1
	}
	return l.val[e]
}

// eps is half of the distance between 1 and the next number.
func eps[T float]() float64 {
	if _, double := any(T(0)).(float64); double {
		return 0x1p-53
	}
	return 0x1p-24
}

// near fails unless got are sums of terms that add up to want, each rounded once or twice.
func near[T float](t *testing.T, want, size []float64, terms int, got []T) {
	t.Helper()
	for i, v := range got {
		require.InDelta(t, want[i], float64(v), float64(2*terms+2)*eps[T]()*(size[i]+1e-300))
	}
}

func doubles[T float](x []T) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func sizes(x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = math.Abs(v)
	}
	return y
}

// Scatter, Collect and Shifted are the sums that define them, at every level.
func testDelays[T float](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	slice := func(n int) []T { return guarded(t, n, func() T { return T(rng.NormFloat64()) }) }
	for range 300 {
		l := randomLate(rng, slice)
		want, size := doubles(l.dst), sizes(doubles(l.dst))
		sum := slice(l.n * l.taps)
		sums, sumSize := doubles(sum), sizes(doubles(sum))
		room := l.length - l.off.most - l.taps
		at := make([]int32, rng.IntN(20))
		for e := range at {
			at[e] = int32(e * room / max(1, len(at)))
		}
		factors := l.val
		if len(factors) > 0 {
			factors = slice(len(at))
		}
		for j := range l.n {
			for m := range l.taps {
				for e, place := range at {
					x := float64(l.dst[int(l.off.at[j])+m+int(place)])
					if len(factors) > 0 {
						x *= float64(factors[e])
					}
					sums[j*l.taps+m] += x
					sumSize[j*l.taps+m] += math.Abs(x)
				}
				for e, r := range l.idx {
					k := int(r)*l.n + j
					x := float64(l.w[k*l.taps+m]) * float64(l.factor(e))
					want[int(l.off.at[k])+m] += x
					size[int(l.off.at[k])+m] += math.Abs(x)
				}
			}
		}
		Collect(sum, l.dst, &l.off, 0, l.n, l.taps, at, factors)
		near(t, sums, sumSize, len(at), sum)
		Scatter(l.dst, &l.off, l.w, l.n, l.taps, l.idx, l.val)
		near(t, want, size, len(l.idx)*l.n*l.taps, l.dst)
	}
	for k := range 120 {
		n, places := LineOf[T]()*rng.IntN(30), 1+rng.IntN(600)
		var off Places
		off.Reset(3 + rng.IntN(10))
		for k := range off.at {
			off.Put(k, rng.IntN(places))
		}
		from := rng.IntN(3)
		w, src, dst := slice(len(off.at)-from), slice(off.most+n), slice(n)
		want := make([]float64, len(dst))
		if k%2 == 0 {
			want = doubles(dst)
		}
		size := sizes(want)
		for e, v := range w {
			for i := range want {
				x := float64(v) * float64(src[int(off.at[from+e])+i])
				want[i] += x
				size[i] += math.Abs(x)
			}
		}
		Shifted(dst, src, &off, from, w, k%2 == 0)
		near(t, want, size, len(w), dst)
	}
}

func TestDelays32(t *testing.T) { eachLevel(t, testDelays[float32]) }
func TestDelays64(t *testing.T) { eachLevel(t, testDelays[float64]) }

// What is outside panics before anything is written.
func TestDelaysOutside(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		var off Places
		off.Reset(4)
		off.Put(3, 8)
		dst, w := make([]float32, 9), make([]float32, 8)
		Scatter(dst, &off, w[:4], 2, 1, []int32{1}, nil)
		require.PanicsWithValue(t, "gemm: 2 elements from 8 on, but dst has 9", func() { Scatter(dst, &off, w, 2, 2, []int32{1}, nil) })
		require.PanicsWithValue(t, "gemm: idx[1] = 2, but w has 2 rows", func() { Scatter(dst, &off, w[:4], 2, 1, []int32{0, 2}, nil) })
		require.PanicsWithValue(t, "gemm: 1 values for 2 indices", func() { Scatter(dst, &off, w, 2, 1, []int32{0, 1}, w[:1]) })
		require.PanicsWithValue(t, "gemm: 3 elements from 8 on, but src has 9", func() { Collect(w, dst, &off, 0, 2, 1, []int32{0, 2}, nil) })
		require.PanicsWithValue(t, "gemm: 1 values for 2 places", func() { Collect(w, dst, &off, 0, 2, 1, []int32{0, 0}, w[:1]) })
		require.PanicsWithValue(t, "gemm: place -1", func() { Collect(w, dst, &off, 0, 2, 1, []int32{-1, 0}, nil) })
		require.PanicsWithValue(t, "gemm: dst has 9 elements, want lines of 16", func() { Shifted(dst, dst, &off, 0, w[:4], false) })
		require.PanicsWithValue(t, "gemm: 16 elements from 8 on, but src has 23", func() { Shifted(make([]float32, 16), make([]float32, 23), &off, 0, w[:4], false) })
		require.PanicsWithValue(t, "gemm: offset 0 is -1", func() { off.Put(0, -1) })
	})
}
