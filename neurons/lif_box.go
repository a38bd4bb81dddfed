package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// LIFBoxParams are the parameters of a leaky integrate-and-fire neuron without
// synapses.
type LIFBoxParams struct {
	TauMemInv   graph.Param       // 1/τ_m, 1/s
	VLeak       graph.Param       // potential at rest
	Dt          float64           // time step, s
	Integration graph.Integration // how a time step is taken
	Firing                        // threshold, reset, spike function
}

// BoxState is the state of a neuron without synapses.
type BoxState struct {
	V *G.Node // membrane potential
}

// DefaultLIFBoxParams returns τ_m = 10 ms, dt = 1 ms, v_th = 1.
func DefaultLIFBoxParams() LIFBoxParams {
	return LIFBoxParams{TauMemInv: graph.Const(100), Dt: 1e-3, Firing: DefaultFiring()}
}

func init() {
	register("lif_box_feed_forward_step", LIFBoxStep, DefaultLIFBoxParams())
	alias("lif_current_encoder", "lif_box_feed_forward_step")
}

// Rest returns v = v_leak.
func (p LIFBoxParams) Rest(x *G.Node) (BoxState, error) {
	var b graph.Builder
	return BoxState{V: b.Fill(x, p.VLeak)}, b.Err()
}

// LIFBoxStep advances leaky integrate-and-fire neurons whose input is the
// current itself, held over the time step like a box,
//
//	τ_m dv/dt = v_leak − v + x
//
// by dt, with Euler's method:
//
//	v ← v + dt/τ_m ((v_leak − v) + x)
//	z = H(v − v_th)
//	v ← (1 − z) v + z v_reset
//
// A constant current so turns into a regular train of spikes. Exponential is exact
// between them. The shape of x, v and z is [batch, …, n]; an error says which of
// them differ.
//
// W. Gerstner et al., Neuronal Dynamics (2014), §1.3.
func LIFBoxStep(x *G.Node, s BoxState, p LIFBoxParams) (z *G.Node, next BoxState, err error) {
	b := steps.Begin(x, &s, p)
	f := p.Integration.Flow(b, p.Dt, graph.Equation{State: s.V, TauInv: p.TauMemInv, D: drive(b, s.V, x, p.VLeak)})
	z, next.V = p.Fire(b, f.Next(0))
	return steps.Done(b, "neurons: LIF box", z, next)
}
