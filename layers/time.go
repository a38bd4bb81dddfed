package layers

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/readout"
)

// FirstSpike is a readout [T, batch, …] → [batch, …]: the time of the first spike, an
// element that is not 0, in steps from 0. Behind the length of a sample there are no
// spikes; in a window the time is that in the whole sequence.
//
// A spike with more weight comes earlier: the gradient of the input is −1 times that of
// the time at the step of that spike, and else 0. A neuron that does not spike at all could
// spike at any step: each of its n steps gets −1/n times the gradient of the time, so that a
// loss that wants it earlier wakes it. Without a Latest there is no such gradient, as the time
// is infinite.
type FirstSpike struct {
	Latest float64 // the time of a neuron that has not spiked, and of one that spikes later; 0 means +Inf
	Strict bool    // a neuron that does not spike gets no gradient
}

// Apply adds the readout.
func (f FirstSpike) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("first spike", x, "[T batch …]", 2, math.MaxInt); err != nil {
		return nil, err
	}
	if !(f.Latest >= 0) {
		return nil, b.errorf("first spike", "Latest is %v, want at least 0", f.Latest)
	}
	t, err := b.FirstSpike(x)
	if err == nil && f.Latest > 0 && !math.IsInf(f.Latest, 1) {
		t, err = f.finite(b, x, t)
	}
	if err != nil {
		return nil, b.errorf("first spike", "%w", err)
	}
	return t, nil
}

// finite returns the times t, at most Latest. Of a neuron that is silent the mean of x over time
// is taken off, which is 0 and brings it a gradient.
func (f FirstSpike) finite(b *Build, x, t *G.Node) (*G.Node, error) {
	var g graph.Builder
	early := g.AtMost(t, f.Latest)
	if f.Strict {
		return early, g.Err()
	}
	mean, err := b.MeanOverTime(x)
	if err != nil {
		return nil, err
	}
	silent := g.Detach(g.Above(t, math.MaxFloat32))
	y := g.Sub(early, g.Mul(silent, mean))
	return y, g.Err()
}

// FirstSpike returns the time of the first spike of x [T, batch, …], an element that
// is not 0, in steps from 0, as [batch, …]; +Inf where there is none.
func (b *Build) FirstSpike(x *G.Node) (*G.Node, error) {
	if b == nil || x == nil || x.Dims() < 2 {
		return nil, fmt.Errorf("layers: first spike: the Build or x is nil, or x is no sequence [T batch …]")
	}
	var before *G.Node
	if b.Carry != nil {
		var err error
		if before, _, err = b.steps(x); err != nil {
			return nil, err
		}
	}
	stamps, err := readout.SpikeStamps(x, before)
	if err != nil {
		return nil, err
	}
	latest, err := b.MaxOverTime(stamps)
	if err != nil {
		return nil, err
	}
	var g graph.Builder
	return g.Neg(latest), g.Err()
}

// steps carries the numbers of steps of x [T, batch, …], [batch]: those before the
// window and those up to its end.
func (b *Build) steps(x *G.Node) (before, soFar *G.Node, err error) {
	var g graph.Builder
	s, err := b.Enter("steps", g.Constant(x, 0, x.Shape()[1]))
	if err != nil {
		return nil, nil, err
	}
	before = g.Detach(s.From())
	if b.Length == nil {
		s.Out = g.Shift(before, graph.Const(float64(x.Shape()[0])))
	} else {
		s.Out = g.Add(before, b.Length)
	}
	return before, s.Out, g.Err()
}

// Vouch says that y is right in windows of longer sequences and for samples of
// different lengths, whatever operations made it: that the layer has carried by Enter
// what it needs to know of the windows before, and has looked at Length. It returns y,
// [T, batch, …] or, of a readout, [batch, …].
func (b *Build) Vouch(y *G.Node) *G.Node {
	if b != nil && y != nil {
		b.vouched = append(b.vouched, y)
	}
	return y
}

// CheckTime returns an error unless the network from x to its output, which has been
// added to b, gives in windows, if it has a Carry, and for samples of different
// lengths what it gives on whole sequences. The error names the layer and the
// operation that does not. An operation of one's own says by a method OverTime() bool
// whether it reads over time: false promises that the first axis of its result is that
// of the inputs which have time, and that each of its elements is made of the elements
// there alone. x has at least two time steps; with one there is nothing to
// see.
func (b *Build) CheckTime(x, out *G.Node, lengths bool) error {
	if b == nil || x == nil || out == nil {
		return fmt.Errorf("layers: time: the Build, x or the output is nil")
	}
	c := timing.Chunks{X: x, Windows: b.Carry != nil, Lengths: lengths, Vouched: b.vouched}
	var states G.Nodes
	if b.Carry != nil {
		for _, s := range b.Carry.States {
			if s != nil && s.In != nil {
				c.Carried, states = append(c.Carried, s.In), append(states, s.Out)
			}
		}
	}
	at, err := c.Check(b.results(out), states)
	return b.blame(at, err)
}

// CheckHidden returns an error if an operation of the network, which has been added to
// b, keeps to itself what the weights and states of a network should hold: Gorgonia's
// batch normalisation and dropout do.
func (b *Build) CheckHidden(out *G.Node) error {
	if b == nil || out == nil {
		return fmt.Errorf("layers: the Build or the output is nil")
	}
	seen := map[*G.Node]bool{}
	for _, r := range b.results(out) {
		at, err := first(r, seen, hidden)
		if err != nil {
			return b.blame(at, err)
		}
	}
	return nil
}

// results returns the nodes of a network that a trainer reads.
func (b *Build) results(out *G.Node) G.Nodes {
	rs := G.Nodes{out}
	for _, o := range b.Outputs {
		if o.Node != out {
			rs = append(rs, o.Node)
		}
	}
	for _, p := range b.Penalties {
		rs = append(rs, p.Node)
	}
	return rs
}

// first returns the first node, inputs before what is made of them, for which f is an
// error.
func first(n *G.Node, seen map[*G.Node]bool, f func(*G.Node) error) (*G.Node, error) {
	if n == nil || seen[n] {
		return nil, nil
	}
	seen[n] = true
	it := n.Graph().From(n.ID())
	for it.Next() {
		if at, err := first(it.Node().(*G.Node), seen, f); err != nil {
			return at, err
		}
	}
	return n, f(n)
}

// blame returns the error of a node with the name of the layer that made it.
func (b *Build) blame(n *G.Node, err error) error {
	if err == nil || n == nil {
		return err
	}
	// Layers are finished in the order in which they come, inner ones first.
	for _, l := range b.finished {
		if makes(l.out, n) {
			return fmt.Errorf("layer %s: %w", l.name, err)
		}
	}
	for _, p := range b.Penalties {
		if makes(p.Node, n) {
			return fmt.Errorf("penalty %s: %w", p.Name, err)
		}
	}
	if b.Carry != nil {
		for _, s := range b.Carry.States {
			if s != nil && s.Out != nil && makes(s.Out, n) {
				return fmt.Errorf("state %s: %w", s.Name, err)
			}
		}
	}
	return err
}

// makes reports whether n is among the nodes that out is made of.
func makes(out, n *G.Node) bool {
	at, _ := first(out, map[*G.Node]bool{}, func(m *G.Node) error {
		if m == n {
			return errFound
		}
		return nil
	})
	return at == n
}

var errFound = fmt.Errorf("found")

// A finishedLayer is a layer that has been added.
type finishedLayer struct {
	name string
	out  *G.Node
}
