package lower

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/op"
)

// emit writes the instructions.
func (l *lowering) emit() error {
	// The first sink of a value is where it is computed to; the others get copies.
	sinks := make([]int32, len(l.roots))
	for i, r := range l.roots {
		sinks[i] = l.sink(r)
		v := l.value(r.Node).alias()
		if v.first < 0 && r.Kind != ir.SlotAcc && v.changes && v.leaf == nil {
			v.first = i
		}
	}
	for _, v := range l.order {
		if err := l.emitValue(v, sinks); err != nil {
			return err
		}
	}
	for i, r := range l.roots {
		v := l.value(r.Node)
		switch {
		case v.alias().first == i:
		case v.isNumber() && r.Kind == ir.SlotAcc:
			l.add(ir.Instr{Op: ir.OpAddC, Dst: sinks[i], A: sinks[i], C: l.constant(v.asNumber())})
		case v.isNumber():
			l.add(ir.Instr{Op: ir.OpFill, Dst: sinks[i], A: sinks[i], C: l.constant(v.asNumber())})
		case r.Kind == ir.SlotAcc:
			l.add(ir.Instr{Op: ir.OpAdd, Dst: sinks[i], A: sinks[i], B: l.operand(v)})
		default:
			l.add(ir.Instr{Op: ir.OpCopy, Dst: sinks[i], A: l.operand(v)})
		}
	}
	return nil
}

func (l *lowering) add(ins ir.Instr) { l.p.Instrs = append(l.p.Instrs, ins) }

// emitValue writes the instruction of one value, if it has one.
func (l *lowering) emitValue(v *value, sinks []int32) error {
	if v.leaf != nil {
		l.enter(v)
		return nil
	}
	if v.alias() != v || v.absorbed {
		return nil
	}
	var ins ir.Instr
	read := v.in
	switch {
	case v.isLanewise() && v.fusion != nil:
		ins, read = l.fused(v.fusion)
	case v.isLanewise():
		ins = l.lanewise(v)
	case v.isRowProduct():
		ins, read = l.rowProduct(v), v.in[:1]
	default:
		var err error
		if ins, err = l.call(v); err != nil {
			return err
		}
	}
	if v.isLanewise() { // the result may be where an operand was
		l.release(read...)
		read = nil
	}
	ins.Dst = l.destination(v, sinks)
	v.slot = ins.Dst
	l.add(ins)
	l.release(read...)
	return nil
}

// enter gives an input of the step its slot.
func (l *lowering) enter(v *value) {
	switch v.leaf.Kind {
	case LeafStream:
		v.slot = l.addSlot(ir.Slot{Kind: ir.SlotStream, Stream: v.leaf.Stream, Width: l.width(v)})
	case LeafState:
		v.slot = l.addSlot(ir.Slot{Kind: ir.SlotIn, Index: v.leaf.Index, Width: l.width(v)})
		st := &l.p.States[v.leaf.Index]
		st.In, st.Width = v.slot, l.width(v)
	}
}

// lanewise makes the instruction of an element-wise value, all but its result.
func (l *lowering) lanewise(v *value) ir.Instr {
	f := v.form
	ins := ir.Instr{Op: f.Op}
	switch facts := f.Op.Facts(); {
	case f.Op == ir.OpFunc:
		ins.A, ins.C = l.operand(v.in[0]), l.function(f.Func)
	case facts.Const:
		ins.A, ins.C = l.operand(v.in[0]), l.constant(factor{v: f.Const})
	case len(v.in) == 1:
		ins.A = l.operand(v.in[0])
	case v.in[1].isNumber():
		c := v.in[1].asNumber()
		c.neg = f.Op == ir.OpSub
		ins.Op, ins.A, ins.C = facts.Right, l.operand(v.in[0]), l.constant(c)
	case v.in[0].isNumber():
		ins.Op, ins.A, ins.C = facts.Left, l.operand(v.in[1]), l.constant(v.in[0].asNumber())
	default:
		ins.A, ins.B = l.operand(v.in[0]), l.operand(v.in[1])
	}
	return ins
}

// fused makes the instruction of a fusion, all but its result, and returns the
// values that it reads.
func (l *lowering) fused(f *fusion) (ir.Instr, []*value) {
	ins := ir.Instr{Op: f.op, A: l.operand(f.a)}
	read := []*value{f.a}
	if f.b != nil {
		ins.B, read = l.operand(f.b), append(read, f.b)
	}
	if f.e != nil {
		ins.E, read = l.operand(f.e), append(read, f.e)
	}
	if f.op == ir.OpMulAddC {
		ins.C = l.constant(f.k)
	}
	return ins, read
}

func (l *lowering) rowProduct(v *value) ir.Instr {
	w := v.in[1]
	m := ir.Mat{Value: l.unchanging(w), Trans: v.form.TransB, K: w.node.Shape()[0], N: w.node.Shape()[1]}
	if m.Trans {
		m.K, m.N = m.N, m.K
	}
	l.p.Mats = append(l.p.Mats, m)
	return ir.Instr{Op: ir.OpRows, A: l.operand(v.in[0]), C: int32(len(l.p.Mats) - 1)}
}

func (l *lowering) call(v *value) (ir.Instr, error) {
	if !op.IsFloat(v.node.Dtype()) {
		return ir.Instr{}, fmt.Errorf("%v gives elements of type %v inside a step, want float32 or float64 (comparisons have a form that does)", v.node.Op(), v.node.Dtype())
	}
	if s, ok := v.node.Op().(op.Stepper); ok {
		s.Stepwise()
	}
	c := ir.Call{Name: v.node.Op().String()}
	for _, in := range v.in {
		if in.changes {
			c.Args = append(c.Args, ir.Arg{Slot: l.operand(in), Value: -1})
		} else {
			c.Args = append(c.Args, ir.Arg{Slot: -1, Value: l.unchanging(in)})
		}
	}
	l.p.Program.Calls = append(l.p.Program.Calls, c)
	l.p.Calls = append(l.p.Calls, v.node)
	return ir.Instr{Op: ir.OpCall, C: int32(len(l.p.Calls) - 1)}, nil
}

// operand returns the slot that holds v.
func (l *lowering) operand(v *value) int32 {
	if v.changes {
		return v.alias().slot
	}
	if v.slot < 0 {
		v.slot = l.addSlot(ir.Slot{Kind: ir.SlotFull, Index: int(l.unchanging(v)), Width: l.width(v)})
	}
	return v.slot
}

// unchanging returns the number of a value that does not change over time.
func (l *lowering) unchanging(v *value) int32 {
	if v.number < 0 {
		v.number = int32(len(l.p.Values))
		l.p.Values = append(l.p.Values, v.node)
		l.p.Program.Values = append(l.p.Program.Values, ir.Desc{Name: name(v.node), Size: v.size})
	}
	return v.number
}

func (l *lowering) constant(f factor) int32 {
	c := ir.Const{V: f.v, Value: -1, Neg: f.neg}
	if f.of != nil {
		c.Value = l.unchanging(f.of)
	}
	same := func(o ir.Const) bool { // 0 and −0 are not
		return o.Value == c.Value && o.Neg == c.Neg && math.Float64bits(o.V) == math.Float64bits(c.V)
	}
	if i := slices.IndexFunc(l.p.Consts, same); i >= 0 {
		return int32(i)
	}
	l.p.Consts = append(l.p.Consts, c)
	return int32(len(l.p.Consts) - 1)
}

func (l *lowering) function(f *Func) int32 {
	l.p.Funcs = append(l.p.Funcs, f)
	l.p.Program.Funcs = append(l.p.Program.Funcs, f.Name)
	return int32(len(l.p.Funcs) - 1)
}

func (l *lowering) addSlot(s ir.Slot) int32 {
	l.p.Slots = append(l.p.Slots, s)
	return int32(len(l.p.Slots) - 1)
}

func (l *lowering) width(v *value) int { return v.size / l.p.Rows }

// destination returns the slot that v is computed to.
func (l *lowering) destination(v *value, sinks []int32) int32 {
	if v.first >= 0 {
		return sinks[v.first]
	}
	width := l.width(v)
	if f := l.free[width]; len(f) > 0 {
		l.free[width] = f[:len(f)-1]
		return f[len(f)-1]
	}
	l.nreg++
	return l.addSlot(ir.Slot{Kind: ir.SlotReg, Index: l.nreg - 1, Width: width})
}

// release gives back the registers of values, each after its last use.
func (l *lowering) release(vs ...*value) {
	for _, v := range vs {
		if !v.changes {
			continue
		}
		if v.uses--; v.uses > 0 {
			continue
		}
		if v.alias() != v {
			l.release(v.in[0])
		} else if s := l.p.Slots[v.slot]; s.Kind == ir.SlotReg {
			l.free[s.Width] = append(l.free[s.Width], v.slot)
		}
	}
}

// sink returns the slot that a root is written to.
func (l *lowering) sink(r Root) int32 {
	w := l.width(l.value(r.Node))
	switch r.Kind {
	case ir.SlotStream:
		return l.addSlot(ir.Slot{Kind: ir.SlotStream, Stream: r.Stream, Width: w})
	case ir.SlotAcc:
		return l.addSlot(ir.Slot{Kind: ir.SlotAcc, Index: r.Index, Width: w})
	}
	s := l.addSlot(ir.Slot{Kind: ir.SlotOut, Index: r.Index, Width: w})
	l.p.States[r.Index].Out, l.p.States[r.Index].Width = s, w
	return s
}

// name returns what a person knows a node by. Gorgonia's binary operations have more
// in their names than the operation.
func name(n *G.Node) string {
	switch {
	case n.Op() == nil:
		return n.Name()
	case n.Op().Arity() == 2 && FormOf(n.Op()).Kind == Lanewise:
		return FormOf(n.Op()).Op.String()
	}
	return n.Op().String()
}
