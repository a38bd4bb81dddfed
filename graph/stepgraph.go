package graph

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/reverse"
)

// A stepGraph is one time step in a graph of its own.
type stepGraph struct {
	x      *G.Node
	states G.Nodes
	params G.Nodes // one for each learnable node outside
	out    *G.Node
	next   G.Nodes
	lines  []line // run beside the step
}

// inputLike returns an input of g with the type and the shape given.
func inputLike(g *G.ExprGraph, dt tensor.Dtype, shape tensor.Shape, name string) *G.Node {
	if len(shape) == 0 {
		return G.NewScalar(g, dt, G.WithName(name))
	}
	return G.NewTensor(g, dt, len(shape), G.WithShape(shape...), G.WithName(name))
}

// private builds the step in a graph of its own. outer are the learnable nodes,
// each once.
func (m *model) private(outer G.Nodes) (*stepGraph, error) {
	g := G.NewGraph()
	sg := &stepGraph{x: inputLike(g, m.xs.Dtype(), m.xs.Shape()[1:], "x")}
	for i, n := range nodesOf(m.s, m.states) {
		sg.states = append(sg.states, inputLike(g, n.Dtype(), n.Shape(), fmt.Sprintf("state %d %s", i, m.states[i].name)))
	}
	for i, n := range outer {
		sg.params = append(sg.params, inputLike(g, n.Dtype(), n.Shape(), fmt.Sprintf("parameter %d %s", i, n.Name())))
	}
	inner := make(G.Nodes, len(m.params))
	for i, n := range nodesOf(m.p, m.params) {
		inner[i] = sg.params[slices.Index(outer, n)]
	}
	out, next, err := m.apply(sg.x, withNodes(m.s, m.states, sg.states), withNodes(m.p, m.params, inner))
	if err != nil {
		return nil, err
	}
	sg.out, sg.next = out, nodesOf(next, m.states)
	for i, n := range append(G.Nodes{out}, sg.next...) {
		name := "the output"
		if i > 0 {
			name = "state " + m.states[i-1].name
		}
		if n.Graph() != g {
			return nil, fmt.Errorf("%s is of another graph; what a step uses must come in through its input, state or parameters", name)
		}
		if n.Dtype() != m.xs.Dtype() {
			return nil, fmt.Errorf("%s has elements of type %v, xs of %v", name, n.Dtype(), m.xs.Dtype())
		}
	}
	if n := sg.stray(); n != nil {
		return nil, fmt.Errorf("the step makes an input, %s; what it uses must come in through its input, state or parameters", n.Name())
	}
	return sg, nil
}

// stray returns an input that the results depend on and that is none of the step's; nil for none.
func (sg *stepGraph) stray() *G.Node {
	seen := map[*G.Node]bool{}
	for _, n := range sg.inputs() {
		seen[n] = true
	}
	for todo := append(G.Nodes{sg.out}, sg.next...); len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[n] {
			continue
		}
		if n.Op() == nil {
			return n
		}
		seen[n] = true
		todo = append(todo, childrenOf(n)...)
	}
	return nil
}

// inputs returns x, the states and the parameters.
func (sg *stepGraph) inputs() G.Nodes {
	return append(append(G.Nodes{sg.x}, sg.states...), sg.params...)
}

// differentiable returns the nodes from which some gradient flows to n, n
// included, and not through those where it ends.
func differentiable(n *G.Node, seen map[*G.Node]bool, ends ...*G.Node) {
	if seen[n] {
		return
	}
	if seen[n] = true; slices.Contains(ends, n) {
		return
	}
	in := childrenOf(n)
	if r, ok := n.Op().(*resultOp); ok && r.bw == nil {
		token := in[0]
		seen[token] = true
		flows := r.flows()
		for i, c := range childrenOf(token) {
			if flows[i] {
				differentiable(c, seen, ends...)
			}
		}
		return
	}
	op, ok := n.Op().(G.SDOp)
	if !ok {
		return
	}
	for i, d := range op.DiffWRT(len(in)) {
		if d {
			differentiable(in[i], seen, ends...)
		}
	}
}

// flows says from which inputs of the scan (xs, initial states, parameters) some
// gradient flows to the result.
func (op *resultOp) flows() []bool {
	s := op.s
	inputs := s.sg.inputs()
	flows := make([]bool, len(inputs))
	from := s.sg.out
	if op.kind != resultOut {
		from = s.sg.next[op.index]
	}
	// Backward through time: what a step gives depends on the states that enter it,
	// and so on what the step before gave them.
	pending, met := G.Nodes{from}, map[*G.Node]bool{}
	for t := s.steps(); t > 0 && len(pending) > 0; t-- {
		seen := map[*G.Node]bool{}
		for _, n := range pending {
			differentiable(n, seen)
		}
		pending = nil
		for i, in := range inputs {
			if !seen[in] {
				continue
			}
			flows[i] = true
			if k := i - 1; k >= 0 && k < len(s.states) && !met[s.sg.next[k]] {
				met[s.sg.next[k]] = true
				pending = append(pending, s.sg.next[k])
			}
		}
	}
	return flows
}

// A vjp is the vector-Jacobian product of one time step: the nodes of the
// gradients, nil where there is none, given those of the results.
type vjp struct {
	gradOut   *G.Node // inputs, nil if not there
	gradTrace G.Nodes
	lambda    G.Nodes // gradient of each next state, from the later steps
	x         *G.Node
	states    G.Nodes
	params    G.Nodes
	lines     G.Nodes // of what arrives
}

// cotangents are the nodes that a step has as results, each once, with the sum of the
// gradients that are given for it.
type cotangents struct {
	b       Builder
	results G.Nodes
	grads   map[*G.Node]*G.Node
}

// add adds an input to the graph of the step, named so, to the gradient of n.
func (c *cotangents) add(n *G.Node, name string) *G.Node {
	d := inputLike(n.Graph(), n.Dtype(), n.Shape(), name)
	if c.grads[n] == nil {
		c.results, c.grads[n] = append(c.results, n), d
	} else {
		c.grads[n] = c.b.Add(c.grads[n], d)
	}
	return d
}

// differentiate adds the vector-Jacobian product to the graph of sg. hasOut and
// hasTrace say which results have a gradient of their own.
func (sg *stepGraph) differentiate(hasOut bool, hasTrace []bool) (*vjp, error) {
	v := &vjp{gradTrace: make(G.Nodes, len(sg.states)), lambda: make(G.Nodes, len(sg.states))}
	c := &cotangents{grads: map[*G.Node]*G.Node{}}
	if hasOut {
		v.gradOut = c.add(sg.out, "gradient of the output")
	}
	for i, n := range sg.next {
		if sg.isLine(i) {
			continue
		}
		v.lambda[i] = c.add(n, fmt.Sprintf("gradient of state %d", i))
		if hasTrace[i] {
			v.gradTrace[i] = c.add(n, fmt.Sprintf("gradient of trace %d", i))
		}
	}
	if err := c.b.Err(); err != nil {
		return nil, err
	}
	found, err := sg.backpropagate(c)
	if err != nil {
		return nil, err
	}
	at := func(in *G.Node) *G.Node {
		d := found[in]
		if through := c.grads[in]; through != nil {
			if d == nil {
				return through
			}
			return c.b.Add(d, through)
		}
		return d
	}
	v.x = at(sg.x)
	for _, n := range sg.states {
		v.states = append(v.states, at(n))
	}
	for _, n := range sg.params {
		v.params = append(v.params, at(n))
	}
	for _, l := range sg.lines {
		v.lines = append(v.lines, at(l.y))
	}
	return v, c.b.Err()
}

// backpropagate returns the gradients of the inputs of the step that its inner results
// depend on. An input that passes through has that of the result besides.
func (sg *stepGraph) backpropagate(c *cotangents) (map[*G.Node]*G.Node, error) {
	arrives := sg.arrives()
	inputs := append(sg.inputs(), arrives...)
	reached := map[*G.Node]bool{} // inputs that some inner result depends on
	var outs, outGrads G.Nodes
	for _, n := range c.results {
		if n.Op() == nil { // an input that passes through
			continue
		}
		seen := map[*G.Node]bool{}
		differentiable(n, seen, arrives...)
		if err := checkGradients(seen, inputs); err != nil {
			return nil, err
		}
		depends := false
		for _, in := range inputs {
			if seen[in] {
				depends, reached[in] = true, true
			}
		}
		if depends {
			outs, outGrads = append(outs, n), append(outGrads, c.grads[n])
		}
	}
	var wrt G.Nodes
	for _, in := range inputs {
		if reached[in] {
			wrt = append(wrt, in)
		}
	}
	found := map[*G.Node]*G.Node{}
	if len(outs) == 0 {
		return found, nil
	}
	ds, err := reverse.Gradients(&c.b, outs, outGrads, wrt, arrives...)
	if err != nil {
		return nil, fmt.Errorf("gradient: %w", err)
	}
	for i, in := range wrt {
		found[in] = ds[i]
	}
	return found, nil
}

// unused returns the positions of the parameters on which nothing depends.
func (sg *stepGraph) unused() []int {
	seen := map[*G.Node]bool{}
	for _, n := range append(G.Nodes{sg.out}, sg.next...) {
		differentiable(n, seen)
	}
	var idx []int
	for i, n := range sg.params {
		if !seen[n] {
			idx = append(idx, i)
		}
	}
	return idx
}
