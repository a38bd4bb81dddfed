package ir

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// number evaluates the element-wise operations on one lane, from their comments.
func number(op Op, a, b, e, c float64) (y float64, ok bool) {
	one := func(is bool) float64 {
		if is {
			return 1
		}
		return 0
	}
	switch op {
	case OpAdd:
		return a + b, true
	case OpSub:
		return a - b, true
	case OpMul:
		return a * b, true
	case OpDiv:
		return a / b, true
	case OpPow:
		return math.Pow(a, b), true
	case OpGt:
		return one(a > b), true
	case OpGe:
		return one(a >= b), true
	case OpLt:
		return one(a < b), true
	case OpLe:
		return one(a <= b), true
	case OpEq:
		return one(a == b), true
	case OpNe:
		return one(a != b), true
	case OpAddC:
		return a + c, true
	case OpMulC:
		return a * c, true
	case OpRSubC:
		return c - a, true
	case OpDivC:
		return a / c, true
	case OpRDivC:
		return c / a, true
	case OpPowC:
		return math.Pow(a, c), true
	case OpGtC:
		return one(a > c), true
	case OpGeC:
		return one(a >= c), true
	case OpLtC:
		return one(a < c), true
	case OpLeC:
		return one(a <= c), true
	case OpEqC:
		return one(a == c), true
	case OpNeC:
		return one(a != c), true
	case OpMaxC:
		return max(a, c), true
	case OpMinC:
		return min(a, c), true
	case OpNeg:
		return -a, true
	case OpRelu:
		return max(a, 0), true
	case OpCopy:
		return a, true
	}
	return 0, false
}

var samples = []float64{-2.5, -1, 0.25, 1, 3}

// The operation with a constant on the right or left gives what the operation on two
// values gives for that constant; of a difference the constant is negated.
func TestConstants(t *testing.T) {
	pairs := 0
	for op := range NumOps {
		f := op.Facts()
		for _, a := range samples {
			for _, c := range samples {
				if f.Right != OpNone {
					want, _ := number(op, a, c, 0, 0)
					k := c
					if op == OpSub {
						k = -c
					}
					got, ok := number(f.Right, a, 0, 0, k)
					require.True(t, ok && f.Right.Facts().Const, "%v", op)
					if !math.IsNaN(want) {
						require.Equal(t, want, got, "%v of %v and %v", op, a, c)
					}
					pairs++
				}
				if f.Left != OpNone {
					want, _ := number(op, c, a, 0, 0)
					got, ok := number(f.Left, a, 0, 0, c)
					require.True(t, ok && f.Left.Facts().Const, "%v", op)
					require.Equal(t, want, got, "%v of %v and %v", op, c, a)
					pairs++
				}
			}
		}
	}
	require.Equal(t, 21*len(samples)*len(samples), pairs)
}

// The slope of an operation is its derivative, by differences.
func TestSlopes(t *testing.T) {
	const h = 1e-6
	slopes := 0
	for op := range NumOps {
		s := op.Facts().Slope
		if s == OpNone {
			continue
		}
		slopes++
		c := 0.5
		if op == OpRelu { // which compares with no constant
			c = 0
		}
		at := func(a float64) float64 { y, _ := number(op, a, 0, 0, c); return y }
		for _, a := range samples {
			d, ok := number(s, a, 0, 0, c)
			switch s {
			case OpCopy, OpNeg, OpMulC: // of the gradient, 1
				d, ok = number(s, 1, 0, 0, c)
			}
			require.True(t, ok)
			require.InDelta(t, (at(a+h)-at(a-h))/(2*h), d, 1e-6, "%v at %v", op, a)
		}
	}
	require.Equal(t, 6, slopes)
}

// What is said to be linear is additive.
func TestLinear(t *testing.T) {
	linear := 0
	for op := range NumOps {
		f := op.Facts()
		for _, in := range []Operands{A, B} {
			if f.Linear&in == 0 && !f.Sum {
				continue
			}
			linear++
			for _, x := range samples {
				for _, y := range samples {
					at := func(v float64) (z float64) {
						switch {
						case f.Sum && in == A:
							z, _ = number(op, v, 2*v, 0, 0)
						case in == A:
							z, _ = number(op, v, 3, 0, 3)
						default:
							z, _ = number(op, 3, v, 0, 3)
						}
						return z
					}
					if !f.Sum || in == A {
						require.InDelta(t, at(x)+at(y), at(x+y), 1e-12, "%v", op)
					}
				}
			}
		}
	}
	require.Equal(t, 9, linear)
}

// Every operation has a name of its own, and no more is dear than what takes long.
func TestNames(t *testing.T) {
	names := map[string]bool{}
	for op := OpNone + 1; op < NumOps; op++ {
		require.NotEqual(t, "none", op.String())
		require.NotEmpty(t, op.String())
		require.False(t, names[op.String()], "%v", op)
		names[op.String()] = true
	}
	require.Equal(t, "none", OpNone.String())
	require.Equal(t, "none", NumOps.String())
}
