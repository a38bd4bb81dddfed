package neurons

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// LIFParams are the parameters of a leaky integrate-and-fire neuron.
type LIFParams struct {
	TauSynInv   graph.Param       // 1/τ_s, 1/s
	TauMemInv   graph.Param       // 1/τ_m, 1/s
	VLeak       graph.Param       // potential at rest
	Dt          float64           // time step, s
	Integration graph.Integration // how a time step is taken
	Firing                        // threshold, reset, spike function
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
		Dt:        1e-3,
		Firing:    DefaultFiring(),
	}
}

func init() {
	p := DefaultLIFParams()
	register("lif_feed_forward_step", LIFStep, p)
	alias("lif_feed_forward_integral", "lif_feed_forward_step")
	alias("lif_feed_forward_step_sparse", "lif_feed_forward_step")
	p.DetachReset = true
	register("lif_step", wrap.Recurrent(LIFStep), wrap.RecurrentParams[LIFState, LIFParams]{Inner: p})
	alias("lif_step_integral", "lif_step")
	p.DetachReset = false
	register("lif_step_sparse", wrap.Recurrent(LIFStep), wrap.RecurrentParams[LIFState, LIFParams]{Inner: p, SparseGrad: true})
	register("spike_accumulator", wrap.Regularised(LIFStep), wrap.RegularisedParams[LIFState, LIFParams]{Inner: p, Accumulate: wrap.SpikeAccumulator[LIFState]})
	register("voltage_accumulator", wrap.Regularised(LIFStep), wrap.RegularisedParams[LIFState, LIFParams]{Inner: p, Accumulate: wrap.VoltageAccumulator[LIFState]})
	refractory := wrap.RefractoryParams[LIFState, LIFParams]{Inner: p, RhoReset: defaultRhoReset}
	register("lif_refrac_feed_forward_step", wrap.Refractory(LIFStep), refractory)
	refractory.Inner.DetachReset = true
	register("lif_refrac_step", wrap.Recurrent(wrap.Refractory(LIFStep)),
		wrap.RecurrentParams[wrap.RefractoryState[LIFState], wrap.RefractoryParams[LIFState, LIFParams]]{Inner: refractory})
	coupled := wrap.CoupledParams[LIFState, LIFParams]{Inner: p}
	register("lif_mc_feed_forward_step", wrap.Coupled(LIFStep), coupled)
	coupled.After, coupled.Inner.DetachReset = true, true
	register("lif_mc_step", wrap.Recurrent(wrap.Coupled(LIFStep)), wrap.RecurrentParams[LIFState, wrap.CoupledParams[LIFState, LIFParams]]{Inner: coupled})
}

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
// Exponential solves potential and current together, exactly. The shape of x, the
// states and z is [batch, …, n]; an error says which of them differ.
//
// W. Gerstner et al., Neuronal Dynamics (2014), §1.3.
func LIFStep(x *G.Node, s LIFState, p LIFParams) (z *G.Node, next LIFState, err error) {
	b := steps.Begin(x, &s, p)
	i := b.Add(s.I, x)
	f := p.Integration.Flow(b, p.Dt, p.membrane(s.V, drive(b, s.V, i, p.VLeak), one), p.synapse(i))
	v := f.Next(0)
	next.I = f.Next(1)
	z, next.V = p.Fire(b, v)
	return steps.Done(b, "neurons: LIF", z, next)
}

var one, minusOne = graph.Const(1), graph.Const(-1)

// membrane returns the equation of a potential v that d moves. In d are −v and, with
// the factors given, the states of the equations behind this one.
func (p LIFParams) membrane(v, d *G.Node, factors ...graph.Param) graph.Equation {
	return graph.Equation{State: v, TauInv: p.TauMemInv, D: d, Linear: append([]graph.Param{minusOne}, factors...)}
}

// synapse returns the equation of a current.
func (p LIFParams) synapse(i *G.Node) graph.Equation {
	return graph.Equation{State: i, TauInv: p.TauSynInv}
}

// drive returns (v_leak − v) + i, which moves a leaky membrane.
func drive(b *graph.Builder, v, i *G.Node, vLeak graph.Param) *G.Node {
	return b.Shift(b.Sub(i, v), vLeak)
}
