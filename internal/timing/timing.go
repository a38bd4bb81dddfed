// Package timing follows the time steps of a network from its input: which nodes have
// them side by side, which were read over them, and whether that is right where a
// sequence is not seen whole.
package timing

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	ops "github.com/spikegrad/spikegrad/internal/op"
)

// An OverTimer is an operation that says whether it reads over time, as one of a user's
// own must in a network that does not see whole sequences of one length. False promises that the first axis of the result is that of the inputs which
// have time, and that each of its elements is made of the elements there alone.
type OverTimer interface {
	OverTime() bool
}

// Chunks say how a network meets sequences that it does not see whole, or that do
// not all have the same length. A value that was right for whole sequences is wrong
// then, without an error, if an operation takes the steps that it sees for all there
// are: so Check follows the time steps from the input through the network.
type Chunks struct {
	X       *G.Node // the input [T, batch, …], with T of at least 2
	Windows bool    // sequences come window by window, T steps at a time
	Lengths bool    // samples have different numbers of steps, or windows have steps behind the end
	Carried G.Nodes // inputs that hold what the windows before have handed on
	Vouched G.Nodes // nodes that are right whatever made them
}

// A Timing says what a value has to do with the time steps of the input.
type Timing struct {
	kind    kind
	stride  int     // of a sequence: how many elements of it one time step has side by side
	carried bool    // what windows before have handed on has a part in it
	blind   *G.Node // read over time without a look at lengths, or nil
}

type kind uint8

const (
	timeless kind = iota // weights, and what windows before have handed on
	sequence             // has the time steps side by side
	soFar                // was read over the time steps of all windows up to now
	extent               // how many elements an axis with time has
)

// Check returns an error, and the node whose operation is to blame, unless the
// values of the results and of the states that are handed on are right in chunks as
// they are for whole sequences.
func (c Chunks) Check(results, states G.Nodes) (at *G.Node, err error) {
	if c.X == nil || c.X.Dims() < 2 || c.X.Shape()[0] < 2 {
		return c.X, fmt.Errorf("chunks of time: want an input [T batch …] with at least two steps")
	}
	t := timer{Chunks: c, steps: c.X.Shape()[0], known: map[*G.Node]Timing{c.X: {kind: sequence, stride: c.X.Shape()[1:].TotalSize()}}}
	if lists, ok := c.X.Op().(ops.Listed); ok {
		t.known[lists.Token()] = t.known[c.X]
	}
	for _, n := range c.Carried {
		t.known[n] = Timing{carried: true}
	}
	for _, n := range c.Vouched {
		t.known[n] = Timing{kind: soFar}
		if s := n.Shape(); len(s) >= 2 && slices.Equal(s[:2], c.X.Shape()[:2]) {
			t.known[n] = Timing{kind: sequence, stride: s[1:].TotalSize()}
		}
	}
	for i, n := range slices.Concat(results, states) {
		if n == nil {
			continue
		}
		end, err := t.of(n)
		switch {
		case err != nil:
			return t.at, err
		case i < len(results) && c.Lengths && end.blind != nil:
			return end.blind, readsWhole(end.blind)
		}
	}
	return nil, nil
}

// A timer finds the timings of nodes.
type timer struct {
	Chunks
	steps int // T
	known map[*G.Node]Timing
	at    *G.Node // where an error is
}

func (t *timer) of(n *G.Node) (Timing, error) {
	if known, ok := t.known[n]; ok {
		return known, nil
	}
	u := &Reading{timer: t, Result: n, From: ops.Children(n)}
	inner, carried := false, false
	for _, c := range u.From {
		in, err := t.of(c)
		if err != nil {
			return Timing{}, err
		}
		u.in = append(u.in, in)
		inner, carried = inner || in.kind != timeless, carried || in.carried
	}
	var out Timing
	if inner {
		var err error
		if out, err = u.result(); err != nil {
			if t.at == nil {
				t.at = n
			}
			return Timing{}, err
		}
	}
	_, constant := n.Op().(Constant)
	out.carried = carried && !constant
	t.known[n] = out
	return out, nil
}
