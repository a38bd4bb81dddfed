package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// QIFParams are the parameters of a quadratic integrate-and-fire neuron.
type QIFParams struct {
	TauMemInv   graph.Param       // 1/τ_m, 1/s
	A           graph.Param       // a, curvature, per unit of the potential
	VLeak       graph.Param       // potential at rest
	VCrit       graph.Param       // potential beyond which it runs away by itself
	Dt          float64           // time step, s
	Integration graph.Integration // how a time step is taken
	Firing                        // threshold, where the spike is cut, reset, spike function
}

// DefaultQIFParams returns τ_m = 10 ms, a = 2, rest at 0, v_crit = 0.5, dt = 1 ms, v_th = 1.
func DefaultQIFParams() QIFParams {
	return QIFParams{TauMemInv: graph.Const(100), A: graph.Const(2), VCrit: graph.Const(0.5), Dt: 1e-3, Firing: DefaultFiring()}
}

func init() { register("qif_step", QIFStep, DefaultQIFParams()) }

// Rest returns v = v_leak.
func (p QIFParams) Rest(x *G.Node) (BoxState, error) {
	var b graph.Builder
	return BoxState{V: b.Fill(x, p.VLeak)}, b.Err()
}

// QIFStep advances quadratic integrate-and-fire neurons, the simplest that make their own
// spikes,
//
//	τ_m dv/dt = a (v − v_leak) (v − v_crit) + x
//
// by dt, with Euler's method. The input is a current, held over the time step.
//
//	v ← v + dt/τ_m (a (v − v_leak) (v − v_crit) + x)
//	z = H(v − v_th)
//	v ← (1 − z) v + z v_reset
//
// Exponential solves the equation linearised about v. A constant input above
// a ((v_crit − v_leak)/2)² makes the neuron fire. The shape of x, v and z is
// [batch, …, n]; an error says which of them differ.
//
// W. Gerstner et al., Neuronal Dynamics (2014), §5.3.
func QIFStep(x *G.Node, s BoxState, p QIFParams) (z *G.Node, next BoxState, err error) {
	b := steps.Begin(x, &s, p)
	low, high := b.Less(s.V, p.VLeak), b.Less(s.V, p.VCrit)
	d := b.Add(b.Scale(b.Mul(low, high), p.A), x)
	slope := func() *G.Node { return b.Scale(b.Add(low, high), p.A) }
	f := p.Integration.Flow(b, p.Dt, graph.Equation{State: s.V, TauInv: p.TauMemInv, D: d, Slope: slope})
	z, next.V = p.Fire(b, f.Next(0))
	return steps.Done(b, "neurons: QIF", z, next)
}
