package layers

import (
	"errors"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/flat"
)

// A Mask is an input that training draws anew for each batch, and which rests in
// evaluation: dropout, noise.
type Mask struct {
	Node  *G.Node
	Draws func(r *rand.Rand) float64 // one element, in training
	Rest  float64                    // what all elements are in evaluation, and at first
}

// Mask adds a mask of the given shape to the graph of x, called by the path with name at
// its end.
func (b *Build) Mask(x *G.Node, name string, rest float64, draws func(r *rand.Rand) float64, shape ...int) (*G.Node, error) {
	if b == nil || x == nil || draws == nil {
		return nil, errors.New("layers: mask " + name + ": the Build, x or the function that draws is nil")
	}
	w, err := b.draw(name, Constant(rest), shape)
	if err != nil {
		return nil, b.errorf("mask", "%s: %w", name, err)
	}
	node, err := graph.Input(x.Graph(), b.Name(name), denseOf(x.Dtype(), shape, w))
	if err != nil {
		return nil, b.errorf("mask", "%w", err)
	}
	b.Masks = append(b.Masks, Mask{Node: node, Draws: draws, Rest: rest})
	return node, nil
}

// always draws 1.
func always(*rand.Rand) float64 { return 1 }

// Draw draws the mask of a batch; a nil r puts it to rest, for evaluation. The masks that
// a trainer of package train finds in a Build it draws by itself.
func (m Mask) Draw(r *rand.Rand) error {
	switch {
	case m.Node == nil:
		return errors.New("layers: mask: the node is nil")
	case m.Draws == nil && r != nil:
		return errors.New("layers: mask: the function that draws is nil")
	}
	v, err := flat.Of(m.Node.Value())
	if err != nil {
		return errors.New("layers: mask: the value of its node " + err.Error())
	}
	for i := range v.F32 {
		v.F32[i] = float32(m.element(r))
	}
	for i := range v.F64 {
		v.F64[i] = m.element(r)
	}
	return nil
}

func (m Mask) element(r *rand.Rand) float64 {
	if r == nil {
		return m.Rest
	}
	return m.Draws(r)
}
