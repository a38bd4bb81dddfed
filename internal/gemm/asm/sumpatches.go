package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	maskColumns = 15 // for so many columns of a kernel sumPatches keeps masks
	sideBySide  = 3  // and it takes so many at a time
)

// A patchSum is the kernel that adds patches to an image while it is written: the
// registers that several parts of it use.
type patchSum struct {
	target
	size   int // bytes of a mask
	masks  Mem // the lanes of a vector of the image that each column of the kernel covers
	entry  reg.GPVirtual
	inside reg.Register // the lanes that any column covers

	v, ow, l           reg.GPVirtual // column of the image; columns of patches; column of the kernel
	row, column, above reg.GPVirtual // see strides
	first, n           reg.GPVirtual // the first patch that covers a row of the image, and how many do
	dst, y             reg.GPVirtual // the image, and its row
}

// sumPatches writes the kernel that adds patches to an image (col2im, the transpose of
// im2col). It keeps one vector of the image while it goes through what covers it.
func (t target) sumPatches() {
	t.text("sumPatches", fmt.Sprintf("is the transpose of patches for d = 1 and kw ≤ %d.", maskColumns),
		"(dst, src []T, width, kh, kw, oh, ow int, add bool)")
	s := patchSum{target: t, size: 2}
	if !t.wide() {
		s.size = t.vec
	}
	s.masks, s.entry = AllocLocal((maskColumns+sideBySide)*s.size&^7+8), GP64()
	s.v, s.ow = GP64(), GP64()
	XORQ(s.v, s.v)
	Load(Param("ow"), s.ow)
	Label("vector")
	s.cover()
	s.strides()
	s.start()
	Label("row")
	s.add()
	s.next()

	ADDQ(U8(t.lanes()), s.v)
	step := GP64()
	Load(Param("kw"), step)
	LEAQ(Mem{Base: step, Index: s.ow, Scale: 1, Disp: -1}, step)
	CMPQ(s.v, step)
	JLT(LabelRef("vector"))
	done()
}

// cover makes the masks of the lanes of a vector of the image, from column v on, which
// the columns of the kernel cover.
func (s *patchSum) cover() {
	zero, met := GP64(), GP64()
	XORQ(zero, zero)
	Load(Param("kw"), met)
	LEAQ(Mem{Base: met, Index: s.ow, Scale: 1, Disp: -1}, met)
	SUBQ(s.v, met)
	s.inside, s.l = s.window(zero, met), GP64()
	XORQ(s.l, s.l)
	LEAQ(s.masks, s.entry)
	Label("mask")
	from, to, kw := GP64(), GP64(), GP64()
	Load(Param("kw"), kw)
	MOVQ(s.l, from)
	SUBQ(s.v, from)
	MOVQ(from, to)
	ADDQ(s.ow, to)
	mask := s.window(from, to)
	if s.wide() {
		KMOVW(mask, Mem{Base: s.entry})
	} else {
		VMOVDQU(mask, Mem{Base: s.entry})
	}
	ADDQ(U8(s.size), s.entry)
	INCQ(s.l)
	CMPQ(s.l, kw)
	JLT(LabelRef("mask"))
	// None for what the last ones side by side are too many.
	for i := range sideBySide - 1 {
		if s.wide() {
			MOVW(U16(0), Mem{Base: s.entry, Disp: i * s.size})
			continue
		}
		none := YMM()
		VPXOR(none, none, none)
		VMOVDQU(none, Mem{Base: s.entry, Disp: i * s.size})
	}
}

// strides computes how far it is from a row of the kernel to the next one, from a column
// to the next one, and from a patch to the one of the next row that covers the same row
// of the image.
func (s *patchSum) strides() {
	s.row, s.column, s.above = GP64(), GP64(), GP64()
	Load(Param("oh"), s.column)
	IMULQ(s.ow, s.column)
	Load(Param("kw"), s.row)
	IMULQ(s.column, s.row)
	DECQ(s.column)
	s.bytes(s.column)
	MOVQ(s.row, s.above)
	SUBQ(s.ow, s.above)
	s.bytes(s.row)
	s.bytes(s.above)
}

// start goes to the first row of the image, which one patch covers.
func (s *patchSum) start() {
	s.first, s.dst, s.y, s.n = GP64(), GP64(), GP64(), GP64()
	Load(Param("src").Base(), s.first)
	LEAQ(Mem{Base: s.first, Index: s.v, Scale: uint8(s.target.size)}, s.first)
	Load(Param("dst").Base(), s.dst)
	LEAQ(Mem{Base: s.dst, Index: s.v, Scale: uint8(s.target.size)}, s.dst)
	XORQ(s.y, s.y)
	MOVQ(U32(1), s.n)
}

// add adds up what covers a vector of a row of the image.
func (s *patchSum) add() {
	acc, at := s.registers(sideBySide), GP64()
	for _, a := range acc {
		s.zero(a)
	}
	// Not read unless needed: reading right behind a masked store waits for it.
	add := GP8()
	Load(Param("add"), add)
	TESTB(add, add)
	JZ(LabelRef("set"))
	s.load(Mem{Base: s.dst}, s.inside, acc[0])
	Label("set")
	MOVQ(s.first, at)
	LEAQ(s.masks, s.entry)
	Load(Param("kw"), s.l)
	Label("columns")
	p, left := GP64(), GP64()
	covered := s.covered()
	MOVQ(at, p)
	MOVQ(s.n, left)
	Label("patch")
	for i, a := range acc {
		m := Mem{Base: p}
		if i > 0 {
			m.Index, m.Scale = s.column, uint8(i)
		}
		if s.wide() {
			s.target.add(m, a, covered[i], a)
			continue
		}
		x := s.register()
		s.load(m, covered[i], x)
		s.target.add(x, a, a)
	}
	ADDQ(s.above, p)
	DECQ(left)
	JNZ(LabelRef("patch"))
	LEAQ(Mem{Base: at, Index: s.column, Scale: 2}, at)
	ADDQ(s.column, at)
	ADDQ(U8(sideBySide*s.size), s.entry)
	SUBQ(U8(sideBySide), s.l)
	JGT(LabelRef("columns"))
	for _, a := range acc[1:] {
		s.target.add(a, acc[0], acc[0])
	}
	s.store(acc[0], s.inside, Mem{Base: s.dst})
}

// covered loads the masks of the columns that are side by side.
func (s *patchSum) covered() []reg.Register {
	ks := make([]reg.Register, sideBySide)
	for i := range ks {
		m := Mem{Base: s.entry, Disp: i * s.size}
		if s.wide() {
			k := K()
			KMOVW(m, k)
			ks[i] = k
		} else {
			y := YMM()
			VMOVDQU(m, y)
			ks[i] = y
		}
	}
	return ks
}

// next goes to the next row of the image, if there is one.
func (s *patchSum) next() {
	step := GP64()
	s.bytes(Load(Param("width"), step))
	ADDQ(step, s.dst)
	INCQ(s.y)
	Load(Param("kh"), step)
	CMPQ(s.y, step)
	JGE(LabelRef("all"))
	INCQ(s.n)
	Label("all")
	Load(Param("oh"), step)
	CMPQ(s.y, step)
	JGE(LabelRef("below"))
	LEAQ(Mem{Base: s.first, Index: s.ow, Scale: uint8(s.target.size)}, s.first)
	JMP(LabelRef("row"))
	Label("below")
	ADDQ(s.row, s.first)
	DECQ(s.n)
	JNZ(LabelRef("row"))
}
