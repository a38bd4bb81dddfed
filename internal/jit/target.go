package jit

import "github.com/spikegrad/spikegrad/internal/cpu"

// A target is an instruction set to write code for.
type target struct {
	level     cpu.Level
	registers int  // vectors that values can have
	bytes     int  // of a vector
	filled    bool // constants fill a vector in memory
	scales    bool // Scale is one instruction
	vectors   func(e *encoder) vectors
}

// constant returns the bytes of a constant in memory.
func (t *target) constant(bits int) int {
	if t.filled {
		return t.bytes
	}
	return bits / 8
}

// vectors writes the instructions on vectors of a target. The result may be where
// an operand is, but for fma, which takes its first operand from there.
type vectors interface {
	// begin makes ready for vectors that are not full.
	begin()

	// load and store move a vector, or of one that is not full its elements: the
	// others are read as 0.
	load(to uint8, from mem, tail bool)
	store(to mem, from uint8, tail bool)

	// constant is a constant in memory as an operand; fill puts it into a register.
	constant(from mem) operand
	fill(to uint8, from mem)

	move(to, from uint8)
	unary(op Op, to uint8, a operand)
	binary(op Op, to, a uint8, b operand)
	shift(to, a uint8, by int)
	fma(op Op, to, b uint8, c operand) // to·b + c

	// compare keeps for flag and choose which lanes have a ∘ b: in these they give
	// one, or yes, in the others 0, or no.
	compare(p Predicate, a uint8, b operand)
	flag(to uint8, one operand)
	choose(to, no uint8, yes operand)
}

// best returns the target in force, cpu.Code, nil where there is none. Code that there
// is stays what it is.
func best() *target {
	for _, t := range available() {
		if t.level == cpu.Code() {
			return t
		}
	}
	return nil
}

// Available reports whether this processor and system run generated code, and nobody
// has asked for kernels in its place.
func Available() bool { return best() != nil }

// arithmetic are the instructions with two operands, which have the same code in
// all instruction sets.
var arithmetic = map[Op]byte{
	Add: 0x58, Sub: 0x5c, Mul: 0x59, Div: 0x5e, Max: 0x5f, Min: 0x5d, And: 0x54, Or: 0x56, Xor: 0x57,
}

// fused are those that round once, as the forms that overwrite the first factor.
var fused = map[Op]byte{FMA: 0xa8, FNMA: 0xac}

// modes are those of rounding to whole numbers.
var modes = map[Op]byte{Nearest: 8, Floor: 9, Ceil: 10}

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
