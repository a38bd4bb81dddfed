package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// LIFExParams are the parameters of an exponential integrate-and-fire neuron.
type LIFExParams struct {
	LIFParams             // of the leaky neuron
	DeltaT    graph.Param // Δ, sharpness of the spike, in the unit of v
}

// DefaultLIFExParams returns DefaultLIFParams with Δ = 0.5.
func DefaultLIFExParams() LIFExParams {
	return LIFExParams{LIFParams: DefaultLIFParams(), DeltaT: graph.Const(0.5)}
}

// BioLIFExParams returns BioLIFParams with Δ = 0, that is without an exponential.
func BioLIFExParams() LIFExParams {
	return LIFExParams{LIFParams: BioLIFParams()}
}

func init() {
	p := DefaultLIFExParams()
	register("lif_ex_feed_forward_step", LIFExStep, p)
	register("lif_ex_step", Recurrent(LIFExStep), RecurrentParams[LIFState, LIFExParams]{Inner: p})
}

// LIFExStep advances exponential integrate-and-fire neurons, whose potential
// takes off by itself near the threshold, with exponential synapses:
//
//	i ← i + x
//	v ← v + dt/τ_m ((v_leak − v) + Δ exp((v − v_th)/Δ) + i)
//	i ← i − dt/τ_s i
//	z = H(v − v_th)
//	v ← (1 − z) v + z v_reset
//
// The exponent is held at MaxExponent. With Δ the constant 0 the exponential is
// left out, which is its limit below the threshold. Exponential holds it over the
// time step, and solves leak and current together, exactly. The shape of x, the
// states and z is [batch, …, n]; an error says which of them differ.
//
// N. Fourcaud-Trocmé et al., J. Neurosci. 23 (2003), 11628.
func LIFExStep(x *G.Node, s LIFState, p LIFExParams) (z *G.Node, next LIFState, err error) {
	b := begin(x, &s, p)
	i := b.Add(s.I, x)
	d := b.Add(drive(b, s.V, i, p.VLeak), upstroke(b, s.V, p.VTh, p.DeltaT))
	f := p.Integration.Flow(b, p.Dt, p.membrane(s.V, d, one), p.synapse(i))
	v := f.Next(0)
	next.I = f.Next(1)
	z, next.V = p.Fire(b, v)
	return done(b, "LIFEx", z, next)
}

// MaxExponent is where the exponent (v − v_th)/Δ of the exponential models is
// held, so that a potential far above the threshold gives a large number and
// not infinity: e²⁰ ≈ 5·10⁸. A neuron that is reset to below its threshold has a
// negative exponent. No gradient passes where the exponent is held.
const MaxExponent = 20

// upstroke returns Δ exp((v − v_th)/Δ), zeros for Δ = 0.
func upstroke(b *graph.Builder, v *G.Node, vTh, deltaT graph.Param) *G.Node {
	if deltaT.Is(0) {
		return b.Fill(v, deltaT) // mutate: 0
	}
	e := b.AtMost(b.Over(b.Less(v, vTh), deltaT), MaxExponent)
	return b.Scale(b.Exp(e), deltaT)
}
