package exact

import "math"

// A cell is what all neurons of a layer have in common.
type cell struct {
	mem, syn  float64 // time constants τ_m and τ_s, s
	threshold float64
	silent    bool // a readout: it does not fire
}

// slopes returns dV/dt and dI/dt.
func (c *cell) slopes(v, i float64) (dv, di float64) { return (i - v) / c.mem, -i / c.syn }

// A flow is how V and I go on for a time d without events:
//
//	V(d) = V e_m + I f,  I(d) = I e_s,  f = (1/τ_m) ∫₀ᵈ e^(−(d−s)/τ_m) e^(−s/τ_s) ds
type flow struct{ em, es, f float64 }

func (c *cell) flow(d float64) flow {
	a, b := d/c.mem, d/c.syn
	em, es := math.Exp(-a), math.Exp(-b)
	return flow{em, es, a * quotient(a, b, em, es)}
}

// quotient is (e⁻ᵇ − e⁻ᵃ)/(a − b), also where a and b are nearly the same.
func quotient(a, b, ea, eb float64) float64 {
	x := a - b
	if math.Abs(x) < 1 {
		return ea * grow(x)
	}
	return (eb - ea) / x
}

// grow is (eˣ − 1)/x.
func grow(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Expm1(x) / x
}

// slope is the derivative of grow, (eˣ (x − 1) + 1)/x².
func slope(x float64) float64 {
	if math.Abs(x) > 0.1 {
		return (math.Exp(x)*(x-1) + 1) / (x * x)
	}
	sum, term := 0.0, 0.5 // Σ xⁿ (n+1)/(n+2)!
	for n := 0.0; n < 12; n++ {
		sum += term
		term *= x / (n + 3) * (n + 2) / (n + 1)
	}
	return sum
}

// byTime returns the derivatives of f by τ_m and τ_s. With g = quotient(a, b), f = a g.
func (c *cell) byTime(d float64, w flow) (mem, syn float64) {
	a, b := d/c.mem, d/c.syn
	x := a - b
	var ga, gb float64 // of g, by a and by b
	if math.Abs(x) < 1 {
		gb = -w.em * slope(x)
		ga = -w.em*grow(x) - gb
	} else {
		g := (w.es - w.em) / x
		ga, gb = (w.em-g)/x, (g-w.es)/x
	}
	g := quotient(a, b, w.em, w.es)
	return -(g + a*ga) * a / c.mem, -a * gb * b / c.syn
}

// crossing returns after how long V reaches the threshold for the first time, within a time, if
// no spike arrives; +Inf if it does not.
func (c *cell) crossing(v, i, within float64) float64 {
	// V rises as long as I > V. If it does not at first it never rises to above 0, and I only falls.
	if c.silent || !(i > v) || !(i > c.threshold) {
		return math.Inf(1)
	}
	top := min(within, c.top(v, i))
	at := func(t float64) float64 {
		w := c.flow(t)
		return v*w.em + i*w.f - c.threshold
	}
	if !(at(top) > 0) {
		return math.Inf(1)
	}
	// V rises from below the threshold at low to above it at high. A step of Newton's that leaves
	// the bracket gives way to its middle.
	low, high := 0.0, top
	t := high / 2
	for range 100 {
		w := c.flow(t)
		vt, it := v*w.em+i*w.f, i*w.es
		miss := vt - c.threshold
		if miss > 0 {
			high = t
		} else {
			low = t
		}
		dv, _ := c.slopes(vt, it)
		next := t - miss/dv
		if math.Abs(next-t) <= 4e-16*t {
			return next
		}
		if !(next > low && next < high) {
			next = low + (high-low)/2
		}
		if next == low || next == high {
			return next
		}
		t = next
	}
	return t
}
