package train

import (
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
)

// A carry is what the graph of a segment has besides the network.
//
// The gradient of the whole sample comes segment by segment, the last one first.
// With C the terms of the loss that the segment has and λ the gradient of the states
// that leave it, the cost of the segment is C + Σ λ·state, and its gradient by the
// states that enter is the λ of the segment before.
type carry struct {
	starts  *G.Node // [batch], 1 where a sequence starts
	last    *G.Node // 1 in the segment at whose end the readouts and penalties count, else 0
	counts  *G.Node // 1 where terms that are sums over time count, else 0
	states  []*layers.State
	lambda  G.Nodes
	advance *machine.Machine // the states that leave; nil without states

	zeros []*tensor.Dense   // λ of the last segment
	back  []*tensor.Dense   // λ of the others
	at    [][]*tensor.Dense // the states that enter segment k, at k modulo its length
}

// newCarry adds the inputs that say where a segment stands.
func newCarry(g *G.ExprGraph, dt tensor.Dtype, batch int) (*carry, error) {
	c := &carry{}
	var err error
	if c.starts, err = graph.Input(g, "starts", tensor.New(tensor.Of(dt), tensor.WithShape(batch))); err != nil {
		return nil, err
	}
	fill(c.starts, 1)
	c.last = G.NewScalar(g, dt, G.WithName("last segment"), G.WithValue(scalarOf(dt, 1)))
	c.counts = G.NewScalar(g, dt, G.WithName("segment counts"), G.WithValue(scalarOf(dt, 1)))
	return c, nil
}

func scalarOf(dt tensor.Dtype, x float64) any {
	if dt == tensor.Float32 {
		return float32(x)
	}
	return x
}

// join takes over the states of the network, and returns λ·state, summed.
func (c *carry) join(b *graph.Builder, m *Model) (sum *G.Node, err error) {
	c.states = m.build.Carry.States
	for _, s := range c.states {
		if s == nil || s.In == nil || s.Out == nil || !s.Out.Shape().Eq(s.In.Shape()) {
			return nil, errNoOut
		}
		zero := tensor.New(tensor.Of(m.net.Dtype), tensor.WithShape(s.In.Shape()...))
		l, err := graph.Input(s.In.Graph(), "gradient of "+s.In.Name(), zero)
		if err != nil {
			return nil, err
		}
		c.lambda = append(c.lambda, l)
		c.zeros, c.back = append(c.zeros, zero), append(c.back, zero.Clone().(*tensor.Dense))
		product := b.Reduce(b.Mul(s.Out, l), nil)
		if sum == nil {
			sum = product
		} else {
			sum = b.Add(sum, product)
		}
	}
	c.at = make([][]*tensor.Dense, m.cut.Reach+1)
	for k := range c.at {
		for _, z := range c.zeros {
			c.at[k] = append(c.at[k], z.Clone().(*tensor.Dense))
		}
	}
	return sum, nil
}

var errNoOut = errors.New("network: a layer entered a state and did not say what leaves it, of the same shape")

// ins returns the states that enter a segment, of which a nil carry has none.
func (c *carry) ins() (ns G.Nodes) {
	if c == nil {
		return nil
	}
	for _, s := range c.states {
		ns = append(ns, s.In)
	}
	return ns
}

// outs returns the states that leave a segment.
func (c *carry) outs() (ns G.Nodes) {
	if c == nil {
		return nil
	}
	for _, s := range c.states {
		ns = append(ns, s.Out)
	}
	return ns
}

// stand puts the inputs in the place of segment k of the batch that f has loaded.
func (c *carry) stand(f *feed.Feeder, k int) error {
	if err := f.Put(k); err != nil {
		return err
	}
	if k == 0 {
		flat.Set(c.starts.Value(), f.Starts)
	} else {
		c.starts.Value().(*tensor.Dense).Zero()
	}
	return let(c.ins(), c.entering(k))
}

// entering returns the states that enter segment k.
func (c *carry) entering(k int) []*tensor.Dense { return c.at[k%len(c.at)] }

// keep copies the states that left segment k, which the machine has there.
func (c *carry) keep(k int, m *machine.Machine, at span) error {
	for j, t := range c.entering(k + 1) {
		if err := flat.Copy(t, m.Value(at.from+j)); err != nil {
			return fmt.Errorf("state %s %w", c.states[j].Name, err)
		}
	}
	return nil
}

// forward runs segments from to end−1 for the states that they hand on.
func (c *carry) forward(f *feed.Feeder, from, end int) error {
	if c.advance == nil {
		return nil
	}
	for k := from; k < end; k++ {
		if err := c.stand(f, k); err != nil {
			return err
		}
		if err := c.advance.Run(); err != nil {
			return err
		}
		if err := c.keep(k, c.advance, span{0, len(c.states)}); err != nil {
			return err
		}
	}
	return nil
}

func let(nodes G.Nodes, vs []*tensor.Dense) error {
	for i, n := range nodes {
		if err := G.Let(n, vs[i]); err != nil {
			return err
		}
	}
	return nil
}

func flag(n *G.Node, dt tensor.Dtype, on bool) error {
	x := 0.
	if on {
		x = 1
	}
	return G.Let(n, scalarOf(dt, x))
}
