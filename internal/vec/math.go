package vec

import "math"

// Plain Go functions that package math provides: computed in float64, and
// rounded once more for float32.

func floor[F Float](dst, a []F)    { each(dst, a, math.Floor) }
func ceil[F Float](dst, a []F)     { each(dst, a, math.Ceil) }
func exp[F Float](dst, a []F)      { each(dst, a, exp64) }
func expm1[F Float](dst, a []F)    { each(dst, a, math.Expm1) }
func log[F Float](dst, a []F)      { each(dst, a, log64) }
func log1p[F Float](dst, a []F)    { each(dst, a, math.Log1p) }
func log2[F Float](dst, a []F)     { each(dst, a, log2of) }
func tanh[F Float](dst, a []F)     { each(dst, a, math.Tanh) }
func sin[F Float](dst, a []F)      { each(dst, a, math.Sin) }
func cos[F Float](dst, a []F)      { each(dst, a, math.Cos) }
func sigmoid[F Float](dst, a []F)  { each(dst, a, sigmoid64) }
func softplus[F Float](dst, a []F) { each(dst, a, softplus64) }

// each sets dst to f(a). It converts a run of elements at a time: between two
// calls of f, a conversion would make each wait for the one before on amd64,
// where it keeps half of the register it writes to.
func each[F Float](dst, a []F, f func(float64) float64) {
	var run [64]float64
	for a = a[:len(dst)]; len(a) > 0; {
		x := run[:min(len(run), len(a))]
		for i := range x {
			x[i] = float64(a[i])
		}
		for i := range x {
			x[i] = f(x[i])
		}
		for i := range x {
			dst[i] = F(x[i])
		}
		dst, a = dst[len(x):], a[len(x):]
	}
}

func pow[F Float](dst, a, b []F) {
	var run, exponent [64]float64
	for a, b = a[:len(dst)], b[:len(dst)]; len(a) > 0; {
		x := run[:min(len(run), len(a))]
		y := exponent[:len(x)]
		for i := range x {
			x[i], y[i] = float64(a[i]), float64(b[i])
		}
		for i := range x {
			x[i] = math.Pow(x[i], y[i])
		}
		for i := range x {
			dst[i] = F(x[i])
		}
		dst, a, b = dst[len(x):], a[len(x):], b[len(x):]
	}
}

func powC[F Float](dst, a []F, c F) {
	each(dst, a, func(x float64) float64 { return math.Pow(x, float64(c)) })
}

// exp64 splits off a power of two: exp(n log 2 + r) = 2ⁿ·exp(r). It stands in
// for math.Exp, which on amd64 overflows at 1023.5 log 2 already.
func exp64(x float64) float64 {
	switch {
	case x > 710:
		return math.Inf(1)
	case x < -746:
		return 0
	case x != x:
		return x
	}
	const hi, lo = 0x1.62e42fefa38p-1, math.Ln2 - 0x1.62e42fefa38p-1 // n·hi is exact
	n := math.RoundToEven(x * math.Log2E)
	r := x - n*hi - n*lo
	q := 0.0
	for _, c := range inverseFactorials {
		q = q*r + c
	}
	y := 1 + (r + r*r*q)
	if -1022 <= n && n <= 1023 { // most often, and faster than Ldexp
		return y * math.Float64frombits(uint64(n+1023)<<52)
	}
	return math.Ldexp(y, int(n))
}

// inverseFactorials holds 1/13! to 1/2!: with |r| < 0.35, the next term is
// below 2^-57.
var inverseFactorials = [...]float64{
	1. / 6227020800, 1. / 479001600, 1. / 39916800, 1. / 3628800, 1. / 362880, 1. / 40320,
	1. / 5040, 1. / 720, 1. / 120, 1. / 24, 1. / 6, 1. / 2,
}

// log64 is math.Log, which on amd64 takes denormals for normal numbers.
func log64(x float64) float64 {
	if 0 < x && x < 0x1p-1022 {
		return math.Log(x*0x1p54) - 54*math.Ln2
	}
	return math.Log(x)
}

// log2of is math.Log2, which cancels digits just above 1. The logarithm of the
// mantissa is multiplied by 1 / log 2 = hi + lo with one rounding.
func log2of(x float64) float64 {
	const hi, lo = 0x1.71547652b82fep+0, math.Log2E - 0x1.71547652b82fep+0
	if !(0 < x && x <= math.MaxFloat64) {
		return math.Log(x)
	}
	m, e := math.Frexp(x) // m in [½, 1)
	if m < math.Sqrt2/2 {
		m *= 2
		e--
	}
	y := math.Log(m)
	p := float64(y * hi) // not fused with a sum
	rest := math.FMA(y, hi, -p) + y*lo
	sum := float64(e) + p
	return sum + (float64(e) - sum + p + rest)
}

// sigmoid64 is 1 − q or, for negative x, e − e·q: the error of q counts little
// where e is small.
func sigmoid64(x float64) float64 {
	e := exp64(-math.Abs(x))
	q := e / (1 + e)
	w := 1.0
	if x < 0 {
		w = e
	}
	return math.FMA(-w, q, w)
}

func softplus64(x float64) float64 {
	return max(x, 0) + math.Log1p(exp64(-math.Abs(x)))
}
