package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// AdExBoxParams are the parameters of an adaptive exponential integrate-and-fire
// neuron without synapses.
type AdExBoxParams struct {
	LIFExBoxParams // of the exponential neuron
	Adaptation
	// ReplaceAdaptation puts the slope of the adaptation in the place of the
	// adaptation, as Norse's lif_adex_current_encoder does. It diverges for
	// τ_a below one unit of time.
	ReplaceAdaptation bool
}

// AdExBoxState is the state of an adaptive exponential integrate-and-fire neuron
// without synapses.
type AdExBoxState struct {
	V *G.Node // membrane potential
	A *G.Node // adaptation current
}

// DefaultAdExBoxParams returns DefaultLIFExBoxParams and DefaultAdaptation.
func DefaultAdExBoxParams() AdExBoxParams {
	return AdExBoxParams{LIFExBoxParams: DefaultLIFExBoxParams(), Adaptation: DefaultAdaptation()}
}

func init() {
	p := DefaultAdExBoxParams()
	register("lif_adex_box_step", AdExBoxStep, p)
	p.ReplaceAdaptation = true
	register("lif_adex_current_encoder", AdExBoxStep, p)
}

// Rest returns v = v_leak, a = 0.
func (p AdExBoxParams) Rest(x *G.Node) (AdExBoxState, error) {
	var b graph.Builder
	return AdExBoxState{V: b.Fill(x, p.VLeak), A: b.Fill(x, graph.Const(0))}, b.Err()
}

// AdExBoxStep advances adaptive exponential integrate-and-fire neurons whose
// input is the current itself:
//
//	v′ = v + dt/τ_m ((v_leak − v) + Δ exp((v − v_th)/Δ) + x − w)
//	w ← w + dt/τ_a (a (v − v_leak) − w)
//	z = H(v′ − v_peak)
//	v ← (1 − z) v′ + z v_reset
//	w ← w + z b
//
// With ReplaceAdaptation w ← 1/τ_a (a (v − v_leak) − w) + z b instead, with the
// new v, and w is held in the equation of v. VPeak and Exponential are those of
// AdExStep. The shape of x, the states and z is [batch, …, n]; an error says which of
// them differ.
//
// R. Brette and W. Gerstner, J. Neurophysiol. 94 (2005), 3637.
func AdExBoxStep(x *G.Node, s AdExBoxState, p AdExBoxParams) (z *G.Node, next AdExBoxState, err error) {
	b := steps.Begin(x, &s, p)
	d := b.Add(drive(b, s.V, b.Sub(x, s.A), p.VLeak), p.upswing().current(b, s.V))
	eqs := []graph.Equation{{State: s.V, TauInv: p.TauMemInv, D: d, Linear: []graph.Param{minusOne, minusOne}}}
	if !p.ReplaceAdaptation {
		eqs = append(eqs, p.adapt(b, s.A, s.V, p.VLeak))
	}
	f := p.Integration.Flow(b, p.Dt, eqs...)
	z, next.V = p.Fire(b, f.Next(0))
	var a *G.Node
	if p.ReplaceAdaptation {
		a = b.Scale(p.pull(b, s.A, next.V, p.VLeak), p.TauAdaInv)
	} else {
		a = f.Next(1)
	}
	next.A = b.Add(a, b.Scale(p.seen(b, z), p.AdaptationSpike))
	return steps.Done(b, "neurons: AdEx box", z, next)
}
