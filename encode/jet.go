package encode

import "math"

// A jet is a number with its derivatives by up to six variables: computing with
// jets gives the value of a formula and its gradient at once.
type jet struct {
	v float64
	d [6]float64
}

// variable returns the jet of variable i at the value v.
func variable(v float64, i int) jet {
	j := jet{v: v}
	j.d[i] = 1
	return j
}

// chain returns f(a), given the value f and the derivative df.
func (a jet) chain(f, df float64) jet {
	r := jet{v: f}
	for i := range r.d {
		r.d[i] = df * a.d[i]
	}
	return r
}

func (a jet) add(b jet) jet {
	a.v += b.v
	for i := range a.d {
		a.d[i] += b.d[i]
	}
	return a
}

func (a jet) mul(b jet) jet {
	r := jet{v: a.v * b.v}
	for i := range r.d {
		r.d[i] = a.v*b.d[i] + a.d[i]*b.v
	}
	return r
}

func (a jet) times(c float64) jet { return a.chain(c*a.v, c) }
func (a jet) plus(c float64) jet  { a.v += c; return a }
func (a jet) sub(b jet) jet       { return a.add(b.times(-1)) }
func (a jet) inv() jet            { return a.chain(1/a.v, -1/(a.v*a.v)) }
func (a jet) exp() jet            { e := math.Exp(a.v); return a.chain(e, e) }
func (a jet) sqrt() jet           { r := math.Sqrt(a.v); return a.chain(r, 1/(2*r)) }
func (a jet) sin() jet            { return a.chain(math.Sin(a.v), math.Cos(a.v)) }
func (a jet) cos() jet            { return a.chain(math.Cos(a.v), -math.Sin(a.v)) }

// abs has the derivative 0 at 0.
func (a jet) abs() jet {
	switch {
	case a.v > 0:
		return a
	case a.v < 0:
		return a.times(-1)
	}
	return jet{}
}
