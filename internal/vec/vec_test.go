package vec

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/cpu"
)

// A call is one kernel, whatever its type, on up to three slices and a constant.
type call[F Float] struct {
	slices   int
	constant bool
	run      func(dst []F, a [3][]F, c F)
}

// calls returns the element-wise kernels of k by name.
func calls[F Float](t testing.TB, k *Kernels[F]) map[string]call[F] {
	m := map[string]call[F]{}
	v := reflect.ValueOf(*k)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		switch f := v.Field(i).Interface().(type) {
		case func(dst, a []F):
			m[name] = call[F]{1, false, func(dst []F, a [3][]F, _ F) { f(dst, a[0]) }}
		case func(dst, a, b []F):
			m[name] = call[F]{2, false, func(dst []F, a [3][]F, _ F) { f(dst, a[0], a[1]) }}
		case func(dst, a, b, c []F):
			m[name] = call[F]{3, false, func(dst []F, a [3][]F, _ F) { f(dst, a[0], a[1], a[2]) }}
		case func(dst, a []F, c F):
			m[name] = call[F]{1, true, func(dst []F, a [3][]F, c F) { f(dst, a[0], c) }}
		case func(dst, a []F, k F, c []F):
			m[name] = call[F]{2, true, func(dst []F, a [3][]F, c F) { f(dst, a[0], c, a[1]) }}
		case func(dst, a []F, mean, by, bias F):
			m[name] = call[F]{1, true, func(dst []F, a [3][]F, c F) { f(dst, a[0], c, -1.5, c/3) }}
		case func(dst, dy, x []F, mean, gain, shift, slope, by F):
			m[name] = call[F]{2, true, func(dst []F, a [3][]F, c F) { f(dst, a[0], a[1], c, 1.5, c/3, -0.3, 1.2) }}
		case func(dst []F, c F):
			m[name] = call[F]{0, true, func(dst []F, _ [3][]F, c F) { f(dst, c) }}
		default:
			require.Contains(t, []string{"Sum", "Total", "Deviations", "Products", "Finite", "Adam"}, name, "a kernel of a type that is not tested: %T", f)
		}
	}
	return m
}

// approximate names the kernels that every level above plain Go computes by a scheme of
// its own.
var approximate = []string{"Exp", "Expm1", "Log", "Log2", "Log1p", "Tanh", "Sigmoid", "Softplus"}

// TestKernels runs every kernel on every path with slices of all lengths and
// alignments, and checks each element, what lies around the destination, and
// that a destination may be an operand.
func TestKernels(t *testing.T) {
	for _, level := range cpu.Levels() {
		t.Run(level.String()+"/float32", func(t *testing.T) { testKernels[float32](t, level) })
		t.Run(level.String()+"/float64", func(t *testing.T) { testKernels[float64](t, level) })
	}
}

func testKernels[F Float](t *testing.T, level cpu.Level) {
	const longest, room = 300, 16
	plain := calls(t, force[F](t, cpu.Go))
	first := calls(t, force[F](t, cpu.Levels()[min(1, len(cpu.Levels())-1)])) // above plain Go
	for name, k := range calls(t, force[F](t, level)) {
		// The twin is exact; approximations are the same on all levels above it
		// (TestSameEverywhere compares those of different processors).
		twin := plain[name].run
		if slices.Contains(approximate, name) && level != cpu.Go {
			twin = first[name].run
		}
		rng := rand.New(rand.NewPCG(3, 4))
		for n := range longest {
			// dst and operands lie at any offset in arrays with a margin.
			var a [3][]F
			for j := range k.slices {
				a[j] = randoms[F](rng, n+room)[rng.IntN(room):][:n]
			}
			c := randoms[F](rng, 1)[0]
			array := randoms[F](rng, n+2*room)
			before := slices.Clone(array)
			at := rng.IntN(room) + 1
			dst := array[at:][:n]

			want := make([]F, n)
			for i := range want {
				var one [3][]F
				for j := range k.slices {
					one[j] = a[j][i : i+1]
				}
				twin(want[i:i+1], one, c)
			}
			operands := [3][]F{slices.Clone(a[0]), slices.Clone(a[1]), slices.Clone(a[2])}
			k.run(dst, a, c)
			for i := range dst {
				if !same(want[i], dst[i]) {
					t.Fatalf("%s: element %d of %d is %v, want %v; operands %v %v", name, i, n, dst[i], want[i], at3(a, i), c)
				}
			}
			require.True(t, equal(before[:at], array[:at]), "%s of %d wrote before dst", name, n)
			require.True(t, equal(before[at+n:], array[at+n:]), "%s of %d wrote after dst", name, n)
			for j := range k.slices {
				require.True(t, equal(operands[j], a[j]), "%s of %d wrote to operand %d", name, n, j)
			}
			for j := range k.slices {
				alias := a
				alias[j] = slices.Clone(a[j])
				k.run(alias[j], alias, c)
				require.True(t, equal(want, alias[j]), "%s of %d, dst being operand %d", name, n, j)
			}
		}
	}
}

// at3 returns the operands of element i.
func at3[F Float](a [3][]F, i int) (x []F) {
	for _, a := range a {
		if a != nil {
			x = append(x, a[i])
		}
	}
	return x
}

// same reports whether x and y have the same bits or are both NaN.
func same[F Float](x, y F) bool {
	return x == y && math.Signbit(float64(x)) == math.Signbit(float64(y)) || x != x && y != y
}

func equal[F Float](a, b []F) bool { return slices.EqualFunc(a, b, same[F]) }

// randoms returns a mixture of ordinary numbers, random bits and special values.
func randoms[F Float](rng *rand.Rand, n int) []F {
	s := specials[F]()
	x := make([]F, n)
	for i := range x {
		switch rng.IntN(4) {
		case 0:
			x[i] = s[rng.IntN(len(s))]
		case 1:
			x[i] = bits[F](rng.Uint64())
		default:
			x[i] = F(3 * rng.NormFloat64())
		}
	}
	return x
}

// bits returns a number of these bits.
func bits[F Float](u uint64) F {
	if any(F(0)) == any(float32(0)) {
		return F(math.Float32frombits(uint32(u)))
	}
	return F(math.Float64frombits(u))
}

// Sums in float64 are those of the definition, and for integers exact.
func TestWide(t *testing.T) {
	for _, level := range cpu.Levels() {
		t.Run(level.String()+"/float32", func(t *testing.T) { testWide[float32](t, level) })
		t.Run(level.String()+"/float64", func(t *testing.T) { testWide[float64](t, level) })
	}
}

func testWide[F Float](t *testing.T, level cpu.Level) {
	k := force[F](t, level)
	rng := rand.New(rand.NewPCG(8, 9))
	for n := range 200 {
		a, b := randoms[F](rng, n+9)[rng.IntN(9):][:n], randoms[F](rng, n+9)[rng.IntN(9):][:n]
		if n%2 == 0 { // without what makes every sum NaN
			for i := range a {
				a[i], b[i] = F(rng.NormFloat64()), F(rng.NormFloat64())
			}
		}
		m := rng.NormFloat64()
		require.True(t, same(total(a), k.Total(a)), "n = %d", n)
		require.True(t, same(deviations(a, m), k.Deviations(a, m)), "n = %d", n)
		wantSum, wantProducts := products(a, b, m)
		gotSum, gotProducts := k.Products(a, b, m)
		require.True(t, same(wantSum, gotSum) && same(wantProducts, gotProducts), "n = %d", n)

		var sum, squares, cubes float64
		for i := range a {
			x := float64(i - n/3)
			a[i], b[i] = F(x), F(x*x)
			sum, squares, cubes = sum+x, squares+(x-2)*(x-2), cubes+x*(x*x-5)
		}
		require.Equal(t, sum, k.Total(a))
		require.Equal(t, squares, k.Deviations(a, 2))
		gotSum, gotProducts = k.Products(a, b, 5)
		require.Equal(t, [2]float64{sum, cubes}, [2]float64{gotSum, gotProducts})
	}
}

// TestSum compares with the definition and, for integers, with the exact sum.
func TestSum(t *testing.T) {
	for _, level := range cpu.Levels() {
		t.Run(level.String()+"/float32", func(t *testing.T) { testSum[float32](t, level) })
		t.Run(level.String()+"/float64", func(t *testing.T) { testSum[float64](t, level) })
	}
}

func testSum[F Float](t *testing.T, level cpu.Level) {
	rng := rand.New(rand.NewPCG(5, 6))
	k := force[F](t, level)
	for n := range 300 {
		x := make([]F, n+16)
		for i := range x {
			x[i] = F(rng.NormFloat64())
		}
		x = x[rng.IntN(16):][:n]
		require.Equal(t, sum(x), k.Sum(x), "n = %d", n)
		for i := range x {
			x[i] = F(i + 1)
		}
		require.Equal(t, F(n*(n+1)/2), k.Sum(x))
	}
	zero := F(0)
	require.False(t, math.Signbit(float64(k.Sum([]F{-zero}))), "running sums start at +0")
	require.True(t, math.IsNaN(float64(k.Sum([]F{1, F(math.NaN())}))))
}

func TestFinite(t *testing.T) {
	for _, level := range cpu.Levels() {
		t.Run(level.String()+"/float32", func(t *testing.T) { testFinite[float32](t, level) })
		t.Run(level.String()+"/float64", func(t *testing.T) { testFinite[float64](t, level) })
	}
}

func testFinite[F Float](t *testing.T, level cpu.Level) {
	k := force[F](t, level)
	good := slices.DeleteFunc(specials[F](), func(x F) bool { return x-x != 0 })
	for n := range 200 {
		array := make([]F, n+2)
		for i := range array {
			array[i] = good[i%len(good)]
		}
		array[0], array[n+1] = F(math.NaN()), F(math.Inf(1)) // around x
		x := array[1 : n+1]
		require.True(t, k.Finite(x), "n = %d", n)
		for i := range x {
			for _, bad := range []F{F(math.NaN()), F(math.Inf(1)), F(math.Inf(-1))} {
				old := x[i]
				x[i] = bad
				if k.Finite(x) {
					t.Fatalf("%v at %d of %d not found", bad, i, n)
				}
				x[i] = old
			}
		}
	}
}

// For gives the kernels of the level in force; each level that the processor has is there.
func TestFor(t *testing.T) {
	for _, level := range cpu.Levels() {
		require.Same(t, &sets[level].f32, force[float32](t, level))
		require.Same(t, &sets[level].f64, For[float64]())
	}
}

func TestAllocations(t *testing.T) {
	x := make([]float32, 100)
	for _, level := range cpu.Levels() {
		force[float32](t, level)
		require.Zero(t, testing.AllocsPerRun(10, func() {
			k := For[float32]()
			k.MulAddC(x, x, 2, x)
			k.Exp(x, x)
			k.PowC(x, x, 2)
			k.Sum(x)
			k.Products(x, x, 1)
		}))
	}
}
