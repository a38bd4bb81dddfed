package online

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons/models"
)

// A cell is a layer of neurons, and what learning online knows of it.
type cell struct {
	name    string
	act     layers.Activity
	fired   *G.Node // its outputs as the scan gives them
	out     *G.Node // and as penalties read them
	next    *G.Node // and as the next layer does
	readout bool    // its filter is among the traces of the layers below
	linear  bool    // derivatives of states are the same for all neurons
	whole   bool    // and so are those of the outputs
	sources []source

	signal  *G.Node // ∂E/∂(outputs), or behind the filter of the readout those of what it makes of them
	penalty *G.Node // ∂(penalties)/∂(outputs), nil without

	d      int     // states, with those of the filter
	dx     *G.Node // gradients of currents, in groups
	ds     G.Nodes // and of states
	shared bool    // traces are those of inputs
}

// A source is a weight that makes currents of the neurons.
type source struct {
	w *G.Node
	x *G.Node // [T, batch, m] that it is multiplied with; nil of a bias
}

// total returns the currents of the neurons, with those that come back from themselves.
func (c *cell) total(b *graph.Builder) (*G.Node, error) {
	if c.act.Back == nil {
		return c.act.In, nil
	}
	x := before(b, c.fired, c.act.Fired.From())
	if err := b.Err(); err != nil {
		return nil, err
	}
	back, err := connect.Linear(x, c.act.Back, nil)
	if err != nil {
		return nil, err
	}
	c.sources = append(c.sources, source{w: c.act.Back, x: x})
	return b.Add(c.act.In, back), b.Err()
}

// differentiate runs the neurons in groups, with the filter behind them if there is one, and
// asks for the gradients of their currents and states.
func (c *cell) differentiate(filter models.Model) error {
	var b graph.Builder
	x, err := c.total(&b)
	if err != nil {
		return err
	}
	ms := []models.Model{c.act.Model}
	if filter != nil {
		ms = append(ms, filter)
	}
	for _, m := range ms {
		c.d += len(m.States())
	}
	groups := c.d + 1
	y := grouped(&b, x, groups, false)
	wrt := G.Nodes{y}
	var finals G.Nodes
	var cost *G.Node
	for i, m := range ms {
		states := map[string]*G.Node{}
		for _, name := range m.States() {
			from := b.Constant(x, 0, x.Shape()[1:]...) // a filter is linear: where it stands has no part in derivatives
			if i == 0 {
				from = c.act.Enter[name].From()
			}
			states[name] = grouped(&b, from, groups, false)
			wrt = append(wrt, states[name])
		}
		if err := b.Err(); err != nil {
			return err
		}
		run, err := m.Lift(true, y, states)
		if err != nil {
			return err
		}
		for _, name := range m.States() {
			finals = append(finals, run.Final[name])
		}
		y = run.Out
		if i == 0 && c.penalty != nil {
			cost = weighed(&b, y, grouped(&b, c.penalty, groups, true))
		}
	}
	cost = plus(&b, cost, weighed(&b, y, grouped(&b, c.signal, groups, true)))
	for k, n := range finals {
		unit, err := c.unit(n, k+1, groups)
		if err != nil {
			return err
		}
		cost = b.Add(cost, weighed(&b, n, unit))
	}
	if err := b.Err(); err != nil {
		return err
	}
	grads, _, err := graph.Grad(cost, wrt...)
	if err != nil {
		return err
	}
	c.dx, c.ds = grads[0], grads[1:]
	return nil
}

// unit returns an input of the shape of a state that is 1 in one group.
func (c *cell) unit(n *G.Node, of, groups int) (*G.Node, error) {
	v := ops.New(n.Dtype(), n.Shape())
	size := v.DataSize() / groups
	for i := of * size; i < (of+1)*size; i++ {
		if n.Dtype() == tensor.Float32 {
			ops.Elems[float32](v)[i] = 1
		} else {
			ops.Elems[float64](v)[i] = 1
		}
	}
	return graph.Input(n.Graph(), fmt.Sprintf("%s group %d", c.name, of), v)
}

// trace adds the traces of a source, as a state that the network carries, and returns their gradient.
func (c *cell) trace(b *layers.Build, s source, starts *G.Node) (*G.Node, error) {
	shape := c.act.In.Shape()
	size := traceSize{steps: shape[0], batch: shape[1], d: c.d, m: 1, n: shape[2], width: shape[2], constant: s.x == nil}
	if s.x != nil {
		size.m = s.x.Shape()[2]
	}
	if c.shared {
		size.width = 1
	}
	var g graph.Builder
	st := &layers.State{Name: "eligibility of " + s.w.Name()}
	for i := 2; slices.ContainsFunc(b.Carry.States, func(o *layers.State) bool { return o.Name == st.Name }); i++ {
		st.Name = fmt.Sprintf("eligibility of %s %d", s.w.Name(), i) // of shared weights
	}
	of := tensor.Shape{size.batch, size.d, size.m, size.width}
	var err error
	if st.In, err = graph.Input(s.w.Graph(), "carried "+st.Name, ops.New(s.w.Dtype(), of)); err != nil {
		return nil, err
	}
	st.Rest = g.Constant(st.In, 0, of...)
	in := append(G.Nodes{st.In, starts, c.dx}, c.ds...)
	if s.x != nil {
		in = append(in, s.x)
	}
	op := &traceOp{Signature: ops.SignatureOf(in, s.w.Dtype(), of), traceSize: size}
	st.Out = g.Apply(op, in...)
	b.Carry.States = append(b.Carry.States, st)
	if g.Err() != nil {
		return nil, g.Err()
	}
	grad := g.Apply(&traceGrad{Signature: ops.SignatureOf(G.Nodes{st.Out}, s.w.Dtype(), s.w.Shape()), of: op}, st.Out)
	return grad, g.Err()
}
