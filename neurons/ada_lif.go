package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// AdaLIFParams are the parameters of a leaky integrate-and-fire neuron with an
// adaptation current: TauAdaptInv is its decay, Beta its growth with a spike.
type AdaLIFParams struct{ LSNNParams }

// DefaultAdaLIFParams returns DefaultLSNNParams with ResetShift.
func DefaultAdaLIFParams() AdaLIFParams {
	p := AdaLIFParams{DefaultLSNNParams()}
	p.ResetMethod = ResetShift
	return p
}

func init() {
	p := DefaultAdaLIFParams()
	register("ada_lif_step", wrap.Recurrent(AdaLIFStep), wrap.RecurrentParams[LSNNState, AdaLIFParams]{Inner: p})
}

// Rest returns v = v_leak, i = 0, b = 0.
func (p AdaLIFParams) Rest(x *G.Node) (LSNNState, error) {
	var b graph.Builder
	zero := b.Fill(x, graph.Const(0))
	return LSNNState{V: b.Fill(x, p.VLeak), I: zero, B: zero}, b.Err()
}

// AdaLIFStep advances leaky integrate-and-fire neurons with an adaptation
// current b, which each spike raises and which holds them back; the threshold
// stays where it is:
//
//	v ← v + dt/τ_m ((v_leak − v) + i − b)
//	i ← i − dt/τ_s i
//	b ← b − dt/τ_b b
//	z = H(v − v_th)
//	v ← v − z (v_th − v_reset)
//	b ← b + z β
//	i ← i + x
//
// Exponential solves the three equations together, exactly. The shape of x, the
// states and z is [batch, …, n]; an error says which of them differ.
//
// W. Gerstner et al., Neuronal Dynamics (2014), §6.1.
func AdaLIFStep(x *G.Node, s LSNNState, p AdaLIFParams) (z *G.Node, next LSNNState, err error) {
	b := steps.Begin(x, &s, p)
	d := b.Sub(drive(b, s.V, s.I, p.VLeak), s.B)
	f := p.Integration.Flow(b, p.Dt, p.membrane(s.V, d, one, minusOne), p.synapse(s.I), graph.Equation{State: s.B, TauInv: p.TauAdaptInv})
	v, i, ada := f.Next(0), f.Next(1), f.Next(2)
	z, next.V = p.Fire(b, v)
	next.B = b.Add(ada, b.Scale(p.seen(b, z), p.Beta))
	next.I = b.Add(i, x)
	return steps.Done(b, "neurons: AdaLIF", z, next)
}
