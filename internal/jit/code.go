package jit

import (
	"cmp"
	"errors"
	"runtime"
	"slices"
)

// Code is compiled machine code.
type Code struct {
	memory   []byte
	target   *target
	bits     int
	literals []uint64
	nPtrs    int
	nConsts  int
	spills   int // bytes
	elements int // that one call may compute, over all its time steps
}

var errUnavailable = errors.New("jit: this processor or system cannot run generated code")

// Compile makes the code of b.
func Compile(b *Builder) (*Code, error) {
	if b.target == nil {
		return nil, errUnavailable
	}
	text, spills := assemble(b)
	memory, err := executable(text)
	if err != nil {
		return nil, err
	}
	c := &Code{
		memory: memory, target: b.target, bits: b.bits, literals: b.literals, nPtrs: b.nPtrs, nConsts: b.nConsts,
		spills: spills, elements: b.elementsPerCall(),
	}
	runtime.AddCleanup(c, release, memory)
	return c, nil
}

// Bytes returns a copy of the instructions, for people to read.
func (c *Code) Bytes() []byte { return slices.Clone(c.memory) }

// callCost is about how many instructions on vectors one call may take: some
// tens of microseconds, so that nobody waits long for its end, and so many that
// a call more does not show.
const callCost = 1 << 16

// elementsPerCall returns how many elements that is, in whole vectors.
func (b *Builder) elementsPerCall() int {
	cost := 1
	for _, in := range b.instrs {
		switch in.op {
		case constant:
		case load, store, Div, Sqrt:
			cost += 8
		default:
			cost++
		}
	}
	return max(1, callCost/cost) * b.target.bytes / (b.bits / 8)
}

// assemble writes the loops. It does so twice: the first time tells how many
// registers are left for constants.
func assemble(b *Builder) (text []byte, spills int) {
	ptrs := b.choosePointers()
	most := 0
	for _, tail := range []bool{false, true} {
		m := newEmitter(&encoder{bits: b.bits}, b, tail, ptrs, nil)
		m.body()
		most = max(most, m.most)
	}
	hoist := b.chooseConstants(b.target.registers - most)

	e := &encoder{bits: b.bits}
	e.loadInt(rPtrs, mem{base: rFrame, disp: atPtrs})
	e.loadInt(rConsts, mem{base: rFrame, disp: atConsts})
	e.loadInt(rSpills, mem{base: rFrame, disp: atSpills})
	e.loadInt(rFull, mem{base: rFrame, disp: atFull})
	full := newEmitter(e, b, false, ptrs, hoist)
	for _, v := range hoist {
		full.fill(uint8(full.reg[v]), full.constant(v))
	}
	full.begin()

	step := len(e.code)
	for p, r := range ptrs {
		if r != rTemp {
			e.loadInt(r, mem{base: rPtrs, disp: int32(p) * 8})
		}
	}
	e.zeroInt(rIndex)
	e.loadInt(rNext, mem{base: rFrame, disp: atAhead})
	e.compareInt(rIndex, rFull)
	toTail := e.jump(ifNotBelow)
	lanes := len(e.code)
	b.prefetch(e, ptrs)
	full.body()
	e.addImm(rNext, int32(b.target.bytes))
	e.addImm(rIndex, int32(b.target.bytes))
	e.compareInt(rIndex, rFull)
	e.aim(e.jump(ifBelow), lanes)

	e.land(toTail)
	e.compareMem(rIndex, mem{base: rFrame, disp: atBytes})
	noTail := e.jump(ifNotBelow)
	rest := newEmitter(e, b, true, ptrs, hoist)
	rest.body()
	e.land(noTail)

	for p := range ptrs {
		e.loadInt(rTemp, mem{base: rFrame, disp: atStrides})
		e.loadInt(rTemp, mem{base: rTemp, disp: int32(p) * 8})
		e.addToMem(mem{base: rPtrs, disp: int32(p) * 8}, rTemp)
	}
	e.decrement(mem{base: rFrame, disp: atSteps})
	e.aim(e.jump(ifNotZero), step)
	e.leave()
	return e.code, int(max(full.area, rest.area))
}

// choosePointers gives registers to the places that are used most.
func (b *Builder) choosePointers() []gpr {
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
	regs := make([]gpr, b.nPtrs)
	for i, p := range order {
		regs[p] = rTemp
		if i < len(pointers) {
			regs[p] = pointers[i]
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
func (b *Builder) prefetch(e *encoder, ptrs []gpr) {
	for p := range Ptr(b.nPtrs) {
		if !b.ahead[p] {
			continue
		}
		base := ptrs[p]
		if base == rTemp {
			e.loadInt(rTemp, mem{base: rPtrs, disp: int32(p) * 8})
		}
		writes := slices.ContainsFunc(b.instrs, func(in instr) bool { return in.op == store && in.ptr == p })
		e.prefetch(mem{base: base, index: rNext, hasIndex: true}, writes)
	}
}
