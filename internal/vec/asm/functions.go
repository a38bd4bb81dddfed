package main

import "math"

// functions lists the kernels that are no single operation. Their errors are
// below 2 ulp for every input; the tests measure them. AVX2 and AVX-512 run the
// same operations and give the same bits.
//
// The schemes are the classical ones: exp splits off a power of two, log the
// exponent, what is left is a polynomial on a short interval.
func functions() []kernel {
	var ks []kernel
	add := func(name string, f func(t *target) func(x vec) vec) {
		ks = append(ks, kernel{name, "a", 1, func(t *target, _ []vec) body {
			g := f(t)
			return func(in []vec) vec { return g(in[0]) }
		}})
	}
	add("Exp", (*target).exp)
	add("Expm1", (*target).expm1)
	add("Log", (*target).log)
	add("Log2", (*target).log2)
	add("Log1p", (*target).log1p)
	add("Tanh", (*target).tanh)
	add("Sigmoid", (*target).sigmoid)
	add("Softplus", (*target).softplus)
	return ks
}

// bend is where tanh changes from one formula to the other.
const bend = 0.625

func (t *target) expSeries() []float64 {
	return fit(expSeries, pick(t, 5, 10), -math.Ln2/2, math.Ln2/2)
}
func (t *target) tanhSeries() []float64 { return fit(tanhSeries, pick(t, 5, 11), 0, bend*bend) }

// ln2 returns log 2 in two parts, the first short enough for an exact n·hi.
func (t *target) ln2() (hi, lo float64) { return ln2(pick(t, 15, 42)) }

// reduce returns an integer n and hi + lo in [−log 2 / 2, log 2 / 2] with
// x = n log 2 + hi + lo, where hi is exact and lo the small part.
func (t *target) reduce(x vec) (n, hi, lo vec) {
	n = t.round(t.mul(x, t.con(math.Log2E)), nearest)
	ln2hi, ln2lo := t.ln2()
	return n, t.fnmaCon(n, t.con(ln2hi), x), t.mul(n, t.con(-ln2lo))
}

// expTail returns exp(r) − 1 − r for r from reduce.
func (t *target) expTail(r vec) vec {
	q := t.poly(r, t.expSeries())
	return t.mul(t.mul(r, r), q)
}

// expWithin returns exp(x) for x clamped to where scale can bear it.
func (t *target) expWithin(x vec) vec {
	n, hi, lo := t.reduce(x)
	r := t.add(hi, lo)
	return t.scale(t.add(t.add(r, t.expTail(r)), t.con(1)), n)
}

// power returns 2^n for an integer n within the range of normal exponents: it
// shifts the integer that adding a large number leaves in the low bits.
func (t *target) power(n vec) vec {
	mantissa := pick(t, 23, 52)
	bias := pick(t, 127, 1023)
	return t.shl(t.add(n, t.con(math.Ldexp(1, mantissa)+float64(bias))), mantissa)
}

// scaleByTwo returns a·2^n, rounded once, for machines without an instruction for
// that: by two powers, the first product being exact.
func (t *target) scaleByTwo(a, n vec) vec {
	half := t.round(t.mul(n, t.con(0.5)), nearest)
	return t.mul(t.mul(a, t.power(half)), t.power(t.sub(n, half)))
}

// exp is 0 below and +Inf above the limits that x is clamped to. The clamp
// returns its second operand where that is NaN.
func (t *target) exp() func(x vec) vec {
	lo, hi := t.spread(t.con(pick(t, -104., -746))), t.spread(t.con(pick(t, 89., 710)))
	return func(x vec) vec {
		return t.expWithin(t.min(hi, t.max(lo, x)))
	}
}

// expm1 is 2ⁿ·(exp(r) − 1) + (2ⁿ − 1). Where both have a part in the result,
// for n = ±1, they cancel: what rounding the sum of the leading terms loses is
// added again. The largest n is one too large for 2ⁿ and is halved before and
// doubled after.
func (t *target) expm1() func(x vec) vec {
	// Below −40, exp is less than half an ulp of 1.
	lo, hi := t.spread(t.con(-40)), t.spread(t.con(pick(t, 89., 710)))
	one, sign := t.spread(t.con(1)), t.spread(t.signBit())
	return func(x vec) vec {
		n, rhi, rlo := t.reduce(t.min(hi, t.max(lo, x)))
		tail := t.add(t.expTail(t.add(rhi, rlo)), rlo)
		large := t.cmp(gt, n, t.con(pick(t, 127., 1023)))
		s := t.power(t.sub(n, t.keep(large, one)))
		h := t.sub(s, one)
		y := t.fma(s, rhi, h)
		lost := t.fma(s, rhi, t.sub(h, y))
		y = t.add(y, t.fma(s, tail, lost))
		y = t.add(y, t.keep(large, y))
		return t.or(y, t.and(x, sign)) // −0 for −0
	}
}

// tanh is an odd polynomial up to bend and 1 − 2/(exp(2|x|) + 1) above.
func (t *target) tanh() func(x vec) vec {
	one, sign := t.spread(t.con(1)), t.spread(t.signBit())
	limit := t.spread(t.con(20)) // where 1 − tanh is below half an ulp
	return func(x vec) vec {
		a := t.min(limit, t.and(x, t.word(1<<(t.bits-1)-1)))
		e := t.add(t.expWithin(t.add(a, a)), one)
		large := t.sub(one, t.div(t.add(one, one), e))
		z := t.mul(a, a)
		p := t.poly(z, t.tanhSeries())
		small := t.fma(t.mul(a, z), p, a)
		y := t.choose(t.cmp(lt, a, t.con(bend)), small, large)
		return t.or(y, t.and(x, sign))
	}
}

// sigmoid is 1 − q or, for negative x, e − e·q with e = exp(−|x|) ≤ 1 and
// q = e/(1 + e) ≤ ½: the error of q counts little where e is small.
func (t *target) sigmoid() func(x vec) vec {
	one, zero := t.spread(t.con(1)), t.zero()
	lo := t.spread(t.con(pick(t, -104., -746)))
	return func(x vec) vec {
		e := t.expWithin(t.max(lo, t.or(x, t.signBit())))
		q := t.div(e, t.add(e, one))
		w := t.choose(t.cmp(lt, x, zero), e, one)
		return t.fnma(w, q, w)
	}
}

// logSplit returns e and f with u = 2^e·(1 + f), √½ ≤ 1 + f < √2, for a
// positive normal u, and 2^−e.
func (t *target) logSplit(u vec) (e, f, inverse vec) {
	mantissa := pick(t, 23, 52)
	bias := pick(t, 127, 1023)
	root := floatBits(t, math.Sqrt2/2)
	i := t.addInt(u, t.word(floatBits(t, 1)-root))
	large := math.Ldexp(1, mantissa)
	e = t.sub(t.or(t.shr(i, mantissa), t.con(large)), t.con(large+float64(bias)))
	m := t.addInt(t.and(i, t.word(1<<mantissa-1)), t.word(root))
	f = t.sub(m, t.con(1))
	inverse = t.subInt(t.spread(t.word(uint64(2*bias)<<mantissa)), t.and(i, t.word((1<<t.bits-1)>>mantissa<<mantissa)))
	return e, f, inverse
}

// logShort returns log(1 + f) = f − v, with s = f/(2 + f) and R = s²·G(s²):
//
//	log(1 + f) = 2 atanh(s) = 2s + s·R = f − (f²/2 − s·(f²/2 + R))
//
// It adds more to the smaller part.
func (t *target) logShort(f, more vec) (v vec) {
	s := t.div(f, t.add(f, t.con(2)))
	z := t.mul(s, s)
	half := t.mul(t.mul(f, f), t.con(0.5))
	g := t.poly(z, fit(atanhSeries, pick(t, 3, 8), 0, 0.0295)) // s² ≤ (3 − √8)²
	return t.sub(half, t.fma(s, t.fma(z, g, half), more))
}

// logSum returns e log 2 + log(1 + f).
func (t *target) logSum(e, f vec) vec {
	hi, lo := ln2(pick(t, 15, 42)) // short enough for an exact e·hi
	v := t.logShort(f, t.mul(e, t.con(lo)))
	return t.fma(e, t.spread(t.con(hi)), t.sub(f, v))
}

// logLimits returns y, but the limits of log x where x is no positive number:
// −Inf at 0, NaN below, x itself where it is +Inf or NaN.
func (t *target) logLimits(x, y, inf vec) vec {
	zero := t.zero()
	y = t.choose(t.cmp(nlt, x, inf), x, y)
	y = t.choose(t.cmp(lt, x, zero), t.spread(t.con(math.NaN())), y)
	return t.choose(t.cmp(eq, x, zero), t.spread(t.con(math.Inf(-1))), y)
}

// log returns e log 2 + log(1 + f) with x = 2^e·(1 + f).
func (t *target) log() func(x vec) vec {
	inf := t.spread(t.infinity())
	return func(x vec) vec {
		e, f := t.logSplitAny(x)
		return t.logLimits(x, t.logSum(e, f), inf)
	}
}

// log2 returns e + log(1 + f) / log 2. The logarithm and the factor are sums of
// two numbers, so that the factor costs no accuracy.
func (t *target) log2() func(x vec) vec {
	inf, zero := t.spread(t.infinity()), t.zero()
	return func(x vec) vec {
		e, f := t.logSplitAny(x)
		v := t.logShort(f, zero)
		y := t.sub(f, v)
		lost := t.sub(t.sub(f, y), v)

		hi, lo := log2e(pick(t, 24, 53))
		factor := t.spread(t.con(hi))
		p := t.mul(y, factor)
		rest := t.fma(y, factor, t.xor(p, t.signBit()))
		rest = t.fma(y, t.spread(t.con(lo)), rest)
		rest = t.fma(lost, factor, rest)

		sum := t.add(e, p)
		rest = t.add(t.add(t.sub(e, sum), p), rest)
		return t.logLimits(x, t.add(sum, rest), inf)
	}
}

// logSplitAny is logSplit for any x: it scales denormals to normal numbers.
func (t *target) logSplitAny(x vec) (e, f vec) {
	up := pick(t, 24, 54)
	tiny := t.cmp(lt, x, t.con(pick(t, 0x1p-126, 0x1p-1022)))
	u := t.choose(tiny, t.mul(x, t.con(math.Ldexp(1, up))), x)
	e, f, _ = t.logSplit(u)
	return t.sub(e, t.keep(tiny, t.spread(t.con(float64(up))))), f
}

// log1p is the logarithm of u = 1 + x and of what rounding u has lost.
func (t *target) log1p() func(x vec) vec {
	one, inf, sign := t.spread(t.con(1)), t.spread(t.infinity()), t.spread(t.signBit())
	return func(x vec) vec {
		u := t.add(one, x)
		// With d = u − 1, the error of u is (1 − (u − d)) + (x − d).
		d := t.sub(u, one)
		c := t.add(t.sub(one, t.sub(u, d)), t.sub(x, d))
		e, f, inverse := t.logSplit(u)
		y := t.logLimits(u, t.logSum(e, t.fma(c, inverse, f)), inf)
		return t.or(y, t.and(x, sign)) // −0 for −0
	}
}

// softplus is max(x, 0) + log(1 + e) with e = exp(−|x|) ≤ 1.
func (t *target) softplus() func(x vec) vec {
	one, zero := t.spread(t.con(1)), t.zero()
	lo := t.spread(t.con(pick(t, -104., -746)))
	return func(x vec) vec {
		v := t.expWithin(t.max(lo, t.or(x, t.signBit())))
		u := t.add(one, v)
		c := t.sub(v, t.sub(u, one))
		e, f, inverse := t.logSplit(u)
		y := t.logSum(e, t.fma(c, inverse, f))
		return t.add(t.max(zero, x), y)
	}
}

func floatBits(t *target, x float64) uint64 {
	return pick(t, uint64(math.Float32bits(float32(x))), math.Float64bits(x))
}
