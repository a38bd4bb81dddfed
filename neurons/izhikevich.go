package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/surrogate"
)

// IzhikevichParams are the parameters of an Izhikevich neuron. Potentials are in
// mV.
type IzhikevichParams struct {
	A           graph.Param       // a, rate of the recovery
	B           graph.Param       // b, how much the recovery follows the potential
	C           graph.Param       // c, potential after a spike
	D           graph.Param       // d, jump of the recovery after a spike
	Sq          graph.Param       // quadratic term of dv/dt, 1/(ms mV)
	Mn          graph.Param       // linear term, 1/ms
	Bias        graph.Param       // constant term, mV/ms
	VTh         graph.Param       // peak of a spike
	TauInv      graph.Param       // 1/τ, the equations' time (ms) per unit of dt
	Dt          float64           // time step, s
	Integration graph.Integration // how a time step is taken
	Spike       graph.Func        // H and its surrogate derivative
	ResetMethod Reset             // where a spike takes the potential
	DetachReset bool              // no gradient flows through the spikes that change the state
	V0          float64           // potential to start from
	U0          float64           // recovery to start from
}

// IzhikevichState is the state of an Izhikevich neuron.
type IzhikevichState struct {
	V *G.Node // membrane potential
	U *G.Node // recovery
}

// NewIzhikevichParams returns a neuron with the given a, b, c, d that starts
// from the potential v0 and the recovery u0. Its other parameters are those of the
// paper, and τ⁻¹ is 250, so that a time step of 1 ms takes the equations on by
// 0.25 ms; another τ⁻¹ is the field TauInv.
func NewIzhikevichParams(a, b, c, d, v0, u0 float64) IzhikevichParams {
	return IzhikevichParams{
		A:      graph.Const(a),
		B:      graph.Const(b),
		C:      graph.Const(c),
		D:      graph.Const(d),
		Sq:     graph.Const(0.04),
		Mn:     graph.Const(5),
		Bias:   graph.Const(140),
		VTh:    graph.Const(30),
		TauInv: graph.Const(250),
		Dt:     1e-3,
		Spike:  surrogate.SuperSpike{Alpha: 100},
		V0:     v0,
		U0:     u0,
	}
}

func init() {
	p := NewIzhikevichParams(0.02, 0.2, -65, 6, -70, 0.2*-70) // tonic spiking
	register("izhikevich_feed_forward_step", IzhikevichStep, p)
	register("izhikevich_recurrent_step", wrap.Recurrent(IzhikevichStep), wrap.RecurrentParams[IzhikevichState, IzhikevichParams]{Inner: p})
}

// Rest returns v = V0, u = U0.
func (p IzhikevichParams) Rest(x *G.Node) (IzhikevichState, error) {
	var b graph.Builder
	return IzhikevichState{V: b.Fill(x, graph.Const(p.V0)), U: b.Fill(x, graph.Const(p.U0))}, b.Err()
}

// IzhikevichStep advances Izhikevich neurons,
//
//	dv/dt = 0.04 v² + 5 v + 140 − u + x
//	du/dt = a (b v − u)
//
// by τ⁻¹ dt, with Euler's method:
//
//	v′ = v + dt/τ (sq v² + mn v + bias − u + x)
//	u ← u + dt/τ a (b v − u)
//	z = H(v′ − v_th)
//	v ← (1 − z) v′ + z c
//	u ← u + z d
//
// Exponential solves dv/dt linearised about v, with u held, and du/dt with v held.
// The shape of x, the states and z is [batch, …, n]; an error says which of them
// differ. Package presets has parameters for twenty kinds of neurons.
//
// E. M. Izhikevich, IEEE Trans. Neural Networks 14 (2003), 1569.
func IzhikevichStep(x *G.Node, s IzhikevichState, p IzhikevichParams) (z *G.Node, next IzhikevichState, err error) {
	b := steps.Begin(x, &s, p)
	d := b.Add(b.Scale(b.Square(s.V), p.Sq), b.Shift(b.Scale(s.V, p.Mn), p.Bias))
	d = b.Add(b.Sub(d, s.U), x)
	pull := b.Scale(b.Sub(b.Scale(s.V, p.B), s.U), p.A)
	slope := func() *G.Node { return b.Shift(b.ScaleBy(s.V, 2, p.Sq), p.Mn) }
	f := p.Integration.Flow(b, p.Dt, graph.Equation{State: s.V, TauInv: p.TauInv, D: d, Slope: slope},
		graph.Equation{State: s.U, TauInv: p.TauInv, D: pull, Slope: func() *G.Node { return b.Neg(b.Fill(s.U, p.A)) }})
	v, u := f.Next(0), f.Next(1)
	firing := Firing{VTh: p.VTh, VReset: p.C, Spike: p.Spike, ResetMethod: p.ResetMethod, DetachReset: p.DetachReset}
	z, next.V = firing.Fire(b, v)
	next.U = b.Add(u, b.Scale(firing.seen(b, z), p.D))
	return steps.Done(b, "neurons: Izhikevich", z, next)
}
