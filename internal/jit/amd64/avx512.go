package amd64

import "github.com/spikegrad/spikegrad/internal/jit"

// The masks: that of the lanes of a last vector that is not full, and a scratch.
const (
	kTail = 1
	kFlag = 2
)

// evex writes instructions of AVX-512 F and DQ, with an EVEX prefix. Lanes are chosen by
// mask registers, and an operand in memory can be one element.
type evex struct{ *encoder }

// masks of an instruction: lanes not in k keep their value, or are zero.
type masks struct {
	k    byte
	zero bool
}

// write writes op reg, v, rm: reg and v are registers, or what the instruction
// takes for them.
func (e evex) write(op opcode, reg, v jit.Vec, rm jit.Operand, m masks) {
	unit := int32(64) // of a short displacement
	if rm.Constant {
		unit = int32(e.size())
	}
	e.writeUnit(op, reg, v, rm, m, rm.Constant, unit)
}

// writeUnit is write for memory of so many bytes, which may be spread over all lanes.
func (e evex) writeUnit(op opcode, reg, v jit.Vec, rm jit.Operand, m masks, spread bool, unit int32) {
	var at mem
	var b, x bool // the high bits of base and index, or of rm
	if rm.InMem {
		at = memory(rm.Mem)
		b, x = at.base >= 8, at.hasIndex && at.index >= 8
	} else {
		b, x = rm.Vec&8 != 0, rm.Vec&16 != 0
	}
	e.byte(0x62,
		bit(reg&8 == 0, 7)|bit(!x, 6)|bit(!b, 5)|bit(reg&16 == 0, 4)|op.table,
		op.w<<7|byte(^v&15)<<3|4|op.pp,
		bit(m.zero, 7)|2<<5|bit(spread, 4)|bit(v&16 == 0, 3)|m.k,
		op.code)
	if rm.InMem {
		e.modrm(uint8(reg), at, unit)
	} else {
		e.byte(byte(0xc0 | reg&7<<3 | rm.Vec&7))
	}
}

// float writes an instruction on floats, whose prefix tells float64.
func (e evex) float(code byte, reg, v jit.Vec, rm jit.Operand, m masks) {
	e.write(opcode{table: 1, pp: e.wide(), code: code, w: e.wide()}, reg, v, rm, m)
}

// table2 writes an instruction of the second table.
func (e evex) table2(code byte, reg, v jit.Vec, rm jit.Operand, m masks) {
	e.write(opcode{table: 2, pp: 1, code: code, w: e.wide()}, reg, v, rm, m)
}

func (e evex) Begin() {
	e.LoadInt(jit.RegTemp, jit.Mem{Base: jit.RegArgs, Disp: atBits})
	e.byte(0xc5, 0xf8, 0x92, 0xc0|kTail<<3|byte(gprs[jit.RegTemp]&7)) // KMOVW
}

// lanes returns the mask of the elements of a vector.
func lanes(tail bool) byte {
	if tail {
		return kTail
	}
	return 0 // all
}

func (e evex) Load(to jit.Vec, from jit.Mem, tail bool) {
	e.float(opLoad, to, 0, inMem(from), masks{k: lanes(tail), zero: tail})
}

func (e evex) Store(to jit.Mem, from jit.Vec, tail bool) {
	e.float(opStore, from, 0, inMem(to), masks{k: lanes(tail)})
}

func (e evex) Fill(to jit.Vec, from jit.Mem) { e.spread(to, from, masks{}) }

// spread fills a register with one element of memory.
func (e evex) spread(to jit.Vec, from jit.Mem, m masks) {
	e.writeUnit(opcode{table: 2, pp: 1, code: opFill + e.wide(), w: e.wide()}, to, 0, inMem(from), m, false, int32(e.size()))
}

func (e evex) Move(to, from jit.Vec) { e.float(opMove, to, 0, inReg(from), masks{}) }

func (e evex) Unary(op jit.Op, to jit.Vec, a jit.Operand) {
	if op == jit.Sqrt {
		e.float(opSqrt, to, 0, a, masks{})
		return
	}
	e.write(opcode{table: 3, pp: 1, code: opRound + e.wide(), w: e.wide()}, to, 0, a, masks{})
	e.byte(modes[op])
}

func (e evex) Binary(op jit.Op, to, a jit.Vec, b jit.Operand) {
	if op == jit.Scale {
		e.table2(0x2c, to, a, b, masks{})
		return
	}
	e.float(arithmetic[op], to, a, b, masks{})
}

func (e evex) Shift(to, a jit.Vec, by int) {
	e.write(opcode{table: 1, pp: 1, code: opShift + e.wide(), w: e.wide()}, 6, to, inReg(a), masks{})
	e.byte(byte(by))
}

func (e evex) FMA(op jit.Op, to, b jit.Vec, c jit.Operand) { e.table2(fused[op], to, b, c, masks{}) }

func (e evex) Compare(p jit.Predicate, a jit.Vec, b jit.Operand) {
	e.float(opCmp, kFlag, a, b, masks{})
	e.byte(byte(p))
}

func (e evex) Flag(to jit.Vec, one jit.Operand) {
	if k := (masks{k: kFlag, zero: true}); one.InMem {
		e.spread(to, one.Mem, k)
	} else {
		e.float(opMove, to, 0, one, k)
	}
}

func (e evex) Choose(to, no jit.Vec, yes jit.Operand) { e.table2(0x65, to, no, yes, masks{k: kFlag}) }
