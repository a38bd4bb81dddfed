package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// eachRow writes a loop over the indices: it calls body with the address of row
// idx[j] of m and with j, or leaves for the label "bad" when there is no such row.
func (t target) eachRow(label string, m, ld, idx, n, rows reg.GPVirtual, body func(row Mem, j reg.GPVirtual)) {
	j, at := GP64(), GP64()
	XORQ(j, j)
	Label("next" + label)
	MOVL(Mem{Base: idx, Index: j, Scale: 4}, at.As32())
	CMPQ(at, rows)
	JAE(LabelRef("bad"))
	IMULQ(ld, at)
	body(Mem{Base: m, Index: at, Scale: 1}, j)
	INCQ(j)
	CMPQ(j, n)
	JLT(LabelRef("next" + label))
}

// result returns whether all indices were good.
func result(ok int) {
	r := GP8()
	MOVB(U8(ok), r)
	Store(r, ReturnIndex(0))
	done()
}

// gather writes a kernel that keeps dst in registers while it takes in rows of w.
func (t target) gather(take func(acc reg.VecVirtual, w Mem, mask reg.Register, val reg.VecVirtual), val *reg.GPVirtual) {
	w, ldw, idx, n, rows := GP64(), GP64(), GP64(), GP64(), GP64()
	Load(Param("w").Base(), w)
	t.bytes(Load(Param("ldw"), ldw))
	Load(Param("idx").Base(), idx)
	Load(Param("idx").Len(), n)
	Load(Param("rows"), rows)
	dst, size := GP64(), GP64()
	Load(Param("dst").Base(), dst)
	Load(Param("dst").Len(), size)
	vectors, last := t.split(size)
	cases("tile", vectors, t.tile, func(v int) {
		masks := make([]reg.Register, v)
		masks[v-1] = last
		acc := t.registers(v)
		for i := range acc {
			t.load(Mem{Base: dst, Disp: i * t.vec}, masks[i], acc[i])
		}
		t.eachRow(fmt.Sprint(v), w, ldw, idx, n, rows, func(row Mem, j reg.GPVirtual) {
			x := t.register()
			if val != nil {
				t.bcast(Mem{Base: *val, Index: j, Scale: uint8(t.size)}, x)
			}
			for i := range acc {
				take(acc[i], row.Offset(i*t.vec), masks[i], x)
			}
		})
		for i := range acc {
			t.store(acc[i], masks[i], Mem{Base: dst, Disp: i * t.vec})
		}
		result(1)
	})
	Label("bad")
	result(0)
}

func (t target) addRows() {
	t.text("addRows", fmt.Sprintf("adds rows idx of w to dst, which has at most %d elements; it returns false at an index not below rows.", t.tile*t.lanes()),
		"(dst, w []T, ldw int, idx []int32, rows int) (ok bool)")
	t.gather(func(acc reg.VecVirtual, w Mem, mask reg.Register, _ reg.VecVirtual) {
		if mask == nil {
			t.add(w, acc, acc)
			return
		}
		x := t.register()
		t.load(w, mask, x)
		t.add(x, acc, acc)
	}, nil)
}

func (t target) axpyRows() {
	t.text("axpyRows", fmt.Sprintf("adds val[j] times row idx[j] of w, for all j, to dst, which has at most %d elements; it returns false at an index not below rows.", t.tile*t.lanes()),
		"(dst, w []T, ldw int, idx []int32, val []T, rows int) (ok bool)")
	val := GP64()
	Load(Param("val").Base(), val)
	t.gather(func(acc reg.VecVirtual, w Mem, mask reg.Register, a reg.VecVirtual) {
		if mask == nil {
			t.fma(w, a, acc)
			return
		}
		x := t.register()
		t.load(w, mask, x)
		t.fma(x, a, acc)
	}, &val)
}
