package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// wideLanes is the number of running sums of Total, Deviations and Products, whatever the
// instruction set.
const wideLanes = 8

// wide begins a function of slices, and perhaps a mean, whose sums are in float64; add adds
// to the running sums what a register of 64-bit lanes of each slice gives. What is left
// of less than wideLanes elements is added to the sums, one after another.
func (t *target) wide(name, signature string, slices []string, mean bool, sums int, add func(d *target, x []vec, mean vec, sums []vec)) string {
	name = t.function(name, signature)
	d := *t // its operations are those of float64
	d.bits = 64
	var in []reg.Register
	for _, s := range slices {
		in = append(in, t.Load(t.Param(s).Base(), t.GP64()))
	}
	n := t.Load(t.Param(slices[0]).Len(), t.GP64())
	var m vec
	if mean {
		p, err := t.Param("mean").Resolve()
		if err != nil {
			panic(err)
		}
		m = d.spread(p.Addr)
	}
	registers := wideLanes * 8 / t.width()
	acc := make([][]vec, registers) // of each register of a block, the sums
	for r := range acc {
		for range sums {
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
		add(&d, x, m, acc[r])
	}
	for _, p := range in {
		t.ADDQ(operand.I32(wideLanes*t.size()), p)
	}
	t.SUBQ(operand.I32(wideLanes), n)
	t.JGE(operand.LabelRef("block"))
	t.Label("fold")
	t.ADDQ(operand.I32(wideLanes), n)
	total := make([]vec, sums)
	for s := range total {
		for k := registers / 2; k > 0; k /= 2 {
			for r := range k {
				d.call("VADDPD", acc[r+k][s], acc[r][s], acc[r][s])
			}
		}
		d.fold(acc[0][s])
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
	add(&d, x, m, total) // in the first lane
	t.DECQ(n)
	t.JNE(operand.LabelRef("rest"))
	t.Label("done")
	for s := range total {
		t.Store(total[s].AsX(), t.ReturnIndex(s))
	}
	t.VZEROUPPER()
	t.RET()
	return name
}

// widen returns as many elements as a register has 64-bit lanes, as float64.
func (t *target) widen(m operand.Mem) vec {
	d := t.new()
	t.call(pick(t, "VCVTPS2PD", "VMOVUPD"), m, d)
	return d
}

// one returns one element, as float64, in the first lane.
func (t *target) one(m operand.Mem) vec {
	d := t.new()
	t.call("VMOVS"+pick(t, "S", "D"), m, d.AsX())
	if !t.double() {
		t.VCVTSS2SD(d.AsX(), d.AsX(), d.AsX())
	}
	return d
}

func (t *target) total() string {
	return t.wide("Total", "func(a []%[1]s) float64", []string{"a"}, false, 1, func(d *target, x []vec, _ vec, sums []vec) {
		d.call("VADDPD", x[0], sums[0], sums[0])
	})
}

func (t *target) deviations() string {
	return t.wide("Deviations", "func(a []%[1]s, mean float64) float64", []string{"a"}, true, 1, func(d *target, x []vec, mean vec, sums []vec) {
		away := d.sub(x[0], mean)
		d.call("VADDPD", d.mul(away, away), sums[0], sums[0])
	})
}

func (t *target) products() string {
	return t.wide("Products", "func(a, b []%[1]s, mean float64) (float64, float64)", []string{"a", "b"}, true, 2, func(d *target, x []vec, mean vec, sums []vec) {
		d.call("VADDPD", x[0], sums[0], sums[0])
		d.call("VADDPD", d.mul(x[0], d.sub(x[1], mean)), sums[1], sums[1])
	})
}
