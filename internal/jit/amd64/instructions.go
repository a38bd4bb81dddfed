package amd64

import "github.com/spikegrad/spikegrad/internal/jit"

// An opcode is what tells an instruction on vectors from others.
type opcode struct {
	table byte // 1, 2, 3: 0F, 0F38, 0F3A
	pp    byte // 0, 1: none, 66
	code  byte
	w     byte
}

// arithmetic are the instructions with two operands, which have the same code in
// all instruction sets.
var arithmetic = map[jit.Op]byte{
	jit.Add: 0x58, jit.Sub: 0x5c, jit.Mul: 0x59, jit.Div: 0x5e, jit.Max: 0x5f, jit.Min: 0x5d,
	jit.And: 0x54, jit.Or: 0x56, jit.Xor: 0x57,
}

// fused are those that round once, as the forms that overwrite the first factor.
var fused = map[jit.Op]byte{jit.FMA: 0xa8, jit.FNMA: 0xac}

// modes are those of rounding to whole numbers.
var modes = map[jit.Op]byte{jit.Nearest: 8, jit.Floor: 9, jit.Ceil: 10}

// Codes of other instructions.
const (
	opLoad  = 0x10
	opStore = 0x11
	opMove  = 0x28
	opSqrt  = 0x51
	opCmp   = 0xc2
	opShift = 0x72 // of 64 bits it is the next
	opRound = 0x08 // likewise
	opFill  = 0x18 // likewise
)

// bit returns bit number at, if set.
func bit(set bool, at byte) byte {
	if set {
		return 1 << at
	}
	return 0
}

// setTail writes the masks that the code reads: for AVX-512 a bit for each element, for
// AVX2 all bits of the elements.
func setTail(a *jit.Args, n, size int) {
	a.Tail[0] = 1<<n - 1
	for i := range 4 {
		// A word has 8 bytes, of which these are of the elements.
		bytes := max(0, min(8, n*size-8*i))
		a.Tail[1+i] = 1<<(8*bytes) - 1
	}
}

// Where the masks are.
const (
	atBits  = jit.AtTail
	atLanes = jit.AtTail + 8
)
