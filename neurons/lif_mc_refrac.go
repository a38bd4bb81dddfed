package neurons

import (
	"errors"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// LIFMCRefracParams are the parameters of leaky integrate-and-fire compartments
// with a refractory period.
type LIFMCRefracParams struct {
	LIFParams             // of a compartment
	RhoReset  graph.Param // length of the period, in steps
	Coupling  *G.Node     // G, coupling per step [n, n], from row to column
}

// defaultRhoReset is the period of the registered models, 5 steps.
var defaultRhoReset = graph.Const(5)

// DefaultLIFMCRefracParams returns DefaultLIFParams with ρ_reset = 5 steps. The
// coupling has to be given.
func DefaultLIFMCRefracParams() LIFMCRefracParams {
	return LIFMCRefracParams{LIFParams: DefaultLIFParams(), RhoReset: defaultRhoReset}
}

func init() {
	p := DefaultLIFMCRefracParams()
	register("lif_mc_refrac_feed_forward_step", LIFMCRefracStep, p)
	register("lif_mc_refrac_step", wrap.Recurrent(LIFMCRefracStep), wrap.RecurrentParams[wrap.RefractoryState[LIFState], LIFMCRefracParams]{Inner: p})
}

// Rest returns v = v_leak, i = 0, ρ = 0.
func (p LIFMCRefracParams) Rest(x *G.Node) (wrap.RefractoryState[LIFState], error) {
	return wrap.RefractoryParams[LIFState, LIFParams]{Inner: p.LIFParams}.Rest(x)
}

// LIFMCRefracStep advances leaky integrate-and-fire compartments that, after a
// spike, for ρ_reset steps follow nothing but their neighbours:
//
//	m = H(ρ)
//	v ← v + (1 − m) dt/τ_m ((v_leak − v) + i) + v G
//	i ← i − dt/τ_s i
//	z = H(v − v_th)
//	v ← (1 − z) v + z v_reset
//	i ← i + x
//	ρ ← (1 − z) max(ρ − m, 0) + z ρ_reset
//
// These are Norse's conventions: the coupling acts per step, not per unit of
// time, and lifts a refractory compartment over the threshold if it is strong
// enough. wrap.Refractory(wrap.Coupled(LIFStep)) keeps it silent. Exponential solves potential,
// current and coupling together, exactly while no compartment is refractory. x, the
// states and z have shape [batch, n]; an error says which of them differ.
//
// W. Gerstner et al., Neuronal Dynamics (2014), §1.3 and §3.2.
func LIFMCRefracStep(x *G.Node, s wrap.RefractoryState[LIFState], p LIFMCRefracParams) (z *G.Node, next wrap.RefractoryState[LIFState], err error) {
	b := steps.Begin(x, &s, p)
	if p.Coupling == nil {
		b.Fail(errors.New("the conductances Coupling are nil"))
	}
	v, i := s.Inner.V, s.Inner.I
	m := b.Spike(p.Spike, s.Rho, graph.Const(0))
	membrane := p.membrane(v, drive(b, v, i, p.VLeak), one)
	membrane.Gate = b.Not(m)
	f := p.Integration.Coupled(p.Coupling).Flow(b, p.Dt, membrane, p.synapse(i))
	z, next.Inner.V = p.Fire(b, f.Next(0))
	next.Inner.I = b.Add(f.Next(1), x)
	next.Rho = steps.Countdown(b, s.Rho, m, z, p.RhoReset)
	return steps.Done(b, "neurons: LIFMCRefrac", z, next)
}
