package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An images are the arguments of a kernel between an image and one of half its size.
type images struct {
	large, lower, small reg.GPVirtual // two rows of the one, a row of the other
	skip, size, rows    reg.GPVirtual // from the ends of two rows to the next, bytes of a row of small, rows of it
	quarter             reg.VecVirtual
}

// eachRowOfImages writes a loop over the rows of the small image: body takes so many elements
// of it, of a register and of its lower half, whose bytes are given, or one.
func (t target) eachRowOfImages(large, small string, body func(im *images, bytes int)) {
	im := &images{GP64(), GP64(), GP64(), GP64(), GP64(), GP64(), YMM()}
	Load(Param(large).Base(), im.large)
	Load(Param(small).Base(), im.small)
	Load(Param("rows"), im.rows)
	t.bytes(Load(Param("cols"), im.size))
	width := GP64()
	t.bytes(Load(Param("width"), width))
	bits := GP64()
	if t.size == 4 {
		MOVL(U32(math.Float32bits(0.25)), bits.As32())
	} else {
		MOVQ(U64(math.Float64bits(0.25)), bits)
	}
	MOVQ(bits, im.quarter.AsX())
	t.bcast(im.quarter.AsX(), im.quarter)
	// Behind a row of large come what no pixel of small is of, and the row below.
	MOVQ(width, im.skip)
	SUBQ(im.size, im.skip)
	SHLQ(U8(1), im.skip)
	MOVQ(im.large, im.lower)
	ADDQ(width, im.lower)

	Label("row")
	left := GP64()
	MOVQ(im.size, left)
	for _, bytes := range []int{32, 16, t.size} {
		label := map[int]string{32: "vector", 16: "half", t.size: "single"}[bytes]
		end := "end" + label
		Label(label)
		CMPQ(left, U8(bytes))
		JLT(LabelRef(end))
		body(im, bytes)
		ADDQ(U8(2*bytes), im.large)
		ADDQ(U8(2*bytes), im.lower)
		ADDQ(U8(bytes), im.small)
		SUBQ(U8(bytes), left)
		JMP(LabelRef(label))
		Label(end)
	}
	ADDQ(im.skip, im.large)
	ADDQ(im.skip, im.lower)
	DECQ(im.rows)
	JNZ(LabelRef("row"))
	done()
}

// pairs returns the sums of neighbours of x and y, which are of so many bytes each.
func (t target) pairs(x, y reg.Register, bytes int) reg.Register {
	hadd := VHADDPS
	if t.size == 8 {
		hadd = VHADDPD
	}
	hadd(y, x, x)
	if bytes == 32 { // it takes the halves of registers by themselves
		VPERMPD(U8(0b11_01_10_00), x, x)
	}
	return x
}

// means writes the kernel that halves images. Both instruction sets use it.
func (t target) means() {
	if t.wide() {
		return
	}
	t.text("means", "sets element i, j of dst, rows of cols elements, to the mean of elements 2i and 2i+1, 2j and 2j+1 of src, rows of width elements: the sum of the sums of columns, times a quarter.",
		"(dst, src []T, rows, cols, width int)")
	t.eachRowOfImages("src", "dst", func(im *images, bytes int) {
		if bytes == t.size {
			x, y := YMM(), YMM()
			t.single(Mem{Base: im.large}, x)
			t.addSingle(Mem{Base: im.lower}, x)
			t.single(Mem{Base: im.large, Disp: t.size}, y)
			t.addSingle(Mem{Base: im.lower, Disp: t.size}, y)
			t.add(y.AsX(), x.AsX(), x.AsX())
			t.mul(im.quarter.AsX(), x.AsX(), x.AsX())
			t.storeSingle(x, Mem{Base: im.small})
			return
		}
		x, y, quarter := sized(YMM(), bytes), sized(YMM(), bytes), sized(im.quarter, bytes)
		for i, r := range []reg.Register{x, y} {
			t.move(Mem{Base: im.large, Disp: i * bytes}, r)
			t.add(Mem{Base: im.lower, Disp: i * bytes}, r, r)
		}
		x = t.pairs(x, y, bytes)
		t.mul(quarter, x, x)
		t.move(x, Mem{Base: im.small})
	})
}

// spread writes the kernel that is the transpose of means.
func (t target) spread() {
	if t.wide() {
		return
	}
	t.text("spread", "sets elements 2i and 2i+1, 2j and 2j+1 of dst, rows of width elements, to a quarter of element i, j of src, rows of cols elements.",
		"(dst, src []T, rows, cols, width int)")
	t.eachRowOfImages("dst", "src", func(im *images, bytes int) {
		if bytes == t.size {
			x := YMM()
			t.single(Mem{Base: im.small}, x)
			t.mul(im.quarter.AsX(), x.AsX(), x.AsX())
			for _, base := range []reg.GPVirtual{im.large, im.lower} {
				t.storeSingle(x, Mem{Base: base})
				t.storeSingle(x, Mem{Base: base, Disp: t.size})
			}
			return
		}
		x, low, high := sized(YMM(), bytes), sized(YMM(), bytes), sized(YMM(), bytes)
		t.move(Mem{Base: im.small}, x)
		t.mul(sized(im.quarter, bytes), x, x)
		if t.size == 4 {
			VUNPCKLPS(x, x, low)
			VUNPCKHPS(x, x, high)
		} else {
			VUNPCKLPD(x, x, low)
			VUNPCKHPD(x, x, high)
		}
		if bytes == 32 {
			first := YMM()
			VPERM2F128(U8(0x20), high, low, first)
			VPERM2F128(U8(0x31), high, low, high)
			low = first
		}
		for _, base := range []reg.GPVirtual{im.large, im.lower} {
			t.move(low, Mem{Base: base})
			t.move(high, Mem{Base: base, Disp: bytes})
		}
	})
}

// sized is the part of a register that has so many bytes.
func sized(r reg.VecVirtual, bytes int) reg.Register {
	if bytes == 16 {
		return r.AsX()
	}
	return r
}

func (t target) mul(ops ...Op) {
	if t.size == 4 {
		VMULPS(ops...)
	} else {
		VMULPD(ops...)
	}
}

// single loads an element.
func (t target) single(m Mem, x reg.VecVirtual) {
	if t.size == 4 {
		VMOVSS(m, x.AsX())
	} else {
		VMOVSD(m, x.AsX())
	}
}

func (t target) addSingle(m Mem, x reg.VecVirtual) {
	if t.size == 4 {
		VADDSS(m, x.AsX(), x.AsX())
	} else {
		VADDSD(m, x.AsX(), x.AsX())
	}
}

func (t target) storeSingle(x reg.VecVirtual, m Mem) {
	if t.size == 4 {
		VMOVSS(x.AsX(), m)
	} else {
		VMOVSD(x.AsX(), m)
	}
}
