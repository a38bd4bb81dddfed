package jit

import (
	"unsafe"

	"github.com/spikegrad/spikegrad/internal/cpu"
)

// A Target is an instruction set to write code for: what the rest of this package knows
// of a processor. Register makes it known.
type Target struct {
	Level     cpu.Level
	Registers int  // vector registers that values can have
	Pointers  int  // registers that places can have, from Pointer0 on
	Bytes     int  // of a vector
	Filled    bool // a constant fills a vector in memory; else it is one element
	Scales    bool // Scale is one instruction
	Reach     int  // bytes that a jump can go over; 0 where any code is shorter

	// New returns an assembler for elements of so many bits.
	New func(bits int) Assembler

	// SetTail tells code about the elements behind the last whole vector: there are n,
	// fewer than a vector has, of size bytes each.
	SetTail func(a *Args, n, size int)

	// Sync lets all processors run code that has been written; nil where they see to that
	// themselves.
	Sync func(code []byte)

	// Call runs code, which keeps the stack as it is and returns to the caller.
	Call func(code *byte, a *Args)
}

// constant returns the bytes of a constant in memory.
func (t *Target) constant(bits int) int {
	if t.Filled {
		return t.Bytes
	}
	return bits / 8
}

// targets are those that are known, by level.
var targets [cpu.Count]*Target

// Register makes a target known. It is called by the package of a processor when a
// program begins.
func Register(t *Target) { targets[t.Level] = t }

// available returns the targets that this processor and system run.
func available() (ts []*Target) {
	if !permitted() {
		return nil
	}
	for _, l := range cpu.Levels() {
		if targets[l] != nil {
			ts = append(ts, targets[l])
		}
	}
	return ts
}

// best returns the target in force, cpu.Code, nil where there is none.
func best() *Target {
	if t := targets[cpu.Code()]; t != nil && permitted() {
		return t
	}
	return nil
}

// Available reports whether this processor and system run generated code, and nobody
// has asked for kernels in its place.
func Available() bool { return best() != nil }

// InForce returns the name of the instruction set that code is written for, "none" where
// there is no code.
func InForce() string {
	if t := best(); t != nil {
		return t.Level.String()
	}
	return "none"
}

// An Assembler writes the machine code of one loop. It is made of two parts: what the
// loops over time and lanes need, and what values need.
//
// It may use registers of its own besides those named here, and memory operands may go
// through one, where a processor has none.
type Assembler interface {
	Integers
	Vectors

	// Bytes returns the code, Len how long it is so far.
	Bytes() []byte
	Len() int
}

// Integers are the instructions on general-purpose registers, which hold addresses and
// numbers of bytes without a sign.
type Integers interface {
	LoadInt(to Reg, from Mem)
	AddToMem(to Mem, from Reg)
	AddImm(r Reg, v int32)
	ZeroInt(r Reg)
	Decrement(m Mem) // and compares with 0

	// Compare and CompareMem compare a with b for a jump.
	CompareInt(a, b Reg)
	CompareMem(a Reg, b Mem)

	// Prefetch asks for memory that is soon to be read, or written.
	Prefetch(m Mem, write bool)

	// Jump writes a jump and returns it for Aim, which says where it leads: to where Len
	// was, or is, so much.
	Jump(c Condition) (jump int)
	Aim(jump, to int)

	// Leave returns to the caller.
	Leave()
}

// Vectors are the instructions on vectors. The result may be where an operand is, but
// for FMA, which takes its first operand from there. What an operand in memory holds is
// not changed.
type Vectors interface {
	// Begin makes ready for vectors that are not full.
	Begin()

	// Load and Store move a vector, or of one that is not full its elements: the
	// others are read as 0, or as one of those.
	Load(to Vec, from Mem, tail bool)
	Store(to Mem, from Vec, tail bool)

	Fill(to Vec, from Mem) // with a constant
	Move(to, from Vec)
	Unary(op Op, to Vec, a Operand)
	Binary(op Op, to, a Vec, b Operand)
	Shift(to, a Vec, by int)
	FMA(op Op, to, b Vec, c Operand) // to·b + c

	// Compare keeps for Flag and Choose which lanes have a ∘ b: in these they give
	// one, or yes, in the others 0, or no. A Load or Store of a vector that is not full
	// may forget it.
	Compare(p Predicate, a Vec, b Operand)
	Flag(to Vec, one Operand)
	Choose(to, no Vec, yes Operand)
}

// A Vec is a vector register by number, below Target.Registers.
type Vec uint8

// A Reg is a general-purpose register by what it is for.
type Reg uint8

// The registers. RegArgs is given by the caller.
const (
	RegArgs   Reg = iota // the Args
	RegPtrs              // Args.Ptrs
	RegConsts            // Args.Consts
	RegSpills            // Args.Spills
	RegFull              // Args.Full
	RegIndex             // bytes from the start of the block
	RegNext              // the same place at the next time step
	RegTemp              // anything
	Pointer0             // the first of those that hold places
)

// A Mem is memory at [base + index + displacement].
type Mem struct {
	Base  Reg
	Index Reg // where Indexed
	Disp  int32

	Indexed bool
}

// An Operand is a vector register, or memory: a vector, or a constant.
type Operand struct {
	Vec      Vec
	Mem      Mem
	InMem    bool
	Constant bool // memory has one element for all lanes, unless Target.Filled
}

// A Condition says when to jump, after a comparison.
type Condition uint8

// The conditions.
const (
	IfNotZero  Condition = iota
	IfBelow              // a < b
	IfNotBelow           // a ≥ b
)

// Args is what code reads of a Frame.
type Args struct {
	Ptrs    *uintptr // places at the present time step; the code moves them on
	Strides *uintptr // how far
	Consts  *byte
	Spills  *byte     // memory for values without a register
	Bytes   uintptr   // of a block
	Full    uintptr   // of them, those in whole vectors
	Steps   uintptr   // still to come
	Ahead   uintptr   // bytes from an element to the same one at the next time step
	Tail    [8]uint64 // see Target.SetTail
}

// Where the fields of Args are.
const (
	AtPtrs    = int32(unsafe.Offsetof(Args{}.Ptrs))
	AtStrides = int32(unsafe.Offsetof(Args{}.Strides))
	AtConsts  = int32(unsafe.Offsetof(Args{}.Consts))
	AtSpills  = int32(unsafe.Offsetof(Args{}.Spills))
	AtBytes   = int32(unsafe.Offsetof(Args{}.Bytes))
	AtFull    = int32(unsafe.Offsetof(Args{}.Full))
	AtSteps   = int32(unsafe.Offsetof(Args{}.Steps))
	AtAhead   = int32(unsafe.Offsetof(Args{}.Ahead))
	AtTail    = int32(unsafe.Offsetof(Args{}.Tail))
)

// args is the memory of a field.
func args(at int32) Mem { return Mem{Base: RegArgs, Disp: at} }
