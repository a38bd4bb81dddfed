package main

import (
	"fmt"
	"math"
	"strings"
)

// A vec is a vector register of a machine, an op whatever its instructions take as their
// last operand, a con a constant in memory that is the same in every lane.
type (
	vec any
	op  any
	con any
)

// A kind is an instruction set and an element type.
type kind struct {
	isa  string // "AVX2", "AVX512" or "NEON"
	bits int    // of an element: 32 or 64
}

func (k kind) double() bool { return k.bits == 64 }

// size returns the bytes of an element.
func (k kind) size() int { return k.bits / 8 }

// suffix returns how names of functions end: element type and instruction set.
func (k kind) suffix() string { return fmt.Sprintf("F%d%s", k.bits, k.isa) }

// pick returns a for float32 and b for float64.
func pick[T any](t interface{ double() bool }, a, b T) T {
	if t.double() {
		return b
	}
	return a
}

// A target writes what kernels compute, once for all instruction sets.
type target struct {
	kind
	machine
}

// A machine has the instructions of an instruction set, by which formulas are written.
// They return their result in a new register; their second operand may be a con.
type machine interface {
	add(a vec, b op) vec
	sub(a vec, b op) vec
	mul(a vec, b op) vec
	div(a vec, b op) vec
	max(a vec, b op) vec // a > b ? a : b
	min(a vec, b op) vec // a < b ? a : b
	and(a vec, b op) vec
	or(a vec, b op) vec
	xor(a vec, b op) vec
	sqrt(a vec) vec
	round(a vec, mode int) vec
	accumulate(sum vec, a op) // sum + a, in the place of sum

	addInt(a vec, b op) vec
	subInt(a, b vec) vec
	shl(a vec, n int) vec
	shr(a vec, n int) vec

	// fma returns a·b + c, fnma and fnmaCon c − a·b, rounded once. They are for the
	// inside of functions; arithmetic proper rounds twice.
	fma(a, b vec, c op) vec
	fnma(a, b vec, c op) vec
	fnmaCon(a vec, k con, c vec) vec
	poly(x vec, c []float64) vec // c[0] + c[1]·x + … by Horner's rule
	scale(a, n vec) vec          // a·2^n, rounded once, also where that is denormal or infinite

	cmp(predicate int, a vec, b op) op // the mask of the lanes in which a ∘ b
	nan(a vec) op                      // the mask of the lanes in which a is NaN
	choose(m op, yes op, no vec) vec   // yes where m is set and else no
	keep(m op, a vec) vec              // a where m is set and else zero
	spoil(a vec, m op, nan vec) vec    // a, but NaN where m is set, which nan has there
	con(x float64) con                 // a constant
	word(u uint64) con                 // one given by its bits
	spread(m op) vec                   // a register filled with one element of memory
	zero() vec                         // +0 in every lane
}

// A writer is a machine that also writes whole functions.
type writer interface {
	kernel(k kernel) string
	adam() string
	sum() string
	wide(s wide) string
	finite() string
}

// Modes of round.
const (
	nearest = 8
	down    = 9
	up      = 10
)

// Predicates of cmp, quiet. All but ne, nlt and nan are false with a NaN;
// neq is ne without NaN.
const (
	eq  = 0x00
	ne  = 0x04
	neq = 0x0c
	lt  = 0x11
	le  = 0x12
	nlt = 0x15
	ge  = 0x1d
	gt  = 0x1e
	nan = 0x03 // either is
)

// signBit returns the sign bit alone, infinity +Inf.
func (t *target) signBit() con  { return t.word(1 << (t.bits - 1)) }
func (t *target) infinity() con { return t.con(math.Inf(1)) }

// A kernel is an element-wise function dst = f(args).
type kernel struct {
	name   string // of the field in Kernels
	args   string // after dst, in order: slices, and constants in capitals
	unroll int    // registers an iteration handles
	start  func(t *target, c []vec) body
}

// A body computes one register of results. What is computed outside it, in
// start, is computed once a call.
type body func(in []vec) vec

func isConst(arg string) bool { return arg == strings.ToUpper(arg) }
