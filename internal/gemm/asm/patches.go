package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// patches writes the kernel that copies the patches of an image.
func (t target) patches() {
	t.text("patches", "sets dst[((k·kw+l)·oh+i)·ow+j] = src[(i+d·k)·width+j+d·l] for k < kh, l < kw, i < oh, j < ow.",
		"(dst, src []T, width, kh, kw, oh, ow, d int)")
	dst, src, width, whole, rest := GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("dst").Base(), dst)
	Load(Param("src").Base(), src)
	t.bytes(Load(Param("width"), width))
	// The whole vectors of a row, and the mask of the rest of it.
	Load(Param("ow"), rest)
	MOVQ(rest, whole)
	SHRQ(U8(log2(t.lanes())), whole)
	ANDQ(U32(t.lanes()-1), rest)
	mask := t.mask(rest)
	t.bytes(rest)
	d, kh := GP64(), GP64()
	t.bytes(Load(Param("d"), d))
	Load(Param("kh"), kh)

	Label("kernelRow")
	kw, corner := GP64(), GP64()
	Load(Param("kw"), kw)
	MOVQ(src, corner)
	Label("kernelColumn")
	row, rows := GP64(), GP64()
	MOVQ(corner, row)
	Load(Param("oh"), rows)
	Label("row")
	at, vectors, x := GP64(), GP64(), t.register()
	MOVQ(row, at)
	MOVQ(whole, vectors)
	TESTQ(vectors, vectors)
	JZ(LabelRef("rest"))
	Label("vector")
	t.load(Mem{Base: at}, nil, x)
	t.store(x, nil, Mem{Base: dst})
	ADDQ(U8(t.vec), at)
	ADDQ(U8(t.vec), dst)
	DECQ(vectors)
	JNZ(LabelRef("vector"))
	Label("rest")
	t.load(Mem{Base: at}, mask, x)
	t.store(x, mask, Mem{Base: dst})
	ADDQ(rest, dst)
	ADDQ(width, row)
	DECQ(rows)
	JNZ(LabelRef("row"))
	ADDQ(d, corner)
	DECQ(kw)
	JNZ(LabelRef("kernelColumn"))
	down := GP64()
	Load(Param("d"), down)
	IMULQ(width, down)
	ADDQ(down, src)
	DECQ(kh)
	JNZ(LabelRef("kernelRow"))
	done()
}

// window returns the mask of lanes from to to−1, which may lie outside of the
// vector.
func (t target) window(from, to reg.GPVirtual) reg.Register {
	zero, lanes := GP64(), GP64()
	XORQ(zero, zero)
	MOVQ(U32(t.lanes()), lanes)
	for _, r := range []reg.GPVirtual{from, to} {
		CMPQ(r, zero)
		CMOVQLT(zero, r)
		CMPQ(r, lanes)
		CMOVQGT(lanes, r)
	}
	before, upTo := t.mask(from), t.mask(to)
	if t.wide() {
		k := K()
		KANDNW(upTo, before, k)
		return k
	}
	m := YMM()
	VPANDN(upTo, before, m)
	return m
}

const (
	maskColumns = 15 // for so many columns of a kernel sumPatches keeps masks
	sideBySide  = 3  // and it takes so many at a time
)

// sumPatches writes the kernel that adds patches to an image. It keeps one vector
// of the image while it goes through what covers it.
func (t target) sumPatches() {
	t.text("sumPatches", fmt.Sprintf("is the transpose of patches for d = 1 and kw ≤ %d.", maskColumns),
		"(dst, src []T, width, kh, kw, oh, ow int, add bool)")
	size := 2
	if !t.wide() {
		size = t.vec
	}
	masks, entry := AllocLocal((maskColumns+sideBySide)*size&^7+8), GP64()
	v, ow := GP64(), GP64()
	XORQ(v, v)
	Load(Param("ow"), ow)

	// The lanes of a vector of the image, from column v on, which a column of the
	// kernel covers.
	Label("vector")
	zero, met := GP64(), GP64()
	XORQ(zero, zero)
	Load(Param("kw"), met)
	LEAQ(Mem{Base: met, Index: ow, Scale: 1, Disp: -1}, met)
	SUBQ(v, met)
	inside, l := t.window(zero, met), GP64()
	XORQ(l, l)
	LEAQ(masks, entry)
	Label("mask")
	from, to, kw := GP64(), GP64(), GP64()
	Load(Param("kw"), kw)
	MOVQ(l, from)
	SUBQ(v, from)
	MOVQ(from, to)
	ADDQ(ow, to)
	mask := t.window(from, to)
	if t.wide() {
		KMOVW(mask, Mem{Base: entry})
	} else {
		VMOVDQU(mask, Mem{Base: entry})
	}
	ADDQ(U8(size), entry)
	INCQ(l)
	CMPQ(l, kw)
	JLT(LabelRef("mask"))
	// None for what the last ones side by side are too many.
	for i := range sideBySide - 1 {
		if t.wide() {
			MOVW(U16(0), Mem{Base: entry, Disp: i * size})
			continue
		}
		none := YMM()
		VPXOR(none, none, none)
		VMOVDQU(none, Mem{Base: entry, Disp: i * size})
	}

	// From a row of the kernel to the next one, from a column to the next one, and
	// from a patch to the one of the next row that covers the same row of the image.
	row, column, above := GP64(), GP64(), GP64()
	Load(Param("oh"), column)
	IMULQ(ow, column)
	Load(Param("kw"), row)
	IMULQ(column, row)
	DECQ(column)
	t.bytes(column)
	MOVQ(row, above)
	SUBQ(ow, above)
	t.bytes(row)
	t.bytes(above)
	// The first patch that covers row y of the image, and how many do.
	first, dst, y, n := GP64(), GP64(), GP64(), GP64()
	Load(Param("src").Base(), first)
	LEAQ(Mem{Base: first, Index: v, Scale: uint8(t.size)}, first)
	Load(Param("dst").Base(), dst)
	LEAQ(Mem{Base: dst, Index: v, Scale: uint8(t.size)}, dst)
	XORQ(y, y)
	MOVQ(U32(1), n)
	Label("row")
	acc, at := t.registers(sideBySide), GP64()
	for _, a := range acc {
		t.zero(a)
	}
	// Not read unless needed: reading right behind a masked store waits for it.
	add := GP8()
	Load(Param("add"), add)
	TESTB(add, add)
	JZ(LabelRef("set"))
	t.load(Mem{Base: dst}, inside, acc[0])
	Label("set")
	MOVQ(first, at)
	LEAQ(masks, entry)
	Load(Param("kw"), l)
	Label("columns")
	p, left := GP64(), GP64()
	covered := make([]reg.Register, sideBySide)
	for i := range covered {
		m := Mem{Base: entry, Disp: i * size}
		if t.wide() {
			k := K()
			KMOVW(m, k)
			covered[i] = k
		} else {
			y := YMM()
			VMOVDQU(m, y)
			covered[i] = y
		}
	}
	MOVQ(at, p)
	MOVQ(n, left)
	Label("patch")
	for i, a := range acc {
		m := Mem{Base: p}
		if i > 0 {
			m.Index, m.Scale = column, uint8(i)
		}
		if t.wide() {
			t.add(m, a, covered[i], a)
			continue
		}
		x := t.register()
		t.load(m, covered[i], x)
		t.add(x, a, a)
	}
	ADDQ(above, p)
	DECQ(left)
	JNZ(LabelRef("patch"))
	LEAQ(Mem{Base: at, Index: column, Scale: 2}, at)
	ADDQ(column, at)
	ADDQ(U8(sideBySide*size), entry)
	SUBQ(U8(sideBySide), l)
	JGT(LabelRef("columns"))
	for _, a := range acc[1:] {
		t.add(a, acc[0], acc[0])
	}
	t.store(acc[0], inside, Mem{Base: dst})

	step := GP64()
	t.bytes(Load(Param("width"), step))
	ADDQ(step, dst)
	INCQ(y)
	Load(Param("kh"), step)
	CMPQ(y, step)
	JGE(LabelRef("all"))
	INCQ(n)
	Label("all")
	Load(Param("oh"), step)
	CMPQ(y, step)
	JGE(LabelRef("below"))
	LEAQ(Mem{Base: first, Index: ow, Scale: uint8(t.size)}, first)
	JMP(LabelRef("row"))
	Label("below")
	ADDQ(row, first)
	DECQ(n)
	JNZ(LabelRef("row"))

	ADDQ(U8(t.lanes()), v)
	Load(Param("kw"), step)
	LEAQ(Mem{Base: step, Index: ow, Scale: 1, Disp: -1}, step)
	CMPQ(v, step)
	JLT(LabelRef("vector"))
	done()
}
