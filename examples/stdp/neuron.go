package main

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/plasticity"
	"github.com/spikegrad/spikegrad/surrogate"
)

// params are the parameters of a neuron with plastic excitatory synapses and fixed
// inhibitory ones.
type params struct {
	TauMemInv graph.Param // 1/τ_m, 1/s
	TauSynInv graph.Param // 1/τ of both conductances, 1/s
	VRest     graph.Param // potential at rest, mV
	EEx, EIn  graph.Param // reversal potentials, mV
	VTh       graph.Param // threshold, mV
	VReset    graph.Param // potential after a spike, mV
	GMax      graph.Param // conductance of a synapse of weight 1, per that of the leak
	Synapses  plasticity.STDPParams
	Dt        float64 // s
}

type state struct {
	V        *G.Node // membrane potential, mV
	GEx, GIn *G.Node // conductances, per that of the leak
	Synapses plasticity.STDPState
}

// song returns the parameters of Song, Miller and Abbott.
func song(aPlus, ratio, start float64) params {
	const dt, tau = 1e-3, 20e-3
	c := graph.Const
	p := params{
		TauMemInv: c(1 / 20e-3), TauSynInv: c(1 / 5e-3), VRest: c(-70), EEx: c(0), EIn: c(-70),
		VTh: c(-54), VReset: c(-60), GMax: c(0.015), Dt: dt,
	}
	p.Synapses = plasticity.DefaultSTDPParams()
	p.Synapses.TauPreInv, p.Synapses.TauPostInv = c(1/tau), c(1/tau)
	// A spike leaves a trace of 1, so that A₊ is what one pair of spikes changes.
	p.Synapses.APre, p.Synapses.APost = c(tau/dt), c(tau/dt)
	p.Synapses.EtaPlus, p.Synapses.EtaMinus = c(aPlus), c(ratio*aPlus)
	p.Synapses.W = c(start)
	return p
}

// Rest returns the neuron at rest.
func (p params) Rest(x *G.Node) (s state, err error) {
	in, err := plasticity.Split(x, x.Shape()[1]-1, 1)
	if err != nil {
		return s, err
	}
	var b graph.Builder
	s.V, s.GEx = b.Fill(in[1], p.VRest), b.Fill(in[1], graph.Const(0))
	s.GIn = s.GEx
	if err := b.Err(); err != nil {
		return s, err
	}
	s.Synapses, err = p.Synapses.Rest(in[0], in[1])
	return s, err
}

// step advances the neuron
//
//	τ_m dv/dt = v_rest − v + g_ex (e_ex − v) + g_in (e_in − v)
//	v > v_th: spike, v ← v_reset
//
// x has shape [batch, m + 1]: m excitatory spike trains, and the jump of the
// inhibitory conductance.
func step(x *G.Node, s state, p params) (z *G.Node, next state, err error) {
	in, err := plasticity.Split(x, x.Shape()[1]-1, 1)
	if err != nil {
		return nil, next, err
	}
	i, err := p.Synapses.Current(in[0], s.Synapses)
	if err != nil {
		return nil, next, err
	}
	var b graph.Builder
	drive := b.Add(b.From(p.VRest, s.V), b.Add(b.Mul(s.GEx, b.From(p.EEx, s.V)), b.Mul(s.GIn, b.From(p.EIn, s.V))))
	v := b.Euler(s.V, p.Dt, p.TauMemInv, drive)
	z = b.Spike(surrogate.Heaviside{}, v, p.VTh)
	next.V = b.Reset(z, v, p.VReset)
	next.GEx = b.Add(b.Euler(s.GEx, -p.Dt, p.TauSynInv, s.GEx), b.Scale(i, p.GMax))
	next.GIn = b.Add(b.Euler(s.GIn, -p.Dt, p.TauSynInv, s.GIn), in[1])
	if err := b.Err(); err != nil {
		return nil, next, fmt.Errorf("neuron: %w", err)
	}
	next.Synapses, err = p.Synapses.Update(in[0], z, s.Synapses)
	return z, next, err
}
