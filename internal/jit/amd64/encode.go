package amd64

import (
	"encoding/binary"

	"github.com/spikegrad/spikegrad/internal/jit"
)

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

// gprs are the registers by what they are for; those of places are the last.
var gprs = [...]gpr{
	jit.RegArgs: rdi, jit.RegPtrs: rsi, jit.RegConsts: r8, jit.RegSpills: r9, jit.RegFull: rdx,
	jit.RegIndex: rax, jit.RegNext: rbx, jit.RegTemp: rcx, jit.Pointer0: r10, r11, r12, r13,
}

// A mem is an operand in memory, [base + index + disp].
type mem struct {
	base, index gpr
	hasIndex    bool
	disp        int32
}

func memory(m jit.Mem) mem {
	n := mem{base: gprs[m.Base], disp: m.Disp, hasIndex: m.Indexed}
	if m.Indexed {
		n.index = gprs[m.Index]
	}
	return n
}

func inReg(v jit.Vec) jit.Operand { return jit.Operand{Vec: v} }
func inMem(m jit.Mem) jit.Operand { return jit.Operand{Mem: m, InMem: true} }

// An encoder writes instructions: by itself those on general-purpose registers.
type encoder struct {
	code []byte
	bits int // of an element
}

// Bytes returns the code, Len how long it is.
func (e *encoder) Bytes() []byte { return e.code }
func (e *encoder) Len() int      { return len(e.code) }

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

// LoadInt, AddToMem, CompareMem, Decrement are MOV, ADD, CMP and DEC.
func (e *encoder) LoadInt(to jit.Reg, from jit.Mem)  { e.rex(0x8b, gprs[to], memory(from)) }
func (e *encoder) AddToMem(to jit.Mem, from jit.Reg) { e.rex(0x01, gprs[from], memory(to)) }
func (e *encoder) CompareMem(a jit.Reg, b jit.Mem)   { e.rex(0x3b, gprs[a], memory(b)) } // a − b
func (e *encoder) Decrement(m jit.Mem)               { e.rex(0xff, 1, memory(m)) }

// ZeroInt is XOR of a register with itself.
func (e *encoder) ZeroInt(to jit.Reg) {
	r := gprs[to]
	e.byte(0x40|byte(r>>3)*5, 0x31, 0xc0|byte(r&7)<<3|byte(r&7))
}

// AddImm is ADD of a number.
func (e *encoder) AddImm(to jit.Reg, v int32) {
	r := gprs[to]
	e.byte(0x48|byte(r>>3), 0x81, 0xc0|byte(r&7))
	e.int32(v)
}

// CompareInt is CMP.
func (e *encoder) CompareInt(x, y jit.Reg) {
	a, b := gprs[x], gprs[y]
	e.byte(0x48|byte(b>>3)<<2|byte(a>>3), 0x39, 0xc0|byte(b&7)<<3|byte(a&7))
}

// Prefetch is PREFETCHT0, or PREFETCHW.
func (e *encoder) Prefetch(at jit.Mem, write bool) {
	m := memory(at)
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

// conditions are the codes of jumps.
var conditions = map[jit.Condition]byte{jit.IfNotZero: 0x85, jit.IfBelow: 0x82, jit.IfNotBelow: 0x83}

// Jump writes a jump and returns where it ends: its distance stands in the four bytes
// before.
func (e *encoder) Jump(c jit.Condition) (jump int) {
	e.byte(0x0f, conditions[c])
	e.int32(0)
	return len(e.code)
}

// Aim lets a jump lead to so many bytes of code.
func (e *encoder) Aim(jump, to int) {
	binary.LittleEndian.PutUint32(e.code[jump-4:], uint32(int32(to-jump)))
}

// Leave returns to the caller, as Go wants it: with the upper lanes at zero, by
// VZEROUPPER and RET.
func (e *encoder) Leave() { e.byte(0xc5, 0xf8, 0x77, 0xc3) }
