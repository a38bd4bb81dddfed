package amd64

import "github.com/spikegrad/spikegrad/internal/jit"

// scratch is the register that no value has.
const scratch = 15

// vex writes instructions of AVX2 and FMA, with a VEX prefix. A comparison fills the
// lanes of scratch, which the mask of a vector that is not full goes through, too.
type vex struct{ *encoder }

// write writes op reg, v, rm: reg and v are registers, or what the instruction
// takes for them.
func (e vex) write(op opcode, reg, v jit.Vec, rm jit.Operand) {
	b, x := rm.Vec >= 8, false
	var m mem
	if rm.InMem {
		m = memory(rm.Mem)
		b, x = m.base >= 8, m.hasIndex && m.index >= 8
	}
	e.byte(0xc4, bit(reg < 8, 7)|bit(!x, 6)|bit(!b, 5)|op.table, op.w<<7|byte(^v&15)<<3|4|op.pp, op.code)
	if rm.InMem {
		e.modrm(uint8(reg), m, 1)
	} else {
		e.byte(byte(0xc0 | reg&7<<3 | rm.Vec&7))
	}
}

// float writes an instruction on floats, whose prefix tells float64.
func (e vex) float(code byte, reg, v jit.Vec, rm jit.Operand) {
	e.write(opcode{table: 1, pp: e.wide(), code: code}, reg, v, rm)
}

func (vex) Begin() {}

// mask fills scratch with the lanes of a vector that is not full.
func (e vex) mask() { e.float(opLoad, scratch, 0, inMem(jit.Mem{Base: jit.RegArgs, Disp: atLanes})) }

func (e vex) Load(to jit.Vec, from jit.Mem, tail bool) {
	if !tail {
		e.float(opLoad, to, 0, inMem(from))
		return
	}
	e.mask()
	e.write(opcode{table: 2, pp: 1, code: 0x2c + e.wide()}, to, scratch, inMem(from))
}

func (e vex) Store(to jit.Mem, from jit.Vec, tail bool) {
	if !tail {
		e.float(opStore, from, 0, inMem(to))
		return
	}
	e.mask()
	e.write(opcode{table: 2, pp: 1, code: 0x2e + e.wide()}, from, scratch, inMem(to))
}

func (e vex) Fill(to jit.Vec, from jit.Mem) { e.Load(to, from, false) }
func (e vex) Move(to, from jit.Vec)         { e.float(opMove, to, 0, inReg(from)) }
func (e vex) Shift(to, a jit.Vec, by int) {
	e.write(opcode{table: 1, pp: 1, code: opShift + e.wide()}, 6, to, inReg(a))
	e.byte(byte(by))
}

func (e vex) Unary(op jit.Op, to jit.Vec, a jit.Operand) {
	if op == jit.Sqrt {
		e.float(opSqrt, to, 0, a)
		return
	}
	e.write(opcode{table: 3, pp: 1, code: opRound + e.wide()}, to, 0, a)
	e.byte(modes[op])
}

func (e vex) Binary(op jit.Op, to, a jit.Vec, b jit.Operand) { e.float(arithmetic[op], to, a, b) }

func (e vex) FMA(op jit.Op, to, b jit.Vec, c jit.Operand) {
	e.write(opcode{table: 2, pp: 1, code: fused[op], w: e.wide()}, to, b, c)
}

func (e vex) Compare(p jit.Predicate, a jit.Vec, b jit.Operand) {
	e.float(opCmp, scratch, a, b)
	e.byte(byte(p))
}

func (e vex) Flag(to jit.Vec, one jit.Operand) { e.float(arithmetic[jit.And], to, scratch, one) }

func (e vex) Choose(to, no jit.Vec, yes jit.Operand) {
	e.write(opcode{table: 3, pp: 1, code: 0x4a + e.wide()}, to, no, yes)
	e.byte(scratch << 4)
}
