package neurons

import (
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// LIFAlphaParams are the parameters of a leaky integrate-and-fire neuron with alpha synapses.
type LIFAlphaParams struct{ LIFParams }

// LIFAlphaState is the state of such a neuron.
type LIFAlphaState struct {
	V *G.Node // membrane potential
	I *G.Node // synaptic current
	G *G.Node // what the current follows
}

// DefaultLIFAlphaParams returns DefaultLIFParams.
func DefaultLIFAlphaParams() LIFAlphaParams { return LIFAlphaParams{DefaultLIFParams()} }

func init() { register("lif_alpha_step", LIFAlphaStep, DefaultLIFAlphaParams()) }

// Rest returns v = v_leak, i = g = 0.
func (p LIFAlphaParams) Rest(x *G.Node) (LIFAlphaState, error) {
	var b graph.Builder
	zero := graph.Const(0)
	return LIFAlphaState{V: b.Fill(x, p.VLeak), I: b.Fill(x, zero), G: b.Fill(x, zero)}, b.Err()
}

// LIFAlphaStep advances leaky integrate-and-fire neurons with alpha synapses, whose current
// rises and falls, t/τ_s exp(1 − t/τ_s) after a spike,
//
//	τ_m dv/dt = v_leak − v + i
//	τ_s di/dt = e g − i
//	τ_s dg/dt = −g
//
// by dt, with Euler's method.
//
//	g ← g + x
//	v ← v + dt/τ_m ((v_leak − v) + i)
//	i ← i + dt/τ_s (e g − i)
//	g ← g − dt/τ_s g
//	z = H(v − v_th)
//	v ← (1 − z) v + z v_reset
//
// Exponential solves all three together, exactly. The shape of x, the states and z is
// [batch, …, n]; an error says which of them differ.
//
// W. Rall, J. Neurophysiology 30 (1967), 1138.
func LIFAlphaStep(x *G.Node, s LIFAlphaState, p LIFAlphaParams) (z *G.Node, next LIFAlphaState, err error) {
	b := steps.Begin(x, &s, p)
	g := b.Add(s.G, x)
	e := graph.Const(math.E)
	rise := graph.Equation{State: s.I, TauInv: p.TauSynInv, D: b.Sub(b.Scale(g, e), s.I), Linear: []graph.Param{graph.Const(0), minusOne, e}}
	f := p.Integration.Flow(b, p.Dt, p.membrane(s.V, drive(b, s.V, s.I, p.VLeak), one), rise, p.synapse(g))
	v := f.Next(0)
	next.I, next.G = f.Next(1), f.Next(2)
	z, next.V = p.Fire(b, v)
	return steps.Done(b, "neurons: LIF alpha", z, next)
}
