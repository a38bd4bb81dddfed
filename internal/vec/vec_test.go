package vec

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A call is one kernel, whatever its type, on up to three slices and constants.
type call[F Float] struct {
	slices, consts int
	run            func(dst []F, a [3][]F, c [2]F)
}

// calls returns the element-wise kernels of k by name.
func calls[F Float](t testing.TB, k *Kernels[F]) map[string]call[F] {
	m := map[string]call[F]{}
	v := reflect.ValueOf(*k)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		switch f := v.Field(i).Interface().(type) {
		case func(dst, a []F):
			m[name] = call[F]{1, 0, func(dst []F, a [3][]F, _ [2]F) { f(dst, a[0]) }}
		case func(dst, a, b []F):
			m[name] = call[F]{2, 0, func(dst []F, a [3][]F, _ [2]F) { f(dst, a[0], a[1]) }}
		case func(dst, a, b, c []F):
			m[name] = call[F]{3, 0, func(dst []F, a [3][]F, _ [2]F) { f(dst, a[0], a[1], a[2]) }}
		case func(dst, a []F, c F):
			m[name] = call[F]{1, 1, func(dst []F, a [3][]F, c [2]F) { f(dst, a[0], c[0]) }}
		case func(dst, a []F, k F, c []F):
			m[name] = call[F]{2, 1, func(dst []F, a [3][]F, c [2]F) { f(dst, a[0], c[0], a[1]) }}
		case func(dst, a []F, lo, hi F):
			m[name] = call[F]{1, 2, func(dst []F, a [3][]F, c [2]F) { f(dst, a[0], c[0], c[1]) }}
		case func(dst []F, c F):
			m[name] = call[F]{0, 1, func(dst []F, _ [3][]F, c [2]F) { f(dst, c[0]) }}
		default:
			require.Contains(t, []string{"Sum", "Finite"}, name, "a kernel of a type that is not tested: %T", f)
		}
	}
	return m
}

// approximate names the kernels that AVX2 and AVX-512 compute by a scheme of
// their own.
var approximate = []string{"Exp", "Expm1", "Log", "Log2", "Log1p", "Tanh", "Sigmoid", "Softplus"}

// TestKernels runs every kernel on every path with slices of all lengths and
// alignments, and checks each element, what lies around the destination, and
// that a destination may be an operand.
func TestKernels(t *testing.T) {
	for _, level := range levels(t) {
		t.Run(level+"/float32", func(t *testing.T) { testKernels[float32](t, level) })
		t.Run(level+"/float64", func(t *testing.T) { testKernels[float64](t, level) })
	}
}

func testKernels[F Float](t *testing.T, level string) {
	const longest, room = 300, 16
	plain := calls(t, force[F](t, "go"))
	avx2 := plain
	if sets["avx2"] != nil {
		avx2 = calls(t, force[F](t, "avx2"))
	}
	for name, k := range calls(t, force[F](t, level)) {
		// The twin is exact; approximations are the same for both forms of AVX.
		twin := plain[name].run
		if slices.Contains(approximate, name) && level != "go" {
			twin = avx2[name].run
		}
		rng := rand.New(rand.NewPCG(3, 4))
		for n := range longest {
			// dst and operands lie at any offset in arrays with a margin.
			var a [3][]F
			for j := range k.slices {
				a[j] = randoms[F](rng, n+room)[rng.IntN(room):][:n]
			}
			c := [2]F(randoms[F](rng, 2))
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

// specials returns zeros, infinities, NaN, denormals, the ends of the range
// and some simple numbers.
func specials[F Float]() []F {
	var s []F
	tiny, normal, large := F(0x1p-126)*F(0x1p-23), F(0x1p-126), F(math.MaxFloat32)
	if any(F(0)) != any(float32(0)) {
		var d float64 = 0x1p-1074
		tiny, normal, large = F(d), F(0x1p1000*d*0x1p52), bits[F](0x7fefffffffffffff)
	}
	for _, x := range []F{0, tiny, 3 * tiny, normal, large, 1, 0.5, 2, 1.5, 20, 88, 89, 104, F(math.Inf(1))} {
		s = append(s, x, -x)
	}
	return append(s, F(math.NaN()))
}

// TestSpecials runs all pairs of special values, and the twins' own meaning.
func TestSpecials(t *testing.T) {
	for _, level := range levels(t) {
		t.Run(level+"/float32", func(t *testing.T) { testSpecials[float32](t, level) })
		t.Run(level+"/float64", func(t *testing.T) { testSpecials[float64](t, level) })
	}
}

func testSpecials[F Float](t *testing.T, level string) {
	s := specials[F]()
	var a [3][]F
	for _, x := range s {
		for _, y := range s {
			a[0], a[1], a[2] = append(a[0], x), append(a[1], y), append(a[2], y)
		}
	}
	plain := calls(t, force[F](t, "go"))
	want, got := make([]F, len(a[0])), make([]F, len(a[0]))
	for name, k := range calls(t, force[F](t, level)) {
		if slices.Contains(approximate, name) {
			continue
		}
		for _, c := range s {
			for _, d := range s {
				plain[name].run(want, a, [2]F{c, d})
				k.run(got, a, [2]F{c, d})
				require.True(t, equal(want, got), "%s with constants %v, %v", name, c, d)
				if k.consts < 2 {
					break
				}
			}
			if k.consts < 1 {
				break
			}
		}
	}

	nan, inf := F(math.NaN()), F(math.Inf(1))
	zero := F(0)
	check := func(name string, want F, x ...F) {
		t.Helper()
		k := calls(t, For[F]())[name]
		var a [3][]F
		var c [2]F
		for j, x := range x {
			if j < k.slices {
				a[j] = []F{x}
			} else {
				c[j-k.slices] = x
			}
		}
		got := []F{42}
		k.run(got, a, c)
		require.True(t, same(want, got[0]), "%s(%v) = %v, want %v", name, x, got[0], want)
	}
	for _, f := range []string{"Max", "Min", "MaxC", "MinC", "Add", "MulC"} {
		check(f, nan, nan, 1)
		check(f, nan, 1, nan)
	}
	for _, f := range []string{"Gt", "Ge", "Lt", "Le", "Eq"} {
		check(f, 0, nan, 1)
		check(f, 0, 1, nan)
		check(f+"C", 0, nan, nan)
	}
	check("Ne", 1, nan, nan)
	check("NeC", 1, nan, 1)
	check("Max", -zero, 0, -zero)
	check("MaxC", 3, 3, 2)
	check("MinC", 2, 3, 2)
	check("Relu", nan, nan)
	check("Relu", 0, -3)
	check("Sign", 0, 0)
	check("Sign", nan, nan)
	check("Sign", -1, -inf)
	check("Abs", 0, -zero)
	check("RSubC", -1, 3, 2)
	check("RDivC", 4, 0.5, 2)
	check("DivC", inf, 1, 0)
	check("Div", -inf, -1, 0)
	check("Clamp", 2, 3, 1, 2)
	check("Clamp", nan, nan, 1, 2)
	check("Between", 1, 2, 1, 2)
	check("Between", 0, nan, 1, 2)
	check("MulAdd", 7, 2, 3, 1)
	check("MulRSub", -5, 2, 3, 1)
	check("MulAddC", 7, 2, 1, 3)
	check("OneMinusMul", -4, 2, 4)
	check("Reset", 6, 1, 5, 6)
	check("Reset", 5, 0, 5, 6)
	check("Fill", 6, 6)

	check("Exp", 1, 0)
	check("Exp", 0, -inf)
	check("Exp", inf, inf)
	check("Exp", inf, 1e5)
	check("Exp", 0, -1e5)
	check("Expm1", -1, -inf)
	check("Expm1", inf, inf)
	for _, f := range []string{"Log", "Log2"} {
		check(f, 0, 1)
		check(f, -inf, 0)
		check(f, -inf, -zero)
		check(f, nan, -1)
		check(f, nan, -inf)
		check(f, inf, inf)
	}
	check("Log2", -1, 0.5)
	check("Log2", 10, 1024)
	check("Log2", -149, 0x1p-149)
	check("Log1p", -inf, -1)
	check("Log1p", nan, -2)
	check("Log1p", inf, inf)
	for _, x := range []F{1e3, 1e30, inf} {
		check("Tanh", 1, x)
		check("Tanh", -1, -x)
		check("Sigmoid", 1, x)
		check("Sigmoid", 0, -x)
		check("Softplus", x, x)
		check("Softplus", 0, -x)
	}
	check("Sigmoid", 0.5, 0)
	check("Softplus", F(math.Ln2), 0)
	for _, f := range []string{"Expm1", "Log1p", "Tanh"} {
		tiny := specials[F]()[2]
		for _, x := range []F{0, -zero, tiny, -tiny, 5 * tiny} {
			check(f, x, x)
		}
	}
	for _, f := range []string{"Exp", "Expm1", "Log", "Log2", "Log1p", "Tanh", "Sigmoid", "Softplus"} {
		check(f, nan, nan)
	}
}

// TestSum compares with the definition and, for integers, with the exact sum.
func TestSum(t *testing.T) {
	for _, level := range levels(t) {
		t.Run(level+"/float32", func(t *testing.T) { testSum[float32](t, level) })
		t.Run(level+"/float64", func(t *testing.T) { testSum[float64](t, level) })
	}
}

func testSum[F Float](t *testing.T, level string) {
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
	for _, level := range levels(t) {
		t.Run(level+"/float32", func(t *testing.T) { testFinite[float32](t, level) })
		t.Run(level+"/float64", func(t *testing.T) { testFinite[float64](t, level) })
	}
}

func testFinite[F Float](t *testing.T, level string) {
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

func TestForce(t *testing.T) {
	before := For[float32]()
	restore, err := Force("go")
	require.NoError(t, err)
	require.Same(t, &sets["go"].f32, For[float32]())
	require.Same(t, &sets["go"].f64, For[float64]())
	restore()
	require.Same(t, before, For[float32]())

	_, err = Force("sse")
	require.EqualError(t, err, `vec: no instruction set "sse", want avx512, avx2 or go`)
}

func TestAllocations(t *testing.T) {
	x := make([]float32, 100)
	for _, level := range levels(t) {
		force[float32](t, level)
		require.Zero(t, testing.AllocsPerRun(10, func() {
			k := For[float32]()
			k.MulAddC(x, x, 2, x)
			k.Exp(x, x)
			k.Sum(x)
		}))
	}
}
