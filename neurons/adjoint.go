package neurons

import (
	"errors"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// An adjoint step computes what its step computes, and has a backward pass of
// its own: that of EventProp, which has no surrogate but divides by the slope of
// the potential at the spike. Its values are those of the step, detached. Beside
// each stand terms that are zero and carry the gradient, made of tangents:
// x − detach(x) is 0, with slope 1. Parameters get no gradient.
//
// T. Wunderlich and C. Pehle, Scientific Reports 11 (2021), 12829.

// carry returns y, with the gradients of the terms, which are zero, in the place
// of its own.
func carry(b *graph.Builder, y *G.Node, terms ...*G.Node) *G.Node {
	y = b.Detach(y)
	for _, t := range terms {
		y = b.Add(y, t)
	}
	return y
}

// perSlope returns z/d, detached: 0 where there is no spike, and where d is 0.
func perSlope(b *graph.Builder, z, d *G.Node) *G.Node {
	z, d = b.Detach(z), b.Detach(d)
	z = b.Mul(z, b.Above(b.Abs(d), 0))
	one := b.Not(z) // mutate: what 0 is divided by
	return b.Div(z, b.Add(b.Mul(z, d), one))
}

// passed returns the part of λ_v that goes to λ_i in a time step, in which λ_v
// decays itself: dt/τ_s λ_v for Euler.
func (p LIFParams) passed(b *graph.Builder, x *G.Node) *G.Node {
	if p.Integration.IsCoupled() {
		b.Fail(errors.New("EventProp has no equations for coupled compartments under graph.Exponential"))
	}
	follows := graph.Equation{TauInv: p.TauSynInv, D: x, Linear: []graph.Param{minusOne, one}}
	return p.Integration.Flow(b, p.Dt, follows, graph.Equation{State: x, TauInv: p.TauMemInv}).Next(0)
}

// slope returns dv/dt = 1/τ_m ((v_leak − v) + i).
func (p LIFParams) slope(b *graph.Builder, v, i *G.Node) *G.Node {
	return b.Scale(drive(b, v, i, p.VLeak), p.TauMemInv)
}

func init() {
	lif, lsnn := DefaultLIFParams(), DefaultLSNNParams()
	register("lif_feed_forward_adjoint_step", LIFAdjointStep, lif)
	alias("lif_feed_forward_adjoint_step_sparse", "lif_feed_forward_adjoint_step")
	register("lif_adjoint_step", wrap.RecurrentAdjoint(LIFAdjointStep), wrap.RecurrentAdjointParams[LIFState, LIFParams]{Inner: lif})
	alias("lif_adjoint_step_sparse", "lif_adjoint_step")
	register("lif_refrac_feed_forward_adjoint_step", LIFRefracAdjointStep, wrap.RefractoryParams[LIFState, LIFParams]{Inner: lif, RhoReset: defaultRhoReset})
	register("lsnn_feed_forward_adjoint_step", LSNNAdjointStep, lsnn)
	register("lsnn_adjoint_step", wrap.RecurrentAdjoint(LSNNAdjointStep), wrap.RecurrentAdjointParams[LSNNState, LSNNParams]{Inner: lsnn})
}

// LIFAdjointStep is LIFStep with the gradients of EventProp. From those of the
// results, g of z, λ_v of v′ and λ_i of i′, follow with the slopes
// μ = 1/τ_m ((v_leak − v) + i) before and π = 1/τ_m ((v_leak − v′) + i) after
// the spike
//
//	λ_i ← λ_i + dt/τ_s (λ_v − λ_i)       the gradient of i and of x
//	λ_v ← λ_v − dt/τ_m λ_v
//	λ_v ← (1 − z) λ_v + z/μ (π λ_v + g)  the gradient of v
//
// A term with z/μ is 0 where there is no spike, and where μ is 0: a neuron at
// rest that the input takes over the threshold at once. Parameters, learnt or
// not, get no gradient. Exponential solves the equations of λ_v and λ_i between
// spikes exactly, as it does those of v and i.
//
// T. Wunderlich and C. Pehle, Scientific Reports 11 (2021), 12829.
func LIFAdjointStep(x *G.Node, s LIFState, p LIFParams) (z *G.Node, next LIFState, err error) {
	z, next, err = LIFStep(x, s, p)
	if err != nil {
		return nil, next, err
	}
	b := graph.NewBuilder(x, nil)
	z, next = p.adjoint(b, x, s, z, next)
	return steps.Done(b, "neurons: LIF adjoint", z, next)
}

// adjoint gives the results z and next of a step the gradients of EventProp.
func (p LIFParams) adjoint(b *graph.Builder, x *G.Node, s LIFState, z *G.Node, next LIFState) (*G.Node, LIFState) {
	dv, di := steps.Tangent(b, s.V), steps.Tangent(b, b.Add(s.I, x))
	q := perSlope(b, z, p.slope(b, s.V, s.I))
	after := b.Detach(p.slope(b, next.V, s.I))
	kept := b.Add(b.Not(b.Detach(z)), b.Mul(q, after))
	return carry(b, z, b.Mul(q, dv)), LIFState{
		V: carry(b, next.V, b.Mul(kept, p.Integration.Decay(b, dv, p.Dt, p.TauMemInv)), p.passed(b, di)),
		I: carry(b, next.I, p.Integration.Decay(b, di, p.Dt, p.TauSynInv)),
	}
}

// LSNNAdjointStep is LSNNStep with the gradients of EventProp: those of
// LIFAdjointStep, and for the threshold, with λ_b that of b′ and the slopes
// β₋ = 1/τ_b (v_th − b) before and β₊ = 1/τ_b (v_th − b′) after the spike,
//
//	λ_b ← λ_b − dt/τ_b λ_b
//	λ_b ← (1 − z) λ_b + z/β₋ (β₊ λ_b + g)
//
// T. Wunderlich and C. Pehle, Scientific Reports 11 (2021), 12829.
func LSNNAdjointStep(x *G.Node, s LSNNState, p LSNNParams) (z *G.Node, next LSNNState, err error) {
	z, next, err = LSNNStep(x, s, p)
	if err != nil {
		return nil, next, err
	}
	b := graph.NewBuilder(x, nil)
	db := steps.Tangent(b, s.B)
	q := perSlope(b, z, b.Scale(b.From(p.VTh, s.B), p.TauAdaptInv))
	after := b.Detach(b.Scale(b.From(p.VTh, next.B), p.TauAdaptInv))
	kept := b.Add(b.Not(b.Detach(z)), b.Mul(q, after))
	next.B = carry(b, next.B, b.Mul(kept, p.Integration.Decay(b, db, p.Dt, p.TauAdaptInv)))
	z, lif := p.adjoint(b, x, LIFState{s.V, s.I}, z, LIFState{next.V, next.I})
	next.V, next.I = lif.V, lif.I
	return steps.Done(b, "neurons: LSNN adjoint", b.Add(z, b.Mul(q, db)), next)
}

// LIFRefracAdjointStep is wrap.Refractory(LIFStep) with the gradients of EventProp.
// With M = H(ρ′), and e = 1 where ρ = 1, the last step of the period:
//
//	λ_i ← λ_i + dt/τ_s ((1 − M) λ_v − λ_i)       the gradient of i and of x
//	λ_v ← λ_v − dt/τ_m (1 − M) λ_v
//	λ_v ← (1 − z) λ_v + z/μ (λ_ρ + g)            the gradient of v
//	λ_ρ ← (1 − e) λ_ρ + e π λ_v                  the gradient of ρ
//
// T. Wunderlich and C. Pehle, Scientific Reports 11 (2021), 12829.
func LIFRefracAdjointStep(x *G.Node, s wrap.RefractoryState[LIFState], p wrap.RefractoryParams[LIFState, LIFParams]) (z *G.Node, next wrap.RefractoryState[LIFState], err error) {
	z, next, err = wrap.Refractory(LIFStep)(x, s, p)
	if err != nil {
		return nil, next, err
	}
	b := graph.NewBuilder(x, nil)
	lif, v, i := p.Inner, s.Inner.V, s.Inner.I
	free := b.Not(b.Above(next.Rho, 0))
	last := b.Not(b.Above(b.Abs(b.Less(s.Rho, graph.Const(1))), 0))
	q := perSlope(b, z, lif.slope(b, v, i))
	after := b.Detach(lif.slope(b, next.Inner.V, i))
	di, drho := steps.Tangent(b, b.Add(i, x)), steps.Tangent(b, s.Rho)
	dv := b.Add(steps.Tangent(b, v), b.Mul(b.Mul(last, after), drho))
	leak := b.Sub(dv, lif.Integration.Rise(b, b.Mul(free, dv), lif.Dt, lif.TauMemInv))
	next.Inner.V = carry(b, next.Inner.V, b.Mul(b.Not(b.Detach(z)), leak), lif.passed(b, b.Mul(free, di)))
	next.Inner.I = carry(b, next.Inner.I, lif.Integration.Decay(b, di, lif.Dt, lif.TauSynInv))
	next.Rho = carry(b, next.Rho, b.Mul(q, dv), b.Mul(b.Not(last), drho))
	return steps.Done(b, "neurons: LIF refractory adjoint", carry(b, z, b.Mul(q, dv)), next)
}
