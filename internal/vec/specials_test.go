package vec

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/cpu"
)

// specials returns zeros, infinities, NaN, denormals, the ends of the range
// and some simple numbers.
func specials[F Float]() []F {
	var s []F
	tiny, normal, large := F(0x1p-126)*F(0x1p-23), F(0x1p-126), F(math.MaxFloat32)
	if any(F(0)) != any(float32(0)) {
		d := 0x1p-1074
		tiny, normal, large = F(d), F(d*0x1p52), bits[F](0x7fefffffffffffff)
	}
	for _, x := range []F{0, tiny, 3 * tiny, normal, large, 1, 0.5, 2, 1.5, 20, 88, 89, 104, F(math.Inf(1))} {
		s = append(s, x, -x)
	}
	return append(s, F(math.NaN()))
}

// TestSpecials runs all pairs of special values, and the twins' own meaning.
func TestSpecials(t *testing.T) {
	for _, level := range cpu.Levels() {
		t.Run(level.String()+"/float32", func(t *testing.T) { testSpecials[float32](t, level) })
		t.Run(level.String()+"/float64", func(t *testing.T) { testSpecials[float64](t, level) })
	}
}

func testSpecials[F Float](t *testing.T, level cpu.Level) {
	s := specials[F]()
	var a [3][]F
	for _, x := range s {
		for _, y := range s {
			a[0], a[1], a[2] = append(a[0], x), append(a[1], y), append(a[2], y)
		}
	}
	plain := calls(t, force[F](t, cpu.Go))
	want, got := make([]F, len(a[0])), make([]F, len(a[0]))
	for name, k := range calls(t, force[F](t, level)) {
		if slices.Contains(approximate, name) {
			continue
		}
		for _, c := range s {
			plain[name].run(want, a, c)
			k.run(got, a, c)
			require.True(t, equal(want, got), "%s with the constant %v", name, c)
			if !k.constant {
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
		var c F
		for j, x := range x {
			if j < k.slices {
				a[j] = []F{x}
			} else {
				c = x
			}
		}
		got := []F{42}
		k.run(got, a, c)
		require.True(t, same(want, got[0]), "%s(%v) = %v, want %v", name, x, got[0], want)
	}
	for _, f := range []string{"Max", "MaxC", "MinC", "Add", "MulC"} {
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
	check("MulAdd", 7, 2, 3, 1)
	check("MulRSub", -5, 2, 3, 1)
	check("MulAddC", 7, 2, 1, 3)
	check("OneMinusMul", -4, 2, 4)
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
