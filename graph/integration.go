package graph

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
)

// Integration is the way in which a model moves its states over a time step. Its
// methods are the verbs in which a step is written, so that it has one set of
// equations for all of them. The zero value is Euler.
type Integration uint8

// The ways to integrate.
const (
	// Euler takes the slope at the beginning of the time step for that of all of it.
	// Its error falls as dt, and it is unstable from dt = 2 τ on.
	Euler Integration = iota
	// Exponential solves the linear part of the equations exactly, with what else
	// moves a state held over the time step. It is stable for every dt.
	//
	// S. Rotter and M. Diesmann, Biol. Cybern. 81 (1999), 381; M. Hochbruck and
	// A. Ostermann, Acta Numerica 19 (2010), 209.
	Exponential
)

var integrationNames = []string{"euler", "exponential"}

// Rise returns what d adds in a time step to a state s with ds/dt = τ⁻¹ d and
// d = s∞ − s:
//
//	Euler        dt τ⁻¹ d
//	Exponential  (1 − exp(−dt τ⁻¹)) d
func (m Integration) Rise(b *Builder, d *G.Node, dt float64, tauInv Param) *G.Node {
	if m.exponential(b) {
		return b.Scale(d, b.derived(tauInv,
			func(v float64) float64 { return -math.Expm1(-dt * v) },
			func(n *G.Node) *G.Node { return b.Neg(b.unary("expm1", G.Expm1, b.mapped(n, opMulC, -dt))) }))
	}
	return b.ScaleBy(d, dt, tauInv)
}

// Advance returns s + Rise(d): the state after a time step of ds/dt = τ⁻¹ d, where
// d = s∞ − s falls with s.
func (m Integration) Advance(b *Builder, s *G.Node, dt float64, tauInv Param, d *G.Node) *G.Node {
	return b.Add(s, m.Rise(b, d, dt, tauInv))
}

// Decay returns s after a time step of ds/dt = −τ⁻¹ s:
//
//	Euler        s − dt τ⁻¹ s
//	Exponential  exp(−dt τ⁻¹) s
func (m Integration) Decay(b *Builder, s *G.Node, dt float64, tauInv Param) *G.Node {
	if m.exponential(b) {
		return b.Scale(s, b.derived(tauInv,
			func(v float64) float64 { return math.Exp(-dt * v) },
			func(n *G.Node) *G.Node { return b.Exp(b.mapped(n, opMulC, -dt)) }))
	}
	return b.Euler(s, -dt, tauInv, s)
}

// Mean returns the constant current that moves a membrane as far in a time step
// as the current i does, which starts at i and decays with τ_i while the membrane
// leaks with τ:
//
//	Euler        i
//	Exponential  i τ⁻¹ (exp(−dt τ_i⁻¹) − exp(−dt τ⁻¹)) / ((τ⁻¹ − τ_i⁻¹) (1 − exp(−dt τ⁻¹)))
//
// With it Advance solves membrane and current exactly, τ = τ_i included, where the
// response to a jump of i is the alpha function.
func (m Integration) Mean(b *Builder, i *G.Node, dt float64, tauInv, tauIInv Param) *G.Node {
	if !m.exponential(b) {
		return i
	}
	// With φ(x) = (eˣ − 1)/x, which has no pole, the factor is
	// exp(−dt min(τ⁻¹, τ_i⁻¹)) φ(−dt |τ⁻¹ − τ_i⁻¹|) / φ(−dt τ⁻¹).
	own := b.derived(tauInv,
		func(v float64) float64 { return phi{}.Eval(-dt * v) },
		func(n *G.Node) *G.Node { return b.phi(b.mapped(n, opMulC, -dt)) })
	v, ok := tauInv.Value()
	w, ok2 := tauIInv.Value()
	if ok && ok2 {
		c, _ := own.Value()
		return b.Scale(i, Const(math.Exp(-dt*min(v, w))*phi{}.Eval(-dt*math.Abs(v-w))/c))
	}
	x, y := b.pair(i, tauInv, tauIInv)
	apart := b.mapped(b.Abs(b.Less(x, y)), opMulC, dt)
	least := b.mapped(b.Sub(b.mapped(b.Shift(x, y), opMulC, dt), apart), opMulC, 0.5)
	factor := b.Mul(b.Exp(b.Neg(least)), b.phi(b.Neg(apart)))
	return b.Scale(i, Learn(b.Over(factor, own)))
}

// maxExponent is where Linearised holds its exponent.
const maxExponent = 20

// Linearised returns s after a time step of ds/dt = τ⁻¹ d for any d, where slope
// makes ∂d/∂s:
//
//	Euler        s + dt τ⁻¹ d
//	Exponential  s + dt τ⁻¹ φ(dt τ⁻¹ ∂d/∂s) d    with φ(x) = (eˣ − 1)/x
//
// The second solves d linearised about s exactly. It computes φ of each element
// at each time step, not of the parameters alone as the other methods do, and so
// takes longer. The argument of φ is held at 20: a state that grows gives a large
// number and not infinity.
func (m Integration) Linearised(b *Builder, s *G.Node, dt float64, tauInv Param, d *G.Node, slope func() *G.Node) *G.Node {
	if m.exponential(b) {
		d = b.Mul(d, b.phi(b.AtMost(b.ScaleBy(slope(), dt, tauInv), maxExponent)))
	}
	return b.Euler(s, dt, tauInv, d)
}

// exponential reports whether m is that, and fails where it is unknown.
func (m Integration) exponential(b *Builder) bool {
	if int(m) >= len(integrationNames) {
		b.fail("integration: got method %d, want one of %v", int(m), integrationNames)
	}
	return m == Exponential
}

// String returns the name of the method, "euler".
func (m Integration) String() string {
	if int(m) >= len(integrationNames) {
		return fmt.Sprintf("Integration(%d)", int(m))
	}
	return integrationNames[m]
}

// UnmarshalText reads the name of a method.
func (m *Integration) UnmarshalText(text []byte) error {
	i := slices.Index(integrationNames, string(text))
	if i < 0 {
		return fmt.Errorf("graph: integration: got method %q, want one of %v", text, integrationNames)
	}
	*m = Integration(i)
	return nil
}

// MarshalText writes the name of the method.
func (m Integration) MarshalText() ([]byte, error) {
	if int(m) >= len(integrationNames) {
		return nil, fmt.Errorf("graph: integration: got method %d, want one of %v", int(m), integrationNames)
	}
	return []byte(integrationNames[m]), nil
}

// derived returns the parameter f(p): a number, or the node that g makes of that
// of p, in the shape of the parameter.
func (b *Builder) derived(p Param, f func(float64) float64, g func(*G.Node) *G.Node) Param {
	if v, ok := p.Value(); ok {
		return Const(f(v))
	}
	return Learn(g(b.value(p)))
}

// pair returns two parameters, of which one at least is learnt, as a node and as
// a parameter that broadcasts to its shape, in any order.
func (b *Builder) pair(like *G.Node, p, q Param) (*G.Node, Param) {
	if _, ok := p.Value(); ok {
		return b.value(q), p
	}
	x := b.value(p)
	if _, ok := q.Value(); ok {
		return x, q
	}
	y := b.value(q)
	switch {
	case b.err != nil:
		return nil, q
	case broadcasts(y.Shape(), x.Shape()):
		return x, Learn(y)
	case broadcasts(x.Shape(), y.Shape()):
		return y, Learn(x)
	}
	return b.like(x, like), Learn(y)
}

// phi is (eˣ − 1)/x, and 1 at 0. It stands where a spike function does: a
// function of numbers with its derivative.
type phi struct{}

func (b *Builder) phi(x *G.Node) *G.Node { return b.apply(spikeOp{f: phi{}}, x) }

func (phi) Eval(x float64) float64 {
	if math.Abs(x) < 1e-8 {
		return 1 + x/2
	}
	return math.Expm1(x) / x
}

// Deriv returns (eˣ − φ(x))/x, near 0 as a series, where the difference would lose
// its digits.
func (phi) Deriv(x float64) float64 {
	if math.Abs(x) > 1 {
		return (math.Exp(x) - math.Expm1(x)/x) / x
	}
	sum, term := 0., 0.5 // term: xᵏ/(k + 2)!
	for k := range 18 {
		sum += float64(k+1) * term
		term *= x / float64(k+3)
	}
	return sum
}
