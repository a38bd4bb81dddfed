package wrap

import (
	"errors"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// RefractoryParams are the parameters of a neuron with an absolute refractory
// period.
type RefractoryParams[S any, P graph.Params[S]] struct {
	Inner    P           // of the neuron
	RhoReset graph.Param // length of the period, in steps

	inside *graph.Step[S, P] // where Refractory puts its step, when Inside asks for it; else nil
}

// Inside returns the step that Refractory has made a step of, and nil if the step is another
// function. What writes networks into files goes by it. The step is called with parameters
// that ask for it, and neither an input nor a state; a panic of a step of one's own is
// the caller's.
func (RefractoryParams[S, P]) Inside(step graph.Step[RefractoryState[S], RefractoryParams[S, P]]) graph.Step[S, P] {
	var inside graph.Step[S, P]
	if step != nil {
		_, _, _ = step(nil, RefractoryState[S]{}, RefractoryParams[S, P]{inside: &inside})
	}
	return inside
}

// RefractoryState is the state of a neuron with an absolute refractory period.
type RefractoryState[S any] struct {
	Inner S       // of the neuron
	Rho   *G.Node // steps left
}

// Rest returns the neuron at rest, and ready to fire.
func (p RefractoryParams[S, P]) Rest(x *G.Node) (RefractoryState[S], error) {
	var b graph.Builder
	inner, err := p.Inner.Rest(x)
	if err != nil {
		return RefractoryState[S]{}, err
	}
	return RefractoryState[S]{Inner: inner, Rho: b.Fill(x, graph.Const(0))}, b.Err()
}

// Refractory returns the step of neurons that are silent, their potential held,
// for ρ_reset steps after each spike:
//
//	z, s ← step(x, s)
//	m = H(ρ)
//	v ← (1 − m) v + m v_old
//	z ← (1 − m) z
//	ρ ← (1 − z) max(ρ − m, 0) + z ρ_reset
//
// The other states go on: a current keeps flowing. H in m has the surrogate of
// the neuron. The model inside needs a state V and a parameter Spike; x, the
// states and z have one shape, [batch, …, n].
//
// W. Gerstner et al., Neuronal Dynamics (2014), §1.3.
func Refractory[S any, P graph.Params[S]](step graph.Step[S, P]) graph.Step[RefractoryState[S], RefractoryParams[S, P]] {
	return func(x *G.Node, s RefractoryState[S], p RefractoryParams[S, P]) (*G.Node, RefractoryState[S], error) {
		if p.inside != nil {
			*p.inside = step
			return nil, s, errAsked
		}
		z, inner, err := step(x, s.Inner, p.Inner)
		if err != nil {
			return nil, s, err
		}
		b := steps.Begin(x, &s, p)
		v, old := potential(b, &inner), potential(b, &s.Inner)
		spike, err := steps.Field[graph.Func](&p.Inner, "Spike")
		if err != nil {
			b.Fail(err)
		}
		if b.Err() != nil {
			return steps.Done(b, "wrap: refractory", z, s) // mutate: an error
		}
		m := b.Spike(*spike, s.Rho, graph.Const(0))
		free := b.Not(m)
		*v = b.Add(b.Mul(free, *v), b.Mul(m, *old))
		z = b.Mul(free, z)
		return steps.Done(b, "wrap: refractory", z, RefractoryState[S]{Inner: inner, Rho: steps.Countdown(b, s.Rho, m, z, p.RhoReset)})
	}
}

var errAsked = errors.New("wrap: the step was asked what is inside it")

// potential returns the place of the membrane potential in a state.
func potential(b *graph.Builder, s any) **G.Node {
	v, err := steps.Field[*G.Node](s, "V")
	if err != nil {
		b.Fail(err)
	}
	return v
}
