package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// GLIF3Params are the parameters of a leaky integrate-and-fire neuron with two currents that
// its spikes leave behind.
type GLIF3Params struct {
	TauMemInv   graph.Param       // 1/τ_m, 1/s
	VLeak       graph.Param       // potential at rest
	Tau1Inv     graph.Param       // 1/τ_1, decay of the first current, 1/s
	Jump1       graph.Param       // δ_1, jump of the first current at a spike
	Tau2Inv     graph.Param       // 1/τ_2, decay of the second current, 1/s
	Jump2       graph.Param       // δ_2, jump of the second current
	Dt          float64           // time step, s
	Integration graph.Integration // how a time step is taken
	Firing                        // threshold, reset, spike function
}

// GLIF3State is the state of such a neuron.
type GLIF3State struct {
	V  *G.Node // membrane potential
	I1 *G.Node // current after spikes
	I2 *G.Node // and another one
}

// DefaultGLIF3Params returns τ_m = 10 ms, currents that decay within 10 and 100 ms and
// jump by −0.5 and −0.1, dt = 1 ms, v_th = 1.
func DefaultGLIF3Params() GLIF3Params {
	return GLIF3Params{
		TauMemInv: graph.Const(100),
		Tau1Inv:   graph.Const(100),
		Jump1:     graph.Const(-0.5),
		Tau2Inv:   graph.Const(10),
		Jump2:     graph.Const(-0.1),
		Dt:        1e-3,
		Firing:    DefaultFiring(),
	}
}

func init() { register("glif3_step", GLIF3Step, DefaultGLIF3Params()) }

// Rest returns v = v_leak, without currents.
func (p GLIF3Params) Rest(x *G.Node) (GLIF3State, error) {
	var b graph.Builder
	zero := graph.Const(0)
	return GLIF3State{V: b.Fill(x, p.VLeak), I1: b.Fill(x, zero), I2: b.Fill(x, zero)}, b.Err()
}

// GLIF3Step advances generalised leaky integrate-and-fire neurons of the third level, whose
// spikes leave two currents behind,
//
//	τ_m dv/dt = v_leak − v + x + i₁ + i₂
//	τ_j di_j/dt = −i_j
//
// by dt. The input is a current, held over the time step.
//
//	v ← v + dt/τ_m ((v_leak − v) + x + i₁ + i₂)
//	i_j ← i_j − dt/τ_j i_j
//	z = H(v − v_th)
//	v ← (1 − z) v + z v_reset
//	i_j ← i_j + z δ_j
//
// Exponential solves potential and currents together, exactly. The paper also has the neuron
// rest after a spike, which wrap.Refractory does. The shape of x, the states and z is
// [batch, …, n]; an error says which of them differ.
//
// C. Teeter et al., Nature Communications 9 (2018), 709.
func GLIF3Step(x *G.Node, s GLIF3State, p GLIF3Params) (z *G.Node, next GLIF3State, err error) {
	b := steps.Begin(x, &s, p)
	d := drive(b, s.V, b.Add(x, b.Add(s.I1, s.I2)), p.VLeak)
	f := p.Integration.Flow(b, p.Dt,
		graph.Equation{State: s.V, TauInv: p.TauMemInv, D: d, Linear: []graph.Param{minusOne, one, one}},
		graph.Equation{State: s.I1, TauInv: p.Tau1Inv}, graph.Equation{State: s.I2, TauInv: p.Tau2Inv})
	z, next.V = p.Fire(b, f.Next(0))
	seen := p.seen(b, z)
	next.I1 = b.Add(f.Next(1), b.Scale(seen, p.Jump1))
	next.I2 = b.Add(f.Next(2), b.Scale(seen, p.Jump2))
	return steps.Done(b, "neurons: GLIF3", z, next)
}
