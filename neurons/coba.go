package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
	"github.com/spikegrad/spikegrad/surrogate"
)

// CobaLIFParams are the parameters of a leaky integrate-and-fire neuron whose
// synapses are conductances. Potentials are in mV.
type CobaLIFParams struct {
	TauSynExcInv graph.Param       // 1/τ_e of the excitatory synapses
	TauSynInhInv graph.Param       // 1/τ_i of the inhibitory synapses
	CMInv        graph.Param       // 1/c, inverse capacitance of the membrane
	GL           graph.Param       // leak conductance
	ERevE        graph.Param       // reversal potential of excitation
	ERevI        graph.Param       // reversal potential of inhibition
	VRest        graph.Param       // reversal potential of the leak
	Dt           float64           // time step
	Integration  graph.Integration // how a time step is taken
	Firing                         // threshold, reset, spike function
}

// CobaLIFState is the state of a leaky integrate-and-fire neuron whose synapses
// are conductances.
type CobaLIFState struct {
	V  *G.Node // membrane potential
	GE *G.Node // excitatory conductance
	GI *G.Node // inhibitory conductance
}

// DefaultCobaLIFParams returns Norse's values: τ_e = τ_i = 5, 1/c = 5,
// g_l = 0.25, reversal potentials 60, −100 and −20, threshold −10, reset −70,
// dt = 0.001.
func DefaultCobaLIFParams() CobaLIFParams {
	return CobaLIFParams{
		TauSynExcInv: graph.Const(0.2),
		TauSynInhInv: graph.Const(0.2),
		CMInv:        graph.Const(5),
		GL:           graph.Const(0.25),
		ERevE:        graph.Const(60),
		ERevI:        graph.Const(-100),
		VRest:        graph.Const(-20),
		Dt:           1e-3,
		Firing:       Firing{VTh: graph.Const(-10), VReset: graph.Const(-70), Spike: surrogate.SuperSpike{Alpha: 100}},
	}
}

func init() { register("coba_lif_feed_forward_step", CobaLIFStep, DefaultCobaLIFParams()) }

// Rest returns v = v_rest and no conductance.
func (p CobaLIFParams) Rest(x *G.Node) (CobaLIFState, error) {
	var b graph.Builder
	zero := b.Fill(x, graph.Const(0))
	return CobaLIFState{V: b.Fill(x, p.VRest), GE: zero, GI: zero}, b.Err()
}

// CobaLIFStep advances leaky integrate-and-fire neurons whose synapses are
// conductances. Input above 0 excites, input below 0 inhibits; the conductances
// jump, decay and then move the potential:
//
//	g_e ← g_e + max(x, 0)
//	g_i ← g_i + max(−x, 0)
//	g_e ← g_e − dt/τ_e g_e
//	g_i ← g_i − dt/τ_i g_i
//	v ← v + dt/c (g_l (v_rest − v) + g_e (e_e − v) + g_i (e_i − v))
//	z = H(v − v_th)
//	v ← (1 − z) v + z v_reset
//
// Exponential is exact in the decay of the conductances, and in v for conductances
// held at what is left of them. The shape of x, the states and z is [batch, …, n];
// an error says which of them differ.
//
// R. Brette et al., J. Comput. Neurosci. 23 (2007), 349.
func CobaLIFStep(x *G.Node, s CobaLIFState, p CobaLIFParams) (z *G.Node, next CobaLIFState, err error) {
	b := steps.Begin(x, &s, p)
	z, next = p.advance(b, s, b.Relu(x), b.Relu(b.Neg(x)))
	return steps.Done(b, "neurons: CobaLIF", z, next)
}

// advance does the step for conductances that jump by e and i.
func (p CobaLIFParams) advance(b *graph.Builder, s CobaLIFState, e, i *G.Node) (z *G.Node, next CobaLIFState) {
	e, i = b.Add(s.GE, e), b.Add(s.GI, i)
	next.GE = p.Integration.Decay(b, e, p.Dt, p.TauSynExcInv)
	next.GI = p.Integration.Decay(b, i, p.Dt, p.TauSynInhInv)
	leak := b.Scale(b.From(p.VRest, s.V), p.GL)
	exc := b.Mul(next.GE, b.From(p.ERevE, s.V))
	inh := b.Mul(next.GI, b.From(p.ERevI, s.V))
	slope := func() *G.Node { return b.Neg(b.Shift(b.Add(next.GE, next.GI), p.GL)) }
	f := p.Integration.Flow(b, p.Dt, graph.Equation{State: s.V, TauInv: p.CMInv, D: b.Add(leak, b.Add(exc, inh)), Slope: slope})
	z, next.V = p.Fire(b, f.Next(0))
	return z, next
}
