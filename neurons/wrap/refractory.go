package wrap

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// RefractoryParams are the parameters of a neuron with an absolute refractory
// period.
type RefractoryParams[S any, P graph.Params[S]] struct {
	Inner    P           // of the neuron
	RhoReset graph.Param // length of the period, in steps
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

// potential returns the place of the membrane potential in a state.
func potential(b *graph.Builder, s any) **G.Node {
	v, err := steps.Field[*G.Node](s, "V")
	if err != nil {
		b.Fail(err)
	}
	return v
}
