package wrap

import (
	"errors"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// RecurrentAdjointParams are the parameters of neurons that are connected among
// themselves and have the gradients of EventProp.
type RecurrentAdjointParams[S any, P graph.Params[S]] struct {
	Inner P       // of the neurons
	WIn   *G.Node // input weights [m, n]; nil if the input is a current
	W     *G.Node // recurrent weights [n, n], from row to column
}

// Rest returns the neurons at rest, without spikes.
func (p RecurrentAdjointParams[S, P]) Rest(x *G.Node) (RecurrentState[S], error) {
	b := graph.NewBuilder(x, nil)
	if p.WIn != nil {
		x = b.MatMul(x, p.WIn) // mutate: the shape alone matters
	}
	if b.Err() != nil {
		return RecurrentState[S]{}, b.Err()
	}
	return RecurrentParams[S, P]{Inner: p.Inner}.Rest(x)
}

// RecurrentAdjoint returns the step of neurons whose spikes come back to them,
// as Recurrent does, for a step with the gradients of EventProp. With λ_i the
// gradient of the current i′ that leaves the step, and z′ the spikes that leave
// it, the weights have the gradients
//
//	W_in: xᵀ λ_i    W: z′ᵀ λ_i
//
// and x and z those of the current, times the transposed weights. The step needs
// a state I. x has shape [batch, m]; the states and z have [batch, n].
//
// T. Wunderlich and C. Pehle, Scientific Reports 11 (2021), 12829.
func RecurrentAdjoint[S any, P graph.Params[S]](step graph.Step[S, P]) graph.Step[RecurrentState[S], RecurrentAdjointParams[S, P]] {
	return func(x *G.Node, s RecurrentState[S], p RecurrentAdjointParams[S, P]) (*G.Node, RecurrentState[S], error) {
		b := graph.NewBuilder(x, nil)
		if p.W == nil {
			b.Fail(errors.New("the weights W are nil"))
		}
		in := x
		if p.WIn != nil {
			in = b.MatMul(x, b.Detach(p.WIn))
		}
		in = b.Add(in, b.MatMul(s.Z, b.Detach(p.W)))
		if b.Err() != nil {
			return steps.Done(b, "wrap: recurrent adjoint", x, s) // mutate: an error
		}
		z, inner, err := step(in, s.Inner, p.Inner)
		if err != nil {
			return nil, s, err
		}
		i, err := steps.Field[*G.Node](&inner, "I")
		if err != nil {
			b.Fail(err)
			return steps.Done(b, "wrap: recurrent adjoint", z, s) // mutate: an error
		}
		// The products carry the gradients of the weights and are subtracted again.
		weighted := b.MatMul(b.Detach(z), p.W)
		if p.WIn != nil {
			weighted = b.Add(weighted, b.MatMul(b.Detach(x), p.WIn))
		}
		*i = b.Add(*i, steps.Tangent(b, weighted))
		return steps.Done(b, "wrap: recurrent adjoint", z, RecurrentState[S]{Inner: inner, Z: z})
	}
}
