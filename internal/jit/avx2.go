package jit

import "github.com/spikegrad/spikegrad/internal/cpu"

// avx2 is AVX2 with FMA. A comparison fills the lanes of a register of its own,
// which the mask of a vector that is not full goes through, too.
var avx2 = &target{
	level: cpu.AVX2, registers: 15, bytes: 32, filled: true,
	vectors: func(e *encoder) vectors { return vex{e} },
}

// scratch is the register that no value has.
const scratch = 15

// vex writes instructions with a VEX prefix.
type vex struct{ *encoder }

// write writes op reg, v, rm: reg and v are registers, or what the instruction
// takes for them.
func (e vex) write(op opcode, reg, v uint8, rm operand) {
	b, x := rm.reg >= 8, false
	if rm.isMem {
		b, x = rm.mem.base >= 8, rm.mem.hasIndex && rm.mem.index >= 8
	}
	e.byte(0xc4, bit(reg < 8, 7)|bit(!x, 6)|bit(!b, 5)|op.table, op.w<<7|(^v&15)<<3|4|op.pp, op.code)
	if rm.isMem {
		e.modrm(reg, rm.mem, 1)
	} else {
		e.byte(0xc0 | reg&7<<3 | rm.reg&7)
	}
}

// float writes an instruction on floats, whose prefix tells float64.
func (e vex) float(code byte, reg, v uint8, rm operand) {
	e.write(opcode{table: 1, pp: e.wide(), code: code}, reg, v, rm)
}

func (vex) begin() {}

// mask fills scratch with the lanes of a vector that is not full.
func (e vex) mask() { e.float(opLoad, scratch, 0, inMem(mem{base: rFrame, disp: atMask})) }

func (e vex) load(to uint8, from mem, tail bool) {
	if !tail {
		e.float(opLoad, to, 0, inMem(from))
		return
	}
	e.mask()
	e.write(opcode{table: 2, pp: 1, code: 0x2c + e.wide()}, to, scratch, inMem(from))
}

func (e vex) store(to mem, from uint8, tail bool) {
	if !tail {
		e.float(opStore, from, 0, inMem(to))
		return
	}
	e.mask()
	e.write(opcode{table: 2, pp: 1, code: 0x2e + e.wide()}, from, scratch, inMem(to))
}

func (vex) constant(from mem) operand { return inMem(from) }
func (e vex) fill(to uint8, from mem) { e.load(to, from, false) }
func (e vex) move(to, from uint8)     { e.float(opMove, to, 0, inReg(from)) }
func (e vex) shift(to, a uint8, by int) {
	e.write(opcode{table: 1, pp: 1, code: opShift + e.wide()}, 6, to, inReg(a))
	e.byte(byte(by))
}

func (e vex) unary(op Op, to uint8, a operand) {
	if op == Sqrt {
		e.float(opSqrt, to, 0, a)
		return
	}
	e.write(opcode{table: 3, pp: 1, code: opRound + e.wide()}, to, 0, a)
	e.byte(modes[op])
}

func (e vex) binary(op Op, to, a uint8, b operand) { e.float(arithmetic[op], to, a, b) }

func (e vex) fma(op Op, to, b uint8, c operand) {
	e.write(opcode{table: 2, pp: 1, code: fused[op], w: e.wide()}, to, b, c)
}

func (e vex) compare(p Predicate, a uint8, b operand) {
	e.float(opCmp, scratch, a, b)
	e.byte(byte(p))
}

func (e vex) flag(to uint8, one operand) { e.float(arithmetic[And], to, scratch, one) }

func (e vex) choose(to, no uint8, yes operand) {
	e.write(opcode{table: 3, pp: 1, code: 0x4a + e.wide()}, to, no, yes)
	e.byte(scratch << 4)
}
