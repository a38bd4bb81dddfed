package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sumLanes is the number of running sums of Sum, whatever the instruction set.
const sumLanes = 32

// sum writes Sum: element i is added to running sum i mod 32, then the upper
// half of the sums is added to the lower half until one is left.
func (t *avx) sum() string {
	name := t.function("Sum", "func(a []%[1]s) %[1]s")
	p := t.Load(t.Param("a").Base(), t.GP64())
	n := t.Load(t.Param("a").Len(), t.GP64())
	t.SHLQ(operand.U8(pick(t, 2, 3)), n)

	w := t.width()
	acc := make([]reg.VecVirtual, sumLanes*t.size()/w)
	for j := range acc {
		acc[j] = t.none()
	}
	accumulate := func(j int, m operand.Mem, mask op) {
		t.call("VADDP"+pick(t, "S", "D"), t.load(m, mask), acc[j], acc[j])
	}

	all := len(acc) * w
	t.SUBQ(operand.I32(all), n)
	t.JLT(operand.LabelRef("rest"))
	t.align()
	t.Label("block")
	for j := range acc {
		accumulate(j, operand.Mem{Base: p, Disp: j * w}, nil)
	}
	t.ADDQ(operand.I32(all), p)
	t.SUBQ(operand.I32(all), n)
	t.JGE(operand.LabelRef("block"))
	t.Label("rest")
	t.ADDQ(operand.I32(all), n)
	// What is left fills some registers and a part of one. A lane without an
	// element gets +0, which changes no sum: none that began at +0 is −0.
	for j := range acc {
		part, next := fmt.Sprintf("part%d", j), fmt.Sprintf("next%d", j)
		t.CMPQ(n, operand.I32(w))
		t.JLT(operand.LabelRef(part))
		accumulate(j, operand.Mem{Base: p, Disp: j * w}, nil)
		t.SUBQ(operand.I32(w), n)
		t.JMP(operand.LabelRef(next))
		t.Label(part)
		t.TESTQ(n, n)
		t.JE(operand.LabelRef("fold"))
		accumulate(j, operand.Mem{Base: p, Disp: j * w}, t.first(n))
		t.JMP(operand.LabelRef("fold"))
		t.Label(next)
	}
	t.Label("fold")
	for k := len(acc) / 2; k > 0; k /= 2 {
		for j := range k {
			t.call("VADDP"+pick(t, "S", "D"), acc[j+k], acc[j], acc[j])
		}
	}
	t.Store(t.fold(acc[0]), t.ReturnIndex(0))
	t.VZEROUPPER()
	t.RET()
	return name
}

// fold adds the upper half of a register to the lower until one element is
// left.
func (t *avx) fold(v reg.VecVirtual) reg.Register {
	if t.avx512() {
		upper := t.YMM()
		t.VEXTRACTF64X4(operand.U8(1), v, upper)
		t.call("VADDP"+pick(t, "S", "D"), upper, v.AsY(), v.AsY())
	}
	upper := t.XMM()
	t.VEXTRACTF128(operand.U8(1), v.AsY(), upper)
	x := v.AsX()
	t.call("VADDP"+pick(t, "S", "D"), upper, x, x)
	t.VPERMILPD(operand.U8(1), x, upper)
	t.call("VADDP"+pick(t, "S", "D"), upper, x, x)
	if !t.double() {
		t.VMOVSHDUP(x, upper)
		t.VADDPS(upper, x, x)
	}
	return x
}

// finite writes Finite: x − x is +0 for every finite x and NaN for others.
func (t *avx) finite() string {
	name := t.function("Finite", "func(a []%[1]s) bool")
	p := t.Load(t.Param("a").Base(), t.GP64())
	n := t.Load(t.Param("a").Len(), t.GP64())
	seen := t.none()
	t.loop(n, 4, func(i reg.Register, disp int, m op) {
		x := t.load(element(p, i, disp), m)
		t.call("VORP"+pick(t, "S", "D"), t.sub(x, x), seen, seen)
	})
	ok := t.GP8()
	if t.avx512() {
		k := t.K()
		t.VPTESTMD(seen, seen, k)
		t.KORTESTW(k, k)
	} else {
		t.VPTEST(seen, seen)
	}
	t.SETEQ(ok)
	t.Store(ok, t.ReturnIndex(0))
	t.VZEROUPPER()
	t.RET()
	return name
}
