package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// LSNNParams are the parameters of a leaky integrate-and-fire neuron with an
// adaptive threshold.
type LSNNParams struct {
	LIFParams               // of the neuron; the threshold rests at VTh
	TauAdaptInv graph.Param // 1/τ_b, 1/s
	Beta        graph.Param // β, how much a spike raises the threshold
}

// LSNNState is the state of a leaky integrate-and-fire neuron with an adaptive
// threshold.
type LSNNState struct {
	V *G.Node // membrane potential
	I *G.Node // synaptic current
	B *G.Node // threshold
}

// DefaultLSNNParams returns DefaultLIFParams with τ_b = 800 s, in which the
// threshold hardly decays, and β = 1.8.
func DefaultLSNNParams() LSNNParams {
	return LSNNParams{LIFParams: DefaultLIFParams(), TauAdaptInv: graph.Const(1. / 800), Beta: graph.Const(1.8)}
}

func init() {
	p := DefaultLSNNParams()
	register("lsnn_feed_forward_step", LSNNStep, p)
	p.DetachReset = true
	register("lsnn_step", wrap.Recurrent(LSNNStep), wrap.RecurrentParams[LSNNState, LSNNParams]{Inner: p})
}

// Rest returns v = v_leak, i = 0, b = v_th.
func (p LSNNParams) Rest(x *G.Node) (LSNNState, error) {
	var b graph.Builder
	return LSNNState{V: b.Fill(x, p.VLeak), I: b.Fill(x, graph.Const(0)), B: b.Fill(x, p.VTh)}, b.Err()
}

// LSNNStep advances leaky integrate-and-fire neurons whose threshold b jumps
// with each spike and goes back to v_th. The current moves the potential one
// step after the input has jumped onto it:
//
//	v ← v + dt/τ_m ((v_leak − v) + i)
//	i ← i − dt/τ_s i
//	b ← b + dt/τ_b (v_th − b)
//	z = H(v − b)
//	v ← (1 − z) v + z v_reset
//	b ← b + z β
//	i ← i + x
//
// b is the whole threshold: it rests at v_th, not at 0. DetachReset cuts the
// gradient through the reset and through the jump of b. Exponential solves the
// three equations exactly. The shape of x, the states and z is [batch, …, n]; an
// error says which of them differ.
//
// G. Bellec et al., NeurIPS 31 (2018), Long short-term memory and
// learning-to-learn in networks of spiking neurons.
func LSNNStep(x *G.Node, s LSNNState, p LSNNParams) (z *G.Node, next LSNNState, err error) {
	b := steps.Begin(x, &s, p)
	f := p.Integration.Flow(b, p.Dt, p.membrane(s.V, drive(b, s.V, s.I, p.VLeak), one), p.synapse(s.I),
		graph.Equation{State: s.B, TauInv: p.TauAdaptInv, D: b.From(p.VTh, s.B)})
	v, i, th := f.Next(0), f.Next(1), f.Next(2)
	firing := p.Firing
	firing.VTh = graph.Learn(th)
	z, next.V = firing.Fire(b, v)
	next.B = b.Add(th, b.Scale(p.seen(b, z), p.Beta))
	next.I = b.Add(i, x)
	return steps.Done(b, "neurons: LSNN", z, next)
}
