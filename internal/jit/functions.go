package jit

import (
	"math"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// The functions follow the kernels of package vec operation by operation, whose
// comments explain them; internal/vec/asm/functions.go has these. What is split
// into integers there, logarithms above all, has no code here.

// pick returns a for float32 and b for float64.
func pick[T any](b *Builder, x, y T) T {
	if b.bits == 64 {
		return y
	}
	return x
}

func (b *Builder) coefficients() *vec.Coefficients {
	return pick(b, &vec.Coefficients32, &vec.Coefficients64)
}

// poly returns c[0] + c[1]·x + … by Horner's rule.
func (b *Builder) poly(x Value, c []float64) Value {
	n := len(c) - 1
	p := b.Literal(c[n])
	for n--; n >= 0; n-- {
		p = b.Do(FMA, p, x, b.Literal(c[n]))
	}
	return p
}

// expWithin returns exp(x) for x within the range of exponents.
func (b *Builder) expWithin(x Value) Value {
	c := b.coefficients()
	n := b.Do(Nearest, b.Do(Mul, x, b.Literal(math.Log2E)))
	hi := b.Do(FNMA, n, b.Literal(c.Ln2Hi), x)
	r := b.Do(Add, hi, b.Do(Mul, n, b.Literal(-c.Ln2Lo)))
	tail := b.Do(Mul, b.Do(Mul, r, r), b.poly(r, c.Exp))
	return b.scale(b.Do(Add, b.Do(Add, r, tail), b.Literal(1)), n)
}

// scale returns a·2^n for a whole n, rounded once, also where that is denormal or
// infinite.
func (b *Builder) scale(a, n Value) Value {
	if b.target.Scales {
		return b.Do(Scale, a, n)
	}
	// Two powers, of about half of n each, the first product being exact. Adding a
	// large number leaves the rounded sum in the low bits, where it becomes an
	// exponent; with 2·large − h it is n less the half that is in h.
	mantissa, bias := pick(b, 23, 52), pick(b, 127., 1023)
	large := math.Ldexp(1, mantissa) + bias
	h := b.Do(FMA, n, b.Literal(0.5), b.Literal(large))
	rest := b.Do(Add, n, b.Do(Sub, b.Literal(2*large), h))
	return b.Do(Mul, b.Do(Mul, a, b.Shift(h, mantissa)), b.Shift(rest, mantissa))
}

// The limits beyond which exp is 0 and +Inf: exp(−104) < 2⁻¹⁵⁰, half of the smallest
// float32, and exp(89) > 2¹²⁸; exp(−746) < 2⁻¹⁰⁷⁵ and exp(710) > 2¹⁰²⁴.
func (b *Builder) lowest() Value  { return b.Literal(pick(b, -104., -746)) }
func (b *Builder) highest() Value { return b.Literal(pick(b, 89., 710)) }

// Exp returns exp(x).
func (b *Builder) Exp(x Value) Value {
	return b.expWithin(b.Do(Min, b.highest(), b.Do(Max, b.lowest(), x)))
}

// Sigmoid returns 1 / (1 + exp(−x)).
func (b *Builder) Sigmoid(x Value) Value {
	one := b.Literal(1)
	e := b.expWithin(b.Do(Max, b.lowest(), b.Do(Or, x, b.Sign())))
	q := b.Do(Div, e, b.Do(Add, e, one))
	w := b.Select(Lt, x, b.Literal(0), e, one)
	return b.Do(FNMA, w, q, w)
}

// Tanh returns tanh(x).
func (b *Builder) Tanh(x Value) Value {
	one := b.Literal(1)
	a := b.Do(Min, b.Literal(20), b.Do(And, x, b.Magnitude())) // 1 − tanh(20) < 2⁻⁵⁶
	e := b.Do(Add, b.expWithin(b.Do(Add, a, a)), one)
	large := b.Do(Sub, one, b.Do(Div, b.Literal(2), e))
	z := b.Do(Mul, a, a)
	small := b.Do(FMA, b.Do(Mul, a, z), b.poly(z, b.coefficients().Tanh), a)
	y := b.Select(Lt, a, b.Literal(vec.TanhBend), small, large)
	return b.Do(Or, y, b.Do(And, x, b.Sign()))
}
