package plasticity

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// CorrelationParams are the parameters of a correlation sensor. They are a Rule.
type CorrelationParams struct {
	EtaP        graph.Param       // η₊, jump of the correlation at a spike before the synapse
	EtaM        graph.Param       // η₋, jump of the anti-correlation at a spike behind the synapse
	TauCInv     graph.Param       // 1/τ_c of the correlation, 1/s
	TauACInv    graph.Param       // 1/τ_a of the anti-correlation, 1/s
	Dt          float64           // time step, s
	Integration graph.Integration // how a time step is taken
}

// CorrelationState is the state of the sensors at synapses, [batch, n_pre, n_post].
type CorrelationState struct {
	PostPre              *G.Node // 1 if the last spike was behind the synapse, 0 if it was before it
	CorrelationTrace     *G.Node
	AntiCorrelationTrace *G.Node
}

// DefaultCorrelationParams returns η₊ = η₋ = 1, τ_c = τ_a = 100 ms, dt = 1 ms.
func DefaultCorrelationParams() CorrelationParams {
	return CorrelationParams{
		EtaP: graph.Const(1), EtaM: graph.Const(1),
		TauCInv: graph.Const(10), TauACInv: graph.Const(10), Dt: 1e-3,
	}
}

// Rest returns no traces, and synapses that wait for a spike before them.
func (p CorrelationParams) Rest(pre, post *G.Node) (CorrelationState, error) {
	b := begin(pre, post, p)
	a, _ := p.pairs(b, pre, post)
	zero := b.Fill(a, graph.Const(0))
	return finish(b, "correlation sensor", CorrelationState{PostPre: zero, CorrelationTrace: zero, AntiCorrelationTrace: zero})
}

// Update returns the sensors after a step with the spikes pre and post. A sensor
// knows on which side of its synapse the last spike was; the trace of the
// correlation decays while that is before it, the trace of the anti-correlation
// while that is behind it. With a_pq = z_pre,p and b_pq = z_post,q:
//
//	c ← c − (1 − o) dt/τ_c c + η₊ a
//	d ← d − o dt/τ_a d + η₋ b
//	o ← H(o + b − a)
//
// where c is CorrelationTrace, d AntiCorrelationTrace and o PostPre; no gradient
// flows through H. It is an idealised sensor of the neuromorphic chip BrainScaleS-2.
//
// z_pre has shape [batch, n_pre], z_post [batch, n_post]. An error says which
// shapes do not fit.
//
// S. Friedmann et al., IEEE Trans. Biomed. Circuits Syst. 11 (2017), 128.
func (p CorrelationParams) Update(pre, post *G.Node, s CorrelationState) (CorrelationState, error) {
	b := begin(pre, post, p)
	before, behind := p.pairs(b, pre, post)
	const spikes = "the grid of z_pre and z_post"
	same(b, spikes, before, "PostPre", s.PostPre)
	same(b, spikes, before, "CorrelationTrace", s.CorrelationTrace)
	same(b, spikes, before, "AntiCorrelationTrace", s.AntiCorrelationTrace)
	c, d := s.CorrelationTrace, s.AntiCorrelationTrace
	fall := func(x *G.Node, tauInv graph.Param) *G.Node { return p.Integration.Rise(b, x, p.Dt, tauInv) }
	return finish(b, "correlation sensor", CorrelationState{
		PostPre:              b.Above(b.Sub(b.Add(s.PostPre, behind), before), 0),
		CorrelationTrace:     b.Add(b.Sub(c, fall(b.Mul(b.Not(s.PostPre), c), p.TauCInv)), b.Scale(before, p.EtaP)),
		AntiCorrelationTrace: b.Add(b.Sub(d, fall(b.Mul(s.PostPre, d), p.TauACInv)), b.Scale(behind, p.EtaM)),
	})
}

// pairs returns pre and post repeated for each synapse, [batch, n_pre, n_post].
func (p CorrelationParams) pairs(b *graph.Builder, pre, post *G.Node) (before, behind *G.Node) {
	if b.Err() != nil {
		return nil, nil
	}
	x, y := pre.Shape(), post.Shape()
	if len(x) != 2 || len(y) != 2 || x[0] != y[0] {
		b.Fail(fmt.Errorf("z_pre has shape %v, z_post %v, want [batch n_pre] and [batch n_post]", []int(x), []int(y)))
		return nil, nil
	}
	shape := []int{x[0], x[1], y[1]}
	before = b.Expand(b.Reshape(pre, x[0], x[1], 1), shape)
	behind = b.Expand(b.Reshape(post, x[0], 1, y[1]), shape)
	return before, behind
}
