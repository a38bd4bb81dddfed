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
	fired   *G.Node // its outputs by a scan whose gradient stays within a time step
	own     *lifted // the scan whose gradient does not; nil of recurrent neurons until all their currents are known
	above   bool    // there are neurons below
	flows   bool    // the outputs depend on the currents of the same time step
	out     *G.Node // and as penalties read them
	next    *G.Node // and as the next layer does
	readout bool    // its filter is among the traces of the layers below
	linear  bool    // derivatives of states are the same for all neurons
	whole   bool    // and so are those of the outputs
	sources []source

	signal  *G.Node // ∂E/∂(outputs), or behind the filter of the readout those of what it makes of them
	penalty *G.Node // ∂(penalties)/∂(outputs), nil without

	now    group   // of the learning signal
	ends   []group // of each state at the end, with those of the filter
	shared bool    // traces are those of inputs
}

// A source is a weight that makes currents of the neurons.
type source struct {
	w  *G.Node
	x  *G.Node // [T, batch, m] that it is multiplied with; nil of a bias
	by *G.Node // the linear map
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
	c.sources = append(c.sources, source{w: c.act.Back, x: x, by: back})
	return b.Add(c.act.In, back), b.Err()
}

// differentiate asks a scan of the neurons, with the filter behind them if there is one, for what it gives backward: once for
// the learning signal, and once for each state at the end of the window.
func (c *cell) differentiate(filter models.Model) error {
	var b graph.Builder
	x, err := c.total(&b)
	if err == nil && c.own == nil {
		err = c.lift(x)
	}
	if err != nil {
		return err
	}
	own, signal := c.own, c.signal
	var behind *lifted
	var past G.Nodes // the gradients of the states of the filter
	if filter != nil {
		if behind, err = lift(&b, filter, own.out, nil); err != nil {
			return err
		}
		at, err := behind.back(&b, behind.out, signal)
		if err != nil {
			return err
		}
		signal, past = at.dx, at.ds
	}
	g, err := own.back(&b, own.out, plus(&b, c.penalty, signal))
	if err != nil {
		return err
	}
	g.ds = append(g.ds, past...)
	c.now = g
	if c.shared { // one neuron stands for all, and has no past
		if own, err = lift(&b, c.act.Model, b.Constant(x, 0, x.Shape()[0], 1, 1), nil); err != nil {
			return err
		}
	}
	for _, n := range own.final {
		g, err := own.back(&b, n, b.Constant(n, 1, n.Shape()...))
		if err != nil {
			return err
		}
		c.ends = append(c.ends, g)
	}
	if filter == nil {
		return b.Err()
	}
	// The filter gives back the same for all neurons, at all times.
	if behind, err = lift(&b, filter, b.Constant(x, 0, x.Shape()[0], 1, 1), nil); err != nil {
		return err
	}
	for _, n := range behind.final {
		f, err := behind.back(&b, n, b.Constant(n, 1, n.Shape()...))
		if err != nil {
			return err
		}
		g, err := own.back(&b, own.out, spread(&b, f.dx, own.out.Shape()))
		if err != nil {
			return err
		}
		for _, d := range f.ds {
			g.ds = append(g.ds, spread(&b, d, own.final[0].Shape()))
		}
		c.ends = append(c.ends, g)
	}
	return b.Err()
}

// lift scans the neurons over their currents.
func (c *cell) lift(x *G.Node) (err error) {
	states := map[string]*G.Node{}
	for name, st := range c.act.Enter {
		states[name] = st.From()
	}
	var b graph.Builder
	c.own, err = lift(&b, c.act.Model, x, states)
	return err
}

// A lifted is a scan of neurons.
type lifted struct {
	out   *G.Node
	final G.Nodes
}

// lift scans a model over x, from states of 0 where there are none.
func lift(b *graph.Builder, m models.Model, x *G.Node, states map[string]*G.Node) (*lifted, error) {
	if b.Err() != nil {
		return nil, b.Err()
	}
	if states == nil {
		states = map[string]*G.Node{}
		for _, name := range m.States() {
			states[name] = b.Constant(x, 0, x.Shape()[1:]...)
		}
	}
	run, err := m.Lift(true, x, states)
	if err != nil {
		return nil, err
	}
	l := &lifted{out: run.Out}
	for _, name := range m.States() {
		l.final = append(l.final, run.Final[name])
	}
	return l, b.Err()
}

// A group is what a scan gives backward for one of its results: the gradients of its currents, and of the states that it
// starts from, in the order of models.Model.States; those of the filter behind, where there is one, come after.
type group struct {
	dx *G.Node
	ds G.Nodes
}

// back returns the group of a result that has a gradient. A node has one gradient of Gorgonia's, a scan as many as it is asked
// for, and they share the pass forward: so the operations are asked themselves.
func (l *lifted) back(b *graph.Builder, of, grad *G.Node) (g group, err error) {
	if b.Err() != nil {
		return g, b.Err()
	}
	result, ok := of.Op().(G.SDOp)
	if !ok {
		return g, fmt.Errorf("%v has no gradient", of)
	}
	token, err := result.SymDiff(ops.Children(of), of, grad)
	if err != nil {
		return g, err
	}
	scan := ops.Children(of)[0]
	op, ok := scan.Op().(G.SDOp)
	if !ok {
		return g, fmt.Errorf("%v has no gradient", scan)
	}
	ds, err := op.SymDiff(ops.Children(scan), scan, token[0])
	if err != nil {
		return g, err
	}
	return group{ds[0], ds[1 : 1+len(l.final)]}, nil
}

// learn adds the traces of the weights, as states that the network carries, and returns the gradients of these.
func (c *cell) learn(b *layers.Build, starts *G.Node) (G.Nodes, error) {
	shape := c.act.In.Shape()
	size := traceSize{steps: shape[0], batch: shape[1], n: shape[2], shared: c.shared}
	in := G.Nodes{starts}
	for _, e := range c.ends {
		in, size.has = append(append(in, e.dx), e.ds...), append(size.has, len(e.ds))
	}
	grads, carried := make(G.Nodes, len(c.sources)), make([]*layers.State, len(c.sources))
	for i, s := range c.sources {
		m := 0
		if s.x != nil {
			m = s.x.Shape()[2]
		}
		size.inputs = append(size.inputs, m)
		var err error
		if carried[i], err = c.carry(b, s, max(m, 1)); err != nil {
			return nil, err
		}
		if grads[i], err = c.gradient(s, carried[i].In, starts); err != nil {
			return nil, err
		}
		if in = append(in, carried[i].In, grads[i]); s.x != nil {
			in = append(in, s.x)
		}
	}
	var g graph.Builder
	op := &traceOp{Signature: ops.SignatureOf(in, starts.Dtype(), starts.Shape()), traceSize: size}
	moved := g.Apply(op, in...)
	for _, st := range carried {
		of := G.Nodes{st.In, moved}
		// Traces go on behind the end of a shorter sample, where no loss reads them any more.
		st.Out = b.Vouch(g.Apply(&tracesOp{Signature: ops.SignatureOf(of, st.In.Dtype(), st.In.Shape())}, of...))
	}
	return grads, g.Err()
}

// carry adds the traces of a source with m inputs to what the network carries.
func (c *cell) carry(b *layers.Build, s source, m int) (*layers.State, error) {
	shape := c.act.In.Shape()
	of := tensor.Shape{shape[1], len(c.ends), m, shape[2]}
	if c.shared {
		of[3] = 1
	}
	st := &layers.State{Name: "eligibility of " + s.w.Name()}
	for i := 2; slices.ContainsFunc(b.Carry.States, func(o *layers.State) bool { return o.Name == st.Name }); i++ {
		st.Name = fmt.Sprintf("eligibility of %s %d", s.w.Name(), i) // of shared weights
	}
	var err error
	if st.In, err = graph.Input(s.w.Graph(), "carried "+st.Name, ops.New(s.w.Dtype(), of)); err != nil {
		return nil, err
	}
	var g graph.Builder
	st.Rest = g.Constant(st.In, 0, of...)
	b.Carry.States = append(b.Carry.States, st)
	return st, g.Err()
}

// gradient returns that of a source: what its map makes of the learning signal in the window, and what comes of the traces of
// the time before.
func (c *cell) gradient(s source, traces, starts *G.Node) (*G.Node, error) {
	by, ok := s.by.Op().(G.SDOp)
	if !ok {
		return nil, fmt.Errorf("%v has no gradient", s.by)
	}
	from := ops.Children(s.by)
	now, err := by.SymDiff(from, s.by, c.now.dx)
	if err != nil {
		return nil, err
	}
	in := append(G.Nodes{now[slices.Index(from, s.w)], traces, starts}, c.now.ds...)
	var g graph.Builder
	size := traces.Shape()
	return g.Apply(&pastOp{
		Signature: ops.SignatureOf(in, s.w.Dtype(), s.w.Shape()),
		batch:     size[0], d: size[1], m: size[2], n: c.act.In.Shape()[2], shared: c.shared,
	}, in...), g.Err()
}
