package plasticity

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// RewardSTDPParams are the parameters of spike-timing-dependent plasticity that a reward decides on, a three-factor rule. They
// are a Rule and a Learner.
type RewardSTDPParams struct {
	STDP    STDPParams  // what pairs of spikes leave
	TauCInv graph.Param // 1/τ_c of the eligibility, 1/s
	Reward  graph.Param // r, per time step: a number, or graph.Learn of an input whose value changes from run to run
}

// RewardSTDPState is the state of synapses that learn by reward. The batch shares the weights.
type RewardSTDPState struct {
	W     *G.Node // weights [n_pre, n_post], or a kernel [out, in, kh, kw]
	TPre  *G.Node // trace of the spikes before the synapse, of their shape
	TPost *G.Node // trace of the spikes behind the synapse, of their shape
	C     *G.Node // eligibility, of the shape of the weights
}

// DefaultRewardSTDPParams returns those of DefaultSTDPParams with τ₊ = τ₋ = 20 ms, η₊ = 0.001, η₋ = 0.0015, and
// τ_c = 1 s, without a reward.
func DefaultRewardSTDPParams() RewardSTDPParams {
	p := RewardSTDPParams{STDP: DefaultSTDPParams(), TauCInv: graph.Const(1), Reward: graph.Const(0)}
	p.STDP.TauPreInv, p.STDP.TauPostInv, p.STDP.EtaMinus = graph.Const(50), graph.Const(50), graph.Const(1.5e-3)
	return p
}

// Rest returns the weights STDP.W, no traces and no eligibility.
func (p RewardSTDPParams) Rest(pre, post *G.Node) (RewardSTDPState, error) {
	s, err := p.STDP.Rest(pre, post)
	if err != nil {
		return RewardSTDPState{}, err
	}
	b := p.begin(pre, post)
	return finish(b, "reward STDP", RewardSTDPState{W: s.W, TPre: s.TPre, TPost: s.TPost, C: b.Fill(s.W, graph.Const(0))})
}

// Update returns the state after a step with the spikes pre and post. What STDPParams would add to the weights goes to
// an eligibility that fades, and of that to the weights what the reward r of the step makes of it:
//
//	c ← c − dt/τ_c c + A₊(w) Σ t_pre z_post − A₋(w) Σ t_post z_pre
//	w ← w + r c
//	w ← min(max(w, w_min), w_max)
//
// with the traces, the sums, the bounds and the shapes of STDPParams.Update. So a reward that comes a second after a
// pair of spikes finds the synapse that it is owed to. A reward that is dopamine, which fades too, is a mean over time
// of what is given; a constant taken from it, such as its own mean, makes outcomes compare.
//
// E. M. Izhikevich, Cerebral Cortex 17 (2007), 2443; R. V. Florian, Neural Computation 19 (2007), 1468.
func (p RewardSTDPParams) Update(pre, post *G.Node, s RewardSTDPState) (RewardSTDPState, error) {
	b := p.begin(pre, post)
	same(b, "W", s.W, "C", s.C)
	now, up, down := p.STDP.change(b, pre, post, STDPState{W: s.W, TPre: s.TPre, TPost: s.TPost})
	next := RewardSTDPState{TPre: now.TPre, TPost: now.TPost}
	next.C = b.Sub(b.Add(p.STDP.Integration.Decay(b, s.C, p.STDP.Dt, p.TauCInv), up), down)
	next.W = p.STDP.bounded(b, b.Add(s.W, b.Scale(next.C, p.Reward)))
	return finish(b, "reward STDP", next)
}

// Current returns what the synapses pass on; see STDPParams.Current.
func (p RewardSTDPParams) Current(pre *G.Node, s RewardSTDPState) (*G.Node, error) {
	return p.STDP.Current(pre, STDPState{W: s.W})
}

// begin returns the Builder of a rule, with checked parameters.
func (p RewardSTDPParams) begin(pre, post *G.Node) *graph.Builder {
	b := p.STDP.begin(pre, post)
	if b.Err() == nil {
		b.Fail(begin(pre, post, p).Err())
	}
	return b
}
