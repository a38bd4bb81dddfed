package jit

import (
	"math"
	"slices"
)

const none = -1

// An emitter writes the body of the loop over lanes: it gives the values
// registers, in the order of the instructions, and where none is free parks the
// one whose next use is farthest away (spills it to memory, by Belady's rule). On
// straight-line code that is local register allocation; what can be read again from
// where it was, a constant or a place, is not written when it is parked
// (rematerialised).
//
// L. A. Belady, IBM Systems Journal 5 (1966), 78.
type emitter struct {
	Assembler
	b     *Builder
	tail  bool      // the vector is not full
	ptrs  []Reg     // of each place, RegTemp where it has no register
	uses  [][]int   // instructions that read each value, those still to come
	reg   []int8    // of each value, none where it has none
	spill []int32   // offset of each parked (spilled) value, none where it is not parked
	again []bool    // whether the value can be read again from where it was (rematerialised)
	owner []Value   // of each register, none where it is free
	pin   []bool    // registers that the present instruction needs
	area  int32     // bytes of parked values
	most  int       // registers in use at the same time
	hoist []Value   // constants that have a register throughout
	loads [][]Value // values loaded from each place
}

func newEmitter(a Assembler, b *Builder, tail bool, ptrs []Reg, hoist []Value) *emitter {
	n, registers := len(b.instrs), b.target.Registers
	m := &emitter{
		Assembler: a, b: b, tail: tail, ptrs: ptrs, hoist: hoist, uses: make([][]int, n), reg: make([]int8, n),
		spill: make([]int32, n), again: make([]bool, n), owner: make([]Value, registers), pin: make([]bool, registers),
		loads: make([][]Value, b.nPtrs),
	}
	for i, in := range slices.Backward(b.instrs) {
		m.reg[i], m.spill[i] = none, none
		m.again[i] = in.op == load || in.op == constant
		if in.op != store && len(m.uses[i]) == 0 {
			continue // nothing needs it
		}
		for _, a := range in.args {
			m.uses[a] = append(m.uses[a], i)
		}
		if in.op == load {
			m.loads[in.ptr] = append(m.loads[in.ptr], Value(i))
		}
	}
	for _, u := range m.uses {
		slices.Reverse(u)
	}
	for r := range m.owner {
		m.owner[r] = none
	}
	for i, v := range hoist {
		r := registers - 1 - i
		m.reg[v], m.owner[r], m.pin[r] = int8(r), v, true
	}
	return m
}

// body writes all instructions.
func (m *emitter) body() {
	for i, in := range m.b.instrs {
		switch {
		case in.op == load || in.op == constant: // made when first used
		case in.op == store:
			m.store(i, in)
		case len(m.uses[i]) > 0:
			m.compute(i, in)
		}
	}
}

// next returns the next instruction that reads v.
func (m *emitter) next(v Value) int {
	if len(m.uses[v]) == 0 {
		return math.MaxInt
	}
	return m.uses[v][0]
}

// free returns a register, which it takes from the value that is needed last if
// all are taken.
func (m *emitter) free() Vec {
	last, at := -1, -1
	used := 0
	for _, v := range m.owner {
		if v != none {
			used++
		}
	}
	m.most = max(m.most, used+1)
	for r, v := range m.owner {
		if v == none {
			return Vec(r)
		}
		if n := m.next(v); !m.pin[r] && n > at {
			last, at = r, n
		}
	}
	m.park(m.owner[last])
	return Vec(last)
}

// park takes the register from v, and keeps v in memory if it has to be.
func (m *emitter) park(v Value) {
	r := m.reg[v]
	if !m.again[v] && m.spill[v] == none {
		m.spill[v] = m.area
		m.area += int32(m.b.target.Bytes)
		m.Store(Mem{Base: RegSpills, Disp: m.spill[v]}, Vec(r), false)
	}
	m.owner[r], m.reg[v] = none, none
}

func (m *emitter) own(r Vec, v Value) {
	m.owner[r], m.reg[v] = v, int8(r)
}

// place returns the memory of a place at the present vector.
func (m *emitter) place(p Ptr) Mem {
	base := m.ptrs[p]
	if base == RegTemp {
		m.LoadInt(RegTemp, pointer(p))
	}
	return Mem{Base: base, Index: RegIndex, Indexed: true}
}

func (m *emitter) constant(v Value) Mem {
	return Mem{Base: RegConsts, Disp: int32(m.b.instrs[v].k * m.b.target.constant(m.b.bits))}
}

// in returns a register that holds v, pinned until the instruction is written.
func (m *emitter) in(v Value) Vec {
	if m.reg[v] == none {
		r := m.free()
		m.own(r, v)
		switch in := m.b.instrs[v]; {
		case m.spill[v] != none:
			m.Load(r, Mem{Base: RegSpills, Disp: m.spill[v]}, false)
		case in.op == constant:
			m.Fill(r, m.constant(v))
		default:
			m.Load(r, m.place(in.ptr), m.tail)
		}
	}
	r := Vec(m.reg[v])
	m.pin[r] = true
	return r
}

// operand returns v as the last operand of an instruction: a register, or
// memory where it saves one.
func (m *emitter) operand(v Value) Operand {
	if m.reg[v] == none && m.spill[v] == none {
		switch in := m.b.instrs[v]; {
		case in.op == constant:
			return Operand{InMem: true, Mem: m.constant(v), Constant: true}
		case in.op == load && !m.tail && len(m.uses[v]) == 1: // its place has not been written since
			return Operand{InMem: true, Mem: m.place(in.ptr)}
		}
	}
	return Operand{Vec: m.in(v)}
}

// used notes that instruction i has read its operands, and gives back the
// registers of those that are not read again.
func (m *emitter) used(i int, args []Value) {
	for _, a := range args {
		for len(m.uses[a]) > 0 && m.uses[a][0] <= i {
			m.uses[a] = m.uses[a][1:]
		}
		r := m.reg[a]
		if r == none || m.hoisted(Vec(r)) {
			continue
		}
		m.pin[r] = false
		if len(m.uses[a]) == 0 {
			m.owner[r], m.reg[a] = none, none
		}
	}
}

// hoisted reports whether a register holds a constant throughout.
func (m *emitter) hoisted(r Vec) bool { return int(r) >= len(m.owner)-len(m.hoist) }

// result returns a register for the result of instruction i.
func (m *emitter) result(i int) Vec {
	r := m.free()
	m.own(r, Value(i))
	return r
}

// store writes a value to memory. Values that were loaded from there and are
// still needed are loaded before.
func (m *emitter) store(i int, in instr) {
	for _, v := range m.loads[in.ptr] {
		if int(v) < i && (m.next(v) > i && m.next(v) != math.MaxInt || v == in.args[0]) {
			r := m.in(v)
			m.again[v], m.pin[r] = false, false
		}
	}
	r := m.in(in.args[0]) // before place, which may take RegTemp
	m.Store(m.place(in.ptr), r, m.tail)
	m.used(i, in.args)
}

func (m *emitter) compute(i int, in instr) {
	args := in.args
	switch in.op {
	case Sqrt, Floor, Ceil, Nearest:
		a := m.operand(args[0])
		m.used(i, args)
		m.Unary(in.op, m.result(i), a)
	case Shift:
		a := m.in(args[0])
		m.used(i, args)
		m.Shift(m.result(i), a, in.k)
	case FMA, FNMA:
		a, b := m.in(args[0]), m.in(args[1])
		c := m.operand(args[2])
		d := a
		if m.hoisted(a) || slices.Max(m.uses[args[0]]) > i {
			d = m.free()
			m.Move(d, a)
		}
		m.used(i, args)
		m.own(d, Value(i))
		m.FMA(in.op, d, b, c)
	case Flag:
		a, b := m.in(args[0]), m.operand(args[1])
		one := m.operand(args[2])
		m.Compare(in.pred, a, b)
		m.used(i, args)
		m.Flag(m.result(i), one)
	case Select:
		// What is loaded goes first: a place may take RegTemp, and the mask of a vector
		// that is not full what compare gives.
		no := m.in(args[3])
		if m.tail {
			m.in(args[2])
		}
		a, b := m.in(args[0]), m.operand(args[1])
		m.Compare(in.pred, a, b)
		yes := m.operand(args[2])
		m.used(i, args)
		m.Choose(m.result(i), no, yes)
	default:
		if m.reg[args[0]] == none && m.reg[args[1]] != none && commutes(in.op) {
			args = []Value{args[1], args[0]}
		}
		a, b := m.in(args[0]), m.operand(args[1])
		m.used(i, args)
		m.Binary(in.op, m.result(i), a, b)
	}
}

// commutes reports whether the operands may be exchanged. A sum or product of
// two NaNs is the first of them, which no result depends on but for its sign.
func commutes(op Op) bool {
	return op == Add || op == Mul || op == And || op == Or || op == Xor
}
