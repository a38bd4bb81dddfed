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

// An avx writes functions for AVX2 or AVX-512, of one element type.
type avx struct {
	*build.Context
	kind
	consts map[uint64]avxCon
	ones   *operand.Mem // the start of window, once it is written
}

// An avxCon is a constant in memory that is the same in every lane.
type avxCon struct{ operand.Mem }

func (t *avx) avx512() bool { return t.isa == "AVX512" }

// width returns the bytes of a register.
func (t *avx) width() int {
	if t.avx512() {
		return 64
	}
	return 32
}

// new returns an unused register.
func (t *avx) new() reg.VecVirtual {
	if t.avx512() {
		return t.ZMM()
	}
	return t.YMM()
}

// call emits the instruction of that name; a con is broadcast by AVX-512 and
// lies in memory as often as it has lanes for AVX2.
func (t *avx) call(name string, ops ...op) {
	args := make([]reflect.Value, len(ops))
	for i, o := range ops {
		if c, ok := o.(avxCon); ok {
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
func (t *avx) float(name string, ops ...op) vec {
	d := t.new()
	t.call(name+pick(t, "S", "D"), append(ops, d)...)
	return d
}

// int emits an instruction on integers of the size of an element.
func (t *avx) int(name string, ops ...op) vec {
	d := t.new()
	t.call(name+pick(t, "D", "Q"), append(ops, d)...)
	return d
}

func (t *avx) add(a vec, b op) vec { return t.float("VADDP", b, a) }
func (t *avx) sub(a vec, b op) vec { return t.float("VSUBP", b, a) }
func (t *avx) mul(a vec, b op) vec { return t.float("VMULP", b, a) }
func (t *avx) div(a vec, b op) vec { return t.float("VDIVP", b, a) }
func (t *avx) max(a vec, b op) vec { return t.float("VMAXP", b, a) } // a > b ? a : b
func (t *avx) min(a vec, b op) vec { return t.float("VMINP", b, a) } // a < b ? a : b
func (t *avx) and(a vec, b op) vec { return t.float("VANDP", b, a) }
func (t *avx) or(a vec, b op) vec  { return t.float("VORP", b, a) }
func (t *avx) xor(a vec, b op) vec { return t.float("VXORP", b, a) }
func (t *avx) sqrt(a vec) vec      { return t.float("VSQRTP", a) }

func (t *avx) accumulate(sum vec, a op) { t.call("VADDP"+pick(t, "S", "D"), a, sum, sum) }

func (t *avx) addInt(a vec, b op) vec { return t.int("VPADD", b, a) }
func (t *avx) subInt(a, b vec) vec    { return t.int("VPSUB", b, a) }
func (t *avx) shl(a vec, n int) vec   { return t.int("VPSLL", operand.U8(n), a) }
func (t *avx) shr(a vec, n int) vec   { return t.int("VPSRL", operand.U8(n), a) }

// fma returns a·b + c and fnma c − a·b, rounded once. They are for the inside
// of functions; arithmetic proper rounds twice.
func (t *avx) fma(a, b vec, c op) vec  { return t.fused("VFMADD213P", a, b, c) }
func (t *avx) fnma(a, b vec, c op) vec { return t.fused("VFNMADD213P", a, b, c) }

func (t *avx) fused(name string, a, b vec, c op) vec {
	d := t.copy(a)
	t.call(name+pick(t, "S", "D"), c, b, d)
	return d
}

// fnmaCon returns c − a·k.
func (t *avx) fnmaCon(a vec, k con, c vec) vec {
	d := t.copy(c)
	t.call("VFNMADD231P"+pick(t, "S", "D"), k, a, d)
	return d
}

func (t *avx) copy(a vec) vec {
	d := t.new()
	t.call("VMOVAP"+pick(t, "S", "D"), a, d)
	return d
}

// scale is one instruction of AVX-512.
func (t *avx) scale(a, n vec) vec {
	if t.avx512() {
		return t.float("VSCALEFP", n, a)
	}
	return (&target{t.kind, t}).scaleByTwo(a, n)
}

// poly returns c[0] + c[1]·x + … by Horner's rule.
func (t *avx) poly(x vec, c []float64) vec {
	n := len(c) - 1
	p := t.spread(t.con(c[n]))
	for n--; n >= 0; n-- {
		t.call("VFMADD213P"+pick(t, "S", "D"), t.con(c[n]), x, p)
	}
	return p
}

func (t *avx) round(a vec, mode int) vec {
	if t.avx512() {
		return t.float("VRNDSCALEP", operand.U8(mode), a)
	}
	return t.float("VROUNDP", operand.U8(mode), a)
}

// cmp returns the mask of the lanes in which a ∘ b.
func (t *avx) cmp(predicate int, a vec, b op) op {
	var m op = t.new()
	if t.avx512() {
		m = t.K()
	}
	t.call("VCMPP"+pick(t, "S", "D"), operand.U8(predicate), b, a, m)
	return m
}

// choose returns yes where m is set and else no.
func (t *avx) choose(m op, yes op, no vec) vec {
	if t.avx512() {
		return t.float("VBLENDMP", yes, no, m)
	}
	return t.float("VBLENDVP", m, yes, no)
}

// keep returns a where m is set and else zero.
func (t *avx) keep(m op, a vec) vec {
	if !t.avx512() {
		return t.and(a, m)
	}
	d := t.new()
	t.call("VMOVAP"+pick(t, "S_Z", "D_Z"), a, m, d)
	return d
}

// nan returns the mask of the lanes in which a is NaN.
func (t *avx) nan(a vec) op { return t.cmp(nan, a, a) }

// spoil returns a, but NaN where m is set, which nan has there. The mask of AVX2
// is a NaN itself.
func (t *avx) spoil(a vec, m op, nan vec) vec {
	if t.avx512() {
		return t.choose(m, nan, a)
	}
	return t.or(a, m)
}

// con returns a constant, word one given by its bits.
func (t *avx) con(x float64) con {
	return t.word(pick(t, uint64(math.Float32bits(float32(x))), math.Float64bits(x)))
}

func (t *avx) word(u uint64) con {
	if c, ok := t.consts[u]; ok {
		return c
	}
	c := avxCon{t.StaticGlobal(fmt.Sprintf("c%0*x", t.bits/4, u))}
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

// zero and none return +0 in every lane.
func (t *avx) zero() vec { return t.none() }
func (t *avx) none() reg.VecVirtual {
	d := t.new()
	t.call("VXORP"+pick(t, "S", "D"), d, d, d)
	return d
}

// spread returns a register filled with one element of memory.
func (t *avx) spread(m op) vec {
	if c, ok := m.(avxCon); ok {
		m = c.Mem
	}
	d := t.new()
	t.call("VBROADCASTS"+pick(t, "S", "D"), m, d)
	return d
}
