package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/limit"
)

// ShapeOf returns the shape of n as a plain slice, for messages.
func ShapeOf(n *G.Node) []int { return []int(n.Shape()) }

// Children returns the inputs of n in order, duplicates included.
func Children(n *G.Node) G.Nodes {
	it := n.Graph().From(n.ID())
	if it == nil {
		return nil
	}
	var in G.Nodes
	for it.Next() {
		in = append(in, it.Node().(*G.Node))
	}
	return in
}

// Upstream appends n and the nodes that it is computed from, inputs first, but for
// those seen before.
func Upstream(n *G.Node, seen map[*G.Node]bool, to *G.Nodes) {
	if seen[n] {
		return
	}
	seen[n] = true
	for _, c := range Children(n) {
		Upstream(c, seen, to)
	}
	*to = append(*to, n)
}

// Fits returns an error if the result of an operation has more elements than a
// tensor may have. One that stands for lists of spikes is not made as a rule.
func Fits(n *G.Node) error {
	if _, lists := n.Op().(Listed); lists || n.Op() == nil {
		return nil
	}
	if _, err := limit.Elements(n.Shape()...); err != nil {
		return fmt.Errorf("the result: %w", err)
	}
	return nil
}
