package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// LIBoxParams are the parameters of a leaky integrator without synapses.
type LIBoxParams struct {
	TauMemInv   graph.Param       // 1/τ_m, 1/s
	VLeak       graph.Param       // potential at rest
	Dt          float64           // time step, s
	Integration graph.Integration // how a time step is taken
}

// DefaultLIBoxParams returns τ_m = 10 ms, dt = 1 ms.
func DefaultLIBoxParams() LIBoxParams {
	return LIBoxParams{TauMemInv: graph.Const(100), Dt: 1e-3}
}

func init() {
	register("li_box_feed_forward_step", LIBoxStep, DefaultLIBoxParams())
	alias("li_box_step", "li_box_feed_forward_step")
}

// Rest returns v = v_leak.
func (p LIBoxParams) Rest(x *G.Node) (BoxState, error) {
	return LIFBoxParams{VLeak: p.VLeak}.Rest(x)
}

// LIBoxStep advances leaky integrators whose input is the current itself,
// low-pass filters of first order:
//
//	v ← v + dt/τ_m ((v_leak − v) + x)
//
// The output is v. Exponential is exact. The shape of x and v is [batch, …, n]; an error says if they
// differ.
//
// W. Gerstner et al., Neuronal Dynamics (2014), §1.3.
func LIBoxStep(x *G.Node, s BoxState, p LIBoxParams) (v *G.Node, next BoxState, err error) {
	b := steps.Begin(x, &s, p)
	f := p.Integration.Flow(b, p.Dt, graph.Equation{State: s.V, TauInv: p.TauMemInv, D: drive(b, s.V, x, p.VLeak)})
	next.V = f.Next(0)
	return steps.Done(b, "neurons: LI box", next.V, next)
}
