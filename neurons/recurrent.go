package neurons

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// RecurrentParams are the parameters of neurons that are connected among
// themselves.
type RecurrentParams[S any, P graph.Params[S]] struct {
	Inner P       // of the neurons
	W     *G.Node // weights [n, n], from row to column
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
func Recurrent[S any, P graph.Params[S]](step graph.Step[S, P]) graph.Step[RecurrentState[S], RecurrentParams[S, P]] {
	return func(x *G.Node, s RecurrentState[S], p RecurrentParams[S, P]) (*G.Node, RecurrentState[S], error) {
		if p.W == nil {
			return nil, RecurrentState[S]{}, fmt.Errorf("neurons: recurrent step: the weights W are nil")
		}
		b := graph.NewBuilder(x, nil)
		x = b.Add(x, b.MatMul(s.Z, p.W))
		if err := b.Err(); err != nil {
			return nil, RecurrentState[S]{}, fmt.Errorf("neurons: recurrent step: %w", err)
		}
		z, inner, err := step(x, s.Inner, p.Inner)
		return z, RecurrentState[S]{Inner: inner, Z: z}, err
	}
}
