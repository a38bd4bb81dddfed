package main

import (
	"fmt"
	"math"

	"github.com/spikegrad/spikegrad/internal/neon"
)

// A value is a vector that has no register yet: it is made once. accumulate alone changes
// one in its place.
type value struct {
	block, last int // where it is made, and the last step of that block that reads it
	throughout  bool
	register    uint8
}

// A constant is a vector of the pool, which an instruction reads from memory or, if there
// is a register left for it, finds there.
type constant struct{ bits uint64 }

// A step is an instruction, or a line of assembly. Its registers are those of what it
// makes, if anything, and of what it reads, in this order.
type step struct {
	write func(r []uint8)
	makes *value
	reads []*value
	tied  bool    // makes begins as the first of reads, which is not written to write
	con   *uint64 // what makes is, if a constant
	block int
}

// A neonWriter writes functions for arm64, of one element type: first as steps, to which
// neonAlloc.go gives registers.
type neonWriter struct {
	kind
	w     *neon.Writer
	steps []*step
	block int
}

// Registers of the loops: those of slices are the first, in the order of arguments.
const (
	countReg = 8
	poolReg  = 9
)

func (t *neonWriter) target() *target { return &target{t.kind, t} }

// make adds a step with a result.
func (t *neonWriter) make(write func(r []uint8), reads ...*value) *value {
	v := &value{block: t.block}
	t.steps = append(t.steps, &step{write: write, makes: v, reads: reads, block: t.block})
	return v
}

// do adds one without.
func (t *neonWriter) do(write func(r []uint8), reads ...*value) {
	t.steps = append(t.steps, &step{write: write, reads: reads, block: t.block})
}

// line and label add assembly; behind a label or a jump another block begins.
func (t *neonWriter) line(format string, args ...any) {
	t.do(func([]uint8) { t.w.Line(format, args...) })
}
func (t *neonWriter) label(name string) {
	t.block++
	t.do(func([]uint8) { t.w.Label(name) })
}
func (t *neonWriter) jump(condition, to string) {
	t.line("%s %s", condition, to)
	t.block++
}

// in returns an operand as a value.
func (t *neonWriter) in(o op) *value {
	c, ok := o.(constant)
	if !ok {
		return o.(*value)
	}
	at := t.w.Constant(t.bits, c.bits)
	v := t.make(func(r []uint8) { t.w.Word(neon.Load(16, r[0], poolReg, at)) })
	key := c.bits
	t.steps[len(t.steps)-1].con = &key
	return v
}

// two, one and tied return the result of an instruction; tied begins with what is in
// its first operand.
func (t *neonWriter) two(word func(bits int, d, n, m uint8) uint32, a, b op) *value {
	x, y := t.in(a), t.in(b)
	return t.make(func(r []uint8) { t.w.Word(word(t.bits, r[0], r[1], r[2])) }, x, y)
}

func (t *neonWriter) logic(word func(d, n, m uint8) uint32, a, b op) *value {
	return t.two(func(_ int, d, n, m uint8) uint32 { return word(d, n, m) }, a, b)
}

func (t *neonWriter) one(word func(bits int, d, n uint8) uint32, a op) *value {
	x := t.in(a)
	return t.make(func(r []uint8) { t.w.Word(word(t.bits, r[0], r[1])) }, x)
}

func (t *neonWriter) tied(word func(bits int, d, n, m uint8) uint32, begin, a, b op) *value {
	x, y := t.in(a), t.in(b)
	v := t.make(func(r []uint8) { t.w.Word(word(t.bits, r[0], r[1], r[2])) }, t.in(begin), x, y)
	t.steps[len(t.steps)-1].tied = true
	return v
}

func (t *neonWriter) bsl(m, yes, no op) *value {
	return t.tied(func(_ int, d, n, m uint8) uint32 { return neon.Bsl(d, n, m) }, m, yes, no)
}

func (t *neonWriter) not(a op) *value {
	return t.one(func(_ int, d, n uint8) uint32 { return neon.Not(d, n) }, a)
}

func (t *neonWriter) add(a vec, b op) vec { return t.two(neon.FAdd, a, b) }
func (t *neonWriter) sub(a vec, b op) vec { return t.two(neon.FSub, a, b) }
func (t *neonWriter) mul(a vec, b op) vec { return t.two(neon.FMul, a, b) }
func (t *neonWriter) div(a vec, b op) vec { return t.two(neon.FDiv, a, b) }
func (t *neonWriter) and(a vec, b op) vec { return t.logic(neon.And, a, b) }
func (t *neonWriter) or(a vec, b op) vec  { return t.logic(neon.Or, a, b) }
func (t *neonWriter) xor(a vec, b op) vec { return t.logic(neon.Xor, a, b) }
func (t *neonWriter) sqrt(a vec) vec      { return t.one(neon.FSqrt, a) }

// max and min choose by a comparison: FMAX would return a NaN that is the first operand,
// and tell zeros apart.
func (t *neonWriter) max(a vec, b op) vec {
	y := t.in(b)
	return t.bsl(t.two(neon.FCmGt, a, y), a, y)
}
func (t *neonWriter) min(a vec, b op) vec {
	y := t.in(b)
	return t.bsl(t.two(neon.FCmGt, y, a), a, y)
}

func (t *neonWriter) round(a vec, mode int) vec {
	return t.one(map[int]func(bits int, d, n uint8) uint32{nearest: neon.FRintN, down: neon.FRintM, up: neon.FRintP}[mode], a)
}

func (t *neonWriter) accumulate(sum vec, a op) {
	t.do(func(r []uint8) { t.w.Word(neon.FAdd(t.bits, r[0], r[0], r[1])) }, sum.(*value), t.in(a))
}

func (t *neonWriter) addInt(a vec, b op) vec { return t.two(neon.Add, a, b) }
func (t *neonWriter) subInt(a, b vec) vec    { return t.two(neon.Sub, a, b) }
func (t *neonWriter) shl(a vec, n int) vec {
	return t.one(func(bits int, d, m uint8) uint32 { return neon.Shl(bits, d, m, n) }, a)
}
func (t *neonWriter) shr(a vec, n int) vec {
	return t.one(func(bits int, d, m uint8) uint32 { return neon.UShr(bits, d, m, n) }, a)
}

func (t *neonWriter) fma(a, b vec, c op) vec          { return t.tied(neon.FMla, c, a, b) }
func (t *neonWriter) fnma(a, b vec, c op) vec         { return t.tied(neon.FMls, c, a, b) }
func (t *neonWriter) fnmaCon(a vec, k con, c vec) vec { return t.tied(neon.FMls, c, a, k) }
func (t *neonWriter) scale(a, n vec) vec              { return t.target().scaleByTwo(a, n) }
func (t *neonWriter) choose(m op, yes op, no vec) vec { return t.bsl(m, yes, no) }
func (t *neonWriter) keep(m op, a vec) vec            { return t.logic(neon.And, a, m) }
func (t *neonWriter) nan(a vec) op                    { return t.cmp(nan, a, a) }
func (t *neonWriter) spoil(a vec, m op, _ vec) vec    { return t.logic(neon.Or, a, m) } // a mask is a NaN
func (t *neonWriter) spread(m op) vec                 { return t.in(m) }
func (t *neonWriter) word(u uint64) con               { return constant{u} }
func (t *neonWriter) zero() vec {
	return t.make(func(r []uint8) { t.w.Word(neon.Zero(r[0])) })
}

func (t *neonWriter) con(x float64) con {
	return t.word(pick(t, uint64(math.Float32bits(float32(x))), math.Float64bits(x)))
}

func (t *neonWriter) poly(x vec, c []float64) vec {
	n := len(c) - 1
	var p vec = t.in(t.con(c[n]))
	for n--; n >= 0; n-- {
		p = t.fma(p, x, t.con(c[n]))
	}
	return p
}

func (t *neonWriter) cmp(predicate int, a vec, b op) op {
	y := t.in(b)
	switch predicate {
	case eq:
		return t.two(neon.FCmEq, a, y)
	case ne:
		return t.not(t.two(neon.FCmEq, a, y))
	case neq:
		return t.or(t.two(neon.FCmGt, a, y), t.two(neon.FCmGt, y, a))
	case lt:
		return t.two(neon.FCmGt, y, a)
	case le:
		return t.two(neon.FCmGe, y, a)
	case nlt:
		return t.not(t.two(neon.FCmGt, y, a))
	case ge:
		return t.two(neon.FCmGe, a, y)
	case gt:
		return t.two(neon.FCmGt, a, y)
	case nan:
		return t.not(t.or(t.two(neon.FCmGe, a, y), t.two(neon.FCmGt, y, a)))
	}
	panic(fmt.Sprintf("asm: no predicate %#x", predicate))
}
