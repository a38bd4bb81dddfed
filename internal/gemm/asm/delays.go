package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A taps is how many elements beside each other an offset means, 1 or 2, and the
// instructions for so many in the low lanes of a register.
type taps struct {
	name string
	n    int
}

var (
	single = taps{"", 1}
	pair   = taps{"Pairs", 2}
)

// loadTaps loads the elements at an address.
func (t target) loadTaps(p taps, m Mem, dst reg.VecVirtual) {
	switch p.n * t.size {
	case 4:
		VMOVSS(m, dst)
	case 8:
		VMOVSD(m, dst)
	case 16:
		VMOVUPD(m, dst)
	}
}

func (t target) storeTaps(p taps, src reg.VecVirtual, m Mem) {
	switch p.n * t.size {
	case 4:
		VMOVSS(src, m)
	case 8:
		VMOVSD(src, m)
	case 16:
		VMOVUPD(src, m)
	}
}

// addTaps adds x to acc, fmaTaps a·x.
func (t target) addTaps(x, acc reg.VecVirtual) {
	if t.size == 4 {
		VADDPS(x, acc, acc)
	} else {
		VADDPD(x, acc, acc)
	}
}

func (t target) fmaTaps(a, x, acc reg.VecVirtual) {
	if t.size == 4 {
		VFMADD231PS(a, x, acc)
	} else {
		VFMADD231PD(a, x, acc)
	}
}

// bcastTaps fills the low lanes with an element.
func (t target) bcastTaps(m Mem, dst reg.VecVirtual) {
	if t.size == 4 {
		VBROADCASTSS(m, dst)
	} else {
		VMOVDDUP(m, dst)
	}
}

// scatterUnroll is how many offsets scatter takes at a time. They are read in twos: of
// three that are read and one that is written for an element, that is half of one less.
const scatterUnroll = 8

// scatter writes the kernel that adds rows of w to places in dst.
func (t target) scatter(p taps) {
	t.text("scatter"+p.name, fmt.Sprintf("adds val[e], or 1 if val is empty, times row idx[e] of w, of n times %d elements, to those of dst from the offsets in the same row of off on; it returns false at an index not below rows.", p.n),
		"(dst []T, off []int32, w []T, n int, idx []int32, val []T, rows int) (ok bool)")
	dst, n, idx, val, rows := GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("dst").Base(), dst)
	Load(Param("n"), n)
	Load(Param("idx").Base(), idx)
	Load(Param("val").Base(), val)
	Load(Param("rows"), rows)
	x := XMM()
	bits := GP64()
	if t.size == 4 {
		MOVQ(U64(math.Float32bits(1)), bits)
		VMOVQ(bits, x)
		VBROADCASTSS(x, x)
	} else {
		MOVQ(U64(math.Float64bits(1)), bits)
		VMOVQ(bits, x)
		VMOVDDUP(x, x)
	}
	graded, e := GP64(), GP64()
	Load(Param("val").Len(), graded)
	XORQ(e, e)
	Label("spike")
	at := GP64()
	MOVL(Mem{Base: idx, Index: e, Scale: 4}, at.As32())
	CMPQ(at, rows)
	JAE(LabelRef("bad"))
	TESTQ(graded, graded)
	JZ(LabelRef("one"))
	t.bcastTaps(Mem{Base: val, Index: e, Scale: uint8(t.size)}, x)
	Label("one")
	off, w := GP64(), GP64()
	IMULQ(n, at)
	Load(Param("off").Base(), off)
	LEAQ(Mem{Base: off, Index: at, Scale: 4}, off)
	Load(Param("w").Base(), w)
	SHLQ(U8(log2(p.n*t.size)), at)
	ADDQ(at, w)
	t.scatterRow(p, dst, off, w, n, x)
	Label("next")
	INCQ(e)
	n2 := GP64()
	Load(Param("idx").Len(), n2)
	CMPQ(e, n2)
	JLT(LabelRef("spike"))
	result(1)
	Label("bad")
	result(0)
}

// scatterRow writes the loop over a row, until the label "next".
func (t target) scatterRow(p taps, dst, off, w, n reg.GPVirtual, x reg.VecVirtual) {
	left := GP64()
	MOVQ(n, left)
	one := func(k int, place reg.GPVirtual) {
		to := Mem{Base: dst, Index: place, Scale: uint8(t.size)}
		a, sum := XMM(), XMM()
		t.loadTaps(p, Mem{Base: w, Disp: k * p.n * t.size}, a)
		t.loadTaps(p, to, sum)
		t.fmaTaps(a, x, sum)
		t.storeTaps(p, sum, to)
	}
	Label("many")
	CMPQ(left, U8(scatterUnroll))
	JLT(LabelRef("few"))
	for k := 0; k < scatterUnroll; k += 2 {
		two, first := GP64(), GP64()
		MOVQ(Mem{Base: off, Disp: 4 * k}, two)
		MOVL(two.As32(), first.As32())
		SHRQ(U8(32), two)
		one(k, first)
		one(k+1, two)
	}
	ADDQ(U8(4*scatterUnroll), off)
	ADDQ(I32(scatterUnroll*p.n*t.size), w)
	SUBQ(U8(scatterUnroll), left)
	JMP(LabelRef("many"))
	Label("few")
	TESTQ(left, left)
	JZ(LabelRef("next"))
	place := GP64()
	MOVL(Mem{Base: off}, place.As32())
	one(0, place)
	ADDQ(U8(4), off)
	ADDQ(U8(p.n*t.size), w)
	DECQ(left)
	JMP(LabelRef("few"))
}

// collectGroup is of how many offsets collect adds up at a time: as many sums as it takes
// to wait for none.
const collectGroup = 8

// collect writes the kernel that adds up what lies at places behind offsets.
func (t target) collect(p taps) {
	t.text("collect"+p.name, fmt.Sprintf("adds to sum[j], for each j, val[e], or 1 if val is empty, times src[off[j]+at[e]] over all e; sums are of %d elements beside each other.", p.n),
		"(sum, src []T, off, at []int32, val []T)")
	j := GP64()
	XORQ(j, j)
	t.collectBy(p, collectGroup, j)
	t.collectBy(p, 1, j)
	done()
}

// collectBy writes the loop over so many offsets at a time, from j on.
func (t target) collectBy(p taps, group int, j reg.GPVirtual) {
	label := func(name string) string { return fmt.Sprintf("%s%d", name, group) }
	Label(label("group"))
	size, end := GP64(), GP64()
	Load(Param("off").Len(), size)
	LEAQ(Mem{Base: j, Disp: group}, end)
	CMPQ(end, size)
	JGT(LabelRef(label("end")))
	from, acc := t.starts(group, j), make([]reg.VecVirtual, group)
	sum := GP64()
	sums := func() Mem {
		Load(Param("sum").Base(), sum)
		at := GP64()
		MOVQ(j, at)
		SHLQ(U8(log2(p.n*t.size)), at)
		ADDQ(at, sum)
		return Mem{Base: sum}
	}
	m := sums()
	for k := range acc {
		acc[k] = XMM()
		t.loadTaps(p, m.Offset(k*p.n*t.size), acc[k])
	}
	// e counts up to 0, from the ends of the lists.
	at, val, e := GP64(), GP64(), GP64()
	Load(Param("at").Base(), at)
	Load(Param("at").Len(), e)
	LEAQ(Mem{Base: at, Index: e, Scale: 4}, at)
	n := GP64()
	Load(Param("val").Len(), n)
	Load(Param("val").Base(), val)
	LEAQ(Mem{Base: val, Index: e, Scale: uint8(t.size)}, val)
	NEGQ(e)
	JZ(LabelRef(label("added")))
	TESTQ(n, n)
	JZ(LabelRef(label("ones")))
	place := GP64()
	Label(label("graded"))
	MOVL(Mem{Base: at, Index: e, Scale: 4}, place.As32())
	a := XMM()
	t.bcastTaps(Mem{Base: val, Index: e, Scale: uint8(t.size)}, a)
	for k := range acc {
		x := XMM()
		t.loadTaps(p, Mem{Base: from[k], Index: place, Scale: uint8(t.size)}, x)
		t.fmaTaps(a, x, acc[k])
	}
	INCQ(e)
	JNZ(LabelRef(label("graded")))
	JMP(LabelRef(label("added")))
	Label(label("ones"))
	MOVL(Mem{Base: at, Index: e, Scale: 4}, place.As32())
	for k := range acc {
		m := Mem{Base: from[k], Index: place, Scale: uint8(t.size)}
		if p.n == 1 {
			t.addOne(m, acc[k])
			continue
		}
		x := XMM()
		t.loadTaps(p, m, x)
		t.addTaps(x, acc[k])
	}
	INCQ(e)
	JNZ(LabelRef(label("ones")))
	Label(label("added"))
	m = sums()
	for k := range acc {
		t.storeTaps(p, acc[k], m.Offset(k*p.n*t.size))
	}
	ADDQ(U8(group), j)
	JMP(LabelRef(label("group")))
	Label(label("end"))
}

// starts returns the addresses in src of the offsets from j on.
func (t target) starts(group int, j reg.GPVirtual) []reg.GPVirtual {
	from := make([]reg.GPVirtual, group)
	off, src := GP64(), GP64()
	Load(Param("off").Base(), off)
	for k := range from {
		from[k] = GP64()
		MOVL(Mem{Base: off, Index: j, Scale: 4, Disp: 4 * k}, from[k].As32())
	}
	Load(Param("src").Base(), src)
	for k := range from {
		LEAQ(Mem{Base: src, Index: from[k], Scale: uint8(t.size)}, from[k])
	}
	return from
}

func (t target) addOne(m Mem, acc reg.VecVirtual) {
	if t.size == 4 {
		VADDSS(m, acc, acc)
	} else {
		VADDSD(m, acc, acc)
	}
}

// line is a line of the cache, in bytes.
const line = 64

// shiftTile returns how many lines shifted keeps in registers.
func (t target) shiftTile() int {
	if t.wide() {
		return 24
	}
	return 6
}

// shifted writes the kernel that adds up multiples of stretches of src.
func (t target) shifted() {
	t.text("shifted", fmt.Sprintf("adds to dst, of at most %d lines of %d bytes, w[e] times as many elements of src from off[e] on, for all e; it begins at 0 unless add.", t.shiftTile(), line),
		"(dst, src []T, off []int32, w []T, add bool)")
	dst, lines := GP64(), GP64()
	Load(Param("dst").Base(), dst)
	Load(Param("dst").Len(), lines)
	SHRQ(U8(log2(line/t.size)), lines)
	src, off, w, e := GP64(), GP64(), GP64(), GP64()
	Load(Param("src").Base(), src)
	Load(Param("off").Base(), off)
	Load(Param("w").Base(), w)
	Load(Param("off").Len(), e)
	LEAQ(Mem{Base: off, Index: e, Scale: 4}, off)
	LEAQ(Mem{Base: w, Index: e, Scale: uint8(t.size)}, w)
	NEGQ(e)
	add := GP8()
	Load(Param("add"), add)
	cases("lines", lines, t.shiftTile(), func(v int) {
		label := func(name string) string { return fmt.Sprintf("%sOf%d", name, v) }
		acc := t.registers(v * line / t.vec)
		for i := range acc {
			t.zero(acc[i])
		}
		TESTB(add, add)
		JZ(LabelRef(label("begin")))
		for i := range acc {
			t.move(Mem{Base: dst, Disp: i * t.vec}, acc[i])
		}
		Label(label("begin"))
		TESTQ(e, e)
		JZ(LabelRef(label("end")))
		Label(label("next"))
		at, a := GP64(), t.register()
		MOVL(Mem{Base: off, Index: e, Scale: 4}, at.As32())
		t.bcast(Mem{Base: w, Index: e, Scale: uint8(t.size)}, a)
		for i := range acc {
			t.fma(Mem{Base: src, Index: at, Scale: uint8(t.size), Disp: i * t.vec}, a, acc[i])
		}
		INCQ(e)
		JNZ(LabelRef(label("next")))
		Label(label("end"))
		for i := range acc {
			t.move(acc[i], Mem{Base: dst, Disp: i * t.vec})
		}
		done()
	})
}
