package wrap

import (
	"errors"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// CoupledParams are the parameters of compartments, each with the dynamics of a
// neuron, whose potentials act on each other.
type CoupledParams[S any, P graph.Params[S]] struct {
	Inner    P       // of the compartments
	Coupling *G.Node // G, conductances [n, n], from row to column
	After    bool    // couple after the step, with the potential that a spike has reset
}

// Rest returns the compartments at rest.
func (p CoupledParams[S, P]) Rest(x *G.Node) (S, error) { return p.Inner.Rest(x) }

// Coupled returns the step of compartments that act on each other through the
// conductances G:
//
//	v ← v + dt v G
//	z, s ← step(x, s)
//
// or the other way round with After. If the Integration of the model inside is
// Exponential, it solves the exchange v G together with the rest of the model's linear
// part, exactly, and there is no before or after. The model inside needs a state V and
// a parameter Dt; for Exponential the first Flow of its Integration has V in the first
// equation. x, z and the states have shape [batch, n].
//
// W. Gerstner et al., Neuronal Dynamics (2014), §3.2; W. Rall in Neural Theory
// and Modeling (1964).
func Coupled[S any, P graph.Params[S]](step graph.Step[S, P]) graph.Step[S, CoupledParams[S, P]] {
	return func(x *G.Node, s S, p CoupledParams[S, P]) (*G.Node, S, error) {
		b := graph.NewBuilder(x, nil)
		if p.Coupling == nil {
			b.Fail(errors.New("the conductances Coupling are nil"))
		}
		dt, err := steps.Field[float64](&p.Inner, "Dt")
		if err != nil {
			b.Fail(err)
		}
		how, err := steps.Field[graph.Integration](&p.Inner, "Integration")
		if err == nil && *how != graph.Euler && b.Err() == nil {
			*how = how.Coupled(b.ScaleBy(p.Coupling, *dt, graph.Const(1)))
			z, next, err := step(x, s, p.Inner)
			if err == nil && !how.Taken() {
				b.Fail(errors.New("the model inside does not move its potential by Integration.Flow, as graph.Exponential needs"))
				return steps.Done(b, "wrap: coupled", z, next) // mutate: an error
			}
			return z, next, err
		}
		couple := func(s S) S {
			if v := potential(b, &s); b.Err() == nil {
				*v = b.Add(*v, b.ScaleBy(b.MatMul(*v, p.Coupling), *dt, graph.Const(1)))
			}
			return s
		}
		if !p.After {
			s = couple(s)
		}
		if b.Err() != nil {
			return steps.Done(b, "wrap: coupled", x, s) // mutate: an error
		}
		z, next, err := step(x, s, p.Inner)
		if err != nil || !p.After {
			return z, next, err
		}
		return steps.Done(b, "wrap: coupled", z, couple(next))
	}
}
