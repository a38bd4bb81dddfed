package online

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
	ops "github.com/spikegrad/spikegrad/internal/op"
)

// within returns the nodes that n is computed from, n included, without what lies behind the outputs of
// neurons, and which layers these are.
func (r *rule) within(n *G.Node, seen map[*G.Node]bool) (cells []*cell) {
	todo := G.Nodes{n}
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		if i := slices.IndexFunc(r.cells, func(c *cell) bool { return c.out == n || c.next == n || c.fired == n }); i >= 0 {
			if !slices.Contains(cells, r.cells[i]) {
				cells = append(cells, r.cells[i])
			}
			continue
		}
		todo = append(todo, ops.Children(n)...)
	}
	return cells
}

// learnt returns a learnable node among those seen, nil for none.
func (r *rule) learnt(seen map[*G.Node]bool) *G.Node {
	i := slices.IndexFunc(r.b.Params, func(p *G.Node) bool { return seen[p] })
	if i < 0 {
		return nil
	}
	return r.b.Params[i]
}

// find finds the weights that make the currents n of the layer: those of Linear, and of sums of such.
// Whatever else makes them may have no weights.
func (r *rule) find(c *cell, n *G.Node) error {
	if m, ok := n.Op().(ops.Matrix); ok {
		in := ops.Children(n)
		if x, w, bias := m.Matrix(in); x != nil && x.Dims() == 3 {
			return r.add(c, n, x, w, bias)
		}
	}
	if n.Op() != nil && lower.IsOp(n.Op(), ir.OpAdd) {
		for _, in := range ops.Children(n) {
			if err := r.find(c, in); err != nil {
				return err
			}
		}
		return nil
	}
	seen := map[*G.Node]bool{}
	r.within(n, seen)
	if p := r.learnt(seen); p != nil {
		return fmt.Errorf("%s goes into these neurons through %v; what is learnt online are the weights of layers.Linear right before neurons, and of layers.Recurrent", p.Name(), n.Op())
	}
	return nil
}

// add adds the weights of a linear map.
func (r *rule) add(c *cell, by, x, w, bias *G.Node) error {
	seen := map[*G.Node]bool{}
	r.within(x, seen)
	if p := r.learnt(seen); p != nil {
		return fmt.Errorf("%s goes into these neurons through another map, %s; put neurons between the two, or learn by backpropagation through time", p.Name(), w.Name())
	}
	for _, n := range []*G.Node{w, bias} {
		switch {
		case n == nil:
		case slices.Contains(r.b.Params, n):
			s := source{w: n, x: x, by: by}
			if n == bias {
				s.x = nil
			}
			c.sources = append(c.sources, s)
		default:
			seen := map[*G.Node]bool{}
			r.within(n, seen)
			if p := r.learnt(seen); p != nil {
				return fmt.Errorf("%s goes into a linear map through %v; what is learnt online has nothing between, such as rounding or noise", p.Name(), n.Op())
			}
		}
	}
	return nil
}

// plain returns the parameters that reach the cost without neurons between: their gradient within a time
// step is all there is. An error says which weights of neurons are among them.
func (r *rule) plain(cost *G.Node) (G.Nodes, error) {
	seen := map[*G.Node]bool{}
	r.within(cost, seen)
	var ps G.Nodes
	for _, p := range r.b.Params {
		if !seen[p] {
			continue
		}
		for _, c := range r.cells {
			if slices.ContainsFunc(c.sources, func(s source) bool { return s.w == p }) || c.act.Back == p {
				return nil, fmt.Errorf("online: %s makes currents of neurons %s, and is in the loss or a penalty by itself; leave the penalty out (optimisers have weight decay), or learn by backpropagation through time", p.Name(), c.name)
			}
		}
		ps = append(ps, p)
	}
	return ps, nil
}

// neuronsLearn returns an error if parameters of the neurons themselves are learnt.
func (r *rule) neuronsLearn(c *cell) error {
	seen := map[*G.Node]bool{c.act.In: true}
	for _, s := range c.act.Enter {
		seen[s.From()] = true
	}
	if c.act.Back != nil {
		seen[c.act.Back] = true
		if !slices.Contains(r.b.Params, c.act.Back) {
			return fmt.Errorf("the weights among them are no parameters; what is learnt online has nothing between, such as rounding")
		}
	}
	for _, n := range ops.Children(c.fired) { // the scan
		r.within(n, seen)
	}
	delete(seen, c.act.Back)
	if p := r.learnt(seen); p != nil {
		return fmt.Errorf("%s, a parameter of the neurons, is learnt; online, weights alone are: leave out layers.Learn, or learn by backpropagation through time", p.Name())
	}
	return nil
}
