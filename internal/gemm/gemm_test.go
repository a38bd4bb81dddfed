package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/cpu"
	"github.com/spikegrad/spikegrad/internal/long"
)

// shape is the kind and size of a product.
type shape struct {
	transA, transB, add bool
	m, n, k             int
}

// matrix is a matrix of random numbers whose rows are some elements apart. What
// lies between rows and around the matrix is NaN: results show if it was read,
// and intact if it was written.
type matrix[T float] struct {
	rows, cols, ld int
	all, data      []T
}

const margin = 40

func random[T float](rng *rand.Rand, rows, cols int) matrix[T] {
	x := matrix[T]{rows: rows, cols: cols, ld: cols + rng.IntN(3)*rng.IntN(20)}
	x.all = make([]T, 2*margin+rows*x.ld)
	for i := range x.all {
		x.all[i] = T(math.NaN())
	}
	x.data = x.all[margin:][:max(0, (rows-1)*x.ld+cols)]
	for i := range rows {
		for j := range cols {
			x.data[i*x.ld+j] = T(rng.NormFloat64())
		}
	}
	return x
}

func (x matrix[T]) at(trans bool, i, j int) T {
	if trans {
		i, j = j, i
	}
	return x.data[i*x.ld+j]
}

// intact fails unless all that is not the matrix is NaN still.
func (x matrix[T]) intact(t *testing.T) {
	t.Helper()
	for i, v := range x.all {
		at := i - margin
		if inside := at >= 0 && at < len(x.data) && at%x.ld < x.cols; !inside && v == v {
			require.Fail(t, "written outside of the matrix", "at %d of %d×%d, %d apart", at, x.rows, x.cols, x.ld)
		}
	}
}

func operands[T float](rng *rand.Rand, s shape) (a, b, c matrix[T]) {
	oriented := func(trans bool, rows, cols int) matrix[T] {
		if trans {
			rows, cols = cols, rows
		}
		return random[T](rng, rows, cols)
	}
	return oriented(s.transA, s.m, s.k), oriented(s.transB, s.k, s.n), random[T](rng, s.m, s.n)
}

// run multiplies and returns C without its gaps.
func run[T float](s shape, a, b, c matrix[T]) []T {
	multiplyMatrices(s, a, b, c)
	var out []T
	for i := range s.m {
		out = append(out, c.data[i*c.ld:][:s.n]...)
	}
	return out
}

func multiplyMatrices[T float](s shape, a, b, c matrix[T]) {
	switch x := any(c).(type) {
	case matrix[float32]:
		a, b := any(a).(matrix[float32]), any(b).(matrix[float32])
		Float32(s.transA, s.transB, s.m, s.n, s.k, a.data, a.ld, b.data, b.ld, s.add, x.data, x.ld)
	case matrix[float64]:
		a, b := any(a).(matrix[float64]), any(b).(matrix[float64])
		Float64(s.transA, s.transB, s.m, s.n, s.k, a.data, a.ld, b.data, b.ld, s.add, x.data, x.ld)
	}
}

// check compares a product with sums in float64. In float64 it is the documented
// sum to the last bit; in float32, and by OpenBLAS, it is off by at most a rounding
// of every term.
func check[T float](t *testing.T, rng *rand.Rand, s shape) {
	t.Helper()
	a, b, c := operands[T](rng, s)
	_, double := any(T(0)).(float64)
	level, exact := cpu.Kernels(), InForce() != library
	ulp := 0x1p-23
	if double {
		ulp = 0x1p-52
	}
	var want, slack []float64
	for i := range s.m {
		for j := range s.n {
			var sum, size float64
			if s.add {
				sum = float64(c.at(false, i, j))
				size = math.Abs(sum)
			}
			for p := range s.k {
				x, y := float64(a.at(s.transA, i, p)), float64(b.at(s.transB, p, j))
				size += math.Abs(x * y)
				if level == cpu.Go {
					sum += float64(x * y)
				} else {
					sum = math.FMA(x, y, sum)
				}
			}
			want = append(want, sum)
			slack = append(slack, size*float64(s.k+1)*ulp)
		}
	}
	got := run(s, a, b, c)
	for i := range got {
		if double && exact {
			require.Equal(t, math.Float64bits(want[i]), math.Float64bits(float64(got[i])), "%+v, element %d: %v, want %v", s, i, got[i], want[i])
		} else {
			require.LessOrEqual(t, math.Abs(float64(got[i])-want[i]), slack[i], "%+v, element %d: %v, want %v", s, i, got[i], want[i])
		}
	}
	c.intact(t)
}

// eachLevel runs a test on every level of this computer, and with the library for large
// products if there is one.
func eachLevel(t *testing.T, f func(t *testing.T)) {
	for _, l := range cpu.Levels() {
		t.Run(l.String(), func(t *testing.T) {
			defer force(t, l)()
			f(t)
		})
	}
	if InForce() == library {
		t.Run(library, f)
	}
}

func force(t testing.TB, l cpu.Level) (restore func()) {
	restore, err := cpu.ForceKernels(l)
	require.NoError(t, err)
	return restore
}

func TestProduct(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		size := func() int { return rng.IntN([]int{3, 20, 70}[rng.IntN(3)]) }
		for i := range 800 {
			s := shape{i&1 > 0, i&2 > 0, i&4 > 0, size(), size(), size()}
			check[float32](t, rng, s)
			check[float64](t, rng, s)
		}
	})
}

// Beyond one block in each direction, and beyond what is read in place.
func TestProductBlocks(t *testing.T) {
	long.Test(t)
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		for i := range 4 {
			for _, size := range [][3]int{{75, 33, 801}, {17, 530, 41}, {261, 70, 19}, {3, 600, 1800}} {
				s := shape{i&1 > 0, i&2 > 0, true, size[0], size[1], size[2]}
				check[float32](t, rng, s)
				check[float64](t, rng, s)
			}
		}
	})
}

// Every tile that a kernel knows.
func TestProductTiles(t *testing.T) {
	long.Test(t)
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		for m := range 30 {
			for n := range 34 {
				s := shape{m&1 > 0, n&1 > 0, (m+n)&2 > 0, m, n, 1 + rng.IntN(12)}
				check[float32](t, rng, s)
				check[float64](t, rng, s)
			}
		}
	})
}

// The number of threads and the width of vectors change no bit. A library promises
// nothing.
func TestBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, s := range []shape{
		{false, false, false, 331, 257, 401},
		{false, true, true, 1030, 130, 129},
		{true, false, false, 131, 140, 1201},
		{true, true, true, 20, 1500, 600},
	} {
		rng := rand.New(rand.NewPCG(7, 8))
		a, b, c := operands[float32](rng, s)
		start := append([]float32(nil), c.data...)
		results := map[bool][]float32{} // by whether sums are fused
		for _, l := range cpu.Levels() {
			for _, threads := range []int{1, 2, 3, 8} {
				runtime.GOMAXPROCS(threads)
				restore := force(t, l)
				copy(c.data, start)
				got := run(s, a, b, c)
				restore()
				if want := results[l > cpu.Go]; want != nil {
					require.Equal(t, want, got, "%v, %d threads", l, threads)
				}
				results[l > cpu.Go] = got
			}
		}
	}
}

// Products of several goroutines at once do not disturb each other.
func TestConcurrent(t *testing.T) {
	s := shape{false, true, false, 300, 200, 150}
	rng := rand.New(rand.NewPCG(9, 10))
	a, b, c := operands[float32](rng, s)
	want := run(s, a, b, c)
	results := make([][]float32, 4)
	var wait sync.WaitGroup
	for i := range results {
		c := random[float32](rng, s.m, s.n)
		wait.Go(func() {
			for range 10 {
				results[i] = run(s, a, b, c)
			}
		})
	}
	wait.Wait()
	for _, got := range results {
		require.Equal(t, want, got)
	}
}

func TestNotFinite(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		nan, inf := float32(math.NaN()), float32(math.Inf(1))
		for _, x := range []float32{nan, inf, -inf} {
			for _, n := range []int{1, 5, 40} {
				a, b, c := make([]float32, n*n), make([]float32, n*n), make([]float32, n*n)
				a[n*n-1] = x
				Float32(false, false, n, n, n, a, n, b, n, false, c, n)
				for i, v := range c {
					require.Equal(t, i/n == n-1, v != v, "%v in A·0: element %d is %v", x, i, v)
				}
				Float32(false, true, n, n, n, b, n, a, n, false, c, n)
				for i, v := range c {
					require.Equal(t, i%n == n-1, v != v, "%v in 0·Aᵀ: element %d is %v", x, i, v)
				}
			}
		}
		c := []float32{nan, 2}
		Float32(false, false, 1, 2, 0, nil, 0, nil, 2, true, c, 2)
		require.True(t, c[0] != c[0] && c[1] == 2, "an empty sum adds nothing: %v", c)
		Float32(false, false, 1, 2, 1, []float32{3}, 1, []float32{1, 2}, 2, false, c, 2)
		require.Equal(t, []float32{3, 6}, c)
		c[0] = nan
		Float32(false, false, 1, 2, 0, nil, 0, nil, 2, false, c, 2)
		require.Equal(t, []float32{0, 0}, c)
	})
}

func TestBadArguments(t *testing.T) {
	x := make([]float32, 12)
	call := func(transA, transB bool, m, n, k, lda, ldb, ldc int) func() {
		return func() { Float32(transA, transB, m, n, k, x, lda, x, ldb, false, x, ldc) }
	}
	require.PanicsWithValue(t, "gemm: m, n, k = 2, -1, 3, want none negative", call(false, false, 2, -1, 3, 3, 3, 3))
	require.PanicsWithValue(t, "gemm: a has rows of 3 elements, 2 apart", call(false, false, 2, 2, 3, 2, 2, 2))
	require.PanicsWithValue(t, "gemm: a has 12 elements, want 5 rows of 3, 3 apart", call(false, false, 5, 2, 3, 3, 2, 2))
	require.PanicsWithValue(t, "gemm: b has 12 elements, want 2 rows of 4, 9 apart", call(false, true, 2, 2, 4, 4, 9, 2))
	require.PanicsWithValue(t, "gemm: c has 12 elements, want 3 rows of 2, 6 apart", call(true, false, 3, 2, 1, 3, 2, 6))
	require.PanicsWithValue(t, fmt.Sprintf("gemm: a has 12 elements, want 3 rows of 1, %d apart", math.MaxInt), call(false, false, 3, 1, 1, math.MaxInt, 1, 1))
}

func TestNoAllocation(t *testing.T) {
	x, y, z := make([]float32, 300*300), make([]float32, 300*300), make([]float32, 300*300)
	eachLevel(t, func(t *testing.T) {
		for _, n := range []int{5, 300} {
			require.Zero(t, testing.AllocsPerRun(10, func() {
				Float32(true, true, n, n, n, x, n, y, n, false, z, n)
			}))
		}
	})
}

func ExampleFloat32() {
	a := []float32{1, 2, 3, 4, 5, 6} // 2×3
	b := []float32{1, 0, 1, 0, 1, 0} // 2×3, used transposed
	c := make([]float32, 4)
	Float32(false, true, 2, 2, 3, a, 3, b, 3, false, c, 2)
	fmt.Println(c)
	// Output: [4 2 10 5]
}
