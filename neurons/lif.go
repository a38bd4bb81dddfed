package neurons

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/surrogate"
)

// LIFParams are the parameters of a leaky integrate-and-fire neuron.
type LIFParams struct {
	TauSynInv   graph.Param // 1/τ_s, 1/s
	TauMemInv   graph.Param // 1/τ_m, 1/s
	VLeak       graph.Param // potential at rest
	VTh         graph.Param // threshold; sets the unit of all potentials
	VReset      graph.Param // potential after a spike
	Dt          float64     // time step, s
	Spike       graph.Func  // H and its surrogate derivative
	DetachReset bool        // no gradient flows through the spike of the reset
}

// LIFState is the state of a leaky integrate-and-fire neuron.
type LIFState struct {
	V *G.Node // membrane potential
	I *G.Node // synaptic current
}

// DefaultLIFParams returns τ_s = 5 ms, τ_m = 10 ms, dt = 1 ms, v_th = 1.
func DefaultLIFParams() LIFParams {
	return LIFParams{
		TauSynInv: graph.Const(200),
		TauMemInv: graph.Const(100),
		VTh:       graph.Const(1),
		Dt:        1e-3,
		Spike:     surrogate.SuperSpike{Alpha: 100},
	}
}

func init() { register("lif_feed_forward_step", LIFStep, DefaultLIFParams()) }

// Rest returns v = v_leak, i = 0.
func (p LIFParams) Rest(x *G.Node) (LIFState, error) {
	var b graph.Builder
	return LIFState{V: b.Fill(x, p.VLeak), I: b.Fill(x, graph.Const(0))}, b.Err()
}

// LIFStep advances leaky integrate-and-fire neurons with exponential synapses,
//
//	τ_m dv/dt = v_leak − v + i
//	τ_s di/dt = −i
//
// by dt: the input jumps onto the current, Euler's method moves both, and
// neurons above the threshold spike and are reset.
//
//	i ← i + x
//	v ← v + dt/τ_m ((v_leak − v) + i)
//	i ← i − dt/τ_s i
//	z = H(v − v_th)
//	v ← (1 − z) v + z v_reset
//
// The shape of x, the states and z is [batch, …, n]; an error says which of
// them differ.
//
// W. Gerstner et al., Neuronal Dynamics (2014), §1.3.
func LIFStep(x *G.Node, s LIFState, p LIFParams) (z *G.Node, next LIFState, err error) {
	b := graph.NewBuilder(x, &s)
	i := b.Add(s.I, x)
	v := b.Euler(s.V, p.Dt, p.TauMemInv, b.Shift(b.Sub(i, s.V), p.VLeak))
	next.I = b.Euler(i, -p.Dt, p.TauSynInv, i)
	z = b.Spike(p.Spike, v, p.VTh)
	next.V = b.Reset(resetBy(b, z, p.DetachReset), v, p.VReset)
	if err := b.Err(); err != nil {
		return nil, LIFState{}, fmt.Errorf("neurons: LIF step: %w", err)
	}
	return z, next, nil
}

// resetBy returns the spikes as the reset sees them.
func resetBy(b *graph.Builder, z *G.Node, detach bool) *G.Node {
	if detach {
		return b.Detach(z)
	}
	return z
}

func init() {
	p := DefaultLIFParams()
	p.DetachReset = true
	register("lif_step", Recurrent(LIFStep), RecurrentParams[LIFState, LIFParams]{Inner: p})
}
