package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// LIFExBoxParams are the parameters of an exponential integrate-and-fire neuron
// without synapses.
type LIFExBoxParams struct {
	LIFBoxParams             // of the leaky neuron
	DeltaT       graph.Param // Δ, sharpness of the spike, in the unit of v
	VPeak        graph.Param `default:"VTh"` // potential at which a spike is cut; v_th if it is not given
}

// DefaultLIFExBoxParams returns DefaultLIFBoxParams with Δ = 0.5.
func DefaultLIFExBoxParams() LIFExBoxParams {
	return LIFExBoxParams{LIFBoxParams: DefaultLIFBoxParams(), DeltaT: DefaultLIFExParams().DeltaT}
}

func init() { register("lif_ex_current_encoder", LIFExBoxStep, DefaultLIFExBoxParams()) }

// LIFExBoxStep advances exponential integrate-and-fire neurons whose input is
// the current itself:
//
//	v ← v + dt/τ_m ((v_leak − v) + Δ exp((v − v_th)/Δ) + x)
//	z = H(v − v_peak)
//	v ← (1 − z) v + z v_reset
//
// VPeak, MaxExponent and Δ = 0 are as in LIFExStep, and so is Exponential. The shape of x,
// v and z is [batch, …, n]; an error says which of them differ.
//
// N. Fourcaud-Trocmé et al., J. Neurosci. 23 (2003), 11628.
func LIFExBoxStep(x *G.Node, s BoxState, p LIFExBoxParams) (z *G.Node, next BoxState, err error) {
	b := steps.Begin(x, &s, p)
	d := b.Add(drive(b, s.V, x, p.VLeak), p.upswing().current(b, s.V))
	f := p.Integration.Flow(b, p.Dt, graph.Equation{State: s.V, TauInv: p.TauMemInv, D: d})
	z, next.V = p.Fire(b, f.Next(0))
	return steps.Done(b, "neurons: LIFEx box", z, next)
}

// Fire is Firing.Fire with v_peak in the place of v_th.
func (p LIFExBoxParams) Fire(b *graph.Builder, v *G.Node) (z, reset *G.Node) {
	return p.cutAt(p.VPeak).Fire(b, v)
}

// upswing returns the exponential of the neurons.
func (p LIFExBoxParams) upswing() upswing {
	return upswing{p.VTh, p.VPeak, p.DeltaT, p.TauMemInv, p.Dt}
}
