package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// patches writes the kernel that copies the patches of an image (im2col).
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
