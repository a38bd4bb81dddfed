package main

import (
	"fmt"
	"math"
	"reflect"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A vec is a vector register, an op whatever an instruction takes.
type (
	vec = reg.VecVirtual
	op  = operand.Op
)

// A con is a constant in memory that is the same in every lane.
type con struct{ operand.Mem }

// A target writes functions for one instruction set and element type. Its
// methods are instructions that return their result in a new register; their
// second operand may be a con.
type target struct {
	*build.Context
	isa    string // "AVX2" or "AVX512"
	bits   int    // of an element: 32 or 64
	consts map[uint64]con
	ones   *operand.Mem // the start of window, once it is written
}

func (t *target) avx512() bool { return t.isa == "AVX512" }
func (t *target) double() bool { return t.bits == 64 }

// size returns the bytes of an element, width those of a register.
func (t *target) size() int { return t.bits / 8 }
func (t *target) width() int {
	if t.avx512() {
		return 64
	}
	return 32
}

// suffix returns how names of functions end: element type and instruction set.
func (t *target) suffix() string { return fmt.Sprintf("F%d%s", t.bits, t.isa) }

// pick returns a for float32 and b for float64.
func pick[T any](t *target, a, b T) T {
	if t.double() {
		return b
	}
	return a
}

// new returns an unused register.
func (t *target) new() vec {
	if t.avx512() {
		return t.ZMM()
	}
	return t.YMM()
}

// call emits the instruction of that name; a con is broadcast by AVX-512 and
// lies in memory as often as it has lanes for AVX2.
func (t *target) call(name string, ops ...op) {
	args := make([]reflect.Value, len(ops))
	for i, o := range ops {
		if c, ok := o.(con); ok {
			o = c.Mem
			if t.avx512() {
				name += "_BCST"
			}
		}
		args[i] = reflect.ValueOf(o)
	}
	reflect.ValueOf(t.Context).MethodByName(name).Call(args)
}

// float emits an instruction on floats and returns its result; the operands
// are in Go's order, the last first.
func (t *target) float(name string, ops ...op) vec {
	d := t.new()
	t.call(name+pick(t, "S", "D"), append(ops, d)...)
	return d
}

// int emits an instruction on integers of the size of an element.
func (t *target) int(name string, ops ...op) vec {
	d := t.new()
	t.call(name+pick(t, "D", "Q"), append(ops, d)...)
	return d
}

func (t *target) add(a vec, b op) vec { return t.float("VADDP", b, a) }
func (t *target) sub(a vec, b op) vec { return t.float("VSUBP", b, a) }
func (t *target) mul(a vec, b op) vec { return t.float("VMULP", b, a) }
func (t *target) div(a vec, b op) vec { return t.float("VDIVP", b, a) }
func (t *target) max(a vec, b op) vec { return t.float("VMAXP", b, a) } // a > b ? a : b
func (t *target) min(a vec, b op) vec { return t.float("VMINP", b, a) } // a < b ? a : b
func (t *target) and(a vec, b op) vec { return t.float("VANDP", b, a) }
func (t *target) or(a vec, b op) vec  { return t.float("VORP", b, a) }
func (t *target) xor(a vec, b op) vec { return t.float("VXORP", b, a) }
func (t *target) sqrt(a vec) vec      { return t.float("VSQRTP", a) }

func (t *target) addInt(a vec, b op) vec { return t.int("VPADD", b, a) }
func (t *target) subInt(a, b vec) vec    { return t.int("VPSUB", b, a) }
func (t *target) shl(a vec, n int) vec   { return t.int("VPSLL", operand.U8(n), a) }
func (t *target) shr(a vec, n int) vec   { return t.int("VPSRL", operand.U8(n), a) }

// fma returns a·b + c and fnma c − a·b, rounded once. They are for the inside
// of functions; arithmetic proper rounds twice.
func (t *target) fma(a, b vec, c op) vec  { return t.fused("VFMADD213P", a, b, c) }
func (t *target) fnma(a, b vec, c op) vec { return t.fused("VFNMADD213P", a, b, c) }

func (t *target) fused(name string, a, b vec, c op) vec {
	d := t.copy(a)
	t.call(name+pick(t, "S", "D"), c, b, d)
	return d
}

// fnmaCon returns c − a·k.
func (t *target) fnmaCon(a vec, k con, c vec) vec {
	d := t.copy(c)
	t.call("VFNMADD231P"+pick(t, "S", "D"), k, a, d)
	return d
}

func (t *target) copy(a vec) vec {
	d := t.new()
	t.call("VMOVAP"+pick(t, "S", "D"), a, d)
	return d
}

// poly returns c[0] + c[1]·x + … by Horner's rule.
func (t *target) poly(x vec, c []float64) vec {
	n := len(c) - 1
	p := t.spread(t.con(c[n]))
	for n--; n >= 0; n-- {
		t.call("VFMADD213P"+pick(t, "S", "D"), t.con(c[n]), x, p)
	}
	return p
}

// Modes of round.
const (
	nearest = 8
	down    = 9
	up      = 10
)

func (t *target) round(a vec, mode int) vec {
	if t.avx512() {
		return t.float("VRNDSCALEP", operand.U8(mode), a)
	}
	return t.float("VROUNDP", operand.U8(mode), a)
}

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

// cmp returns the mask of the lanes in which a ∘ b.
func (t *target) cmp(predicate int, a vec, b op) op {
	var m op = t.new()
	if t.avx512() {
		m = t.K()
	}
	t.call("VCMPP"+pick(t, "S", "D"), operand.U8(predicate), b, a, m)
	return m
}

// choose returns yes where m is set and else no.
func (t *target) choose(m op, yes op, no vec) vec {
	if t.avx512() {
		return t.float("VBLENDMP", yes, no, m)
	}
	return t.float("VBLENDVP", m, yes, no)
}

// keep returns a where m is set and else zero.
func (t *target) keep(m op, a vec) vec {
	if !t.avx512() {
		return t.and(a, m)
	}
	d := t.new()
	t.call("VMOVAP"+pick(t, "S_Z", "D_Z"), a, m, d)
	return d
}

// nan returns the mask of the lanes in which a is NaN.
func (t *target) nan(a vec) op { return t.cmp(nan, a, a) }

// spoil returns a, but NaN where m is set, which nan has there. The mask of AVX2
// is a NaN itself.
func (t *target) spoil(a vec, m op, nan vec) vec {
	if t.avx512() {
		return t.choose(m, nan, a)
	}
	return t.or(a, m)
}

// con returns a constant, word one given by its bits.
func (t *target) con(x float64) con {
	return t.word(pick(t, uint64(math.Float32bits(float32(x))), math.Float64bits(x)))
}

func (t *target) word(u uint64) con {
	if c, ok := t.consts[u]; ok {
		return c
	}
	c := con{t.StaticGlobal(fmt.Sprintf("c%0*x", t.bits/4, u))}
	t.DataAttributes(attr.NOPTR | attr.RODATA)
	lanes := 1
	if !t.avx512() {
		lanes = t.width() / t.size()
	}
	for range lanes {
		t.AppendDatum(pick[operand.Constant](t, operand.U32(u), operand.U64(u)))
	}
	t.consts[u] = c
	return c
}

// signBit returns the sign bit alone, infinity +Inf.
func (t *target) signBit() con  { return t.word(1 << (t.bits - 1)) }
func (t *target) infinity() con { return t.con(math.Inf(1)) }

// zero returns +0 in every lane.
func (t *target) zero() vec {
	d := t.new()
	t.call("VXORP"+pick(t, "S", "D"), d, d, d)
	return d
}

// spread returns a register filled with one element of memory.
func (t *target) spread(m op) vec {
	if c, ok := m.(con); ok {
		m = c.Mem
	}
	d := t.new()
	t.call("VBROADCASTS"+pick(t, "S", "D"), m, d)
	return d
}
