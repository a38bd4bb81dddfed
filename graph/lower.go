package graph

import (
	G "gorgonia.org/gorgonia"
)

// A leaf says what an input node of a step graph stands for.
type leaf struct {
	kind  leafKind
	index int
}

type leafKind uint8

const (
	leafParam  leafKind = iota // does not change over time
	leafStream                 // a sequence, read at the present time step
	leafState                  // a carried state
)

// A root is a node to compute at each time step, and where it goes.
type root struct {
	node *G.Node
	kind slotKind // slotStream, slotOut or slotAcc
	strm stream
	i    int // state or accumulator
}

// lowering turns the nodes of a step graph into a program.
type lowering struct {
	leaves  map[*G.Node]leaf
	streams map[*G.Node]stream
	p       *program
	varies  map[*G.Node]bool
	slot    map[*G.Node]int32
	uses    map[*G.Node]int
	free    map[int][]int32 // registers to use again, by width
	nreg    int
	order   []*G.Node

	fusions  map[*G.Node]fusion
	absorbed map[*G.Node]bool // by a fusion: they need no instruction of their own
}

func newLowering(leaves map[*G.Node]leaf, streams map[*G.Node]stream, states int) *lowering {
	l := &lowering{
		leaves: leaves, streams: streams, p: &program{},
		varies: map[*G.Node]bool{}, slot: map[*G.Node]int32{}, uses: map[*G.Node]int{},
		free: map[int][]int32{}, fusions: map[*G.Node]fusion{}, absorbed: map[*G.Node]bool{},
	}
	l.p.states = make([]carry, states)
	for i := range l.p.states {
		l.p.states[i] = carry{in: -1, out: -1}
	}
	return l
}

// lower makes the program that computes the roots, and the sums over time of
// the parameters' gradients in sums. batch is the length of the first axis of a
// time step; rows, if it is not 0, is how many rows the program must fall into.
func lower(roots []root, sums []*G.Node, leaves map[*G.Node]leaf, streams map[*G.Node]stream, states, batch, rows int) (*program, []*tail, error) {
	l := newLowering(leaves, streams, states)
	tails := make([]*tail, len(sums))
	for i, n := range sums {
		if n != nil {
			tails[i] = l.tail(n, &roots)
		}
	}
	for _, r := range roots {
		l.visit(r.node)
	}
	l.chooseRows(roots, batch)
	if rows > 0 {
		l.p.rows = rows
	}
	l.planFusions()
	if err := l.emit(roots); err != nil {
		return nil, nil, err
	}
	return l.p, tails, nil
}

// changes reports whether n depends on anything but the parameters.
func (l *lowering) changes(n *G.Node) bool {
	if v, ok := l.varies[n]; ok {
		return v
	}
	v := false
	if lf, ok := l.leaves[n]; ok {
		v = lf.kind != leafParam
	} else if _, ok := n.Op().(*fillOp); !ok {
		for _, c := range childrenOf(n) {
			v = l.changes(c) || v
		}
	}
	l.varies[n] = v
	return v
}

// visit puts the nodes that n needs at each time step in order, and counts how
// often each is used.
func (l *lowering) visit(n *G.Node) {
	if !l.changes(n) {
		return
	}
	l.uses[n]++
	if l.uses[n] > 1 {
		return
	}
	if !l.isLeaf(n) {
		for _, c := range childrenOf(n) {
			l.visit(c)
		}
	}
	l.order = append(l.order, n)
}

func (l *lowering) isLeaf(n *G.Node) bool {
	_, ok := l.leaves[n]
	return ok
}

// alias returns the input whose elements n shares: detached and reshaped values
// are their inputs.
func (l *lowering) alias(n *G.Node) *G.Node {
	for n.Op() != nil {
		if _, ok := n.Op().(stopOp); !ok && !isReshape(n.Op()) {
			break
		}
		n = childrenOf(n)[0]
	}
	return n
}

// opcodeOf returns the element-wise opcode of a node, opNone if it is none.
func opcodeOf(n *G.Node) opcode {
	switch op := n.Op().(type) {
	case mapOp:
		return op.code
	case spikeOp:
		if _, ok := op.f.(heaviside); ok && !op.slope {
			return opGtC
		}
		return opFunc
	}
	return elementwise(n.Op())
}

func size(n *G.Node) int { return n.Shape().TotalSize() }

// isRowProduct reports whether n multiplies a value that changes by a matrix
// that does not, so that each row of the result needs one row of the value.
func (l *lowering) isRowProduct(n *G.Node) bool {
	op, ok := n.Op().(matOp)
	if !ok || op.transA {
		return false
	}
	in := childrenOf(n)
	return l.changes(in[0]) && !l.changes(in[1])
}

// isLanewise reports whether n maps lane to lane.
func (l *lowering) isLanewise(n *G.Node) bool {
	code := opcodeOf(n)
	if code == opNone {
		return false
	}
	for i, c := range childrenOf(n) {
		if _, ok := l.number(c); ok {
			if code == opPow && i == 0 {
				return false
			}
		} else if size(c) != size(n) {
			return false
		}
	}
	return true
}

// chooseRows decides into how many independent rows a time step falls.
func (l *lowering) chooseRows(roots []root, batch int) {
	lanes, products := true, true
	width := 0
	consider := func(n *G.Node) {
		if s := size(n); width == 0 {
			width = s
		} else if s != width {
			lanes = false
		}
		if shape := n.Shape(); len(shape) == 0 || shape[0] != batch {
			products = false
		}
		l.p.lanes = max(l.p.lanes, size(n))
	}
	for _, n := range l.order {
		consider(n)
		if l.isLeaf(n) || l.alias(n) != n || l.isLanewise(n) {
			continue
		}
		lanes = false
		if !l.isRowProduct(n) {
			products = false
		}
	}
	for _, r := range roots {
		if !l.changes(r.node) {
			consider(r.node)
		}
	}
	switch {
	case lanes:
		l.p.rows = max(1, width) // 1 where there is nothing to compute
	case products:
		l.p.rows = batch
	default:
		l.p.rows = 1
	}
}
