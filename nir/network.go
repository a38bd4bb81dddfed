package nir

import (
	"errors"
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
)

// A Network is an imported network: a layer from [T, batch, …] to [T, batch, …] (with a
// readout of metadata, to [batch, …]). It may be part of other networks, trained, and
// exported again. Goroutines may share it.
type Network struct {
	flat    *Graph
	vs      []*vertex
	in, out int
	parts   []part
	readout layers.Layer // nil for none
	options Options
	report  Report
}

// A part is a vertex, or vertices that are connected in a loop.
type part struct {
	of   []int
	loop *loop // nil for a vertex
}

// loopWith returns the loop that a vertex is in, nil if it is in none.
func (n *Network) loopWith(i int) *loop {
	for _, p := range n.parts {
		if p.loop != nil && !p.loop.outside(i) {
			return p.loop
		}
	}
	return nil
}

// Report returns what was decided when the network was imported.
func (n *Network) Report() Report {
	if n == nil {
		return Report{}
	}
	return Report{n.report.Dt, slices.Clone(n.report.Notes)}
}

// Shape returns what goes in and what comes out at one time step, without the batch.
func (n *Network) Shape() Shape {
	if n == nil || len(n.vs) == 0 {
		return Shape{}
	}
	return Shape{slices.Clone(n.vs[n.in].In), slices.Clone(n.vs[n.out].Out)}
}

// String returns the network in a few words.
func (n *Network) String() string {
	if n == nil || len(n.vs) == 0 {
		return "NIR{}"
	}
	s := n.Shape()
	return fmt.Sprintf("NIR{%d nodes, %v to %v}", len(n.vs), s.In, s.Out)
}

// Apply adds the network: for each node what it computes on whole sequences, and for
// nodes in a loop a scan.
func (n *Network) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	if n == nil || len(n.vs) == 0 || b == nil || x == nil {
		return nil, errors.New("nir: apply: the Network, the Build or x is nil; Import makes a Network")
	}
	if want := n.vs[n.in].In; x.Dims() < 3 || !slices.Equal([]int(x.Shape()[2:]), want) {
		return nil, fmt.Errorf("nir: %s: x has shape %v, want [T batch …] with %v at the end", b.Path(), []int(x.Shape()), want)
	}
	a := &applying{Network: n, b: b, x: x, out: make(G.Nodes, len(n.vs)), weights: map[string]*G.Node{}}
	for _, p := range n.parts {
		if err := a.part(p); err != nil {
			return nil, err
		}
	}
	y := b.Vouch(a.out[n.out])
	if n.readout == nil {
		return y, nil
	}
	return layers.Named("readout", n.readout).Apply(b, y)
}

// applying is an Apply that is going on.
type applying struct {
	*Network
	b       *layers.Build
	x       *G.Node
	out     G.Nodes // of each vertex, [T, batch, …]
	weights map[string]*G.Node
}

func (a *applying) part(p part) error {
	if p.loop != nil {
		return a.loop(p.loop)
	}
	return a.vertex(p.of[0])
}

// vertex adds what comes out of a vertex, of what came out of those before it.
func (a *applying) vertex(i int) error {
	v := a.vs[i]
	return a.b.In(v.name, func() error {
		in, err := a.into(i)
		if err == nil {
			a.out[i], err = a.sequence(v, in)
		}
		if err != nil {
			return fmt.Errorf("nir: node %s: %w", v.name, err)
		}
		return nil
	})
}

// into returns what goes into a vertex: the sum of what comes out of those before it.
func (a *applying) into(i int) (*G.Node, error) {
	if i == a.in && len(a.vs[i].from) == 0 {
		return a.x, nil
	}
	var b graph.Builder
	sum := addUp(&b, a.vs[i].terms(func(int) bool { return true }), func(u int) *G.Node { return a.out[u] })
	return sum, b.Err()
}

// sequence adds what a vertex computes of a sequence.
func (a *applying) sequence(v *vertex, x *G.Node) (*G.Node, error) {
	switch {
	case v.cell != nil:
		return v.cell.layer().Apply(a.b, x)
	case v.node.Type == "Delay":
		return a.delayed(v, x)
	}
	ws, err := a.weightsOf(v)
	if err != nil {
		return nil, err
	}
	return v.compute(x, ws, false)
}

// weightsOf returns the weights of a vertex, which are added once.
func (a *applying) weightsOf(v *vertex) (ws []*G.Node, err error) {
	list, err := v.list()
	if err != nil {
		return nil, err
	}
	for _, w := range list {
		key := v.name + "\x00" + w.name
		if a.weights[key] == nil {
			if w.fixed {
				a.weights[key], err = a.constant(v.name+"."+w.name, w.values, w.shape)
			} else {
				a.weights[key], err = a.b.Weight(a.x, w.name, layers.Values(w.values), w.shape...)
			}
			if err != nil {
				return nil, err
			}
		}
		ws = append(ws, a.weights[key])
	}
	return ws, nil
}

// constant adds an input that always has these values.
func (a *applying) constant(name string, values []float64, shape []int) (*G.Node, error) {
	return graph.Input(a.x.Graph(), a.b.Name("constant "+name), dense(a.x.Dtype(), values, shape))
}

// dense returns a tensor of the values.
func dense(dt tensor.Dtype, values []float64, shape []int) *tensor.Dense {
	if dt == tensor.Float64 {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(slices.Clone(values)))
	}
	fs := make([]float32, len(values))
	for i, v := range values {
		fs[i] = float32(v)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(fs))
}
