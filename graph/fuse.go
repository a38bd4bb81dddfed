package graph

import (
	G "gorgonia.org/gorgonia"
)

// Two element-wise operations of which the second alone uses the first are one
// instruction where there is a kernel for both. The kernels round after each, so
// the numbers are those of the two instructions.

// A fusion says how a node takes in one of its inputs.
type fusion struct {
	code    opcode
	a, b, c *G.Node  // operands, nil where there is none
	k       constant // of opMulAddC
	inner   *G.Node  // the node that is taken in
}

// planFusions decides which nodes are taken in by the one that uses them.
func (l *lowering) planFusions() {
	taken := map[*G.Node]bool{}
	for _, n := range l.order {
		if n.Op() == nil || l.alias(n) != n || !l.isLanewise(n) {
			continue
		}
		f, ok := l.fusionOf(n)
		if !ok || taken[f.inner] || l.fusions[f.inner].inner != nil {
			continue
		}
		l.fusions[n] = f
		taken[f.inner] = true
		l.absorbed[f.inner] = true
	}
}

// fusible reports whether n is element-wise and used once, by a node that could
// take it in.
func (l *lowering) fusible(n *G.Node) bool {
	return n.Op() != nil && l.changes(n) && l.uses[n] == 1 && l.alias(n) == n && l.isLanewise(n)
}

// scaled reports whether n is a fusible k·x, and returns x and k.
func (l *lowering) scaled(n *G.Node) (x *G.Node, k constant, ok bool) {
	if !l.fusible(n) {
		return nil, k, false
	}
	in := childrenOf(n)
	if op, isMap := n.Op().(mapOp); isMap && op.code == opMulC {
		return in[0], constant{v: op.c}, true
	}
	if opcodeOf(n) != opMul {
		return nil, k, false
	}
	if k, ok := l.number(in[1]); ok {
		return in[0], k, true
	}
	if k, ok := l.number(in[0]); ok {
		return in[1], k, true
	}
	return nil, k, false
}

// inner reports whether n is a fusible operation with that code on values that
// are no plain numbers, and returns its inputs.
func (l *lowering) inner(n *G.Node, code opcode) (in G.Nodes, ok bool) {
	if !l.fusible(n) || opcodeOf(n) != code {
		return nil, false
	}
	in = childrenOf(n)
	for _, c := range in {
		if _, isNumber := l.number(c); isNumber {
			return nil, false
		}
	}
	return in, true
}

func (l *lowering) fusionOf(n *G.Node) (fusion, bool) {
	code, in := opcodeOf(n), childrenOf(n)
	if len(in) != 2 {
		return fusion{}, false
	}
	for _, c := range in {
		if _, isNumber := l.number(c); isNumber {
			return fusion{}, false
		}
	}
	switch code {
	case opAdd:
		for i, c := range in {
			other := in[1-i]
			if x, k, ok := l.scaled(c); ok {
				return fusion{code: opMulAddC, a: x, c: other, k: k, inner: c}, true
			}
			if neg, ok := l.inner(c, opNeg); ok {
				return fusion{code: opSub, a: other, b: neg[0], inner: c}, true
			}
			if m, ok := l.inner(c, opMul); ok {
				return fusion{code: opMulAdd, a: m[0], b: m[1], c: other, inner: c}, true
			}
		}
	case opSub:
		if x, k, ok := l.scaled(in[1]); ok {
			k.v, k.neg = -k.v, !k.neg && k.node != nil
			return fusion{code: opMulAddC, a: x, c: in[0], k: k, inner: in[1]}, true
		}
		if m, ok := l.inner(in[1], opMul); ok {
			return fusion{code: opMulRSub, a: m[0], b: m[1], c: in[0], inner: in[1]}, true
		}
	case opMul:
		for i, c := range in {
			if op, ok := c.Op().(mapOp); ok && op.code == opRSubC && op.c == 1 && l.fusible(c) {
				return fusion{code: opOneMinusMul, a: childrenOf(c)[0], b: in[1-i], inner: c}, true
			}
		}
	}
	return fusion{}, false
}

// fused makes the instruction of a fusion, all but its result, and returns the
// nodes that it reads.
func (l *lowering) fused(f fusion) (instr, G.Nodes) {
	ins := instr{code: f.code, a: l.operand(f.a)}
	read := G.Nodes{f.a}
	if f.b != nil {
		ins.b, read = l.operand(f.b), append(read, f.b)
	}
	if f.c != nil {
		ins.e, read = l.operand(f.c), append(read, f.c)
	}
	if f.code == opMulAddC {
		ins.c = l.constant(f.k)
	}
	return ins, read
}
