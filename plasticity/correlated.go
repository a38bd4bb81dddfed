package plasticity

import (
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// CorrelatedParams are the parameters of recurrent neurons with a correlation
// sensor at each synapse.
type CorrelatedParams[S any, P graph.Params[S]] struct {
	Neurons              wrap.RecurrentParams[S, P]
	WIn                  *G.Node // input weights [m, n]
	InputCorrelation     CorrelationParams
	RecurrentCorrelation CorrelationParams
}

// CorrelatedState is the state of recurrent neurons with a correlation sensor at
// each synapse.
type CorrelatedState[S any] struct {
	Neurons   wrap.RecurrentState[S]
	Input     CorrelationState // at the input synapses [batch, m, n]
	Recurrent CorrelationState // at the recurrent synapses [batch, n, n]
}

// Rest returns the neurons and the sensors at rest.
func (p CorrelatedParams[S, P]) Rest(x *G.Node) (CorrelatedState[S], error) {
	var s CorrelatedState[S]
	i, err := p.current(x)
	if err != nil {
		return s, err
	}
	if s.Neurons, err = p.Neurons.Rest(i); err != nil {
		return s, err
	}
	if s.Input, err = p.InputCorrelation.Rest(x, i); err != nil {
		return s, err
	}
	s.Recurrent, err = p.RecurrentCorrelation.Rest(i, i)
	return s, err
}

func (p CorrelatedParams[S, P]) current(x *G.Node) (*G.Node, error) {
	if p.WIn == nil {
		return nil, errors.New("the input weights WIn are nil")
	}
	var b graph.Builder
	i := b.MatMul(x, p.WIn)
	return i, b.Err()
}

// Correlated returns the step of neurons that are connected among themselves and
// have a correlation sensor at every synapse, of the input and of each other:
//
//	z, s ← step(x W_in + z_old W, s)
//	input ← sensor(x, z, input)
//	recurrent ← sensor(z_old, z, recurrent)
//
// The sensors change nothing: what they saw is in the state, for a
// CorrelationUpdate to use. x has shape [batch, m], z [batch, n].
//
// S. Friedmann et al., IEEE Trans. Biomed. Circuits Syst. 11 (2017), 128.
func Correlated[S any, P graph.Params[S]](step graph.Step[S, P]) graph.Step[CorrelatedState[S], CorrelatedParams[S, P]] {
	recurrent := wrap.Recurrent(step)
	return func(x *G.Node, s CorrelatedState[S], p CorrelatedParams[S, P]) (*G.Node, CorrelatedState[S], error) {
		z, next, err := correlated(recurrent, x, s, p)
		if err != nil {
			return nil, CorrelatedState[S]{}, fmt.Errorf("plasticity: correlated step: %w", err)
		}
		return z, next, nil
	}
}

func correlated[S any, P graph.Params[S]](
	step graph.Step[wrap.RecurrentState[S], wrap.RecurrentParams[S, P]], x *G.Node, s CorrelatedState[S], p CorrelatedParams[S, P],
) (z *G.Node, next CorrelatedState[S], err error) {
	i, err := p.current(x)
	if err != nil {
		return nil, next, err
	}
	if z, next.Neurons, err = step(i, s.Neurons, p.Neurons); err != nil {
		return nil, next, err
	}
	if next.Input, err = p.InputCorrelation.Update(x, z, s.Input); err != nil {
		return nil, next, fmt.Errorf("input: %w", err)
	}
	if next.Recurrent, err = p.RecurrentCorrelation.Update(s.Neurons.Z, z, s.Recurrent); err != nil {
		return nil, next, fmt.Errorf("recurrent: %w", err)
	}
	return z, next, nil
}
