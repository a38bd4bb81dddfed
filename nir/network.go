package nir

import (
	"errors"
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
)

// A Network is an imported network: a layer from [T, batch, …] to [T, batch, …] (with a
// readout of metadata, to [batch, …]). It may be part of other networks, trained, and
// exported again. Goroutines may share it.
type Network struct {
	flat    *Graph
	vs      []*vertex
	ins     []int // where it begins
	outs    []int // where it ends
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
	side := func(which []int, shape func(v *vertex) []int) []int {
		if len(which) == 1 {
			return slices.Clone(shape(n.vs[which[0]]))
		}
		total := 0
		for _, i := range which {
			total += size(shape(n.vs[i]))
		}
		return []int{total}
	}
	return Shape{side(n.ins, func(v *vertex) []int { return v.In }), side(n.outs, func(v *vertex) []int { return v.Out })}
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
	if want := n.Shape().In; x.Dims() < 3 || !slices.Equal([]int(x.Shape()[2:]), want) {
		return nil, fmt.Errorf("nir: %s: x has shape %v, want [T batch …] with %v at the end", b.Path(), []int(x.Shape()), want)
	}
	a := &applying{Network: n, b: b, x: x, out: make(G.Nodes, len(n.vs)), weights: map[string]*G.Node{}}
	if err := a.takeApart(); err != nil {
		return nil, fmt.Errorf("nir: inputs: %w", err)
	}
	for _, p := range n.parts {
		if err := a.part(p); err != nil {
			return nil, err
		}
	}
	y, err := a.joined()
	if err != nil {
		return nil, fmt.Errorf("nir: outputs: %w", err)
	}
	y = b.Vouch(y)
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
	inputs  map[int]*G.Node // what of x goes into a vertex where the network begins
	out     G.Nodes         // of each vertex, [T, batch, …]
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

// takeApart finds what of x goes into each vertex where the network begins.
func (a *applying) takeApart() error {
	a.inputs = map[int]*G.Node{}
	if len(a.ins) == 1 {
		a.inputs[a.ins[0]] = a.x
		return nil
	}
	at := 0
	for _, i := range a.ins {
		v := a.vs[i]
		n := size(v.In)
		err := a.b.In(v.name, func() error {
			var ends [3]*G.Node // weights of 1, from, to
			for k, first := range []int{-1, at, 0} {
				values := ones(n)
				for j := range values {
					if first >= 0 {
						values[j] = float64(first + j)
					}
				}
				var err error
				if ends[k], err = a.constant([]string{"of", "from", "to"}[k], values, []int{n}); err != nil {
					return err
				}
			}
			y, err := connect.Sparse(a.x, ends[0], ends[1], ends[2], nil, n)
			if err != nil {
				return err
			}
			var b graph.Builder
			a.inputs[i] = b.Reshape(y, append(slices.Clone(y.Shape()[:2]), v.In...)...)
			return b.Err()
		})
		if err != nil {
			return err
		}
		at += n
	}
	return nil
}

// joined returns what comes out where the network ends.
func (a *applying) joined() (*G.Node, error) {
	if len(a.outs) == 1 {
		return a.out[a.outs[0]], nil
	}
	var b graph.Builder
	var all G.Nodes
	for _, i := range a.outs {
		s := a.out[i].Shape()
		all = append(all, b.Reshape(a.out[i], s[0], s[1], s[2:].TotalSize()))
	}
	if b.Err() != nil {
		return nil, b.Err()
	}
	return G.Concat(2, all...)
}

// into returns what goes into a vertex: the sum of what comes out of those before it.
func (a *applying) into(i int) (*G.Node, error) {
	if len(a.vs[i].from) == 0 {
		return a.inputs[i], nil
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
