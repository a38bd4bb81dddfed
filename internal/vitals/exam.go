package vitals

import (
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/surrogate"
)

// An Exam is the part of a model that is made to be diagnosed: it computes the
// Gradients of the currents into neurons as well, and its spike functions count
// what they are asked. A nil Exam, which all other models have, adds nothing.
type Exam struct {
	Slopes map[string]*Slopes // by layer
	At     []int              // by layer of neurons, where in gradients its own is; 0 for none
	grads  map[*G.Node]*G.Node
}

// Prepare puts counting spike functions in the place of those of the layers. A
// function that fires by chance keeps its place: neurons ask it for more.
func (e *Exam) Prepare(b *layers.Build) {
	if e == nil {
		return
	}
	e.Slopes = map[string]*Slopes{}
	b.Spike = func(layer string, own graph.Func) graph.Func {
		if _, random := own.(surrogate.Random); random || own == nil {
			return own
		}
		e.Slopes[layer] = &Slopes{Func: own}
		return e.Slopes[layer]
	}
}

// Also returns what the loss is differentiated by besides the parameters: the outputs,
// and the currents into each layer of neurons that have a gradient.
func (e *Exam) Also(b *layers.Build, out *G.Node) G.Nodes {
	if e == nil {
		return nil
	}
	e.grads = map[*G.Node]*G.Node{}
	var nodes G.Nodes
	ask := func(n *G.Node) {
		if _, none := n.Op().(op.Undifferentiable); !none {
			nodes = append(nodes, n)
		}
	}
	ask(out)
	for _, a := range b.Activities {
		if a.In != nil && a.In.Dims() >= 3 {
			ask(a.In)
		}
	}
	return nodes
}

// Take notes the gradients by what Also returned, which were asked for behind some
// others; unused says which of all of them are none.
func (e *Exam) Take(nodes, grads G.Nodes, unused []int, others int) {
	for i, n := range nodes {
		if !slices.Contains(unused, others+i) {
			e.grads[n] = grads[i]
		}
	}
}

// Learns reports whether the loss depends on n, one of what Also returned.
func (e *Exam) Learns(n *G.Node) bool { return e.grads[n] != nil }

// Gradients returns the gradient of the outputs, and for each layer of neurons on
// which the loss depends the gradient of the currents into it and these.
func (e *Exam) Gradients(b *layers.Build, out *G.Node) G.Nodes {
	if e == nil {
		return nil
	}
	nodes := G.Nodes{out}
	if e.Learns(out) {
		nodes[0] = e.grads[out]
	}
	for _, a := range b.Activities {
		if !e.Learns(a.In) {
			e.At = append(e.At, 0)
			continue
		}
		e.At = append(e.At, len(nodes))
		nodes = append(nodes, e.grads[a.In], a.In)
	}
	return nodes
}

// Count turns the counting on or off.
func (e *Exam) Count(on bool) {
	for _, s := range e.Slopes {
		s.On = on
	}
}
