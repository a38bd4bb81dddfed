package graph

import (
	"slices"

	G "gorgonia.org/gorgonia"
)

// An Equation says how a state of a model moves:
//
//	ds/dt = τ⁻¹ d
type Equation struct {
	State  *G.Node // s; nil for 0
	TauInv Param   // τ⁻¹
	D      *G.Node // d; nil for −s
	// Linear are the coefficients of the states in d, in the order of the equations;
	// those left out at the end are 0. None at all means that d falls with its own
	// state, d = s∞ − s. Whatever else d depends on is held over the time step.
	Linear []Param
	// Slope makes ∂d/∂s where d is not linear in its own state. Then d is linearised
	// about s; other states are held, and hold this one.
	Slope func() *G.Node
	// Gate is 1 where the equation holds, and 0 where nothing but a coupling moves the
	// state; nil for 1.
	Gate *G.Node
}

// A Flow is a time step of equations that move their states together.
type Flow struct {
	b        *Builder
	m        Integration
	dt       float64
	eqs      []Equation
	coupling *G.Node  // of the first state, nil for none
	gains    [][]gain // from the slope of one state to another state
}

// A gain says what the slope of a state adds to a state in a time step.
type gain struct {
	kind   gainKind
	factor Param
	matrix *G.Node
}

type gainKind uint8

const (
	gainNone   gainKind = iota
	gainEuler           // what Euler's method adds
	gainFactor          // the factor, one for each neuron, times d
	gainMatrix          // what Euler's method adds, coupling included, times the matrix
)

// Flow returns a time step of the equations. With the slopes f(s) of the states at its
// beginning, and A what Linear and a coupling say of ∂f/∂s, it takes s to
//
//	Euler        s + dt f(s)
//	Exponential  s + dt φ(dt A) f(s)    with φ(x) = (eˣ − 1)/x
//
// The second is exact where f is linear in the states. φ(dt A) depends on parameters
// alone and is computed once, not at each time step. Where neurons are coupled it is a
// matrix, as large as the equations are together, and each of its blocks takes a
// product at each time step. A Slope takes a φ of each element at each time step; its
// argument is held at 20, so that a state that grows gives a large number and not
// infinity.
//
// M. Hochbruck and A. Ostermann, Acta Numerica 19 (2010), 209, §2.
func (m Integration) Flow(b *Builder, dt float64, eqs ...Equation) *Flow {
	f := &Flow{b: b, m: m, dt: dt, eqs: eqs, gains: make([][]gain, len(eqs))}
	if c := m.coupling; c != nil && !c.taken {
		f.coupling, c.taken = c.g, true
		f.checkCoupling()
	}
	for i, e := range eqs {
		f.gains[i] = make([]gain, len(eqs))
		switch {
		case e.State != nil:
		case f.coupled(i):
			b.fail("flow: equation %d has no state, and a coupling needs one", i)
		case e.D == nil:
			b.fail("flow: equation %d has no state", i)
		}
	}
	switch {
	case b.err != nil:
	case m.scheme == euler:
		for i := range eqs {
			f.gains[i][i].kind = gainEuler
		}
	default:
		for _, s := range f.systems() {
			s.solve()
		}
	}
	return f
}

// checkCoupling fails where the coupling does not fit to the first state.
func (f *Flow) checkCoupling() {
	if f.coupling == nil {
		f.b.fail("flow: the coupling is nil")
		return
	}
	if len(f.eqs) == 0 || f.eqs[0].State == nil {
		return
	}
	v, g := f.eqs[0].State.Shape(), f.coupling.Shape()
	if len(v) != 2 {
		f.b.fail("flow: a coupled state has shape %v, want [batch n]", []int(v))
	} else if want := []int{v[1], v[1]}; !slices.Equal(g, want) {
		f.b.fail("flow: the coupling has shape %v, a state of shape %v wants %v", []int(g), []int(v), want)
	}
}

// Next returns the state of equation i after the time step.
func (f *Flow) Next(i int) *G.Node {
	b := f.b
	if i < 0 || i >= len(f.eqs) {
		b.fail("flow: no equation %d, have %d", i, len(f.eqs))
	}
	if b.err != nil {
		return nil
	}
	e := f.eqs[i]
	if f.decays(i) {
		return f.m.Decay(b, e.State, f.dt, e.TauInv)
	}
	s := e.State
	add := func(x *G.Node) {
		if s == nil {
			s = x
		} else {
			s = b.Add(s, x)
		}
	}
	for j := range f.eqs {
		switch g := f.gains[j][i]; g.kind {
		case gainEuler:
			add(f.moved(j, i))
			if f.coupled(j) {
				add(b.MatMul(e.State, f.coupling))
			}
		case gainFactor:
			d, sign := f.slope(j, i)
			add(b.ScaleBy(d, sign, g.factor))
		case gainMatrix:
			d := f.moved(j, i)
			if f.coupled(j) {
				d = b.Add(d, b.MatMul(f.eqs[j].State, f.coupling))
			}
			add(b.MatMul(d, g.matrix))
		}
	}
	return s
}

// coupled reports whether a coupling acts on the state of equation i.
func (f *Flow) coupled(i int) bool { return i == 0 && f.coupling != nil }

// decays reports whether the state of equation i does nothing but decay.
func (f *Flow) decays(i int) bool {
	e := f.eqs[i]
	return e.D == nil && e.Gate == nil && !f.coupled(i)
}

// slope returns d of equation j or −d, and which by its sign, as it goes into the
// state of equation i.
func (f *Flow) slope(j, i int) (d *G.Node, sign float64) {
	d, sign = f.eqs[j].D, 1
	if d == nil {
		d, sign = f.eqs[j].State, -1
	}
	if gate := f.eqs[i].Gate; gate != nil {
		d = f.b.Mul(gate, d)
	}
	return d, sign
}

// maxExponent is where a Slope is held.
const maxExponent = 20

// moved returns what equation j adds to its own state by Euler's method, linearised if
// it has a Slope, as it goes into the state of equation i.
func (f *Flow) moved(j, i int) *G.Node {
	e := f.eqs[j]
	d, sign := f.slope(j, i)
	if e.Slope != nil && f.m.scheme == exponential {
		d = f.b.Mul(d, f.b.phi(f.b.AtMost(f.b.ScaleBy(e.Slope(), f.dt, e.TauInv), maxExponent)))
	}
	return f.b.ScaleBy(d, sign*f.dt, e.TauInv)
}

// coefficient returns that of state j in d of equation i, as far as it is not held.
func (f *Flow) coefficient(i, j int) Param {
	switch e := f.eqs[i]; {
	case e.Slope != nil || f.eqs[j].Slope != nil:
	case e.D == nil || len(e.Linear) == 0:
		if i == j {
			return Const(-1)
		}
	case j < len(e.Linear):
		return e.Linear[j]
	}
	return Const(0)
}

// A system is equations that have to be solved together.
type system struct {
	*Flow
	of []int // the equations
}

// systems returns the equations, those together of which one acts on another.
func (f *Flow) systems() []system {
	group := make([]int, len(f.eqs))
	for i := range group {
		group[i] = i
	}
	for i := range group {
		for j := range group {
			if from, to := group[j], group[i]; from != to && !f.coefficient(i, j).Is(0) {
				for k, g := range group {
					if g == from || g == to {
						group[k] = min(from, to)
					}
				}
			}
		}
	}
	var all []system
	for i := range group {
		s := system{Flow: f}
		for j, g := range group {
			if g == i {
				s.of = append(s.of, j)
			}
		}
		if s.of != nil {
			all = append(all, s)
		}
	}
	return all
}

// reaches reports which states of the system act on which others, in the end.
func (s system) reaches() [][]bool {
	r := make([][]bool, len(s.of))
	for j := range r {
		r[j] = make([]bool, len(s.of))
		for i := range r {
			r[j][i] = i == j || !s.coefficient(s.of[i], s.of[j]).Is(0)
		}
	}
	for k := range r {
		for j := range r {
			for i := range r {
				r[j][i] = r[j][i] || r[j][k] && r[k][i]
			}
		}
	}
	return r
}
