package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	ops "github.com/spikegrad/spikegrad/internal/op"
)

// emit writes the instructions.
func (l *lowering) emit(roots []root) error {
	// The first sink of a value is where it is computed to; the others get copies.
	first := map[*G.Node]int{}
	sinks := make([]int32, len(roots))
	for i, r := range roots {
		sinks[i] = l.sink(r)
		n := l.alias(r.node)
		if _, ok := first[n]; !ok && r.kind != slotAcc && l.changes(n) && !l.isLeaf(n) {
			first[n] = i
		}
	}
	for _, n := range l.order {
		if err := l.emitNode(n, first, sinks); err != nil {
			return err
		}
	}
	for i, r := range roots {
		n := l.alias(r.node)
		if j, ok := first[n]; ok && j == i {
			continue
		}
		if c, ok := l.number(r.node); ok {
			code := opFill
			if r.kind == slotAcc {
				code = opAddC
			}
			l.p.instrs = append(l.p.instrs, instr{code: code, dst: sinks[i], a: sinks[i], c: l.constant(c)})
			continue
		}
		src := l.operand(r.node)
		if r.kind == slotAcc {
			l.p.instrs = append(l.p.instrs, instr{code: opAdd, dst: sinks[i], a: sinks[i], b: src})
		} else {
			l.p.instrs = append(l.p.instrs, instr{code: opCopy, dst: sinks[i], a: src})
		}
	}
	return nil
}

func (l *lowering) emitNode(n *G.Node, first map[*G.Node]int, sinks []int32) error {
	if lf, ok := l.leaves[n]; ok {
		switch lf.kind {
		case leafStream:
			l.slot[n] = l.addSlot(slotDesc{kind: slotStream, strm: l.streams[n], width: l.width(n)})
		case leafState:
			s := l.addSlot(slotDesc{kind: slotIn, index: lf.index, width: l.width(n)})
			l.p.states[lf.index].in, l.p.states[lf.index].width = s, l.width(n)
			l.slot[n] = s
		}
		return nil
	}
	if l.alias(n) != n || l.absorbed[n] {
		return nil
	}
	in := childrenOf(n)
	w := l.width(n)
	dst := func() int32 {
		if i, ok := first[n]; ok {
			return sinks[i]
		}
		return l.register(w)
	}
	switch {
	case l.isLanewise(n):
		var ins instr
		if f := l.fusions[n]; f.inner != nil {
			ins, in = l.fused(f)
		} else {
			ins = l.lanewise(n, opcodeOf(n), in)
		}
		// Operands may share memory with the result, so they are given back first.
		for _, c := range in {
			l.release(c)
		}
		ins.dst = dst()
		l.slot[n] = ins.dst
		l.p.instrs = append(l.p.instrs, ins)
	case l.isRowProduct(n):
		op := n.Op().(matOp)
		k, cols := flip(in[1].Shape(), op.transB)
		l.p.mats = append(l.p.mats, matInstr{w: l.fullNumber(in[1]), trans: op.transB, k: k, n: cols})
		ins := instr{code: opRows, a: l.operand(in[0]), c: int32(len(l.p.mats) - 1), dst: dst()}
		l.slot[n] = ins.dst
		l.p.instrs = append(l.p.instrs, ins)
		l.release(in[0])
	default:
		if !isFloat(n.Dtype()) {
			return fmt.Errorf("%v gives elements of type %v inside a step, want float32 or float64 (comparisons have a form that does)", n.Op(), n.Dtype())
		}
		if op, ok := n.Op().(ops.Stepper); ok {
			op.Stepwise()
		}
		call := callInstr{op: n.Op(), code: arithmeticOf(n.Op()), node: n}
		for _, c := range in {
			if l.changes(c) {
				call.args = append(call.args, arg{slot: l.operand(c), node: c})
			} else {
				call.args = append(call.args, arg{slot: -1, node: c})
			}
		}
		l.p.calls = append(l.p.calls, call)
		ins := instr{code: opCall, c: int32(len(l.p.calls) - 1), dst: dst()}
		l.slot[n] = ins.dst
		l.p.instrs = append(l.p.instrs, ins)
		for _, c := range in {
			l.release(c)
		}
	}
	return nil
}

// withConst maps an opcode on two values to those with a constant on the right
// and on the left.
var withConst = map[opcode]struct{ right, left opcode }{
	opAdd: {opAddC, opAddC}, opSub: {opAddC, opRSubC}, opMul: {opMulC, opMulC}, opDiv: {opDivC, opRDivC},
	opPow: {opPowC, opNone}, opGt: {opGtC, opLtC}, opGe: {opGeC, opLeC}, opLt: {opLtC, opGtC},
	opLe: {opLeC, opGeC}, opEq: {opEqC, opEqC}, opNe: {opNeC, opNeC},
}

// lanewise makes the instruction of an element-wise node, all but its result.
func (l *lowering) lanewise(n *G.Node, code opcode, in G.Nodes) instr {
	ins := instr{code: code}
	switch op := n.Op().(type) {
	case mapOp:
		ins.a = l.operand(in[0])
		ins.c = l.constant(constant{v: op.c})
		return ins
	case spikeOp:
		ins.a = l.operand(in[0])
		if code == opFunc {
			ins.fn, ins.spike = op.eval(), &op
		} else {
			ins.c = l.constant(constant{})
		}
		return ins
	}
	if len(in) == 1 {
		ins.a = l.operand(in[0])
		return ins
	}
	if c, ok := l.number(in[1]); ok {
		c.neg = code == opSub
		ins.code, ins.a, ins.c = withConst[code].right, l.operand(in[0]), l.constant(c)
		return ins
	}
	if c, ok := l.number(in[0]); ok {
		ins.code, ins.a, ins.c = withConst[code].left, l.operand(in[1]), l.constant(c)
		return ins
	}
	ins.a, ins.b = l.operand(in[0]), l.operand(in[1])
	return ins
}
