package main

import (
	"math"
	"math/big"
)

// A series returns the first n coefficients of a power series, as far as they
// are needed to know it to 100 bits on the interval it is fitted on.
type series func(n int) []*big.Rat

// fit returns the coefficients of the polynomial with n terms that equals the
// series at the n Chebyshev nodes of [lo, hi], which is within a small factor
// of the best one in the maximum norm.
func fit(s series, n int, lo, hi float64) []float64 {
	const prec = 300
	float := func(x float64) *big.Float { return new(big.Float).SetPrec(prec).SetFloat64(x) }
	full := s(60)
	x := make([]*big.Float, n)
	y := make([]*big.Float, n)
	for j := range n {
		x[j] = float((lo+hi)/2 + (hi-lo)/2*math.Cos(math.Pi*(float64(j)+0.5)/float64(n)))
		y[j] = float(0)
		for k := len(full) - 1; k >= 0; k-- {
			c := new(big.Float).SetPrec(prec).SetRat(full[k])
			y[j].Add(c, y[j].Mul(y[j], x[j]))
		}
	}
	// Newton's divided differences, then expanded by Horner's rule.
	for k := 1; k < n; k++ {
		for j := n - 1; j >= k; j-- {
			d := new(big.Float).Sub(x[j], x[j-k])
			y[j].Quo(new(big.Float).Sub(y[j], y[j-1]), d)
		}
	}
	p := make([]*big.Float, n)
	for k := range p {
		p[k] = float(0)
	}
	for j := n - 1; j >= 0; j-- { // p ← p·(x − x[j]) + y[j]
		for k := n - 1; k > 0; k-- {
			p[k].Sub(p[k-1], new(big.Float).Mul(p[k], x[j]))
		}
		p[0].Sub(y[j], new(big.Float).Mul(p[0], x[j]))
	}
	c := make([]float64, n)
	for k := range p {
		c[k], _ = p[k].Float64()
	}
	return c
}

// expSeries is (exp(x) − 1 − x) / x².
func expSeries(n int) []*big.Rat {
	c := make([]*big.Rat, n)
	for k := range c {
		c[k] = inverseFactorial(k + 2)
	}
	return c
}

// atanhSeries is 2 (atanh(s) − s) / s³ in z = s².
func atanhSeries(n int) []*big.Rat {
	c := make([]*big.Rat, n)
	for k := range c {
		c[k] = big.NewRat(2, int64(2*k+3))
	}
	return c
}

// tanhSeries is (tanh(x) − x) / x³ in z = x²: sinh divided by cosh.
func tanhSeries(n int) []*big.Rat {
	t := make([]*big.Rat, n+1)
	for k := range t {
		t[k] = inverseFactorial(2*k + 1)
		for j := range k {
			t[k].Sub(t[k], new(big.Rat).Mul(t[j], inverseFactorial(2*(k-j))))
		}
	}
	return t[1:]
}

func inverseFactorial(n int) *big.Rat {
	return new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).MulRange(1, int64(n)))
}

// ln2 returns log 2 as a sum hi + lo, hi with bits bits.
func ln2(bits int) (hi, lo float64) { return split(logTwo(), bits) }

// log2e returns 1 / log 2 in the same way.
func log2e(bits int) (hi, lo float64) {
	return split(new(big.Float).Quo(big.NewFloat(1), logTwo()), bits)
}

func split(x *big.Float, bits int) (hi, lo float64) {
	h := new(big.Float).SetPrec(uint(bits)).Set(x)
	hi, _ = h.Float64()
	lo, _ = new(big.Float).Sub(x, h).Float64()
	return hi, lo
}

// logTwo returns log 2 = Σ 1 / (k 2^k).
func logTwo() *big.Float {
	sum := new(big.Float).SetPrec(200)
	for k := 1; k < 200; k++ {
		term := new(big.Float).SetPrec(200).Quo(big.NewFloat(1), big.NewFloat(float64(k)))
		sum.Add(sum, term.SetMantExp(term, -k))
	}
	return sum
}
