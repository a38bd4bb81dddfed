// Package reverse differentiates graphs of Gorgonia backwards. It makes the nodes that
// gorgonia.Backpropagate makes, in the same order, but has each made by a [Maker], which
// notices where Gorgonia takes an operation for another of the same hash: what Gorgonia
// does within its own derivatives nobody could see, and a gradient would be wrong.
package reverse

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/op"
)

// A Maker adds nodes to a graph and keeps the first error; a graph.Builder is one.
type Maker interface {
	Apply(op G.Op, in ...*G.Node) *G.Node
	Fail(err error)
	Err() error
}

// Gradients returns the gradients by wrt of the sum of outs, each weighed by its
// gradOut, nil by a node on which none of them depends. Those that end it are taken for inputs.
func Gradients(b Maker, outs, gradOuts, wrt G.Nodes, ends ...*G.Node) (G.Nodes, error) {
	found := make(G.Nodes, len(wrt))
	if len(outs) == 0 {
		return found, nil
	}
	sorted, err := G.Sort(outs[0].Graph())
	if err != nil {
		return nil, err
	}
	active := between(sorted, outs, wrt, ends)
	terms := map[*G.Node]G.Nodes{} // of the gradient by each node
	for i, n := range outs {
		terms[n] = append(terms[n], gradOuts[i])
	}
	for _, n := range sorted { // results come before what they are computed from
		if !active[n] || len(terms[n]) == 0 {
			continue
		}
		grad := sum(b, terms[n])
		terms[n] = G.Nodes{grad}
		if b.Err() != nil || n.Op() == nil || slices.Contains(ends, n) {
			continue
		}
		in, ds, by := pullBack(b, n, grad)
		if b.Err() != nil {
			return nil, fmt.Errorf("%v: %w", n, b.Err())
		}
		for i, c := range in {
			if by[i] && active[c] {
				terms[c] = append(terms[c], ds[i])
			}
		}
	}
	for i, n := range wrt {
		if active[n] && len(terms[n]) > 0 {
			found[i] = terms[n][0]
		}
	}
	return found, b.Err()
}

// between returns the nodes on the ways from outs back to wrt that a gradient takes, the
// ends included.
func between(sorted, outs, wrt, ends G.Nodes) map[*G.Node]bool {
	reached, depends := map[*G.Node]bool{}, map[*G.Node]bool{}
	for _, n := range outs {
		reached[n] = true
	}
	for _, n := range wrt {
		depends[n] = true
	}
	flows := func(n *G.Node, f func(c *G.Node)) {
		if d, ok := n.Op().(G.SDOp); ok && !slices.Contains(ends, n) {
			in := op.Children(n)
			for i, by := range d.DiffWRT(len(in)) {
				if by {
					f(in[i])
				}
			}
		}
	}
	for _, n := range sorted {
		if reached[n] {
			flows(n, func(c *G.Node) { reached[c] = true })
		}
	}
	for i := len(sorted) - 1; i >= 0; i-- {
		n := sorted[i]
		flows(n, func(c *G.Node) { depends[n] = depends[n] || depends[c] })
		if !depends[n] {
			delete(reached, n)
		}
	}
	return reached
}

// sum adds up the terms from the first to the last.
func sum(b Maker, terms G.Nodes) *G.Node {
	y := terms[0]
	for _, x := range terms[1:] {
		if y == nil || x == nil {
			return nil
		}
		a := newApart(y.Graph())
		s, err := G.Add(a.stand(y, 0), a.stand(x, 0))
		if err != nil {
			b.Fail(err)
			return nil
		}
		y = a.back(b, s)
	}
	return y
}

// pullBack returns the inputs of n, the gradients by them, given that by n, and by which
// of them there is one.
func pullBack(b Maker, n, grad *G.Node) (in, ds G.Nodes, by []bool) {
	in = op.Children(n)
	d := n.Op().(G.SDOp)
	by = d.DiffWRT(len(in))
	var err error
	if repeats[op.GorgoniaName(n.Op())] {
		a := newApart(n.Graph())
		ins := make(G.Nodes, len(in))
		for i, x := range in {
			ins[i] = a.stand(x, 1)
		}
		if ds, err = d.SymDiff(ins, a.stand(n, 1), a.stand(grad, 1)); err == nil {
			for i, x := range ds {
				if by[i] {
					ds[i] = a.back(b, x)
				}
			}
		}
	} else {
		ds, err = d.SymDiff(in, n, grad)
	}
	if err != nil {
		b.Fail(err)
	}
	for i := range in {
		if err == nil && by[i] && (i >= len(ds) || ds[i] == nil) {
			b.Fail(fmt.Errorf("there is no gradient by input %d, %v", i, in[i]))
		}
	}
	return in, ds, by
}

// repeats are the operations of Gorgonia whose derivatives are made apart: those that a
// graph has many of, and that make derivatives of operations and constants alone.
var repeats = map[string]bool{
	"elemBinOp": true, "elemUnaryOp": true, "linAlgBinOp": true, "sumOp": true,
	"repeatOp": true, "reshapeOp": true, "transposeOp": true, "sizeOp": true,
}

// Whole reports whether Gradients can take the place of gorgonia.Backpropagate where
// Gorgonia is to know what it found: of operations that are ours, or whose derivatives
// are made apart.
func Whole(n *G.Node) bool {
	return n.Op() == nil || op.Owns(n.Op()) || repeats[op.GorgoniaName(n.Op())] || len(op.Children(n)) == 0
}
