// Package segments runs a network through a sequence segment by segment: it has the states
// that one segment hands on to the next, and the gradient that comes back from there.
package segments

import (
	"errors"
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
)

// A Carry is what the graph of a segment has besides the network.
//
// The gradient of the whole sample comes segment by segment, the last one first.
// With C the terms of the loss that the segment has and λ the gradient of the states
// that leave it, the cost of the segment is C + Σ λ·state, and its gradient by the
// states that enter is the λ of the segment before.
type Carry struct {
	Starts  *G.Node // [batch], 1 where a sequence starts
	Last    *G.Node // 1 in the segment at whose end the readouts and penalties count, else 0
	Counts  *G.Node // 1 where terms that are sums over time count, else 0
	States  []*layers.State
	Lambda  G.Nodes
	Advance *machine.Machine // the states that leave; nil without states

	Zeros []*tensor.Dense // λ of the last segment
	Back  []*tensor.Dense // λ of the others
	dtype tensor.Dtype
	at    [][]*tensor.Dense // the states that enter segment k, at k modulo its length
}

// New returns the Carry of a graph for batches of a size, to which it adds the inputs that say where a segment stands.
func New(g *G.ExprGraph, dt tensor.Dtype, batch int) (*Carry, error) {
	c := &Carry{dtype: dt}
	var err error
	if c.Starts, err = graph.Input(g, "starts", tensor.New(tensor.Of(dt), tensor.WithShape(batch))); err != nil {
		return nil, err
	}
	flat.Set(c.Starts.Value(), slices.Repeat([]float32{1}, batch))
	c.Last = G.NewScalar(g, dt, G.WithName("last segment"), G.WithValue(scalarOf(dt, 1)))
	c.Counts = G.NewScalar(g, dt, G.WithName("segment counts"), G.WithValue(scalarOf(dt, 1)))
	return c, nil
}

func scalarOf(dt tensor.Dtype, x float64) any {
	if dt == tensor.Float32 {
		return float32(x)
	}
	return x
}

// Join takes over the states of a network, and returns λ·state, summed; a gradient reaches
// back over so many segments.
func (c *Carry) Join(b *graph.Builder, states []*layers.State, reach int) (sum *G.Node, err error) {
	c.States = states
	for _, s := range c.States {
		if s == nil || s.In == nil || s.Out == nil || !s.Out.Shape().Eq(s.In.Shape()) {
			return nil, ErrNoOut
		}
		zero := tensor.New(tensor.Of(c.dtype), tensor.WithShape(s.In.Shape()...))
		l, err := graph.Input(s.In.Graph(), "gradient of "+s.In.Name(), zero)
		if err != nil {
			return nil, err
		}
		c.Lambda = append(c.Lambda, l)
		c.Zeros, c.Back = append(c.Zeros, zero), append(c.Back, zero.Clone().(*tensor.Dense))
		product := b.Reduce(b.Mul(s.Out, l), nil)
		if sum == nil {
			sum = product
		} else {
			sum = b.Add(sum, product)
		}
	}
	c.at = make([][]*tensor.Dense, reach+1)
	for k := range c.at {
		for _, z := range c.Zeros {
			c.at[k] = append(c.at[k], z.Clone().(*tensor.Dense))
		}
	}
	return sum, nil
}

// Hold takes over the states of a network through which no gradient goes back.
func (c *Carry) Hold(states []*layers.State) error {
	c.States = states
	var at []*tensor.Dense
	for _, s := range states {
		if s == nil || s.In == nil || s.Out == nil || !s.Out.Shape().Eq(s.In.Shape()) {
			return ErrNoOut
		}
		at = append(at, tensor.New(tensor.Of(c.dtype), tensor.WithShape(s.In.Shape()...)))
	}
	c.at = [][]*tensor.Dense{at}
	return nil
}

// ErrNoOut is the error of a layer that says where a state enters alone.
var ErrNoOut = errors.New("network: a layer entered a state and did not say what leaves it, of the same shape")

// Ins returns the states that enter a segment, of which a nil carry has none.
func (c *Carry) Ins() (ns G.Nodes) {
	if c == nil {
		return nil
	}
	for _, s := range c.States {
		ns = append(ns, s.In)
	}
	return ns
}

// Outs returns the states that leave a segment.
func (c *Carry) Outs() (ns G.Nodes) {
	if c == nil {
		return nil
	}
	for _, s := range c.States {
		ns = append(ns, s.Out)
	}
	return ns
}

// Stand puts the inputs in the place of segment k of the batch that f has loaded.
func (c *Carry) Stand(f *feed.Feeder, k int) error {
	if err := f.Put(k); err != nil {
		return err
	}
	if k == 0 {
		flat.Set(c.Starts.Value(), f.Starts)
	} else {
		c.Starts.Value().(*tensor.Dense).Zero()
	}
	return Let(c.Ins(), c.Entering(k))
}

// Entering returns the states that enter segment k.
func (c *Carry) Entering(k int) []*tensor.Dense { return c.at[k%len(c.at)] }

// Keep copies the states that left segment k, the values of the machine from the given one on.
func (c *Carry) Keep(k int, m *machine.Machine, from int) error {
	for j, t := range c.Entering(k + 1) {
		if err := flat.Copy(t, m.Value(from+j)); err != nil {
			return fmt.Errorf("state %s %w", c.States[j].Name, err)
		}
	}
	return nil
}

// Forward runs segments from to end−1 for the states that they hand on.
func (c *Carry) Forward(f *feed.Feeder, from, end int) error {
	if c.Advance == nil {
		return nil
	}
	for k := from; k < end; k++ {
		if err := c.Stand(f, k); err != nil {
			return err
		}
		if err := c.Advance.Run(); err != nil {
			return err
		}
		if err := c.Keep(k, c.Advance, 0); err != nil {
			return err
		}
	}
	return nil
}

// Ending returns a machine for nodes, among which are the states that leave a segment, without these: traces of learning online
// cost as much as all else. What comes after them keeps its place.
func (c *Carry) Ending(nodes G.Nodes, states Span) (*machine.Machine, error) {
	nodes = slices.Clone(nodes)
	copy(nodes[states.From:], c.Ins())
	return machine.New(nodes...)
}

// Let gives nodes their values.
func Let(nodes G.Nodes, vs []*tensor.Dense) error {
	for i, n := range nodes {
		if err := G.Let(n, vs[i]); err != nil {
			return err
		}
	}
	return nil
}

// Flag sets an input of 1 or 0.
func (c *Carry) Flag(n *G.Node, on bool) error {
	x := 0.
	if on {
		x = 1
	}
	return G.Let(n, scalarOf(c.dtype, x))
}
