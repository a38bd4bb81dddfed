package plasticity

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// STDPSensorParams are the parameters of the traces that neurons keep for
// spike-timing-dependent plasticity. They are a Rule.
type STDPSensorParams struct {
	EtaP        graph.Param       // η₊, jump of the trace before the synapse
	EtaM        graph.Param       // η₋, jump of the trace behind the synapse
	TauCInv     graph.Param       // 1/τ of both traces, 1/s
	Dt          float64           // time step, s
	Integration graph.Integration // how a time step is taken
}

// STDPSensorState is the state of neurons that keep traces.
type STDPSensorState struct {
	APre  *G.Node // trace of the spikes before the synapse, of their shape
	APost *G.Node // trace of the spikes behind the synapse, of their shape
}

// DefaultSTDPSensorParams returns η₊ = η₋ = 1, τ = 100 ms, dt = 1 ms.
func DefaultSTDPSensorParams() STDPSensorParams {
	return STDPSensorParams{EtaP: graph.Const(1), EtaM: graph.Const(1), TauCInv: graph.Const(10), Dt: 1e-3}
}

// Rest returns no traces.
func (p STDPSensorParams) Rest(pre, post *G.Node) (STDPSensorState, error) {
	b := begin(pre, post, p)
	zero := graph.Const(0)
	return finish(b, "STDP sensor", STDPSensorState{APre: b.Fill(pre, zero), APost: b.Fill(post, zero)})
}

// Update returns the traces after a step with the spikes pre and post:
//
//	a_pre ← a_pre − dt/τ a_pre + η₊ z_pre
//	a_post ← a_post − dt/τ a_post + η₋ z_post
//
// z_pre has any shape [batch, …], z_post has any other. An error says which states
// do not fit.
//
// A. Morrison, M. Diesmann and W. Gerstner, Biol. Cybern. 98 (2008), 459.
func (p STDPSensorParams) Update(pre, post *G.Node, s STDPSensorState) (STDPSensorState, error) {
	b := begin(pre, post, p)
	same(b, "z_pre", pre, "APre", s.APre)
	same(b, "z_post", post, "APost", s.APost)
	return finish(b, "STDP sensor", STDPSensorState{
		APre:  b.Add(p.Integration.Decay(b, s.APre, p.Dt, p.TauCInv), b.Scale(pre, p.EtaP)),
		APost: b.Add(p.Integration.Decay(b, s.APost, p.Dt, p.TauCInv), b.Scale(post, p.EtaM)),
	})
}
