package graph

import (
	"slices"

	G "gorgonia.org/gorgonia"
)

func (l *lowering) addSlot(d slotDesc) int32 {
	l.p.slots = append(l.p.slots, d)
	return int32(len(l.p.slots) - 1)
}

func (l *lowering) width(n *G.Node) int { return size(n) / l.p.rows }

// full returns the slot of a value that does not change over time.
func (l *lowering) full(n *G.Node) int32 {
	if s, ok := l.slot[n]; ok {
		return s
	}
	s := l.addSlot(slotDesc{kind: slotFull, index: l.fullNumber(n), width: l.width(n)})
	l.slot[n] = s
	return s
}

func (l *lowering) fullNumber(n *G.Node) int {
	if i := slices.Index(l.p.fulls, n); i >= 0 {
		return i
	}
	l.p.fulls = append(l.p.fulls, n)
	return len(l.p.fulls) - 1
}

// number reports whether n does not change and is one number for all lanes, and
// returns that number.
func (l *lowering) number(n *G.Node) (constant, bool) {
	if l.changes(n) {
		return constant{}, false
	}
	switch op := n.Op().(type) {
	case expandOp:
		if c := childrenOf(n)[0]; size(c) == 1 {
			return constant{node: c}, true
		}
	case *fillOp:
		return constant{v: op.c}, true
	}
	return constant{node: n}, size(n) == 1
}

func (l *lowering) constant(c constant) int32 {
	if i := slices.Index(l.p.consts, c); i >= 0 {
		return int32(i)
	}
	l.p.consts = append(l.p.consts, c)
	return int32(len(l.p.consts) - 1)
}

// operand returns the slot that holds n.
func (l *lowering) operand(n *G.Node) int32 {
	if !l.changes(n) {
		return l.full(n)
	}
	return l.slot[l.alias(n)]
}

// release gives back the register of n after its last use.
func (l *lowering) release(n *G.Node) {
	if !l.changes(n) {
		return
	}
	l.uses[n]--
	if l.uses[n] > 0 {
		return
	}
	if a := l.alias(n); a != n {
		l.release(childrenOf(n)[0])
		return
	}
	s := l.slot[n]
	if d := l.p.slots[s]; d.kind == slotReg {
		l.free[d.width] = append(l.free[d.width], s)
	}
}

// register returns a slot of scratch memory.
func (l *lowering) register(width int) int32 {
	if f := l.free[width]; len(f) > 0 {
		l.free[width] = f[:len(f)-1]
		return f[len(f)-1]
	}
	l.nreg++
	return l.addSlot(slotDesc{kind: slotReg, index: l.nreg - 1, width: width})
}

// sink returns the slot that a root is written to.
func (l *lowering) sink(r root) int32 {
	w := l.width(r.node)
	switch r.kind {
	case slotStream:
		return l.addSlot(slotDesc{kind: slotStream, strm: r.strm, width: w})
	case slotAcc:
		return l.addSlot(slotDesc{kind: slotAcc, index: r.i, width: w})
	}
	s := l.addSlot(slotDesc{kind: slotOut, index: r.i, width: w})
	l.p.states[r.i].out, l.p.states[r.i].width = s, w
	return s
}
