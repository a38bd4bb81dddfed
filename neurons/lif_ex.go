package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// LIFExParams are the parameters of an exponential integrate-and-fire neuron.
type LIFExParams struct {
	LIFParams             // of the leaky neuron
	DeltaT    graph.Param // Δ, sharpness of the spike, in the unit of v
	VPeak     graph.Param `default:"VTh"` // potential at which a spike is cut; v_th if it is not given
}

// DefaultLIFExParams returns DefaultLIFParams with Δ = 0.5.
func DefaultLIFExParams() LIFExParams {
	return LIFExParams{LIFParams: DefaultLIFParams(), DeltaT: graph.Const(0.5)}
}

func init() {
	p := DefaultLIFExParams()
	register("lif_ex_feed_forward_step", LIFExStep, p)
	register("lif_ex_step", wrap.Recurrent(LIFExStep), wrap.RecurrentParams[LIFState, LIFExParams]{Inner: p})
}

// LIFExStep advances exponential integrate-and-fire neurons, whose potential
// takes off by itself near the threshold, with exponential synapses:
//
//	i ← i + x
//	v ← v + dt/τ_m ((v_leak − v) + Δ exp((v − v_th)/Δ) + i)
//	i ← i − dt/τ_s i
//	z = H(v − v_peak)
//	v ← (1 − z) v + z v_reset
//
// Without a VPeak a spike is cut where the upswing begins, at v_th. With one the
// potential swings up to it, and the reset may lie above v_th: it stands for v_th in
// every ResetMethod, and the slope of Spike is that of v − v_peak.
//
// The exponent is held at MaxExponent, and the upswing, with a VPeak, where one time
// step takes a potential at v_th to v_peak: Δ exp(…) ≤ Δ + (v_peak − v_th) τ_m/dt. So
// a time step that is too long for the upswing cuts the spike early, and overshoots by
// no more than that; no gradient reaches v through what is held. With Δ the constant 0
// the exponential is left out, which is its limit below the threshold. Exponential
// holds it over the time step, and solves leak and current together, exactly. The
// shape of x, the states and z is [batch, …, n]; an error says which of them differ.
//
// N. Fourcaud-Trocmé et al., J. Neurosci. 23 (2003), 11628.
func LIFExStep(x *G.Node, s LIFState, p LIFExParams) (z *G.Node, next LIFState, err error) {
	b := steps.Begin(x, &s, p)
	i := b.Add(s.I, x)
	d := b.Add(drive(b, s.V, i, p.VLeak), p.upswing().current(b, s.V))
	f := p.Integration.Flow(b, p.Dt, p.membrane(s.V, d, one), p.synapse(i))
	v := f.Next(0)
	next.I = f.Next(1)
	z, next.V = p.Fire(b, v)
	return steps.Done(b, "neurons: LIFEx", z, next)
}

// Fire is Firing.Fire with v_peak in the place of v_th.
func (p LIFExParams) Fire(b *graph.Builder, v *G.Node) (z, reset *G.Node) {
	return p.cutAt(p.VPeak).Fire(b, v)
}

// upswing returns the exponential of the neurons.
func (p LIFExParams) upswing() upswing {
	return upswing{p.VTh, p.VPeak, p.DeltaT, p.TauMemInv, p.Dt}
}

// MaxExponent is where the exponent (v − v_th)/Δ of the exponential models is
// held, so that a potential far above the threshold gives a large number and
// not infinity: e²⁰ ≈ 5·10⁸. A neuron that is reset to below its threshold has a
// negative exponent. No gradient passes where the exponent is held.
const MaxExponent = 20

// An upswing is the exponential that begins a spike, and what holds it.
type upswing struct {
	vTh, vPeak, deltaT, tauMemInv graph.Param
	dt                            float64
}

// current returns Δ exp((v − v_th)/Δ), zeros for Δ = 0.
func (u upswing) current(b *graph.Builder, v *G.Node) *G.Node {
	if u.deltaT.Is(0) {
		return b.Fill(v, u.deltaT) // mutate: 0
	}
	e := b.AtMost(b.Over(b.Less(v, u.vTh), u.deltaT), MaxExponent)
	i := b.Scale(b.Exp(e), u.deltaT)
	if !u.vPeak.Given() || u.tauMemInv.Is(0) {
		return i
	}
	if most, ok := u.most(); ok {
		return b.AtMost(i, most)
	}
	// The same where parameters are learnt: a minimum by a mask, so that nothing is rounded.
	const tiny = 1e-30 // instead of 0
	most := b.Div(b.Less(b.Fill(v, u.vPeak), u.vTh), b.AtLeast(b.ScaleBy(b.Fill(v, u.tauMemInv), u.dt, one), tiny))
	most = b.Shift(most, u.deltaT)
	held := b.Above(b.Sub(i, most), 0)
	return b.Add(b.Mul(b.Not(held), i), b.Mul(held, most))
}

// most returns Δ + (v_peak − v_th) τ_m/dt, if all of it is constant.
func (u upswing) most() (float64, bool) {
	var vs [4]float64
	for i, p := range []graph.Param{u.deltaT, u.vPeak, u.vTh, u.tauMemInv} {
		v, ok := p.Value()
		if !ok {
			return 0, false
		}
		vs[i] = v
	}
	return vs[0] + (vs[1]-vs[2])/(vs[3]*u.dt), true
}
