package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// Adaptation is a current that holds a neuron back: it follows the potential,
// and grows with each spike.
type Adaptation struct {
	AdaptationCurrent graph.Param // a, how much it follows the potential
	AdaptationSpike   graph.Param // b, how much it grows with a spike
	TauAdaInv         graph.Param // 1/τ_a, 1/s
}

// AdExParams are the parameters of an adaptive exponential integrate-and-fire
// neuron.
type AdExParams struct {
	LIFExParams // of the exponential neuron
	Adaptation
}

// AdExState is the state of an adaptive exponential integrate-and-fire neuron.
type AdExState struct {
	V *G.Node // membrane potential
	I *G.Node // synaptic current
	A *G.Node // adaptation current
}

// DefaultAdaptation returns a = 4, b = 0.02, τ_a = 500 ms.
func DefaultAdaptation() Adaptation {
	return Adaptation{
		AdaptationCurrent: graph.Const(4),
		AdaptationSpike:   graph.Const(0.02),
		TauAdaInv:         graph.Const(2),
	}
}

// DefaultAdExParams returns DefaultLIFExParams and DefaultAdaptation.
func DefaultAdExParams() AdExParams {
	return AdExParams{LIFExParams: DefaultLIFExParams(), Adaptation: DefaultAdaptation()}
}

func init() {
	p := DefaultAdExParams()
	register("lif_adex_feed_forward_step", AdExStep, p)
	register("lif_adex_step", wrap.Recurrent(AdExStep), wrap.RecurrentParams[AdExState, AdExParams]{Inner: p})
	refractory := wrap.RefractoryParams[AdExState, AdExParams]{Inner: DefaultAdExParams(), RhoReset: defaultRhoReset}
	register("lif_adex_refrac_feed_forward_step", wrap.Refractory(AdExStep), refractory)
	register("lif_adex_refrac_step", wrap.Recurrent(wrap.Refractory(AdExStep)),
		wrap.RecurrentParams[wrap.RefractoryState[AdExState], wrap.RefractoryParams[AdExState, AdExParams]]{Inner: refractory})
}

// Rest returns v = v_leak, i = 0, a = 0.
func (p AdExParams) Rest(x *G.Node) (AdExState, error) {
	var b graph.Builder
	zero := b.Fill(x, graph.Const(0))
	return AdExState{V: b.Fill(x, p.VLeak), I: zero, A: zero}, b.Err()
}

// AdExStep advances adaptive exponential integrate-and-fire neurons, LIFExStep
// held back by an adaptation current w (the field A):
//
//	i ← i + x
//	v′ = v + dt/τ_m ((v_leak − v) + Δ exp((v − v_th)/Δ) + i − w)
//	w ← w + dt/τ_a (a (v − v_leak) − w)
//	i ← i − dt/τ_s i
//	z = H(v′ − v_peak)
//	v ← (1 − z) v′ + z v_reset
//	w ← w + z b
//
// VPeak is as in LIFExStep: without one v_peak is v_th, and a reset above v_th, which
// makes bursts, needs one. AdExPattern has parameters for eight firing patterns.
// Exponential holds the exponential over the time step, and solves leak, current and
// adaptation together, exactly. The shape of x, the states and z is [batch, …, n]; an
// error says which of them differ.
//
// R. Brette and W. Gerstner, J. Neurophysiol. 94 (2005), 3637.
func AdExStep(x *G.Node, s AdExState, p AdExParams) (z *G.Node, next AdExState, err error) {
	b := steps.Begin(x, &s, p)
	i := b.Add(s.I, x)
	d := b.Add(b.Sub(drive(b, s.V, i, p.VLeak), s.A), p.upswing().current(b, s.V))
	f := p.Integration.Flow(b, p.Dt, p.membrane(s.V, d, minusOne, one), p.adapt(b, s.A, s.V, p.VLeak), p.synapse(i))
	a := f.Next(1)
	next.I = f.Next(2)
	z, next.V = p.Fire(b, f.Next(0))
	next.A = b.Add(a, b.Scale(p.seen(b, z), p.AdaptationSpike))
	return steps.Done(b, "neurons: AdEx", z, next)
}

// adapt returns the equation of the adaptation current w, which comes second, after
// that of v.
func (p Adaptation) adapt(b *graph.Builder, w, v *G.Node, vLeak graph.Param) graph.Equation {
	return graph.Equation{State: w, TauInv: p.TauAdaInv, D: p.pull(b, w, v, vLeak), Linear: []graph.Param{p.AdaptationCurrent, minusOne}}
}

// pull returns a (v − v_leak) − w, which moves the adaptation current w.
func (p Adaptation) pull(b *graph.Builder, w, v *G.Node, vLeak graph.Param) *G.Node {
	return b.Sub(b.Scale(b.Less(v, vLeak), p.AdaptationCurrent), w)
}
