package jit

import "github.com/spikegrad/spikegrad/internal/cpu"

// avx512 is AVX-512 F and DQ. Lanes are chosen by mask registers, and an operand in
// memory can be one element.
var avx512 = &target{
	level: cpu.AVX512, registers: 32, bytes: 64, scales: true,
	vectors: func(e *encoder) vectors { return evex{e} },
}

// The masks: that of the lanes of a last vector that is not full, and a scratch.
const (
	kTail = 1
	kFlag = 2
)

// evex writes instructions with an EVEX prefix.
type evex struct{ *encoder }

// An opcode is what tells an instruction from others.
type opcode struct {
	table byte // 1, 2, 3: 0F, 0F38, 0F3A
	pp    byte // 0, 1: none, 66
	code  byte
	w     byte
}

// masks of an instruction: lanes not in k keep their value, or are zero.
type masks struct {
	k    byte
	zero bool
}

// bit returns bit number at, if set.
func bit(set bool, at byte) byte {
	if set {
		return 1 << at
	}
	return 0
}

// write writes op reg, v, rm: reg and v are registers, or what the instruction
// takes for them.
func (e evex) write(op opcode, reg, v uint8, rm operand, m masks) {
	var b, x bool // the high bits of base and index, or of rm
	if rm.isMem {
		b, x = rm.mem.base >= 8, rm.mem.hasIndex && rm.mem.index >= 8
	} else {
		b, x = rm.reg&8 != 0, rm.reg&16 != 0
	}
	e.byte(0x62,
		bit(reg&8 == 0, 7)|bit(!x, 6)|bit(!b, 5)|bit(reg&16 == 0, 4)|op.table,
		op.w<<7|(^v&15)<<3|4|op.pp,
		bit(m.zero, 7)|2<<5|bit(rm.isMem && rm.mem.spread, 4)|bit(v&16 == 0, 3)|m.k,
		op.code)
	if !rm.isMem {
		e.byte(0xc0 | reg&7<<3 | rm.reg&7)
		return
	}
	unit := int32(64)
	if rm.mem.one || rm.mem.spread {
		unit = int32(e.size())
	}
	e.modrm(reg, rm.mem, unit)
}

// float writes an instruction on floats, whose prefix tells float64.
func (e evex) float(code byte, reg, v uint8, rm operand, m masks) {
	e.write(opcode{table: 1, pp: e.wide(), code: code, w: e.wide()}, reg, v, rm, m)
}

// table2 writes an instruction of the second table.
func (e evex) table2(code byte, reg, v uint8, rm operand, m masks) {
	e.write(opcode{table: 2, pp: 1, code: code, w: e.wide()}, reg, v, rm, m)
}

func (e evex) begin() {
	e.loadInt(rTemp, mem{base: rFrame, disp: atTail})
	e.byte(0xc5, 0xf8, 0x92, 0xc0|kTail<<3|byte(rTemp&7))
}

// lanes returns the mask of the elements of a vector.
func lanes(tail bool) byte {
	if tail {
		return kTail
	}
	return 0 // all
}

func (e evex) load(to uint8, from mem, tail bool) {
	e.float(opLoad, to, 0, inMem(from), masks{k: lanes(tail), zero: tail})
}

func (e evex) store(to mem, from uint8, tail bool) {
	e.float(opStore, from, 0, inMem(to), masks{k: lanes(tail)})
}

func (e evex) constant(from mem) operand {
	from.spread = true
	return inMem(from)
}

func (e evex) fill(to uint8, from mem) { e.spread(to, from, masks{}) }

// spread fills a register with one element of memory.
func (e evex) spread(to uint8, from mem, m masks) {
	from.one, from.spread = true, false
	e.table2(opFill+e.wide(), to, 0, inMem(from), m)
}

func (e evex) move(to, from uint8) { e.float(opMove, to, 0, inReg(from), masks{}) }

func (e evex) unary(op Op, to uint8, a operand) {
	if op == Sqrt {
		e.float(opSqrt, to, 0, a, masks{})
		return
	}
	e.write(opcode{table: 3, pp: 1, code: opRound + e.wide(), w: e.wide()}, to, 0, a, masks{})
	e.byte(modes[op])
}

func (e evex) binary(op Op, to, a uint8, b operand) {
	if op == Scale {
		e.table2(0x2c, to, a, b, masks{})
		return
	}
	e.float(arithmetic[op], to, a, b, masks{})
}

func (e evex) shift(to, a uint8, by int) {
	e.write(opcode{table: 1, pp: 1, code: opShift + e.wide(), w: e.wide()}, 6, to, inReg(a), masks{})
	e.byte(byte(by))
}

func (e evex) fma(op Op, to, b uint8, c operand) { e.table2(fused[op], to, b, c, masks{}) }

func (e evex) compare(p Predicate, a uint8, b operand) {
	e.float(opCmp, kFlag, a, b, masks{})
	e.byte(byte(p))
}

func (e evex) flag(to uint8, one operand) {
	if k := (masks{k: kFlag, zero: true}); one.isMem {
		e.spread(to, one.mem, k)
	} else {
		e.float(opMove, to, 0, one, k)
	}
}

func (e evex) choose(to, no uint8, yes operand) { e.table2(0x65, to, no, yes, masks{k: kFlag}) }
