package jit

import (
	"cmp"
	"slices"
)

// assemble writes the loops: over time steps, and in each over the lanes of a block,
// first in whole vectors and then what is left. It does so twice: the first time tells
// how many registers are left for constants.
func assemble(b *Builder) (a Assembler, spills int) {
	ptrs := b.choosePointers()
	most := 0
	for _, tail := range []bool{false, true} {
		m := newEmitter(b.target.New(b.bits), b, tail, ptrs, nil)
		m.body()
		most = max(most, m.most)
	}
	hoist := b.chooseConstants(b.target.Registers - most)

	a = b.target.New(b.bits)
	a.LoadInt(RegPtrs, args(AtPtrs))
	a.LoadInt(RegConsts, args(AtConsts))
	a.LoadInt(RegSpills, args(AtSpills))
	a.LoadInt(RegFull, args(AtFull))
	full := newEmitter(a, b, false, ptrs, hoist)
	for _, v := range hoist {
		a.Fill(Vec(full.reg[v]), full.constant(v))
	}
	a.Begin()

	step := a.Len()
	for p, r := range ptrs {
		if r != RegTemp {
			a.LoadInt(r, pointer(Ptr(p)))
		}
	}
	a.ZeroInt(RegIndex)
	a.LoadInt(RegNext, args(AtAhead))
	a.CompareInt(RegIndex, RegFull)
	toTail := a.Jump(IfNotBelow)
	lanes := a.Len()
	b.prefetch(a, ptrs)
	full.body()
	a.AddImm(RegNext, int32(b.target.Bytes))
	a.AddImm(RegIndex, int32(b.target.Bytes))
	a.CompareInt(RegIndex, RegFull)
	a.Aim(a.Jump(IfBelow), lanes)

	a.Aim(toTail, a.Len())
	a.CompareMem(RegIndex, args(AtBytes))
	noTail := a.Jump(IfNotBelow)
	rest := newEmitter(a, b, true, ptrs, hoist)
	rest.body()
	a.Aim(noTail, a.Len())

	for p := range ptrs {
		a.LoadInt(RegTemp, args(AtStrides))
		a.LoadInt(RegTemp, Mem{Base: RegTemp, Disp: int32(p) * 8})
		a.AddToMem(pointer(Ptr(p)), RegTemp)
	}
	a.Decrement(args(AtSteps))
	a.Aim(a.Jump(IfNotZero), step)
	a.Leave()
	return a, int(max(full.area, rest.area))
}

// pointer is the memory that holds a place.
func pointer(p Ptr) Mem { return Mem{Base: RegPtrs, Disp: int32(p) * 8} }

// choosePointers gives registers to the places that are used most; RegTemp stands for
// the others, which are read from memory each time.
func (b *Builder) choosePointers() []Reg {
	count := make([]int, b.nPtrs)
	order := make([]int, b.nPtrs)
	for p := range order {
		order[p] = p
	}
	for _, in := range b.instrs {
		if in.op == load || in.op == store {
			count[in.ptr]++
		}
	}
	slices.SortStableFunc(order, func(p, q int) int { return cmp.Compare(count[q], count[p]) })
	regs := make([]Reg, b.nPtrs)
	for i, p := range order {
		regs[p] = RegTemp
		if i < b.target.Pointers {
			regs[p] = Pointer0 + Reg(i)
		}
	}
	return regs
}

// chooseConstants returns at most n constants to keep in registers, those used
// most.
func (b *Builder) chooseConstants(n int) []Value {
	count := map[Value]int{}
	var all []Value
	for i, in := range b.instrs {
		if in.op == constant {
			all = append(all, Value(i))
		}
		for _, a := range in.args {
			count[a]++
		}
	}
	all = slices.DeleteFunc(all, func(v Value) bool { return count[v] == 0 })
	slices.SortStableFunc(all, func(v, w Value) int { return cmp.Compare(count[w], count[v]) })
	return all[:max(0, min(n, len(all)))]
}

// prefetch asks for what the next time step reads and writes.
func (b *Builder) prefetch(a Assembler, ptrs []Reg) {
	for p := range Ptr(b.nPtrs) {
		if !b.ahead[p] {
			continue
		}
		base := ptrs[p]
		if base == RegTemp {
			a.LoadInt(RegTemp, pointer(p))
		}
		writes := slices.ContainsFunc(b.instrs, func(in instr) bool { return in.op == store && in.ptr == p })
		a.Prefetch(Mem{Base: base, Index: RegNext, Indexed: true}, writes)
	}
}
