package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// pack writes the kernel that copies a matrix into panels. It goes through the
// matrix row by row, as memory is read ahead that way.
func (t target) pack() {
	t.text("pack", "copies k rows of src, panels·width elements each, to panels dst[panel·k·step + p·step : ][:width], width ≤ 2 vectors.",
		"(dst []T, step int, src []T, lds, k, panels, width int)")
	dst, step, src, lds, k, width := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("dst").Base(), dst)
	t.bytes(Load(Param("step"), step))
	Load(Param("src").Base(), src)
	t.bytes(Load(Param("lds"), lds))
	Load(Param("k"), k)
	Load(Param("width"), width)

	// The masks of the two vectors of a panel's row. The second may be empty.
	first, second := GP64(), GP64()
	MOVQ(width, first)
	MOVQ(U32(t.lanes()), second)
	CMPQ(first, second)
	CMOVQGT(second, first)
	MOVQ(width, second)
	SUBQ(first, second)
	masks := []reg.Register{t.mask(first), t.mask(second)}
	t.bytes(width)
	stride := GP64() // from panel to panel
	MOVQ(k, stride)
	IMULQ(step, stride)

	// Rows are too far apart to be read ahead without being asked for.
	ahead := GP64()
	MOVQ(lds, ahead)
	SHLQ(U8(3), ahead)

	Label("row")
	from, to, panels := GP64(), GP64(), GP64()
	MOVQ(src, from)
	MOVQ(dst, to)
	Load(Param("panels"), panels)
	Label("panel")
	PREFETCHT0(Mem{Base: from, Index: ahead, Scale: 1})
	x := t.registers(2)
	for i := range x {
		t.load(Mem{Base: from, Disp: i * t.vec}, masks[i], x[i])
	}
	for i := range x {
		t.store(x[i], masks[i], Mem{Base: to, Disp: i * t.vec})
	}
	ADDQ(width, from)
	ADDQ(stride, to)
	DECQ(panels)
	JNZ(LabelRef("panel"))
	ADDQ(lds, src)
	ADDQ(step, dst)
	DECQ(k)
	JNZ(LabelRef("row"))
	done()
}

// transpose writes the kernel that transposes squares of an AVX register on a side. Both
// instruction sets use it.
func (t target) transpose() {
	switch {
	case t.wide():
	case t.size == 4:
		transpose32(t)
	default:
		transpose64(t)
	}
}

// transposeText starts a transposing kernel.
func transposeText(t target, doc string) (dst, step, src, lds, k reg.GPVirtual) {
	t.text("transpose", doc, "(dst []T, step int, src []T, lds, k int)")
	dst, step, src, lds, k = GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("dst").Base(), dst)
	t.bytes(Load(Param("step"), step))
	Load(Param("src").Base(), src)
	t.bytes(Load(Param("lds"), lds))
	Load(Param("k"), k)
	return
}

// aheadBytes is how far ahead of it the rest of a row is asked for (prefetched): six
// lines of the cache.
const aheadBytes = 384

// halves loads 16 bytes of row i and of row i+n into the halves of a register,
// for i < n: what is left to transpose then is each half by itself.
func halves(n, from int, low, high, lds, lds3 reg.GPVirtual) []reg.VecVirtual {
	rows := make([]reg.VecVirtual, n)
	for i := range rows {
		rows[i] = YMM()
		m := func(base reg.GPVirtual) Mem {
			switch i {
			case 0:
				return Mem{Base: base, Disp: from}
			case 3:
				return Mem{Base: base, Disp: from, Index: lds3, Scale: 1}
			}
			return Mem{Base: base, Disp: from, Index: lds, Scale: uint8(i)}
		}
		VMOVUPS(m(low), rows[i].AsX())
		VINSERTF128(U8(1), m(high), rows[i], rows[i])
		if from == 0 { // few elements of a row lie together; ask for what follows them
			PREFETCHT0(m(low).Offset(aheadBytes))
			PREFETCHT0(m(high).Offset(aheadBytes))
		}
	}
	return rows
}

// transpose32 writes the transposition of 8 rows.
func transpose32(t target) {
	dst, step, src, lds, k := transposeText(t, "sets dst[p·step+i] = src[i·lds+p] for i < 8 and p < k, a multiple of 8.")
	lds3, high := GP64(), GP64()
	LEAQ(Mem{Base: lds, Index: lds, Scale: 2}, lds3)
	LEAQ(Mem{Base: src, Index: lds, Scale: 4}, high)
	Label("block")
	for _, from := range []int{0, 16} {
		r := halves(4, from, src, high, lds, lds3)
		ab0, ab1, cd0, cd1 := YMM(), YMM(), YMM(), YMM()
		VUNPCKLPS(r[1], r[0], ab0)
		VUNPCKHPS(r[1], r[0], ab1)
		VUNPCKLPS(r[3], r[2], cd0)
		VUNPCKHPS(r[3], r[2], cd1)
		for _, x := range [][2]reg.VecVirtual{{ab0, cd0}, {ab1, cd1}} {
			p0, p1 := YMM(), YMM()
			VUNPCKLPD(x[1], x[0], p0)
			VUNPCKHPD(x[1], x[0], p1)
			VMOVUPS(p0, Mem{Base: dst})
			VMOVUPS(p1, Mem{Base: dst, Index: step, Scale: 1})
			LEAQ(Mem{Base: dst, Index: step, Scale: 2}, dst)
		}
	}
	ADDQ(U8(32), src)
	ADDQ(U8(32), high)
	SUBQ(U8(8), k)
	JNZ(LabelRef("block"))
	done()
}

// transpose64 writes the transposition of 4 rows.
func transpose64(t target) {
	dst, step, src, lds, k := transposeText(t, "sets dst[p·step+i] = src[i·lds+p] for i < 4 and p < k, a multiple of 4.")
	high := GP64()
	LEAQ(Mem{Base: src, Index: lds, Scale: 2}, high)
	Label("block")
	for _, from := range []int{0, 16} {
		r := halves(2, from, src, high, lds, reg.GPVirtual(nil))
		p0, p1 := YMM(), YMM()
		VUNPCKLPD(r[1], r[0], p0)
		VUNPCKHPD(r[1], r[0], p1)
		VMOVUPD(p0, Mem{Base: dst})
		VMOVUPD(p1, Mem{Base: dst, Index: step, Scale: 1})
		LEAQ(Mem{Base: dst, Index: step, Scale: 2}, dst)
	}
	ADDQ(U8(32), src)
	ADDQ(U8(32), high)
	SUBQ(U8(4), k)
	JNZ(LabelRef("block"))
	done()
}
