package online

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/flat"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/layers"
)

// feedback returns the error of the outputs through weights of its own to the neurons.
func (r *rule) feedback(c *cell, out, err *G.Node) (*G.Node, error) {
	if _, linear := out.Op().(ops.Matrix); !linear && !slices.ContainsFunc(r.cells, func(o *cell) bool { return o.next == out }) || out.Dims() != 3 {
		return nil, fmt.Errorf("online: the output is that of %v; with %v feedback, want one output of neurons or of layers.Linear", out.Op(), r.Feedback)
	}
	n, name := c.act.In.Shape()[2], FeedbackName+c.name
	if r.Feedback == Adaptive {
		return r.adaptive(c, out, err, name)
	}
	v := ops.New(out.Dtype(), tensor.Shape{out.Shape()[2], n})
	drawn := make([]float64, v.DataSize())
	if e := (layers.Scaled{Gain: 1}).Draw(r.b.Rand(name), []int{n, out.Shape()[2]}, drawn); e != nil {
		return nil, fmt.Errorf("online: %w", e)
	}
	flat.Set(v, drawn)
	w, e := graph.Input(out.Graph(), name, v)
	if e != nil {
		return nil, fmt.Errorf("online: %w", e)
	}
	return connect.Linear(err, w, nil)
}

// adaptive is feedback through weights that are learnt: of the shape of those w that lead from the neurons to the
// outputs, as whose gradient the error goes back.
func (r *rule) adaptive(c *cell, out, err *G.Node, name string) (*G.Node, error) {
	w := r.outwards(c, out)
	if w == nil {
		return nil, fmt.Errorf("online: no layers.Linear leads from neurons %s to the outputs; adaptive feedback learns as its weights do", c.name)
	}
	back, e := r.b.Weight(out, name, layers.Scaled{Gain: 1}, w.Shape()...)
	if e != nil {
		return nil, fmt.Errorf("online: %w", e)
	}
	r.alike[back] = w
	var b graph.Builder
	x, e := graph.Input(out.Graph(), name+": x", ops.New(out.Dtype(), c.next.Shape())) // of a map whose gradient alone is asked for
	if e != nil {
		return nil, fmt.Errorf("online: %w", e)
	}
	y, e := connect.Linear(x, back, nil)
	if e != nil {
		return nil, fmt.Errorf("online: %w", e)
	}
	cost := weighed(&b, y, err)
	if b.Err() != nil {
		return nil, b.Err()
	}
	grads, _, e := graph.Grad(cost, x)
	if e != nil {
		return nil, fmt.Errorf("online: %w", e)
	}
	return grads[0], nil
}

// outwards returns the learnt weights of the map from the neurons to the outputs, nil if there is none.
func (r *rule) outwards(c *cell, out *G.Node) *G.Node {
	if m, ok := out.Op().(ops.Matrix); ok {
		if x, w, _ := m.Matrix(ops.Children(out)); x == c.next && slices.Contains(r.b.Params, w) {
			return w
		}
	}
	for _, o := range r.cells {
		for _, s := range o.sources {
			if o.next == out && s.x == c.next {
				return s.w
			}
		}
	}
	return nil
}
