package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// notEqual is the predicate of a comparison that is true of NaN.
const notEqual = U8(4)

// group returns how many vectors nonZero and count take at a time. AVX2 gathers
// the bits of four comparisons in one register.
func (t target) group() int {
	if t.wide() {
		return 1
	}
	return 4
}

// nonZero writes the kernel that lists the elements of x that are not 0 (stream
// compaction).
func (t target) nonZero() {
	t.text("nonZero", fmt.Sprintf("writes the positions of the n elements of x that are not 0 to idx[:n] and tells whether all of these are 1; len(x) is a multiple of %d, and idx is as long.", t.group()*t.lanes()),
		"(x []T, idx []int32) (n int, ones bool)")
	x, size, idx, i, n := GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("x").Base(), x)
	Load(Param("x").Len(), size)
	Load(Param("idx").Base(), idx)
	XORQ(i, i)
	XORQ(n, n)
	zero, one := t.register(), t.register()
	t.zero(zero)
	bits := GP64()
	if t.size == 4 {
		MOVQ(U64(math.Float32bits(1)), bits)
	} else {
		MOVQ(U64(math.Float64bits(1)), bits)
	}
	VMOVQ(bits, one.AsX())
	t.bcast(one.AsX(), one)
	at := Mem{Base: x, Index: i, Scale: uint8(t.size)}
	if t.wide() {
		t.compress(at, zero, one, size, idx, i, n)
	} else {
		t.walk(at, zero, one, size, idx, i, n)
	}
	Store(n, Return("n"))
	done()
}

// compress is nonZero by AVX-512, which packs the positions itself. It stores
// whole vectors of them: what is too much is overwritten, or is past n.
func (t target) compress(at Mem, zero, one reg.VecVirtual, size, idx, i, n reg.GPVirtual) {
	other := K() // seen: neither 0 nor 1
	KXORW(other, other, other)
	// The positions of a vector; 32 bits each, so a ymm register for float64.
	lanes := func() reg.VecVirtual {
		if t.size == 4 {
			return ZMM()
		}
		return YMM()
	}
	pos, step, packed := lanes(), lanes(), lanes()
	count := GP64()
	MOVQ(U32(t.lanes()), count)
	VPBROADCASTD(count.As32(), step)
	VMOVDQU32(iota(), pos)

	Label("next")
	v, k, kk, c := t.register(), K(), K(), GP64()
	t.move(at, v)
	t.compare(notEqual, zero, v, k)
	t.compare(notEqual, one, v, kk)
	KANDW(k, kk, kk)
	KORW(kk, other, other)
	VPCOMPRESSD(pos, k, packed)
	VMOVDQU32(packed, Mem{Base: idx, Index: n, Scale: 4})
	KMOVW(k, c.As32())
	POPCNTL(c.As32(), c.As32())
	ADDQ(c, n)
	VPADDD(step, pos, pos)
	ADDQ(U8(t.lanes()), i)
	CMPQ(i, size)
	JLT(LabelRef("next"))
	KORTESTW(other, other)
	ones := GP8()
	SETEQ(ones)
	Store(ones, Return("ones"))
}

// walk is nonZero by AVX2: the bits of four comparisons are walked one by one.
func (t target) walk(at Mem, zero, one reg.VecVirtual, size, idx, i, n reg.GPVirtual) {
	other := YMM()
	VPXOR(other, other, other)
	Label("next")
	set, bits, p := GP64(), GP64(), GP64()
	for g := range t.group() {
		v, nz, no := YMM(), YMM(), YMM()
		t.move(at.Offset(g*t.vec), v)
		t.compare(notEqual, zero, v, nz)
		t.compare(notEqual, one, v, no)
		VPAND(nz, no, no)
		VPOR(no, other, other)
		to := bits
		if g == 0 {
			to = set
		}
		t.signs(nz, to)
		if g > 0 {
			SHLQ(U8(g*t.lanes()), bits)
			ORQ(bits, set)
		}
	}
	TESTQ(set, set)
	JZ(LabelRef("none"))
	Label("bit")
	TZCNTQ(set, p)
	ADDQ(i, p)
	MOVL(p.As32(), Mem{Base: idx, Index: n, Scale: 4})
	INCQ(n)
	BLSRQ(set, set)
	JNZ(LabelRef("bit"))
	Label("none")
	ADDQ(U8(t.group()*t.lanes()), i)
	CMPQ(i, size)
	JLT(LabelRef("next"))
	VPTEST(other, other)
	ones := GP8()
	SETEQ(ones)
	Store(ones, Return("ones"))
}

// signs gathers the sign bits of a vector.
func (t target) signs(v reg.VecVirtual, to reg.GPVirtual) {
	if t.size == 4 {
		VMOVMSKPS(v, to.As32())
	} else {
		VMOVMSKPD(v, to.As32())
	}
}

// count writes the kernel that counts the elements of x that are not 0.
func (t target) count() {
	t.text("count", fmt.Sprintf("counts the elements of x that are not 0; len(x) is a multiple of %d.", t.group()*t.lanes()),
		"(x []T) (n int)")
	x, size, n := GP64(), GP64(), GP64()
	Load(Param("x").Base(), x)
	Load(Param("x").Len(), size)
	XORQ(n, n)
	zero := t.register()
	t.zero(zero)
	Label("next")
	for g := range t.group() {
		v, c := t.register(), GP64()
		t.move(Mem{Base: x, Disp: g * t.vec}, v)
		if t.wide() {
			k := K()
			t.compare(notEqual, zero, v, k)
			KMOVW(k, c.As32())
		} else {
			t.compare(notEqual, zero, v, v)
			t.signs(v, c)
		}
		POPCNTL(c.As32(), c.As32())
		ADDQ(c, n)
	}
	ADDQ(U32(t.group()*t.vec), x)
	SUBQ(U8(t.group()*t.lanes()), size)
	JNZ(LabelRef("next"))
	Store(n, Return("n"))
	done()
}

var numbers Mem

// iota returns the numbers 0 to 15 in memory.
func iota() Mem {
	if numbers.Symbol.Name == "" {
		numbers = GLOBL("numbers", RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, U32(i))
		}
	}
	return numbers
}
