package train

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/vitals"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/surrogate"
)

// An exam is the part of a model that is made to be diagnosed: it computes the
// gradients of the currents into neurons as well, and its spike functions count
// what they are asked. A nil exam, which all other models have, adds nothing.
type exam struct {
	slopes map[string]*vitals.Slopes // by layer
	at     []int                     // by layer of neurons, where in gradients its own is; 0 for none
}

// prepare puts counting spike functions in the place of those of the layers. A
// function that fires by chance keeps its place: neurons ask it for more.
func (e *exam) prepare(b *layers.Build) {
	if e == nil {
		return
	}
	e.slopes = map[string]*vitals.Slopes{}
	b.Spike = func(layer string, own graph.Func) graph.Func {
		if _, random := own.(surrogate.Random); random || own == nil {
			return own
		}
		e.slopes[layer] = &vitals.Slopes{Func: own}
		return e.slopes[layer]
	}
}

// also returns what the loss is differentiated by besides the parameters: the
// input, so that Gorgonia differentiates by all that lies between.
func (e *exam) also(x *G.Node) G.Nodes {
	if e == nil {
		return nil
	}
	return G.Nodes{x}
}

// gradients returns the gradient of the outputs, and for each layer of neurons on
// which the loss depends the gradient of the currents into it and these.
func (e *exam) gradients(b *layers.Build, out *G.Node) G.Nodes {
	if e == nil {
		return nil
	}
	nodes := G.Nodes{out}
	if d := out.Deriv(); d != nil {
		nodes[0] = d
	}
	for _, a := range b.Activities {
		if a.In == nil || a.In.Dims() < 3 || a.In.Deriv() == nil {
			e.at = append(e.at, 0)
			continue
		}
		e.at = append(e.at, len(nodes))
		nodes = append(nodes, a.In.Deriv(), a.In)
	}
	return nodes
}

// count turns the counting on or off.
func (e *exam) count(on bool) {
	for _, s := range e.slopes {
		s.On = on
	}
}
