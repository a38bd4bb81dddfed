package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func (t *avx) wide(w wide) string {
	name := t.function(w.name, w.signature)
	d := *t // its operations are those of float64
	d.bits = 64
	var in []reg.Register
	for _, s := range w.slices {
		in = append(in, t.Load(t.Param(s).Base(), t.GP64()))
	}
	n := t.Load(t.Param(w.slices[0]).Len(), t.GP64())
	var m vec
	if w.mean {
		p, err := t.Param("mean").Resolve()
		if err != nil {
			panic(err)
		}
		m = d.spread(p.Addr)
	}
	registers := wideLanes * 8 / t.width()
	acc := make([][]vec, registers) // of each register of a block, the sums
	for r := range acc {
		for range w.sums {
			acc[r] = append(acc[r], t.zero())
		}
	}
	t.SUBQ(operand.I32(wideLanes), n)
	t.JLT(operand.LabelRef("fold"))
	t.align()
	t.Label("block")
	for r := range acc {
		x := make([]vec, len(in))
		for j, p := range in {
			x[j] = t.widen(operand.Mem{Base: p, Disp: r * t.width() / 8 * t.size()})
		}
		w.add(&d, x, m, acc[r])
	}
	for _, p := range in {
		t.ADDQ(operand.I32(wideLanes*t.size()), p)
	}
	t.SUBQ(operand.I32(wideLanes), n)
	t.JGE(operand.LabelRef("block"))
	t.Label("fold")
	t.ADDQ(operand.I32(wideLanes), n)
	total := make([]vec, w.sums)
	for s := range total {
		for k := registers / 2; k > 0; k /= 2 {
			for r := range k {
				d.call("VADDPD", acc[r+k][s], acc[r][s], acc[r][s])
			}
		}
		d.fold(acc[0][s].(reg.VecVirtual))
		total[s] = acc[0][s]
	}
	t.TESTQ(n, n)
	t.JE(operand.LabelRef("done"))
	t.Label("rest")
	x := make([]vec, len(in))
	for j, p := range in {
		x[j] = t.one(operand.Mem{Base: p})
		t.ADDQ(operand.I32(t.size()), p)
	}
	w.add(&d, x, m, total) // in the first lane
	t.DECQ(n)
	t.JNE(operand.LabelRef("rest"))
	t.Label("done")
	for s := range total {
		t.Store(total[s].(reg.VecVirtual).AsX(), t.ReturnIndex(s))
	}
	t.VZEROUPPER()
	t.RET()
	return name
}

// widen returns as many elements as a register has 64-bit lanes, as float64.
func (t *avx) widen(m operand.Mem) vec {
	d := t.new()
	t.call(pick(t, "VCVTPS2PD", "VMOVUPD"), m, d)
	return d
}

// one returns one element, as float64, in the first lane.
func (t *avx) one(m operand.Mem) vec {
	d := t.new()
	t.call("VMOVS"+pick(t, "S", "D"), m, d.AsX())
	if !t.double() {
		t.VCVTSS2SD(d.AsX(), d.AsX(), d.AsX())
	}
	return d
}
