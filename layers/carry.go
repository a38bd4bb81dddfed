package layers

import (
	"errors"
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/readout"
)

// A Carry makes a network that works on a window of time: what layers would start
// from rest enters through inputs, and what they end with leaves through nodes. A
// long sequence is then run window by window, the states handed on. That is how
// memory is saved by computing again, how backpropagation is truncated, and how a
// network runs step by step.
type Carry struct {
	// Starts is an input [batch]: not 0 for the samples whose sequence starts in this
	// window, which start from rest whatever enters. Nil takes what enters for all.
	Starts *G.Node
	States []*State // in the order in which the layers came
}

// A State is a value [batch, …] that a network carries from window to window: a
// membrane voltage, the maximum of a readout so far.
type State struct {
	Name string
	Rest *G.Node // what a sequence starts from
	In   *G.Node // input: what enters the window; nil where nothing is carried
	Out  *G.Node // what leaves the window; the layer that entered the state sets it
	from *G.Node
}

// From returns the node that a layer starts the window from.
func (s *State) From() *G.Node {
	if s == nil {
		return nil
	}
	return s.from
}

// Enter enters a state [batch, …] that starts from rest, called by the path of the
// layer with name at its end. The layer starts from the node From of it and sets
// its Out. Without a Carry, From is rest, and Out is not looked at.
func (b *Build) Enter(name string, rest *G.Node) (*State, error) {
	switch {
	case b == nil || rest == nil:
		return nil, fmt.Errorf("layers: state %s: the Build or the node of the state at rest is nil", name)
	case b.Carry == nil:
		return &State{Name: b.Name(name), Rest: rest, from: rest}, nil
	}
	s := &State{Name: b.Name(name), Rest: rest}
	for i := 2; slices.ContainsFunc(b.Carry.States, func(o *State) bool { return o != nil && o.Name == s.Name }); i++ {
		s.Name = fmt.Sprintf("%s %d", b.Name(name), i)
	}
	shape := rest.Shape()
	if rest.Dims() < 1 || slices.Min(shape) < 1 || rest.Dtype() != tensor.Float32 && rest.Dtype() != tensor.Float64 {
		return nil, fmt.Errorf("layers: state %s: at rest it has shape %v of %v, want [batch …] of float32 or float64", s.Name, []int(shape), rest.Dtype())
	}
	var err error
	if s.In, err = graph.Input(rest.Graph(), "carried "+s.Name, tensor.New(tensor.Of(rest.Dtype()), tensor.WithShape(shape...))); err != nil {
		return nil, fmt.Errorf("layers: state %s: %w", s.Name, err)
	}
	s.from = s.In
	if b.Carry.Starts != nil {
		var g graph.Builder
		s.from = readout.Choose(&g, b.Carry.Starts, rest, s.In)
		if err := g.Err(); err != nil {
			return nil, fmt.Errorf("layers: state %s: %w", s.Name, err)
		}
	}
	b.Carry.States = append(b.Carry.States, s)
	return s, nil
}

// LastStep returns the value of x [T, batch, …] at the last time step of each
// sample, as [batch, …].
func (b *Build) LastStep(x *G.Node) (*G.Node, error) {
	return b.over("last", 0, x, readout.Window.LastStep)
}

// MaxOverTime returns the largest value of x [T, batch, …] over the time steps of
// each sample, as [batch, …].
func (b *Build) MaxOverTime(x *G.Node) (*G.Node, error) {
	return b.over("max", math.Inf(-1), x, readout.Window.MaxOverTime)
}

// SumOverTime returns the sum of x [T, batch, …] over the time steps of each
// sample, as [batch, …].
func (b *Build) SumOverTime(x *G.Node) (*G.Node, error) {
	return b.over("sum", 0, x, readout.Window.SumOverTime)
}

// MeanOverTime returns the mean of x [T, batch, …] over the time steps of each
// sample, as [batch, …].
func (b *Build) MeanOverTime(x *G.Node) (*G.Node, error) {
	sum, err := b.SumOverTime(x)
	if err != nil {
		return nil, err
	}
	return b.perStep(x, sum)
}

// Excursion returns the mean over the time steps of each sample of how far x [T,
// batch, …] strays from a range, as [batch, …]; see readout.Excursion.
func (b *Build) Excursion(x *G.Node, lo, hi float64) (*G.Node, error) {
	sum, err := b.over("excursion", 0, x, func(w readout.Window, x *G.Node) (*G.Node, error) { return w.Excursion(x, lo, hi) })
	if err != nil {
		return nil, err
	}
	return b.perStep(x, sum)
}

// over reads x over time, from what entered the window on.
func (b *Build) over(name string, rest float64, x *G.Node, read func(readout.Window, *G.Node) (*G.Node, error)) (*G.Node, error) {
	if b == nil || x == nil {
		return nil, errors.New("layers: " + name + " over time: the Build or x is nil")
	}
	w := readout.Window{Length: b.Length}
	if b.Carry == nil || x.Dims() < 2 {
		return read(w, x)
	}
	var g graph.Builder
	start := g.Constant(x, rest, x.Shape()[1:]...)
	if err := g.Err(); err != nil {
		return nil, err
	}
	s, err := b.Enter(name, start)
	if err != nil {
		return nil, err
	}
	w.Enter = s.From()
	s.Out, err = read(w, x)
	return s.Out, err
}

// perStep divides a sum over the time steps of x by their number so far.
func (b *Build) perStep(x, sum *G.Node) (*G.Node, error) {
	var g graph.Builder
	steps := float64(x.Shape()[0])
	if b.Carry == nil {
		if b.Length == nil {
			sum = g.Scale(sum, graph.Const(1/steps))
		} else {
			sum = readout.PerStep(&g, sum, b.Length)
		}
		return sum, g.Err()
	}
	_, soFar, err := b.steps(x)
	if err != nil {
		return nil, err
	}
	return readout.PerStep(&g, sum, soFar), g.Err()
}
