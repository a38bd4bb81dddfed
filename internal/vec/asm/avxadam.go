package main

import "github.com/mmcloughlin/avo/reg"

// adam writes Adam: one pass over weights, gradients and moments.
func (t *avx) adam() string {
	name := t.function("Adam", adamSignature)
	at := map[string]reg.Register{}
	for _, s := range []string{"w", "g", "m", "v"} {
		at[s] = t.Load(t.Param(s).Base(), t.GP64())
	}
	n := t.Load(t.Param("w").Len(), t.GP64())
	konst := map[string]func() vec{}
	for _, name := range adamConstants {
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
	step := (&target{t.kind, t}).adamStep(func(name string) vec { return konst[name]() })
	t.loop(n, 2, func(i reg.Register, disp int, mask op) {
		step(func(s string) vec { return t.load(element(at[s], i, disp), mask) },
			func(s string, v vec) { t.store(v, element(at[s], i, disp), mask) })
	})
	t.VZEROUPPER()
	t.RET()
	return name
}
