package plasticity

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
)

// STDPParams are the parameters of spike-timing-dependent plasticity. They are a
// Rule and a Learner.
type STDPParams struct {
	APre        graph.Param       // a_pre, size of the trace that a spike before the synapse leaves
	APost       graph.Param       // a_post, the same behind the synapse
	TauPreInv   graph.Param       // 1/τ₊ of the trace before the synapse, 1/s
	TauPostInv  graph.Param       // 1/τ₋ of the trace behind the synapse, 1/s
	EtaPlus     graph.Param       // η₊, rate of potentiation
	EtaMinus    graph.Param       // η₋, rate of depression
	Algorithm   Algorithm         // how the rates depend on the weight
	Mu          float64           // μ, exponent of MultiplicativePow
	WMin        float64           // lower bound
	WMax        float64           // upper bound
	HardBound   bool              // weights stay between the bounds
	Conv        connect.Conv      // the convolution that has the weights for a kernel
	W           graph.Param       // weights to start from: one for all, or a node of their shape
	Dt          float64           // time step, s
	Integration graph.Integration // how a time step is taken
}

// STDPState is the state of plastic synapses. The batch shares the weights.
type STDPState struct {
	W     *G.Node // weights [n_pre, n_post], or a kernel [out, in, kh, kw]
	TPre  *G.Node // trace of the spikes before the synapse, of their shape
	TPost *G.Node // trace of the spikes behind the synapse, of their shape
}

// DefaultSTDPParams returns a_pre = a_post = 1, τ₊ = τ₋ = 50 ms, η₊ = η₋ = 0.001,
// the additive rule between hard bounds 0 and 1, weights of 0.5, dt = 1 ms.
func DefaultSTDPParams() STDPParams {
	return STDPParams{
		APre: graph.Const(1), APost: graph.Const(1),
		TauPreInv: graph.Const(20), TauPostInv: graph.Const(20),
		EtaPlus: graph.Const(1e-3), EtaMinus: graph.Const(1e-3),
		WMax: 1, HardBound: true, W: graph.Const(0.5), Dt: 1e-3,
	}
}

// Rest returns the weights W and no traces. Weights [n_pre, n_post] may all be
// one constant; a kernel is a node, since nothing else says how large it is.
func (p STDPParams) Rest(pre, post *G.Node) (STDPState, error) {
	b := p.begin(pre, post)
	zero := graph.Const(0)
	s := STDPState{W: p.weights(b, pre, post), TPre: b.Fill(pre, zero), TPost: b.Fill(post, zero)}
	return finish(b, "STDP", s)
}

func (p STDPParams) weights(b *graph.Builder, pre, post *G.Node) *G.Node {
	w := p.W.Node()
	switch {
	case b.Err() != nil:
	case pre.Dims() == 2 && post.Dims() == 2:
		shape := []int{pre.Shape()[1], post.Shape()[1]}
		if w != nil {
			return b.Expand(w, shape)
		}
		f, err := formOf(shape, pre.Shape(), post.Shape(), p.Conv)
		b.Fail(err)
		return b.Fill(f.derivative(b, byWeight, [3]*G.Node{byPre: pre, byPost: post}), p.W)
	case w == nil:
		b.Fail(fmt.Errorf("the weights W are %v, want a node of the shape of the kernel, [out in kh kw]", p.W))
	default:
		return w
	}
	return nil
}

// Update returns the state after a step with the spikes pre and post. First the
// traces follow the spikes, then the weights follow the new traces:
//
//	t_pre ← t_pre + dt/τ₊ (a_pre z_pre − t_pre)
//	t_post ← t_post + dt/τ₋ (a_post z_post − t_post)
//	w ← w + A₊(w) Σ t_pre z_post − A₋(w) Σ t_post z_pre
//	w ← min(max(w, w_min), w_max)
//
// the last with HardBound only. The sums run over the batch, and for a kernel over
// all pairs of pixels that it connects; Algorithm says what A₊ and A₋ are. With
// a_pre = τ₊/dt a spike leaves a trace of 1, so that η₊ is what a pair of spikes
// right after each other adds to the weight.
//
// z_pre has shape [batch, n_pre] and z_post [batch, n_post], or [batch, in, h, w]
// and [batch, out, h', w'] as Conv2D of Conv gives it. An error says which shapes
// or parameters do not fit.
//
// A. Morrison, M. Diesmann and W. Gerstner, Biol. Cybern. 98 (2008), 459.
func (p STDPParams) Update(pre, post *G.Node, s STDPState) (STDPState, error) {
	b := p.begin(pre, post)
	next, up, down := p.change(b, pre, post, s)
	next.W = p.bounded(b, b.Sub(b.Add(s.W, up), down))
	return finish(b, "STDP", next)
}

// change returns the traces after a step, and how far the weights go up and down by it.
func (p STDPParams) change(b *graph.Builder, pre, post *G.Node, s STDPState) (next STDPState, up, down *G.Node) {
	f := p.form(b, pre, post, s)
	next = STDPState{
		TPre:  p.Integration.Advance(b, s.TPre, p.Dt, p.TauPreInv, b.Sub(b.Scale(pre, p.APre), s.TPre)),
		TPost: p.Integration.Advance(b, s.TPost, p.Dt, p.TauPostInv, b.Sub(b.Scale(post, p.APost), s.TPost)),
	}
	up = b.Scale(f.derivative(b, byWeight, [3]*G.Node{byPre: next.TPre, byPost: post}), p.EtaPlus)
	down = b.Scale(f.derivative(b, byWeight, [3]*G.Node{byPre: pre, byPost: next.TPost}), p.EtaMinus)
	if a := p.Algorithm.scale(b, b.From(graph.Const(p.WMax), s.W), p.Mu); a != nil {
		up = b.Mul(up, a)
	}
	if a := p.Algorithm.scale(b, b.Less(s.W, graph.Const(p.WMin)), p.Mu); a != nil {
		down = b.Mul(down, a)
	}
	return next, up, down
}

// bounded returns weights within the bounds, if these are hard.
func (p STDPParams) bounded(b *graph.Builder, w *G.Node) *G.Node {
	if p.HardBound {
		return b.Clamp(w, p.WMin, p.WMax)
	}
	return w
}

// Current returns what the synapses pass on: z_pre W, or the convolution of z_pre
// with the kernel W.
func (p STDPParams) Current(pre *G.Node, s STDPState) (*G.Node, error) {
	if s.W != nil && s.W.Dims() == 4 {
		return connect.Conv2D(pre, s.W, nil, p.Conv)
	}
	var b graph.Builder
	i := b.MatMul(pre, s.W)
	return finish(&b, "STDP", i)
}

// begin returns the Builder of a rule, with checked parameters.
func (p STDPParams) begin(pre, post *G.Node) *graph.Builder {
	b := begin(pre, post, p)
	switch {
	case p.WMin > p.WMax:
		b.Fail(fmt.Errorf("the bounds WMin and WMax are %v and %v, want the lower one first", p.WMin, p.WMax))
	case p.Mu < 0:
		b.Fail(fmt.Errorf("the exponent Mu is %v, want 0 or more", p.Mu))
	}
	return b
}

// form checks the shapes.
func (p STDPParams) form(b *graph.Builder, pre, post *G.Node, s STDPState) form {
	if b.Err() != nil {
		return form{}
	}
	if s.W == nil {
		b.Fail(fmt.Errorf("state W is nil"))
		return form{}
	}
	same(b, "z_pre", pre, "TPre", s.TPre)
	same(b, "z_post", post, "TPost", s.TPost)
	f, err := formOf(s.W.Shape(), pre.Shape(), post.Shape(), p.Conv)
	b.Fail(err)
	return f
}
