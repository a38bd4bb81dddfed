package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sumRuns writes the kernel that adds up runs of w, one tile of dst after the
// other. A tile without entries is not touched.
func (t target) sumRuns() {
	t.text("sumRuns", fmt.Sprintf("adds val[e]·w[base+j·stepW+idx[e]·ldw:][:n] to dst[j·step:][:n], n ≤ %d, for j < count and start[j·stride] ≤ e < start[j·stride+span]; it returns false at a run outside of w.", t.tile*t.lanes()),
		"(dst []T, step, n int, w []T, base, stepW, ldw int, idx []int32, val []T, start []int32, stride, span, count int) (ok bool)")
	n := GP64()
	Load(Param("n"), n)
	limit := GP64() // where the last run can begin
	Load(Param("w").Len(), limit)
	SUBQ(n, limit)
	t.bytes(limit)
	vectors, last := t.split(n)
	dst, w, base, ldw, idx, val, start, count := GP64(), GP64(), GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("dst").Base(), dst)
	Load(Param("w").Base(), w)
	t.bytes(Load(Param("base"), base))
	t.bytes(Load(Param("ldw"), ldw))
	Load(Param("idx").Base(), idx)
	Load(Param("val").Base(), val)
	Load(Param("start").Base(), start)
	Load(Param("count"), count)
	cases("tile", vectors, t.tile, func(v int) {
		masks := make([]reg.Register, v)
		masks[v-1] = last
		Label(fmt.Sprint("next", v))
		e, end := GP64(), GP64()
		Load(Param("span"), end)
		MOVLQSX(Mem{Base: start, Index: end, Scale: 4}, end)
		MOVLQSX(Mem{Base: start}, e)
		CMPQ(e, end)
		JGE(LabelRef(fmt.Sprint("none", v)))
		acc := t.registers(v)
		for i := range acc {
			t.load(Mem{Base: dst, Disp: i * t.vec}, masks[i], acc[i])
		}
		Label(fmt.Sprint("sum", v))
		at, x := GP64(), t.register()
		MOVLQSX(Mem{Base: idx, Index: e, Scale: 4}, at)
		IMULQ(ldw, at)
		ADDQ(base, at)
		CMPQ(at, limit)
		JA(LabelRef("bad"))
		t.bcast(Mem{Base: val, Index: e, Scale: uint8(t.size)}, x)
		for i := range acc {
			row := Mem{Base: w, Index: at, Scale: 1, Disp: i * t.vec}
			if masks[i] == nil {
				t.fma(row, x, acc[i])
				continue
			}
			y := t.register()
			t.load(row, masks[i], y)
			t.fma(y, x, acc[i])
		}
		INCQ(e)
		CMPQ(e, end)
		JLT(LabelRef(fmt.Sprint("sum", v)))
		for i := range acc {
			t.store(acc[i], masks[i], Mem{Base: dst, Disp: i * t.vec})
		}
		Label(fmt.Sprint("none", v))
		step := GP64()
		t.bytes(Load(Param("step"), step))
		ADDQ(step, dst)
		t.bytes(Load(Param("stepW"), step))
		ADDQ(step, base)
		Load(Param("stride"), step)
		LEAQ(Mem{Base: start, Index: step, Scale: 4}, start)
		DECQ(count)
		JNZ(LabelRef(fmt.Sprint("next", v)))
		result(1)
	})
	Label("bad")
	result(0)
}

// listRows writes the kernel that lists what is not 0 in the rows of x.
func (t target) listRows() {
	t.text("listRows", "writes to start[r], for r < rows, the number n of elements listed so far, and lists those of x[r·ld:][:cols] that are not 0: element i in idx[n] = base+r·step+i and val[n]. It returns n. Up to a vector of idx and val behind the lists is written to.",
		"(x []T, ld, cols, rows int, idx []int32, val []T, start []int32, base, step, from int) (n int)")
	x, rest, rows := GP64(), GP64(), GP64()
	Load(Param("x").Base(), x)
	Load(Param("cols"), rest)
	Load(Param("rows"), rows)
	ANDQ(U32(t.lanes()-1), rest)
	mask := t.mask(rest)
	idx, val, start, base, n := GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("idx").Base(), idx)
	Load(Param("val").Base(), val)
	Load(Param("start").Base(), start)
	Load(Param("base"), base)
	Load(Param("from"), n)
	zero := t.register()
	t.zero(zero)

	Label("row")
	MOVL(n.As32(), Mem{Base: start})
	ADDQ(U8(4), start)
	at, i, left := GP64(), GP64(), GP64()
	MOVQ(x, at)
	MOVQ(base, i)
	Load(Param("cols"), left)
	SHRQ(U8(log2(t.lanes())), left)
	JZ(LabelRef("rest"))
	Label("vector")
	t.listVector("Vector", at, nil, zero, idx, val, i, n)
	ADDQ(U8(t.vec), at)
	ADDQ(U8(t.lanes()), i)
	DECQ(left)
	JNZ(LabelRef("vector"))
	Label("rest")
	TESTQ(rest, rest)
	JZ(LabelRef("end"))
	t.listVector("Rest", at, mask, zero, idx, val, i, n)
	Label("end")
	step := GP64()
	t.bytes(Load(Param("ld"), step))
	ADDQ(step, x)
	Load(Param("step"), step)
	ADDQ(step, base)
	DECQ(rows)
	JNZ(LabelRef("row"))
	Store(n, Return("n"))
	done()
}

// listVector lists the elements of a vector; that in lane 0 has the index i.
func (t target) listVector(label string, at reg.GPVirtual, mask reg.Register, zero reg.VecVirtual, idx, val, i, n reg.GPVirtual) {
	v, bits := t.register(), GP64()
	PREFETCHT0(Mem{Base: at, Disp: 16 * t.vec}) // rows are short; nothing else reads ahead
	t.load(Mem{Base: at}, mask, v)
	if !t.wide() {
		nz, p, e := YMM(), GP64(), GP64()
		t.compare(notEqual, zero, v, nz)
		t.signs(nz, bits)
		TESTL(bits.As32(), bits.As32())
		JZ(LabelRef("none" + label))
		Label("bit" + label)
		TZCNTL(bits.As32(), p.As32())
		if t.size == 4 {
			MOVL(Mem{Base: at, Index: p, Scale: 4}, e.As32())
			MOVL(e.As32(), Mem{Base: val, Index: n, Scale: 4})
		} else {
			MOVQ(Mem{Base: at, Index: p, Scale: 8}, e)
			MOVQ(e, Mem{Base: val, Index: n, Scale: 8})
		}
		ADDQ(i, p)
		MOVL(p.As32(), Mem{Base: idx, Index: n, Scale: 4})
		INCQ(n)
		BLSRL(bits.As32(), bits.As32())
		JNZ(LabelRef("bit" + label))
		Label("none" + label)
		return
	}
	k := K()
	t.compare(notEqual, zero, v, k)
	KMOVW(k, bits.As32())
	POPCNTL(bits.As32(), bits.As32())
	lanes := func() reg.VecVirtual {
		if t.size == 4 {
			return ZMM()
		}
		return YMM()
	}
	pos := lanes()
	VPBROADCASTD(i.As32(), pos)
	VPADDD(iota(), pos, pos)
	VPCOMPRESSD(pos, k, pos)
	VMOVDQU32(pos, Mem{Base: idx, Index: n, Scale: 4})
	if t.size == 4 {
		VCOMPRESSPS(v, k, v)
	} else {
		VCOMPRESSPD(v, k, v)
	}
	t.move(v, Mem{Base: val, Index: n, Scale: uint8(t.size)})
	ADDQ(bits, n)
}
