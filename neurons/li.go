package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// LIParams are the parameters of a leaky integrator.
type LIParams struct {
	TauSynInv   graph.Param       // 1/τ_s, 1/s
	TauMemInv   graph.Param       // 1/τ_m, 1/s
	VLeak       graph.Param       // potential at rest
	Dt          float64           // time step, s
	Integration graph.Integration // how a time step is taken
}

// LIState is the state of a leaky integrator.
type LIState = LIFState

// DefaultLIParams returns τ_s = 5 ms, τ_m = 10 ms, dt = 1 ms.
func DefaultLIParams() LIParams {
	return LIParams{TauSynInv: graph.Const(200), TauMemInv: graph.Const(100), Dt: 1e-3}
}

func init() {
	register("li_feed_forward_step", LIStep, DefaultLIParams())
	alias("li_step", "li_feed_forward_step")
}

// Rest returns v = v_leak, i = 0.
func (p LIParams) Rest(x *G.Node) (LIState, error) {
	return LIFParams{VLeak: p.VLeak}.Rest(x)
}

// LIStep advances leaky integrators, the membrane and synapse of LIFStep
// without a threshold. They read out a layer of spiking neurons:
//
//	i ← i + x
//	v ← v + dt/τ_m ((v_leak − v) + i)
//	i ← i − dt/τ_s i
//
// The output is v. Exponential solves both equations together, exactly. The shape
// of x and the states is [batch, …, n]; an error says which of them differ.
//
// W. Gerstner et al., Neuronal Dynamics (2014), §1.3.
func LIStep(x *G.Node, s LIState, p LIParams) (v *G.Node, next LIState, err error) {
	b := steps.Begin(x, &s, p)
	i := b.Add(s.I, x)
	lif := LIFParams{TauSynInv: p.TauSynInv, TauMemInv: p.TauMemInv}
	f := p.Integration.Flow(b, p.Dt, lif.membrane(s.V, drive(b, s.V, i, p.VLeak), one), lif.synapse(i))
	next.V, next.I = f.Next(0), f.Next(1)
	return steps.Done(b, "neurons: LI", next.V, next)
}
