package online

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/neurons/models"
)

// A probe is the step of a model on inputs of its own, whose nodes nobody computes: what a step is,
// its nodes say.
type probe struct {
	x      *G.Node
	states G.Nodes
	out    *G.Node
	finals G.Nodes
	given  map[*G.Node]bool // the weights of gradients
}

// newProbe lifts the model over one time step of the shape of x [T, batch, n].
func newProbe(m models.Model, x *G.Node, scan bool) (*probe, error) {
	p := &probe{given: map[*G.Node]bool{}}
	g, shape := x.Graph(), x.Shape()[1:]
	input := func(shape ...int) (*G.Node, error) {
		return graph.Input(g, fmt.Sprintf("%s probe %d", m.Name(), len(g.AllNodes())), ops.New(x.Dtype(), tensor.Shape(shape)))
	}
	var err error
	if p.x, err = input(append([]int{1}, shape...)...); err != nil {
		return nil, err
	}
	states := map[string]*G.Node{}
	for _, name := range m.States() {
		n, err := input(shape...)
		if err != nil {
			return nil, err
		}
		states[name], p.states = n, append(p.states, n)
	}
	run, err := m.Lift(scan, p.x, states)
	if err != nil {
		return nil, err
	}
	p.out = run.Out
	for _, name := range m.States() {
		p.finals = append(p.finals, run.Final[name])
	}
	return p, nil
}

// gradients returns those of a sum of the nodes, weighted by inputs, by x and the states.
func (p *probe) gradients(of G.Nodes) (G.Nodes, error) {
	var b graph.Builder
	var cost *G.Node
	for _, n := range of {
		w, err := graph.Input(n.Graph(), fmt.Sprintf("probe weight %d", len(n.Graph().AllNodes())), ops.New(n.Dtype(), n.Shape()))
		if err != nil {
			return nil, err
		}
		p.given[w] = true
		cost = plus(&b, cost, b.Reduce(b.Mul(n, w), nil))
	}
	if cost == nil || b.Err() != nil {
		return nil, b.Err()
	}
	grads, _, err := graph.Grad(cost, append(G.Nodes{p.x}, p.states...)...)
	return grads, err
}

// plus returns x + y, y where x is nil.
func plus(b *graph.Builder, x, y *G.Node) *G.Node {
	if x == nil {
		return y
	}
	return b.Add(x, y)
}

// alone returns an error unless each element of what the step makes, and of its gradients, is made of
// the elements of one neuron.
func alone(m models.Model, x *G.Node) error {
	p, err := newProbe(m, x, true)
	if err != nil {
		return err
	}
	grads, err := p.gradients(append(G.Nodes{p.out}, p.finals...))
	if err != nil {
		return err
	}
	lanes := x.Shape()[1:].TotalSize()
	for _, l := range graph.Lowered(slices.Concat(G.Nodes{p.out}, p.finals, grads)...) {
		switch {
		case len(l.Calls) > 0:
			return fmt.Errorf("its step has %s, which may mix neurons", l.Calls[0])
		case l.Rows != lanes:
			return fmt.Errorf("its step mixes neurons: a time step falls into %d parts, of %d neurons", l.Rows, lanes)
		}
	}
	return nil
}

// instant reports whether the output of a step depends on its input x.
func instant(m models.Model, x *G.Node) (bool, error) {
	p, err := newProbe(m, x, true)
	if err != nil {
		return false, err
	}
	var b graph.Builder
	cost := b.Reduce(p.out, nil)
	if b.Err() != nil {
		return false, b.Err()
	}
	_, unused, err := graph.Grad(cost, p.x)
	return len(unused) == 0, err
}

// linear reports whether the derivatives of the states after a step by its input and the states before
// it are numbers, the same at all times and for all neurons; whole, whether those of the output are too.
func linear(m models.Model, x *G.Node) (states, whole bool, err error) {
	for i := range 2 {
		p, err := newProbe(m, x, false) // one more, as nodes have one gradient
		if err != nil {
			return false, false, err
		}
		of := p.finals
		if i == 1 {
			of = G.Nodes{p.out}
		}
		grads, err := p.gradients(of)
		if err != nil {
			return false, false, err
		}
		if p.varies(grads) {
			return states, false, nil
		}
		states = true
	}
	return true, true, nil
}

// varies reports whether a gradient depends on x, on a state, or on a parameter with more than one element.
func (p *probe) varies(grads G.Nodes) bool {
	own := append(G.Nodes{p.x}, p.states...)
	seen := map[*G.Node]bool{}
	var visit func(n *G.Node) bool
	visit = func(n *G.Node) bool {
		if seen[n] {
			return false
		}
		seen[n] = true
		if n.Op() == nil {
			return slices.Contains(own, n) || n.Shape().TotalSize() > 1 && !p.given[n]
		}
		if _, constant := n.Op().(timing.Constant); constant {
			return false
		}
		return slices.ContainsFunc(ops.Children(n), visit)
	}
	return slices.ContainsFunc(grads, visit)
}
