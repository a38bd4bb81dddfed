package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// ResonateParams are the parameters of a resonate-and-fire neuron.
type ResonateParams struct {
	TauInv graph.Param // 1/τ, decay of the oscillation, 1/s
	Omega  graph.Param // ω, angular frequency, rad/s
	Dt     float64     // time step, s
	Firing             // threshold, reset, spike function
}

// ResonateState is the state of a resonate-and-fire neuron.
type ResonateState struct {
	V *G.Node // potential
	U *G.Node // what is a quarter of a period ahead of it, a current
}

// DefaultResonateParams returns τ = 50 ms, an oscillation of 20 Hz, dt = 1 ms, v_th = 1.
func DefaultResonateParams() ResonateParams {
	return ResonateParams{TauInv: graph.Const(20), Omega: graph.Const(125.66370614359172), Dt: 1e-3, Firing: DefaultFiring()}
}

func init() { register("resonate_step", ResonateStep, DefaultResonateParams()) }

// Rest returns v = u = 0.
func (p ResonateParams) Rest(x *G.Node) (ResonateState, error) {
	var b graph.Builder
	zero := graph.Const(0)
	return ResonateState{V: b.Fill(x, zero), U: b.Fill(x, zero)}, b.Err()
}

// ResonateStep advances resonate-and-fire neurons, whose potential swings after an input and
// which fire where inputs come in its rhythm,
//
//	du/dt = −u/τ − ω v
//	dv/dt = −v/τ + ω u
//
// by dt: the input jumps onto u, Euler's method moves u, and then v with the u that
// there is then (symplectic, so that without decay nothing grows for ω dt < 2). A spike takes v
// to its reset and u to 0.
//
//	u ← u + x
//	u ← u − dt (u/τ + ω v)
//	v ← v − dt v/τ + dt ω u
//	z = H(v − v_th)
//	v ← (1 − z) v + z v_reset
//	u ← (1 − z) u
//
// In the paper v_reset is v_th. The shape of x, the states and z is [batch, …, n]; an error
// says which of them differ.
//
// E. M. Izhikevich, Neural Networks 14 (2001), 883.
func ResonateStep(x *G.Node, s ResonateState, p ResonateParams) (z *G.Node, next ResonateState, err error) {
	b := steps.Begin(x, &s, p)
	u := b.Add(s.U, x)
	u = b.Sub(b.Euler(u, -p.Dt, p.TauInv, u), b.ScaleBy(s.V, p.Dt, p.Omega))
	v := b.Euler(b.Euler(s.V, -p.Dt, p.TauInv, s.V), p.Dt, p.Omega, u)
	z, next.V = p.Fire(b, v)
	next.U = b.Sub(u, b.Mul(p.seen(b, z), u))
	return steps.Done(b, "neurons: resonate-and-fire", z, next)
}
