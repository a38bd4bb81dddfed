package main

import (
	"strings"

	"github.com/mmcloughlin/avo/reg"
)

// adam writes Adam: one pass over weights, gradients and moments.
func (t *target) adam() string {
	const constants = "rate, root, beta1, rest1, beta2, rest2, epsilon, decay, keep"
	name := t.function("Adam", "func(w, g, m, v []%[1]s, "+constants+" %[1]s)")
	slice := func(name string) reg.Register { return t.Load(t.Param(name).Base(), t.GP64()) }
	w, g, m, v := slice("w"), slice("g"), slice("m"), slice("v")
	n := t.Load(t.Param("w").Len(), t.GP64())
	konst := map[string]func() vec{}
	for _, name := range strings.Split(constants, ", ") {
		p, err := t.Param(name).Resolve()
		if err != nil {
			panic(err)
		}
		konst[name] = func() vec { return t.spread(p.Addr) }
		if t.avx512() { // has the registers to keep them all
			c := konst[name]()
			konst[name] = func() vec { return c }
		}
	}
	k := func(name string) vec { return konst[name]() }
	magnitude := t.spread(t.word(1<<(t.bits-1) - 1))
	flush := func(x vec) vec {
		return t.keep(t.cmp(nlt, t.and(x, magnitude), t.con(pick(t, 0x1p-126, 0x1p-1022))), x)
	}
	t.loop(n, 2, func(i reg.Register, disp int, mask op) {
		old := t.load(element(w, i, disp), mask)
		grad := t.add(t.load(element(g, i, disp), mask), t.mul(old, k("decay")))
		mean := flush(t.add(t.mul(t.load(element(m, i, disp), mask), k("beta1")), t.mul(grad, k("rest1"))))
		t.store(mean, element(m, i, disp), mask)
		square := t.mul(t.mul(grad, k("rest2")), grad)
		square = flush(t.add(t.mul(t.load(element(v, i, disp), mask), k("beta2")), square))
		t.store(square, element(v, i, disp), mask)
		by := t.add(t.mul(t.sqrt(square), k("root")), k("epsilon"))
		step := t.div(t.mul(mean, k("rate")), by)
		t.store(t.sub(t.mul(old, k("keep")), step), element(w, i, disp), mask)
	})
	t.VZEROUPPER()
	t.RET()
	return name
}
