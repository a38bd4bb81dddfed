package wrap

import (
	"errors"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// RecurrentParams are the parameters of neurons that are connected among
// themselves.
type RecurrentParams[S any, P graph.Params[S]] struct {
	Inner      P       // of the neurons
	W          *G.Node // weights [n, n], from row to column
	SparseGrad bool    // gradients reach the spikes that were fired, and no others
}

// RecurrentState is the state of neurons that are connected among themselves.
type RecurrentState[S any] struct {
	Inner S       // of the neurons
	Z     *G.Node // spikes of the step before
}

// Rest returns the neurons at rest, without spikes.
func (p RecurrentParams[S, P]) Rest(x *G.Node) (RecurrentState[S], error) {
	var b graph.Builder
	inner, err := p.Inner.Rest(x)
	if err != nil {
		return RecurrentState[S]{}, err
	}
	return RecurrentState[S]{Inner: inner, Z: b.Fill(x, graph.Const(0))}, b.Err()
}

// Recurrent returns the step of neurons whose spikes come back to them one step
// later through the weights W:
//
//	x ← x + z W
//	z, s ← step(x, s)
//
// x and z have shape [batch, n].
//
// With SparseGrad the gradient that comes back through W is kept where z is not
// zero, as where spikes are held in a sparse layout; AtSpikes does the same for
// the input.
func Recurrent[S any, P graph.Params[S]](step graph.Step[S, P]) graph.Step[RecurrentState[S], RecurrentParams[S, P]] {
	return func(x *G.Node, s RecurrentState[S], p RecurrentParams[S, P]) (*G.Node, RecurrentState[S], error) {
		b := graph.NewBuilder(x, nil)
		if p.W == nil {
			b.Fail(errors.New("the weights W are nil"))
		}
		back := s.Z
		if p.SparseGrad {
			back = atSpikes(b, back)
		}
		x = b.Add(x, b.MatMul(back, p.W))
		if b.Err() != nil {
			return steps.Done(b, "wrap: recurrent", x, s) // mutate: an error
		}
		z, inner, err := step(x, s.Inner, p.Inner)
		return z, RecurrentState[S]{Inner: inner, Z: z}, err
	}
}

// AtSpikes returns x, with gradients reaching its elements that are not zero and
// no others. To a connect.SpikeInput, whose lists have no gradient, it does nothing.
func AtSpikes(x *G.Node) (*G.Node, error) {
	if connect.SpikesOf(x) != nil {
		return x, nil
	}
	b := graph.NewBuilder(x, nil)
	x = atSpikes(b, x)
	return x, b.Err()
}

func atSpikes(b *graph.Builder, x *G.Node) *G.Node {
	return b.Mul(x, b.Above(b.Abs(x), 0))
}
