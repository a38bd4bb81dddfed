package plasticity

import (
	"errors"
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// A Learner is a Rule whose state holds weights, so that neurons can be driven
// through the synapses that it changes. STDPParams is one.
type Learner[S any] interface {
	Rule[S]
	// Current returns what the synapses pass on of the spikes pre.
	Current(pre *G.Node, s S) (*G.Node, error)
}

// PlasticParams are the parameters of neurons whose input synapses learn: S and P
// are the state and the parameters of the neurons, T and L those of the synapses.
type PlasticParams[S any, P graph.Params[S], T any, L Learner[T]] struct {
	Step     graph.Step[S, P] // of the neurons
	Neurons  P
	Synapses L
	Shape    []int // of the neurons, less the batch: n, or out, h' and w'
}

// PlasticState is the state of neurons whose input synapses learn.
type PlasticState[S, T any] struct {
	Neurons  S
	Synapses T
}

// Rest returns the neurons at rest, and the synapses that the rule starts from.
func (p PlasticParams[S, P, T, L]) Rest(x *G.Node) (PlasticState[S, T], error) {
	var s PlasticState[S, T]
	if err := isTensor("x", x, 2); err != nil {
		return s, err
	}
	if len(p.Shape) == 0 || slices.Min(p.Shape) < 1 {
		return s, fmt.Errorf("the neurons have shape %v, want at least one axis and none of length 0", p.Shape)
	}
	// Nothing yet has the shape of the neurons, of which Rest wants a node.
	batch, n := x.Shape()[0], tensor.Shape(p.Shape).TotalSize()
	var b graph.Builder
	like := b.Reduce(b.Reshape(x, batch, x.Shape().TotalSize()/batch), []int{batch, 1})
	like = b.Expand(like, []int{batch, n})
	if len(p.Shape) > 1 {
		like = b.Reshape(like, append([]int{batch}, p.Shape...)...)
	}
	err := b.Err()
	if err != nil {
		return s, err
	}
	if s.Neurons, err = p.Neurons.Rest(like); err != nil {
		return s, err
	}
	s.Synapses, err = p.Synapses.Rest(x, like)
	return s, err
}

// NewPlasticParams returns the parameters of neurons of the given shape, less the
// batch: n, or out, h' and w'. Their step is that of a neuron model.
func NewPlasticParams[S any, P graph.Params[S], T any, L Learner[T]](step graph.Step[S, P], p P, rule L, shape ...int) PlasticParams[S, P, T, L] {
	return PlasticParams[S, P, T, L]{Step: step, Neurons: p, Synapses: rule, Shape: shape}
}

// PlasticStep is a graph.Step that advances neurons whose input synapses learn by
// the spikes on both sides:
//
//	z, s ← step(x W, s)
//	W ← rule(x, z, W)
//
// x holds spikes [batch, m] and z has shape [batch, n]; or both hold images, and W
// is a kernel. The batch shares the weights. Nothing needs a gradient: a Simulation
// runs the step for as long as it is wanted.
func PlasticStep[S any, P graph.Params[S], T any, L Learner[T]](
	x *G.Node, s PlasticState[S, T], p PlasticParams[S, P, T, L],
) (z *G.Node, next PlasticState[S, T], err error) {
	if z, next, err = p.advance(x, s); err != nil {
		return nil, PlasticState[S, T]{}, fmt.Errorf("plasticity: plastic step: %w", err)
	}
	return z, next, nil
}

func (p PlasticParams[S, P, T, L]) advance(x *G.Node, s PlasticState[S, T]) (z *G.Node, next PlasticState[S, T], err error) {
	if p.Step == nil {
		return nil, next, errors.New("the step of the neurons is nil")
	}
	i, err := p.Synapses.Current(x, s.Synapses)
	if err != nil {
		return nil, next, err
	}
	if z, next.Neurons, err = p.Step(i, s.Neurons, p.Neurons); err != nil {
		return nil, next, err
	}
	next.Synapses, err = p.Synapses.Update(x, z, s.Synapses)
	return z, next, err
}
