package main

import (
	"fmt"
	"strings"

	"github.com/spikegrad/spikegrad/internal/neon"
)

// width returns the bytes of a register, lanes its elements.
func (t *neonWriter) width() int { return 16 }
func (t *neonWriter) lanes() int { return t.width() / t.size() }

// function begins a function of that name and type, "%[1]s" being the element.
func (t *neonWriter) function(name, signature string) string {
	name = strings.ToLower(name[:1]) + name[1:] + t.suffix()
	t.w.Func(name, "", fmt.Sprintf(signature, fmt.Sprintf("float%d", t.bits)))
	return name
}

// argument returns a register filled with an argument that is a number.
func (t *neonWriter) argument(name string) *value {
	one := t.make(func(r []uint8) {
		t.w.Move(pick(t, "FMOVS", "FMOVD"), t.w.Place(name), fmt.Sprintf("F%d", r[0]))
	})
	return t.one(func(bits int, d, n uint8) uint32 { return neon.Dup(bits, d, n, 0) }, one)
}

// slices puts the addresses of slices into the first registers, and how long the first is
// into countReg.
func (t *neonWriter) slices(names ...string) {
	for i, s := range names {
		t.line("MOVD %s, R%d", t.w.Place(s+"_base"), i)
	}
	t.line("MOVD %s, R%d", t.w.Place(names[0]+"_len"), countReg)
}

// load and store move so many bytes of the slice whose address is in a register.
func (t *neonWriter) load(slice, at, bytes int) *value {
	return t.make(func(r []uint8) { t.w.Word(neon.Load(bytes, r[0], uint8(slice), at)) })
}
func (t *neonWriter) store(v vec, slice, at, bytes int) {
	t.do(func(r []uint8) { t.w.Word(neon.Store(bytes, r[0], uint8(slice), at)) }, t.in(v))
}

// forward moves the addresses of n slices on.
func (t *neonWriter) forward(n, by int) {
	for i := range n {
		t.line("ADD $%d, R%d, R%[2]d", by, i)
	}
}

// loop calls each for all registers that make up the elements of so many slices: unroll
// at a time, then one at a time, and then for one element at a time: a register of
// which the others are 0.
func (t *neonWriter) loop(slices, unroll int, each func(at, bytes int)) {
	round := func(label, next string, registers int) {
		t.jump("BLT", next)
		t.line("PCALIGN $16")
		t.label(label)
		for u := range registers {
			each(u*t.width(), t.width())
		}
		t.forward(slices, registers*t.width())
		t.line("SUBS $%d, R%d, R%[2]d", registers*t.lanes(), countReg)
		t.jump("BGE", label)
		t.label(next)
	}
	t.line("SUBS $%d, R%d, R%[2]d", unroll*t.lanes(), countReg)
	if unroll > 1 {
		round("block", "single", unroll)
		t.line("ADDS $%d, R%d, R%[2]d", (unroll-1)*t.lanes(), countReg)
	}
	round("one", "tail", 1)
	t.line("ADDS $%d, R%d, R%[2]d", t.lanes(), countReg)
	t.jump("BEQ", "done")
	t.label("element")
	each(0, t.size())
	t.forward(slices, t.size())
	t.line("SUBS $1, R%d, R%[1]d", countReg)
	t.jump("BNE", "element")
	t.label("done")
}

// end returns, and writes the function.
func (t *neonWriter) end() {
	t.line("RET")
	t.finish()
}

// kernel writes k and returns the name of the function.
func (t *neonWriter) kernel(k kernel) string {
	sig := "func(dst []%[1]s"
	slices := []string{"dst"}
	args := strings.Fields(k.args)
	for _, a := range args {
		if isConst(a) {
			sig += ", " + strings.ToLower(a) + " %[1]s"
		} else {
			sig += ", " + a + " []%[1]s"
			slices = append(slices, a)
		}
	}
	name := t.function(k.name, sig+")")
	t.slices(slices...)
	var c []vec
	for _, a := range args {
		if isConst(a) {
			c = append(c, t.argument(strings.ToLower(a)))
		}
	}
	f := k.start(t.target(), c)
	t.loop(len(slices), k.unroll, func(at, bytes int) {
		var in []vec
		for i := range slices[1:] {
			in = append(in, t.load(i+1, at, bytes))
		}
		t.store(f(in), 0, at, bytes)
	})
	t.end()
	return name
}

// adam writes Adam: one pass over weights, gradients and moments.
func (t *neonWriter) adam() string {
	name := t.function("Adam", adamSignature)
	slices := []string{"w", "g", "m", "v"}
	t.slices(slices...)
	konst := map[string]vec{}
	for _, name := range adamConstants {
		konst[name] = t.argument(name)
	}
	step := t.target().adamStep(func(name string) vec { return konst[name] })
	at := map[string]int{"w": 0, "g": 1, "m": 2, "v": 3}
	t.loop(len(slices), 2, func(disp, bytes int) {
		step(func(s string) vec { return t.load(at[s], disp, bytes) },
			func(s string, v vec) { t.store(v, at[s], disp, bytes) })
	})
	t.end()
	return name
}
