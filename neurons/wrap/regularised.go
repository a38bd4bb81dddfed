package wrap

import (
	"errors"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/steps"
)

// An Accumulator adds to reg what a regulariser wants to know of one time step
// with spikes z and new state s. Before the first step reg is nil, which stands
// for zeros of the shape that the Accumulator gives.
type Accumulator[S any] func(b *graph.Builder, z *G.Node, s S, reg *G.Node) *G.Node

// SpikeAccumulator counts the spikes of all neurons:
//
//	reg ← reg + Σ z
//
// The sum is one number, of shape [1]. Its value after every step, which Trace
// gives, joins all neurons at each time step, and makes a scan slow; the value
// after the last step does not.
func SpikeAccumulator[S any](b *graph.Builder, z *G.Node, _ S, reg *G.Node) *G.Node {
	return addTo(b, reg, b.Reduce(z, []int{1}))
}

// VoltageAccumulator adds up the potentials of each neuron:
//
//	reg ← reg + v
//
// The state S needs a field V.
func VoltageAccumulator[S any](b *graph.Builder, _ *G.Node, s S, reg *G.Node) *G.Node {
	v, err := steps.Field[*G.Node](&s, "V")
	if err != nil {
		b.Fail(err)
		return nil
	}
	return addTo(b, reg, *v)
}

// addTo returns reg + x, and x where reg is nil.
func addTo(b *graph.Builder, reg, x *G.Node) *G.Node {
	if reg == nil {
		return x
	}
	return b.Add(reg, x)
}

// RegularisedParams are the parameters of a model with an Accumulator.
type RegularisedParams[S any, P graph.Params[S]] struct {
	Inner      P // of the model
	Accumulate Accumulator[S]
}

// RegularisedState is the state of a model with an Accumulator.
type RegularisedState[S any] struct {
	Inner S       // of the model
	Reg   *G.Node // what has accumulated
}

// Rest returns the model at rest, with zeros accumulated.
func (p RegularisedParams[S, P]) Rest(x *G.Node) (RegularisedState[S], error) {
	inner, err := p.Inner.Rest(x)
	if err != nil || p.Accumulate == nil {
		return RegularisedState[S]{Inner: inner}, err
	}
	var b graph.Builder
	reg := p.Accumulate(&b, b.Fill(x, graph.Const(0)), inner, nil)          // mutate: the shape alone matters
	return RegularisedState[S]{Inner: inner, Reg: b.Sub(reg, reg)}, b.Err() // mutate: zeros
}

// Regularised returns a step that accumulates over time, beside what the model
// computes, what a regulariser needs of it:
//
//	z, s ← step(x, s)
//	reg ← accumulate(z, s, reg)
//
// The output and its shape are those of the step.
func Regularised[S any, P graph.Params[S]](step graph.Step[S, P]) graph.Step[RegularisedState[S], RegularisedParams[S, P]] {
	return func(x *G.Node, s RegularisedState[S], p RegularisedParams[S, P]) (*G.Node, RegularisedState[S], error) {
		z, next, err := step(x, s.Inner, p.Inner)
		if err != nil {
			return nil, s, err
		}
		b := graph.NewBuilder(x, nil)
		if p.Accumulate == nil {
			b.Fail(errors.New("the accumulator is nil"))
			return steps.Done(b, "wrap: regularised", z, s) // mutate: an error
		}
		return steps.Done(b, "wrap: regularised", z, RegularisedState[S]{Inner: next, Reg: p.Accumulate(b, z, next, s.Reg)})
	}
}
