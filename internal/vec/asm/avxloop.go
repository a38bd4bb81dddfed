package main

import (
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// function begins a function of that name and type, "%[1]s" being the element.
func (t *avx) function(name, signature string) string {
	name = strings.ToLower(name[:1]) + name[1:] + t.suffix()
	t.Function(name)
	t.Attributes(attr.NOSPLIT)
	t.Pragma("noescape")
	t.SignatureExpr(fmt.Sprintf(signature, fmt.Sprintf("float%d", t.bits)))
	return name
}

// kernel writes k and returns the name of the function.
func (t *avx) kernel(k kernel) string {
	sig := "func(dst []%[1]s"
	args := strings.Fields(k.args)
	for _, a := range args {
		if isConst(a) {
			sig += ", " + strings.ToLower(a) + " %[1]s"
		} else {
			sig += ", " + a + " []%[1]s"
		}
	}
	name := t.function(k.name, sig+")")

	dst := t.Load(t.Param("dst").Base(), t.GP64())
	var in []reg.Register
	var c []vec
	for _, a := range args {
		if isConst(a) {
			m, err := t.Param(strings.ToLower(a)).Resolve()
			if err != nil {
				panic(err)
			}
			c = append(c, t.spread(m.Addr))
		} else {
			in = append(in, t.Load(t.Param(a).Base(), t.GP64()))
		}
	}
	n := t.Load(t.Param("dst").Len(), t.GP64())
	f := k.start(&target{t.kind, t}, c)
	t.loop(n, k.unroll, func(i reg.Register, disp int, m op) {
		v := make([]vec, len(in))
		for j, p := range in {
			v[j] = t.load(element(p, i, disp), m)
		}
		t.store(f(v), element(dst, i, disp), m)
	})
	t.VZEROUPPER()
	t.RET()
	return name
}

func element(p, i reg.Register, disp int) operand.Mem {
	return operand.Mem{Base: p, Index: i, Scale: 1, Disp: disp}
}

// loop calls each for all registers that make up n elements: unroll at a time,
// then one at a time, then for the rest of less than a register with the mask
// of the elements that are left. The register lies i + disp bytes from the
// first element.
func (t *avx) loop(n reg.Register, unroll int, each func(i reg.Register, disp int, m op)) {
	w := t.width()
	t.SHLQ(operand.U8(pick(t, 2, 3)), n)
	i, last := t.GP64(), t.GP64()
	t.XORQ(i, i)
	t.MOVQ(n, last) // the last i at which an iteration fits
	if unroll > 1 {
		t.SUBQ(operand.I32(unroll*w), last)
		t.CMPQ(last, i)
		t.JLT(operand.LabelRef("single"))
		t.align()
		t.Label("block")
		for u := range unroll {
			each(i, u*w, nil)
		}
		t.ADDQ(operand.I32(unroll*w), i)
		t.CMPQ(i, last)
		t.JLE(operand.LabelRef("block"))
		t.Label("single")
		t.ADDQ(operand.I32((unroll-1)*w), last)
	} else {
		t.SUBQ(operand.I32(w), last)
	}
	t.CMPQ(i, last)
	t.JGT(operand.LabelRef("tail"))
	t.align()
	t.Label("one")
	each(i, 0, nil)
	t.ADDQ(operand.I32(w), i)
	t.CMPQ(i, last)
	t.JLE(operand.LabelRef("one"))
	t.Label("tail")
	t.SUBQ(i, n)
	t.JE(operand.LabelRef("done"))
	each(i, 0, t.first(n))
	t.Label("done")
}

// align begins a line of the cache of decoded instructions: loops as short as
// these are up to a third slower across a boundary.
func (t *avx) align() {
	t.Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []operand.Op{operand.Imm(32)}})
}

// first returns the mask of the first n bytes of a register.
func (t *avx) first(n reg.Register) op {
	if t.avx512() {
		t.SHRQ(operand.U8(pick(t, 2, 3)), n)
		ones, k := t.GP32(), t.K()
		t.MOVL(operand.I32(-1), ones)
		t.BZHIL(n.(reg.GPVirtual).As32(), ones, ones)
		t.KMOVW(ones, k)
		return k
	}
	p, m := t.GP64(), t.YMM()
	t.LEAQ(t.window().Offset(t.width()), p)
	t.SUBQ(n, p)
	t.VMOVUPS(operand.Mem{Base: p}, m)
	return m
}

// window returns as many bytes of ones as a register has, and then of zeros.
func (t *avx) window() operand.Mem {
	if t.ones == nil {
		g := t.StaticGlobal("window")
		t.DataAttributes(attr.NOPTR | attr.RODATA)
		for range t.width() / 8 {
			t.AppendDatum(operand.U64(1<<64 - 1))
		}
		for range t.width() / 8 {
			t.AppendDatum(operand.U64(0))
		}
		t.ones = &g
	}
	return *t.ones
}

// load reads a register, where there is a mask only the masked elements: the
// others are zero.
func (t *avx) load(m operand.Mem, mask op) vec {
	d := t.new()
	switch {
	case mask == nil:
		t.call("VMOVUP"+pick(t, "S", "D"), m, d)
	case t.avx512():
		t.call("VMOVUP"+pick(t, "S_Z", "D_Z"), m, mask, d)
	default:
		t.call("VMASKMOVP"+pick(t, "S", "D"), m, mask, d)
	}
	return d
}

func (t *avx) store(v vec, m operand.Mem, mask op) {
	switch {
	case mask == nil:
		t.call("VMOVUP"+pick(t, "S", "D"), v, m)
	case t.avx512():
		t.call("VMOVUP"+pick(t, "S", "D"), v, mask, m)
	default:
		t.call("VMASKMOVP"+pick(t, "S", "D"), v, mask, m)
	}
}
