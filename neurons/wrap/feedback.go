package wrap

import (
	"errors"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// A Feedback is how spikes come back to neurons: a struct with its weights.
type Feedback interface {
	// Back returns what the spikes z [batch, …] of a time step add to the input of the next
	// one.
	Back(b *graph.Builder, z *G.Node) *G.Node
}

// OneToOne returns to each neuron its own spikes, times its weight.
type OneToOne struct {
	W *G.Node // [n], of the shape of a sample
}

// Back returns w z.
func (f OneToOne) Back(b *graph.Builder, z *G.Node) *G.Node {
	if f.W == nil {
		b.Fail(errNoWeights)
		return nil
	}
	return b.Scale(z, graph.Learn(f.W))
}

// Convolved returns the convolution of the spikes, which are images.
type Convolved struct {
	W       *G.Node // kernels [c, c/groups, kh, kw]
	Padding connect.Conv
}

// Back returns the convolution of z [batch, c, h, w].
func (f Convolved) Back(b *graph.Builder, z *G.Node) *G.Node {
	if f.W == nil || b.Err() != nil {
		b.Fail(errNoWeights)
		return nil
	}
	y, err := connect.Conv2D(z, f.W, nil, f.Padding)
	if err != nil {
		b.Fail(err)
		return nil
	}
	return y
}

// SparselyBack returns the spikes through the connections that there are.
type SparselyBack struct {
	W, From, To *G.Node // [connections], as connect.Sparse has them
}

// Back returns the sparse map of z [batch, n].
func (f SparselyBack) Back(b *graph.Builder, z *G.Node) *G.Node {
	if f.W == nil || b.Err() != nil {
		b.Fail(errNoWeights)
		return nil
	}
	y, err := connect.Sparse(z, f.W, f.From, f.To, nil, z.Shape()[z.Dims()-1])
	if err != nil {
		b.Fail(err)
		return nil
	}
	return y
}

var errNoWeights = errors.New("the weights W are nil")

// FeedbackParams are the parameters of neurons to which spikes come back through F.
type FeedbackParams[S any, P graph.Params[S], F Feedback] struct {
	Inner   P // of the neurons
	Through F
}

// Rest returns the neurons at rest, without spikes.
func (p FeedbackParams[S, P, F]) Rest(x *G.Node) (RecurrentState[S], error) {
	return RecurrentParams[S, P]{Inner: p.Inner}.Rest(x)
}

// RecurrentThrough is Recurrent for another connection than a matrix:
//
//	x ← x + Back(z)
//	z, s ← step(x, s)
func RecurrentThrough[S any, P graph.Params[S], F Feedback](step graph.Step[S, P]) graph.Step[RecurrentState[S], FeedbackParams[S, P, F]] {
	return func(x *G.Node, s RecurrentState[S], p FeedbackParams[S, P, F]) (*G.Node, RecurrentState[S], error) {
		b := graph.NewBuilder(x, nil)
		x = b.Add(x, p.Through.Back(b, s.Z))
		if b.Err() != nil {
			return steps.Done(b, "wrap: recurrent", x, s)
		}
		z, inner, err := step(x, s.Inner, p.Inner)
		return z, RecurrentState[S]{Inner: inner, Z: z}, err
	}
}
