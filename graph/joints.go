package graph

import (
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
	ops "github.com/spikegrad/spikegrad/internal/op"
)

// Carried returns how many values of a sample the states have.
func (op *scanOp) Carried() (n int) {
	for _, s := range op.s.states {
		n += s.TotalSize() / max(op.s.batch(), 1)
	}
	return n
}

// Joints lists the connections in the step; the inputs of the scan are xs, the
// initial states, the parameters.
func (op *scanOp) Joints(in G.Nodes) ([]ops.Joint, error) { return op.s.joints(in) }

func (s *scan) joints(in G.Nodes) ([]ops.Joint, error) {
	var nodes G.Nodes
	seen := map[*G.Node]bool{}
	for _, n := range append(G.Nodes{s.sg.out}, s.sg.next...) {
		ops.Upstream(n, seen, &nodes)
	}
	var ps []ops.Joint
	var met G.Nodes // weights: a second product of them is there for its gradient alone
	for _, n := range nodes {
		c, ok := n.Op().(ops.Connection)
		if !ok {
			continue
		}
		inner := childrenOf(n)
		given := slices.Clone(inner) // with the parameters themselves, which have values
		for i, p := range inner {
			if k := slices.Index(s.sg.params, p); k >= 0 {
				given[i] = in[1+len(s.states)+k]
			}
		}
		x, w, fan := c.Connects(given)
		if fan == nil {
			continue
		}
		if k := slices.Index(given, x); k >= 0 { // not where x comes as lists
			x = inner[k]
		}
		w = undetached(inner[slices.Index(given, w)])
		if slices.Contains(met, w) {
			continue
		}
		met = append(met, w)
		p := ops.Joint{Weights: s.nameOf(w, in), FanOut: fan}
		var err error
		if p.X, p.Delay, err = s.outer(undetached(x), in); err != nil {
			return nil, err
		}
		ps = append(ps, p)
	}
	return ps, nil
}

// outer returns the node outside of the scan whose time steps are those of n, a
// node of the step, and by how many steps they come later; nil if there is none.
func (s *scan) outer(n *G.Node, in G.Nodes) (x *G.Node, delay int, err error) {
	if n == s.sg.x {
		return in[0], 0, nil
	}
	if i := slices.Index(s.sg.states, n); i >= 0 && s.sg.next[i] == s.sg.out {
		delay = 1
	} else if n != s.sg.out {
		return nil, 0, nil
	}
	x, err = s.result(resultOut, 0, s.outs)
	return x, delay, err
}

// nameOf returns the name of the parameter that a node of the step is computed
// from, outside of the scan.
func (s *scan) nameOf(w *G.Node, in G.Nodes) string {
	var nodes G.Nodes
	ops.Upstream(w, map[*G.Node]bool{}, &nodes)
	for _, n := range nodes {
		if i := slices.Index(s.sg.params, n); i >= 0 {
			w := in[1+len(s.states)+i]
			for w.Op() != nil && len(childrenOf(w)) > 0 { // rounded, say
				w = childrenOf(w)[0]
			}
			return w.Name()
		}
	}
	return "constant"
}

// undetached returns the node whose values n has: without what only stops
// gradients.
func undetached(n *G.Node) *G.Node {
	for {
		in := childrenOf(n)
		switch {
		case n.Op() == nil:
			return n
		case lower.FormOf(n.Op()).Kind == lower.Alias, lower.IsOp(n.Op(), ir.OpMul) && isNotZero(in[1], in[0]):
			n = in[0]
		default:
			return n
		}
	}
}

// isNotZero reports whether n is 1 where x is not 0, and 0 elsewhere.
func isNotZero(n, x *G.Node) bool {
	above := lower.FormOf(n.Op())
	if above.Op != ir.OpGtC || above.Const != 0 {
		return false
	}
	abs := childrenOf(n)[0]
	return lower.IsOp(abs.Op(), ir.OpAbs) && childrenOf(abs)[0] == x
}
