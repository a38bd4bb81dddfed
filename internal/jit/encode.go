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

// An encoder writes instructions: by itself those on general-purpose registers.
type encoder struct {
	code []byte
	bits int // of an element
}

func (e *encoder) byte(b ...byte) { e.code = append(e.code, b...) }
func (e *encoder) int32(v int32)  { e.code = binary.LittleEndian.AppendUint32(e.code, uint32(v)) }

// size returns the bytes of an element.
func (e *encoder) size() int { return e.bits / 8 }

// wide returns 1 for float64 and 0 for float32, by which many codes differ.
func (e *encoder) wide() byte { return byte(e.bits/32 - 1) }

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
