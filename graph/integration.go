package graph

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
)

// Integration is the way in which a model moves its states over a time step. Flow
// and the other methods are the verbs in which a step is written, so that it has
// one set of equations for all ways. The zero value is Euler.
type Integration struct {
	scheme   scheme
	coupling *coupling
}

type scheme uint8

const (
	euler scheme = iota
	exponential
)

// The ways to integrate.
var (
	// Euler takes the slope at the beginning of the time step for that of all of it.
	// Its error falls as dt, and it is unstable from dt = 2 τ on.
	Euler = Integration{}
	// Exponential solves the linear part of the equations exactly, with what else
	// moves a state held over the time step. It is stable for every dt.
	//
	// S. Rotter and M. Diesmann, Biol. Cybern. 81 (1999), 381; M. Hochbruck and
	// A. Ostermann, Acta Numerica 19 (2010), 209.
	Exponential = Integration{scheme: exponential}
)

var schemeNames = []string{"euler", "exponential"}

// A coupling lets the neurons act on each other's potentials.
type coupling struct {
	g     *G.Node // [n, n], from row to column, in a time step
	taken bool    // by a Flow
}

// Coupled returns m for a model whose potentials v [batch, n] act on each other
// while they move: beside what its equation says, v changes by v g in a time step,
// and g [n, n] is from row to column. The first Flow that m makes takes the coupling
// up, for its first equation; Taken says whether one has.
func (m Integration) Coupled(g *G.Node) Integration {
	m.coupling = &coupling{g: g}
	return m
}

// Taken reports whether a Flow has taken up the coupling of m.
func (m Integration) Taken() bool { return m.coupling != nil && m.coupling.taken }

// IsCoupled reports whether m has a coupling.
func (m Integration) IsCoupled() bool { return m.coupling != nil }

// Rise returns what d adds in a time step to a state s with ds/dt = τ⁻¹ d and
// d = s∞ − s:
//
//	Euler        dt τ⁻¹ d
//	Exponential  (1 − exp(−dt τ⁻¹)) d
func (m Integration) Rise(b *Builder, d *G.Node, dt float64, tauInv Param) *G.Node {
	if m.scheme == exponential {
		return b.Scale(d, b.risen(dt, tauInv))
	}
	return b.ScaleBy(d, dt, tauInv)
}

// risen returns 1 − exp(−dt τ⁻¹).
func (b *Builder) risen(dt float64, tauInv Param) Param {
	return b.derived(tauInv,
		func(v float64) float64 { return -math.Expm1(-dt * v) },
		func(n *G.Node) *G.Node { return b.Neg(b.unary("expm1", G.Expm1, b.mapped(n, ir.OpMulC, -dt))) })
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
	if m.scheme == exponential {
		return b.Scale(s, b.derived(tauInv,
			func(v float64) float64 { return math.Exp(-dt * v) },
			func(n *G.Node) *G.Node { return b.Exp(b.mapped(n, ir.OpMulC, -dt)) }))
	}
	return b.Euler(s, -dt, tauInv, s)
}

// derived returns the parameter f(p): a number, or the node that g makes of that
// of p, in the shape of the parameter.
func (b *Builder) derived(p Param, f func(float64) float64, g func(*G.Node) *G.Node) Param {
	if v, ok := p.Value(); ok {
		return Const(f(v))
	}
	return Learn(g(b.value(p)))
}

// String returns the name of the method, "euler".
func (m Integration) String() string { return schemeNames[m.scheme] }

// UnmarshalText reads the name of a method.
func (m *Integration) UnmarshalText(text []byte) error {
	i := slices.Index(schemeNames, string(text))
	if i < 0 {
		return fmt.Errorf("graph: integration: got method %q, want one of %v", text, schemeNames)
	}
	*m = Integration{scheme: scheme(i)}
	return nil
}

// MarshalText writes the name of the method.
func (m Integration) MarshalText() ([]byte, error) { return []byte(m.String()), nil }
