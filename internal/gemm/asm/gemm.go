package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gemm writes the kernel that computes one tile of C, rows×cols, which stays in
// registers while k runs: each step loads one or two vectors of a row of B and
// broadcasts one element of each row of A against them. The rows of A are reached
// from every third one, as x86 addresses scale a stride by 0, 1 and 2 for free.
func (t target) gemm() {
	t.text("gemm", "sets the rows×cols tile c, or adds to it, to the sum over p < k of a[i·ars+p·aks]·b[p·bks+j].",
		"(k int, a []T, ars, aks int, b []T, bks int, c []T, ldc, rows, cols int, add bool)")
	rows, cols := GP64(), GP64()
	Load(Param("rows"), rows)
	Load(Param("cols"), cols)
	vectors, last := t.split(cols)
	ars, aks, bks := GP64(), GP64(), GP64()
	t.bytes(Load(Param("ars"), ars))
	t.bytes(Load(Param("aks"), aks))
	t.bytes(Load(Param("bks"), bks))
	a, b, k := GP64(), GP64(), GP64()
	Load(Param("a").Base(), a)
	Load(Param("b").Base(), b)
	Load(Param("k"), k)

	CMPQ(vectors, U8(2))
	JEQ(LabelRef("two"))
	for v := 1; v <= 2; v++ {
		if v == 2 {
			Label("two")
		}
		cases(fmt.Sprintf("tile%dx", v), rows, t.mr, func(r int) {
			t.gemmTile(fmt.Sprintf("%dx%d", v, r), r, v, k, a, ars, aks, b, bks, last)
		})
	}
}

func (t target) gemmTile(label string, r, v int, k, a, ars, aks, b, bks reg.GPVirtual, last reg.Register) {
	masks := make([]reg.Register, v)
	masks[v-1] = last
	// Every third row of A.
	base := []reg.GPVirtual{a}
	for i := 3; i < r; i += 3 {
		p := GP64()
		LEAQ(Mem{Base: base[len(base)-1], Index: ars, Scale: 2}, p)
		ADDQ(ars, p)
		base = append(base, p)
	}
	c, ldc := GP64(), GP64()
	Load(Param("c").Base(), c)
	t.bytes(Load(Param("ldc"), ldc))
	at, next := GP64(), GP64()
	MOVQ(c, at)
	acc := t.registers(r * v)
	add := GP8()
	Load(Param("add"), add)
	TESTB(add, add)
	JZ(LabelRef("zero" + label))
	for i := range r {
		for j := range v {
			t.load(Mem{Base: at, Disp: j * t.vec}, masks[j], acc[i*v+j])
		}
		ADDQ(ldc, at)
	}
	JMP(LabelRef("ahead" + label))
	Label("zero" + label)
	for _, z := range acc {
		t.zero(z)
	}
	IMUL3Q(U8(r), ldc, next)
	ADDQ(next, at)
	// The tile below is next: ask for it now.
	Label("ahead" + label)
	for i := range r {
		for j := range v {
			PREFETCHT0(Mem{Base: at, Disp: j * t.vec})
		}
		if i < r-1 {
			ADDQ(ldc, at)
		}
	}

	Label("sum" + label)
	row := t.registers(v)
	for j := range v {
		t.load(Mem{Base: b, Disp: j * t.vec}, masks[j], row[j])
	}
	ADDQ(bks, b)
	for i := range r {
		x := t.register()
		m := Mem{Base: base[i/3]}
		if i%3 > 0 {
			m.Index, m.Scale = ars, uint8(i%3)
		}
		t.bcast(m, x)
		for j := range v {
			t.fma(x, row[j], acc[i*v+j])
		}
	}
	for _, p := range base {
		ADDQ(aks, p)
	}
	DECQ(k)
	JNZ(LabelRef("sum" + label))

	for i := range r {
		for j := range v {
			t.store(acc[i*v+j], masks[j], Mem{Base: c, Disp: j * t.vec})
		}
		if i < r-1 {
			ADDQ(ldc, c)
		}
	}
	done()
}
