package arm64

import (
	"encoding/binary"

	"github.com/spikegrad/spikegrad/internal/jit"
	"github.com/spikegrad/spikegrad/internal/neon"
)

// gprs are the registers by what they are for; those of places are the last. Go allows all
// but R18, which is the system's, R27 and R28, which are its own, R29, R30 and the stack's.
var gprs = [...]uint8{
	jit.RegArgs: 0, jit.RegPtrs: 1, jit.RegConsts: 2, jit.RegSpills: 3, jit.RegFull: 4,
	jit.RegIndex: 5, jit.RegNext: 6, jit.RegTemp: 7,
	jit.Pointer0: 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 24,
}

// Registers besides: two that instructions go through, and where the second and third
// element of a vector are that is not full (setTail).
const (
	address = 8
	number  = 9
	second  = 25
	third   = 26
)

// An encoder writes instructions: by itself those on general-purpose registers.
type encoder struct {
	code []byte
	bits int // of an element
}

// Bytes returns the code, Len how long it is.
func (e *encoder) Bytes() []byte { return e.code }
func (e *encoder) Len() int      { return len(e.code) }

func (e *encoder) word(w uint32) { e.code = binary.LittleEndian.AppendUint32(e.code, w) }

// size returns the bytes of an element.
func (e *encoder) size() int { return e.bits / 8 }

// Instructions on 64 bits, without their operands.
const (
	opLdr  = 0xf9400000 // [base + 8·imm]
	opStr  = 0xf9000000
	opLdrX = 0xf8606800 // [base + index]
	opStrX = 0xf8206800
	opAdd  = 0x8b000000
	opAddI = 0x91000000 // of less than 4096
	opSubI = 0xd1000000
	opSubs = 0xeb000000 // with flags
	opSubC = 0xf1000000
	opMovz = 0xd2800000 // 16 bits, others 0
	opMovn = 0x92800000 // all the opposite
	opMovk = 0xf2800000 // 16 bits, others kept
	opPrfm = 0xf8a06800
	opB    = 0x54000000 // on a condition
	opRet  = 0xd65f03c0

	zero = 31 // the register that is 0
)

// three writes an instruction with two operands, imm one with a number.
func (e *encoder) three(op uint32, d, n, m uint8) {
	e.word(op | uint32(m)<<16 | uint32(n)<<5 | uint32(d))
}
func (e *encoder) imm(op uint32, d, n uint8, v int) {
	e.word(op | uint32(v)<<10 | uint32(n)<<5 | uint32(d))
}

// set puts a number into a register.
func (e *encoder) set(to uint8, v int32) {
	low, high := uint32(v)&0xffff, uint32(v)>>16
	if v < 0 {
		e.word(opMovn | (^low&0xffff)<<5 | uint32(to))
		if high != 0xffff {
			e.word(opMovk | 1<<21 | high<<5 | uint32(to))
		}
		return
	}
	e.word(opMovz | low<<5 | uint32(to))
	if high != 0 {
		e.word(opMovk | 1<<21 | high<<5 | uint32(to))
	}
}

// near returns m as base and displacement, which is what one instruction on so many bytes
// reaches, or as base and index: whichever it takes, and through a register what takes more.
func (e *encoder) near(m jit.Mem, bytes int) (base, index uint8, disp int, indexed bool) {
	base = gprs[m.Base]
	switch {
	case m.Indexed && m.Disp == 0:
		return base, gprs[m.Index], 0, true
	case m.Indexed:
		e.set(address, m.Disp)
		e.three(opAdd, address, address, gprs[m.Index])
		return base, address, 0, true
	case neon.Reaches(bytes, int(m.Disp)):
		return base, 0, int(m.Disp), false
	}
	e.set(address, m.Disp)
	return base, address, 0, true
}

// integer loads a register of 64 bits, or stores it.
func (e *encoder) integer(op, opX uint32, r uint8, m jit.Mem) {
	base, index, disp, indexed := e.near(m, 8)
	if indexed {
		e.three(opX, r, base, index)
	} else {
		e.imm(op, r, base, disp/8)
	}
}

// LoadInt is LDR; AddToMem and CompareMem read a register for ADD and CMP, and AddToMem
// and Decrement write it back.
func (e *encoder) LoadInt(to jit.Reg, from jit.Mem) { e.integer(opLdr, opLdrX, gprs[to], from) }

func (e *encoder) AddToMem(to jit.Mem, from jit.Reg) {
	e.integer(opLdr, opLdrX, number, to)
	e.three(opAdd, number, number, gprs[from])
	e.integer(opStr, opStrX, number, to)
}

func (e *encoder) CompareMem(a jit.Reg, b jit.Mem) {
	e.integer(opLdr, opLdrX, number, b)
	e.three(opSubs, zero, gprs[a], number)
}

func (e *encoder) Decrement(m jit.Mem) {
	e.integer(opLdr, opLdrX, number, m)
	e.imm(opSubC, number, number, 1)
	e.integer(opStr, opStrX, number, m)
}

// AddImm is ADD or SUB of a number, which goes through a register if it is large.
func (e *encoder) AddImm(to jit.Reg, v int32) {
	r := gprs[to]
	switch {
	case v >= 0 && v < 4096:
		e.imm(opAddI, r, r, int(v))
	case v < 0 && v > -4096:
		e.imm(opSubI, r, r, int(-v))
	default:
		e.set(number, v)
		e.three(opAdd, r, r, number)
	}
}

// ZeroInt is MOV of 0, CompareInt CMP.
func (e *encoder) ZeroInt(to jit.Reg)      { e.set(gprs[to], 0) }
func (e *encoder) CompareInt(x, y jit.Reg) { e.three(opSubs, zero, gprs[x], gprs[y]) }

// Prefetch is PRFM into the first cache, for keeping.
func (e *encoder) Prefetch(m jit.Mem, write bool) {
	base, index, disp, indexed := e.near(m, 1)
	if !indexed {
		e.set(address, int32(disp))
		index = address
	}
	kind := uint8(0)
	if write {
		kind = 16
	}
	e.three(opPrfm, kind, base, index)
}

// conditions are the codes of jumps.
var conditions = map[jit.Condition]uint32{jit.IfNotZero: 1, jit.IfBelow: 3, jit.IfNotBelow: 2}

// Jump writes a jump and returns where it is.
func (e *encoder) Jump(c jit.Condition) (jump int) {
	e.word(opB | conditions[c])
	return len(e.code) - 4
}

// Aim lets a jump lead to so many bytes of code: it has 19 bits for the words between.
func (e *encoder) Aim(jump, to int) {
	w := binary.LittleEndian.Uint32(e.code[jump:])
	binary.LittleEndian.PutUint32(e.code[jump:], w|uint32((to-jump)/4)&(1<<19-1)<<5)
}

// Leave returns to the caller.
func (e *encoder) Leave() { e.word(opRet) }
