package main

import (
	"fmt"

	"github.com/spikegrad/spikegrad/internal/neon"
)

// give writes a result that is the first element of v.
func (t *neonWriter) give(v *value, bits int, result string) {
	move := map[int]string{32: "FMOVS", 64: "FMOVD"}[bits]
	t.do(func(r []uint8) { t.w.Move(move, fmt.Sprintf("F%d", r[0]), t.w.Place(result)) }, v)
}

// sum writes Sum: element i is added to running sum i mod 32, then the upper half of the
// sums is added to the lower half until one is left.
func (t *neonWriter) sum() string {
	name := t.function("Sum", "func(a []%[1]s) %[1]s")
	t.slices("a")
	acc := make([]*value, sumLanes/t.lanes())
	for j := range acc {
		acc[j] = t.zero().(*value)
	}
	part := t.zero().(*value) // the elements of a register that is not full
	t.line("SUBS $%d, R%d, R%[2]d", sumLanes, countReg)
	t.jump("BLT", "rest")
	t.line("PCALIGN $16")
	t.label("block")
	for j := range acc {
		t.accumulate(acc[j], t.load(0, j*t.width(), t.width()))
	}
	t.forward(1, len(acc)*t.width())
	t.line("SUBS $%d, R%d, R%[2]d", sumLanes, countReg)
	t.jump("BGE", "block")
	t.label("rest")
	t.line("ADDS $%d, R%d, R%[2]d", sumLanes, countReg)
	// What is left fills some registers and a part of one. A lane without an element
	// gets +0, which changes no sum: none that began at +0 is −0.
	for j := range acc {
		partial, next := fmt.Sprintf("part%d", j), fmt.Sprintf("next%d", j)
		t.line("CMP $%d, R%d", t.lanes(), countReg)
		t.jump("BLT", partial)
		t.accumulate(acc[j], t.load(0, 0, t.width()))
		t.forward(1, t.width())
		t.line("SUB $%d, R%d, R%[2]d", t.lanes(), countReg)
		t.jump("B", next)
		t.label(partial)
		for i := range t.lanes() - 1 {
			t.jump(fmt.Sprintf("CBZ R%d,", countReg), fmt.Sprintf("add%d", j))
			t.do(func(r []uint8) { t.w.Word(neon.LoadLane(t.bits, r[0], i, 0)) }, part)
			t.forward(1, t.size())
			t.line("SUB $1, R%d, R%[1]d", countReg)
		}
		t.label(fmt.Sprintf("add%d", j))
		t.accumulate(acc[j], part)
		t.jump("B", "fold")
		t.label(next)
	}
	t.label("fold")
	for k := len(acc) / 2; k > 0; k /= 2 {
		for j := range k {
			t.accumulate(acc[j], acc[j+k])
		}
	}
	t.give(t.fold(acc[0]), t.bits, "ret")
	t.end()
	return name
}

// fold adds the upper half of a register to the lower until one element is left.
func (t *neonWriter) fold(v *value) *value {
	if !t.double() {
		upper := t.one(func(_ int, d, n uint8) uint32 { return neon.Dup(64, d, n, 1) }, v)
		v = t.two(neon.FAdd, v, upper)
	}
	return t.one(neon.FAddPair, v)
}

// finite writes Finite: x − x is +0 for every finite x and NaN for others.
func (t *neonWriter) finite() string {
	name := t.function("Finite", "func(a []%[1]s) bool")
	t.slices("a")
	seen := t.zero().(*value)
	t.loop(1, 4, func(at, bytes int) {
		x := t.load(0, at, bytes)
		t.do(func(r []uint8) { t.w.Word(neon.Or(r[0], r[0], r[1])) }, seen, t.sub(x, x).(*value))
	})
	most := t.one(func(_ int, d, n uint8) uint32 { return neon.Most(d, n) }, seen)
	t.do(func(r []uint8) { t.w.Word(neon.ToInt(countReg, r[0])) }, most)
	t.line("CMPW $0, R%d", countReg)
	t.line("CSET EQ, R%d", countReg)
	t.line("MOVB R%d, %s", countReg, t.w.Place("ret"))
	t.end()
	return name
}

// wide writes a function whose sums are in float64.
func (t *neonWriter) wide(w wide) string {
	name := t.function(w.name, w.signature)
	t.slices(w.slices...)
	d := &neonWriter{kind: kind{t.isa, 64}, w: t.w, steps: t.steps} // its operations are those of float64
	var m vec
	if w.mean {
		m = d.argument("mean")
	}
	acc := make([][]vec, wideLanes/2) // of each register of a block, the sums
	for r := range acc {
		for range w.sums {
			acc[r] = append(acc[r], d.zero())
		}
	}
	take := func(elements, at int, sums []vec) {
		x := make([]vec, len(w.slices))
		for j := range x {
			x[j] = d.widened(j, at, elements, t.size())
		}
		w.add(d, x, m, sums)
	}
	d.line("SUBS $%d, R%d, R%[2]d", wideLanes, countReg)
	d.jump("BLT", "fold")
	d.line("PCALIGN $16")
	d.label("block")
	for r := range acc {
		take(2, 2*r*t.size(), acc[r])
	}
	d.forward(len(w.slices), wideLanes*t.size())
	d.line("SUBS $%d, R%d, R%[2]d", wideLanes, countReg)
	d.jump("BGE", "block")
	d.label("fold")
	total := make([]vec, w.sums)
	for s := range total {
		for k := len(acc) / 2; k > 0; k /= 2 {
			for r := range k {
				d.accumulate(acc[r][s], acc[r+k][s])
			}
		}
		total[s] = d.fold(acc[0][s].(*value))
	}
	d.line("ADDS $%d, R%d, R%[2]d", wideLanes, countReg)
	d.jump("BEQ", "done")
	d.label("rest")
	take(1, 0, total) // in the first lane
	d.forward(len(w.slices), t.size())
	d.line("SUBS $1, R%d, R%[1]d", countReg)
	d.jump("BNE", "rest")
	d.label("done")
	for s := range total {
		result := "ret"
		if s > 0 {
			result += fmt.Sprint(s)
		}
		d.give(total[s].(*value), 64, result)
	}
	d.end()
	t.steps = nil
	return name
}

// widened returns one or two elements of so many bytes as float64.
func (t *neonWriter) widened(slice, at, elements, size int) *value {
	x := t.load(slice, at, elements*size)
	if size == 8 {
		return x
	}
	return t.one(func(_ int, d, n uint8) uint32 { return neon.Widen(d, n) }, x)
}
