package graph

import (
	G "gorgonia.org/gorgonia"
)

// A tail is the part of a parameter's gradient that is linear in values that
// change, so that it can be computed once, from their sums over time.
type tail struct {
	node *G.Node
	acc  int // accumulator, −1 for an inner node
	in   []*tail
}

// tail finds the values whose sums over time the gradient n needs, adds them to
// the roots, and returns how to compute n from the sums.
func (l *lowering) tail(n *G.Node, roots *[]root) *tail {
	if !l.changes(n) {
		return l.accumulate(n, roots) // T times the value
	}
	if _, isLeaf := l.leaves[n]; isLeaf {
		return l.accumulate(n, roots)
	}
	in := childrenOf(n)
	var linear bool
	switch op := n.Op().(type) {
	case mapOp:
		linear = op.code == opMulC
	case reduceOp, expandOp, insertOp, extractOp:
		linear = true
	case phiGradOp:
		linear = !l.changes(in[0])
	case matOp:
		if op.transA && !op.transB && l.changes(in[0]) && l.changes(in[1]) {
			return l.product(n, in, roots)
		}
	default:
		switch elementwise(n.Op()) {
		case opNeg:
			linear = true
		case opAdd, opSub:
			linear = l.changes(in[0]) && l.changes(in[1]) && size(in[0]) == size(in[1])
		case opMul:
			linear = l.changes(in[0]) != l.changes(in[1])
		case opDiv:
			linear = l.changes(in[0]) && !l.changes(in[1])
		}
		linear = linear || isSum(n.Op()) || isReshape(n.Op())
	}
	if !linear {
		return l.accumulate(n, roots)
	}
	t := &tail{node: n, acc: -1}
	for _, c := range in {
		if l.changes(c) {
			t.in = append(t.in, l.tail(c, roots))
		} else {
			t.in = append(t.in, &tail{node: c, acc: -1})
		}
	}
	return t
}

func (l *lowering) accumulate(n *G.Node, roots *[]root) *tail {
	for i, a := range l.p.accs {
		if a.node == n {
			return &tail{node: n, acc: i}
		}
	}
	i := len(l.p.accs)
	l.p.accs = append(l.p.accs, accumulator{node: n})
	*roots = append(*roots, root{node: n, kind: slotAcc, i: i})
	return &tail{node: n, acc: i}
}

// product keeps both sides of aᵀ·b at each time step, for one product over all
// of them at the end.
func (l *lowering) product(n *G.Node, in G.Nodes, roots *[]root) *tail {
	for i, a := range l.p.accs {
		if a.node == n {
			return &tail{node: n, acc: i}
		}
	}
	i := len(l.p.accs)
	stash := 0
	for _, a := range l.p.accs {
		if a.product {
			stash++
		}
	}
	l.p.accs = append(l.p.accs, accumulator{node: n, product: true, stash: stash, m: in[0].Shape()[1], n: in[1].Shape()[1]})
	*roots = append(*roots,
		root{node: in[0], kind: slotStream, strm: stream{streamStashA, stash}},
		root{node: in[1], kind: slotStream, strm: stream{streamStashB, stash}})
	return &tail{node: n, acc: i}
}
