package jit

import "encoding/binary"

// A gpr is a general-purpose register by its number in instructions.
type gpr uint8

const (
	rax gpr = iota
	rcx
	rdx
	rbx
	rsp
	rbp
	rsi
	rdi
	r8
	r9
	r10
	r11
	r12
	r13
)

// A mem is an operand in memory, [base + index + disp].
type mem struct {
	base     gpr
	index    gpr
	hasIndex bool
	disp     int32
	one      bool // is one element
	spread   bool // which every lane takes
}

// An operand is a vector register, or memory.
type operand struct {
	reg   uint8
	mem   mem
	isMem bool
}

func inReg(r uint8) operand { return operand{reg: r} }
func inMem(m mem) operand   { return operand{mem: m, isMem: true} }

// An encoder writes instructions. Vectors are those of AVX-512 in full.
type encoder struct {
	code []byte
	bits int
}

func (e *encoder) byte(b ...byte) { e.code = append(e.code, b...) }
func (e *encoder) int32(v int32)  { e.code = binary.LittleEndian.AppendUint32(e.code, uint32(v)) }

// size returns the bytes of an element.
func (e *encoder) size() int { return e.bits / 8 }

// An opcode is what tells an instruction with an EVEX prefix from others.
type opcode struct {
	table byte // 1, 2, 3: 0F, 0F38, 0F3A
	pp    byte // 0, 1: none, 66
	code  byte
}

// masks of an instruction: lanes not in k keep their value, or are zero.
type masks struct {
	k    byte
	zero bool
}

// evex writes op reg, v, rm: reg and v are registers, or what the instruction
// takes for them. w tells 64-bit elements from 32.
func (e *encoder) evex(op opcode, w bool, reg, v uint8, rm operand, m masks) {
	bit := func(set bool, at byte) byte {
		if set {
			return 1 << at
		}
		return 0
	}
	var b, x bool // the high bits of base and index, or of rm
	if rm.isMem {
		b, x = rm.mem.base >= 8, rm.mem.hasIndex && rm.mem.index >= 8
	} else {
		b, x = rm.reg&8 != 0, rm.reg&16 != 0
	}
	e.byte(0x62,
		bit(reg&8 == 0, 7)|bit(!x, 6)|bit(!b, 5)|bit(reg&16 == 0, 4)|op.table,
		bit(w, 7)|(^v&15)<<3|4|op.pp,
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

// modrm writes the bytes that name a register and memory. A displacement that is
// a small multiple of unit takes one byte.
func (e *encoder) modrm(reg uint8, m mem, unit int32) {
	mode, short := byte(2), false
	if n := m.disp / unit; m.disp%unit == 0 && n >= -128 && n < 128 {
		mode, short = 1, true
	}
	if m.hasIndex || m.base&7 == rsp {
		e.byte(mode<<6 | reg&7<<3 | 4)
		index := byte(4) // none
		if m.hasIndex {
			index = byte(m.index & 7)
		}
		e.byte(index<<3 | byte(m.base&7))
	} else {
		e.byte(mode<<6 | reg&7<<3 | byte(m.base&7))
	}
	if short {
		e.byte(byte(int8(m.disp / unit)))
	} else {
		e.int32(m.disp)
	}
}

// float writes an instruction on floats, whose prefix tells float64.
func (e *encoder) float(code byte, reg, v uint8, rm operand, m masks) {
	e.evex(opcode{1, byte(e.bits/32 - 1), code}, e.bits == 64, reg, v, rm, m)
}

// table2 and table3 write instructions of the longer tables, all with prefix 66.
func (e *encoder) table2(code byte, reg, v uint8, rm operand, m masks) {
	e.evex(opcode{2, 1, code}, e.bits == 64, reg, v, rm, m)
}

func (e *encoder) load(reg uint8, from mem, m masks) { e.float(0x10, reg, 0, inMem(from), m) }
func (e *encoder) store(to mem, reg uint8, m masks)  { e.float(0x11, reg, 0, inMem(to), m) }
func (e *encoder) move(to, from uint8)               { e.float(0x28, to, 0, inReg(from), masks{}) }

// broadcast fills reg with one element of memory, which is zero outside the mask.
func (e *encoder) broadcast(reg uint8, from mem, m masks) {
	from.one, from.spread = true, false
	e.table2(0x18+byte(e.bits/32-1), reg, 0, inMem(from), m)
}

// compare sets the lanes of mask k in which a ∘ b.
func (e *encoder) compare(k uint8, p Predicate, a uint8, b operand) {
	e.float(0xc2, k, a, b, masks{})
	e.byte(byte(p))
}

// round rounds to an integer.
func (e *encoder) round(to uint8, from operand, mode byte) {
	e.evex(opcode{3, 1, 0x08 + byte(e.bits/32-1)}, e.bits == 64, to, 0, from, masks{})
	e.byte(mode)
}

// The instructions on general-purpose registers that the loops need.

// rex writes an instruction on 64 bits with a register and memory.
func (e *encoder) rex(code byte, reg gpr, m mem) {
	p := byte(0x48) | byte(reg>>3)<<2 | byte(m.base>>3)
	if m.hasIndex {
		p |= byte(m.index>>3) << 1
	}
	e.byte(p, code)
	e.modrm(uint8(reg), m, 1)
}

func (e *encoder) loadInt(to gpr, from mem)  { e.rex(0x8b, to, from) }
func (e *encoder) addToMem(to mem, from gpr) { e.rex(0x01, from, to) }
func (e *encoder) compareMem(a gpr, b mem)   { e.rex(0x3b, a, b) } // a − b
func (e *encoder) decrement(m mem)           { e.rex(0xff, 1, m) }
func (e *encoder) zeroInt(r gpr) {
	e.byte(0x40|byte(r>>3)*5, 0x31, 0xc0|byte(r&7)<<3|byte(r&7))
}
func (e *encoder) addImm(r gpr, v int32) {
	e.byte(0x48|byte(r>>3), 0x81, 0xc0|byte(r&7))
	e.int32(v)
}

// compareInt compares a with b, as numbers without a sign.
func (e *encoder) compareInt(a, b gpr) {
	e.byte(0x48|byte(b>>3)<<2|byte(a>>3), 0x39, 0xc0|byte(b&7)<<3|byte(a&7))
}

// maskFrom sets mask k to the low bits of a register.
func (e *encoder) maskFrom(k uint8, r gpr) { e.byte(0xc5, 0xf8, 0x92, 0xc0|k<<3|byte(r&7)) }

// prefetch asks for memory that is soon to be read, or written.
func (e *encoder) prefetch(m mem, write bool) {
	if p := 0x40 | byte(m.base>>3) | byte(m.index>>3)<<1; p != 0x40 {
		e.byte(p)
	}
	if write {
		e.byte(0x0f, 0x0d)
	} else {
		e.byte(0x0f, 0x18)
	}
	e.modrm(1, m, 1)
}

// Conditions of jumps.
const (
	ifNotZero  = 0x85
	ifBelow    = 0x82
	ifNotBelow = 0x83
)

// jump writes a jump and returns where its distance stands, for land.
func (e *encoder) jump(condition byte) (at int) {
	e.byte(0x0f, condition)
	e.int32(0)
	return len(e.code)
}

// land lets the jump that ends at at lead here.
func (e *encoder) land(at int) { e.aim(at, len(e.code)) }

func (e *encoder) aim(at, to int) {
	binary.LittleEndian.PutUint32(e.code[at-4:], uint32(int32(to-at)))
}

// leave returns to the caller, as Go wants it: with the upper lanes at zero.
func (e *encoder) leave() { e.byte(0xc5, 0xf8, 0x77, 0xc3) }
