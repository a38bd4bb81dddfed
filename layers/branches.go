package layers

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// Concat applies layers to one input and joins their outputs along the channels of
// sequences [T, batch, c, …], or the last axis of [batch, n]. They are named by their
// number, or by Named.
type Concat []Layer

// Apply adds the layers and joins them.
func (c Concat) Apply(b *Build, x *G.Node) (*G.Node, error) {
	outs, names, err := branches(b, "concat", c, x)
	if err != nil {
		return nil, err
	}
	first := outs[0].Shape()
	axis := min(2, len(first)-1)
	for i, o := range outs {
		s := slices.Clone(o.Shape())
		if len(s) == len(first) && len(s) >= 2 {
			s[axis] = first[axis]
		}
		if len(first) < 2 || !s.Eq(first) {
			return nil, b.errorf("concat", "%s has shape %v, %s %v; want them to differ in axis %d alone", names[0], []int(first), names[i], []int(o.Shape()), axis)
		}
	}
	if len(outs) == 1 {
		return outs[0], nil
	}
	y, err := G.Concat(axis, outs...)
	if err != nil {
		return nil, b.errorf("concat", "%w", err)
	}
	return y, nil
}

// Sum applies layers to one input and adds up their outputs, which have one shape.
// They are named by their number, or by Named.
type Sum []Layer

// Apply adds the layers and their sum.
func (s Sum) Apply(b *Build, x *G.Node) (*G.Node, error) {
	outs, names, err := branches(b, "sum", s, x)
	if err != nil {
		return nil, err
	}
	var g graph.Builder
	y := outs[0]
	for i, o := range outs[1:] {
		if !o.Shape().Eq(y.Shape()) {
			return nil, b.errorf("sum", "%s has shape %v, %s %v; want one shape", names[0], []int(y.Shape()), names[1+i], []int(o.Shape()))
		}
		y = g.Add(y, o)
	}
	if err := g.Err(); err != nil {
		return nil, b.errorf("sum", "%w", err)
	}
	return y, nil
}

// Heads applies layers to one input and makes each output one of the network's, under
// its name: Build.Outputs has them, in order. Named gives a layer its name; others go by
// their number. What Heads returns is the first of them.
//
//	layers.Heads{
//		layers.Named("class", layers.Sequential{layers.Linear{Out: 10}, layers.MeanOverTime}),
//		layers.Named("angle", layers.Sequential{layers.Linear{Out: 1}, layers.MeanOverTime}),
//	}
type Heads []Layer

// Apply adds the layers.
func (h Heads) Apply(b *Build, x *G.Node) (*G.Node, error) {
	outs, names, err := branches(b, "heads", h, x)
	if err != nil {
		return nil, err
	}
	for i, o := range outs {
		if err := b.Output(names[i], o); err != nil {
			return nil, err
		}
	}
	return outs[0], nil
}

// An Output is an output of a network that has a name.
type Output struct {
	Name string
	Node *G.Node // [batch, …] or [T, batch, …]
}

// Output makes a node an output of the network, under a name that no other has.
func (b *Build) Output(name string, n *G.Node) error {
	switch {
	case b == nil || n == nil:
		return fmt.Errorf("layers: output %s: the Build or the node is nil", name)
	case name == "":
		return b.errorf("output", "its name is empty")
	case slices.ContainsFunc(b.Outputs, func(o Output) bool { return o.Name == name }):
		return b.errorf("output", "there is one called %s already; tell heads apart by Named", name)
	}
	b.Outputs = append(b.Outputs, Output{name, n})
	return nil
}

// branches applies layers to x, and returns their outputs and names.
func branches(b *Build, kind string, ls []Layer, x *G.Node) (outs G.Nodes, names []string, err error) {
	switch {
	case b == nil || x == nil:
		return nil, nil, fmt.Errorf("layers: %s: the Build or x is nil", kind)
	case len(ls) == 0:
		return nil, nil, b.errorf(kind, "there are no layers in it")
	}
	for i, l := range ls {
		n := numbered(i, l)
		y, err := n.Apply(b, x)
		if err != nil {
			return nil, nil, err
		}
		outs, names = append(outs, y), append(names, n.name)
	}
	return outs, names, nil
}
