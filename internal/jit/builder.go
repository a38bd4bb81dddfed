package jit

import "math"

// A Value is a number in each lane: a result, an operand.
type Value int32

// A Ptr is a place in memory by number (a pointer): the elements of one block at the
// present time step. Frame says where it is.
type Ptr int32

// An Op is an operation on values.
type Op uint8

// The operations. Max and Min are those of the processor, a > b ? a : b and
// a < b ? a : b; Floor to Xor are what their names say; Flag is 1 where the
// comparison holds and else 0; Select is its third operand there, else its
// fourth.
const (
	Add Op = iota
	Sub
	Mul
	Div
	Max
	Min
	And
	Or
	Xor
	Scale // a·2^b for a whole b
	Sqrt
	Floor
	Ceil
	Nearest // ties to even
	FMA     // a·b + c, rounded once
	FNMA    // c − a·b, rounded once
	Shift   // the bits of a moved up
	Flag
	Select
	load
	constant
	store
)

// A Predicate is a comparison of two values, those of package vec.
type Predicate uint8

// The predicates. With a NaN all are false but Ne and Unordered.
const (
	Eq        Predicate = 0x00
	Unordered Predicate = 0x03
	Ne        Predicate = 0x04
	Different Predicate = 0x0c // Ne, false with a NaN
	Lt        Predicate = 0x11
	Le        Predicate = 0x12
	Ge        Predicate = 0x1d
	Gt        Predicate = 0x1e
)

// An instr computes a value, or stores one.
type instr struct {
	op   Op
	pred Predicate
	ptr  Ptr
	k    int // constant by number, bits to shift by
	args []Value
}

// A Builder collects the operations of one time step: straight-line code in which every
// value is made once (static single assignment). Values are numbered by the instructions
// that make them.
type Builder struct {
	target   *Target
	bits     int
	instrs   []instr
	consts   map[int]Value
	nConsts  int
	literals []uint64
	nPtrs    int
	ahead    map[Ptr]bool
}

// NewBuilder returns a Builder for elements of 32 or 64 bits with as many
// constants as given, whose values the Frame has.
func NewBuilder(bits, constants int) *Builder { return newBuilder(best(), bits, constants) }

func newBuilder(t *Target, bits, constants int) *Builder {
	return &Builder{target: t, bits: bits, nConsts: constants, consts: map[int]Value{}, ahead: map[Ptr]bool{}}
}

func (b *Builder) add(i instr) Value {
	b.instrs = append(b.instrs, i)
	return Value(len(b.instrs) - 1)
}

// Load reads from memory.
func (b *Builder) Load(p Ptr) Value {
	b.nPtrs = max(b.nPtrs, int(p)+1)
	return b.add(instr{op: load, ptr: p})
}

// Store writes to memory. What was loaded from there before keeps its value.
func (b *Builder) Store(p Ptr, v Value) {
	b.nPtrs = max(b.nPtrs, int(p)+1)
	b.add(instr{op: store, ptr: p, args: []Value{v}})
}

// Ahead marks p for prefetching: it moves by a fixed distance from step to step, and
// what the next step reads or writes there is asked for early.
func (b *Builder) Ahead(p Ptr) { b.ahead[p] = true }

// Const returns constant number k.
func (b *Builder) Const(k int) Value {
	if v, ok := b.consts[k]; ok {
		return v
	}
	b.consts[k] = b.add(instr{op: constant, k: k})
	return b.consts[k]
}

// Literal returns the number x.
func (b *Builder) Literal(x float64) Value {
	if b.bits == 32 {
		return b.Word(uint64(math.Float32bits(float32(x))))
	}
	return b.Word(math.Float64bits(x))
}

// Word returns the element with these bits.
func (b *Builder) Word(u uint64) Value {
	for i, l := range b.literals {
		if l == u {
			return b.Const(b.nConsts + i)
		}
	}
	b.literals = append(b.literals, u)
	return b.Const(b.nConsts + len(b.literals) - 1)
}

// Sign returns the sign bit alone.
func (b *Builder) Sign() Value { return b.Word(1 << (b.bits - 1)) }

// Do returns the result of an operation.
func (b *Builder) Do(op Op, args ...Value) Value { return b.add(instr{op: op, args: args}) }

// Shift returns what has the bits of a, moved up by some.
func (b *Builder) Shift(a Value, by int) Value {
	return b.add(instr{op: Shift, k: by, args: []Value{a}})
}

// Flag returns 1 where x ∘ y, else 0.
func (b *Builder) Flag(p Predicate, x, y Value) Value {
	return b.add(instr{op: Flag, pred: p, args: []Value{x, y, b.Literal(1)}})
}

// Select returns yes where x ∘ y, else no.
func (b *Builder) Select(p Predicate, x, y, yes, no Value) Value {
	return b.add(instr{op: Select, pred: p, args: []Value{x, y, yes, no}})
}

// Magnitude returns all bits but the sign.
func (b *Builder) Magnitude() Value { return b.Word(1<<(b.bits-1) - 1) }
