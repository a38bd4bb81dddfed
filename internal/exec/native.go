package exec

import (
	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/jit"
)

// A stretch is a run of instructions of a program, from ≤ i < to. With code it
// is machine code, without it the instructions are taken one by one.
type stretch struct {
	from, to int
	width    int // elements in a row
	code     *jit.Code
	places   []int32      // the slot of each place; of a carried state, −1 − its number
	source   *jit.Builder // of the code, where it is to be printed
}

// A plan is how a program runs on one element type.
type plan struct {
	stretches []stretch
	whole     bool // one stretch of machine code, which goes through time by itself
}

// carriedPlace names the memory of carried state i, which is read at the start of
// a step and written at its end.
func carriedPlace(i int) int32 { return int32(-1 - i) }

// plan cuts the program into stretches. A whole step writes the first states, as
// many as carried says, where it reads them. Where there is no machine code, as the
// system may forbid executable memory at any time, worker.step calls the kernels one
// after the other, which defines what the code computes.
func newPlan(p *ir.Program, bits, carried int) *plan {
	if jit.Available() {
		if pl, err := native(p, bits, carried, false); err == nil {
			return pl
		}
	}
	return &plan{stretches: []stretch{{from: 0, to: len(p.Instrs)}}}
}

// native cuts the program into stretches with machine code and such without.
func native(p *ir.Program, bits, carried int, printed bool) (*plan, error) {
	pl := &plan{}
	for from := 0; from < len(p.Instrs); {
		g := &generator{p: p, from: from, width: p.Slots[p.Instrs[from].Dst].Width}
		to := from
		for to < len(p.Instrs) && g.can(&p.Instrs[to]) {
			to++
		}
		if to == from {
			if k := len(pl.stretches); k > 0 && pl.stretches[k-1].code == nil {
				pl.stretches[k-1].to++
			} else {
				pl.stretches = append(pl.stretches, stretch{from: from, to: from + 1})
			}
			from++
			continue
		}
		g.to = to
		pl.whole = from == 0 && to == len(p.Instrs) && len(p.Lines) == 0
		g.whole, g.carried = pl.whole, carried
		s, err := g.generate(bits)
		if err != nil {
			return nil, err
		}
		if printed {
			s.source = g.b
		}
		pl.stretches = append(pl.stretches, s)
		from = to
	}
	return pl, nil
}

// A generator makes the machine code of one stretch.
type generator struct {
	p        *ir.Program
	from, to int
	width    int
	whole    bool // the stretch is the program
	carried  int  // states that go from step to step

	b      *jit.Builder
	places []int32
	values map[int32]jit.Value // of the slots
}

// can reports whether there is machine code for an instruction on rows of the
// width of the stretch. Operands are as wide as the result.
func (g *generator) can(ins *ir.Instr) bool {
	_, ok := generated[ins.Op]
	return ok && g.p.Slots[ins.Dst].Width == g.width
}

func (g *generator) generate(bits int) (stretch, error) {
	g.b = jit.NewBuilder(bits, len(g.p.Consts))
	g.values = map[int32]jit.Value{}
	// A step assigns all its states at once. A state that is written where it is
	// read has to be loaded before, however late the step comes to read it.
	for _, c := range g.inPlace() {
		if c.In >= 0 {
			g.read(c.In)
		}
	}
	for i := range g.p.Instrs[g.from:g.to] {
		ins := &g.p.Instrs[g.from+i]
		var in []jit.Value
		for _, s := range g.p.Operands(ins) {
			in = append(in, g.read(s))
		}
		if ins.Op.Facts().Const {
			in = append(in, g.b.Const(int(ins.C)))
		}
		v := generated[ins.Op](g.b, in)
		g.values[ins.Dst] = v
		if g.p.Slots[ins.Dst].Kind != ir.SlotReg {
			g.b.Store(g.place(ins.Dst), v)
		}
	}
	for s := range int32(len(g.p.Slots)) {
		if v, ok := g.values[s]; ok && g.p.Slots[s].Kind == ir.SlotReg && g.readLater(s) {
			g.b.Store(g.place(s), v)
		}
	}
	for i, c := range g.inPlace() {
		if c.In >= 0 && c.Out < 0 { // nothing flows on through this state
			g.b.Store(g.at(carriedPlace(i)), g.b.Literal(0))
		}
	}
	code, err := jit.Compile(g.b)
	return stretch{from: g.from, to: g.to, width: g.width, code: code, places: g.places}, err
}

func (g *generator) read(s int32) jit.Value {
	v, ok := g.values[s]
	if !ok {
		v = g.b.Load(g.place(s))
		g.values[s] = v
	}
	return v
}

// readLater reports whether a register is read behind the stretch before it is
// written again.
func (g *generator) readLater(s int32) bool {
	for i := range g.p.Instrs[g.to:] {
		ins := &g.p.Instrs[g.to+i]
		if g.p.Reads(ins, s) {
			return true
		}
		if ins.Dst == s {
			return false
		}
	}
	return false
}

// inPlace returns the states that are written where they are read.
func (g *generator) inPlace() []ir.Carry {
	if !g.whole {
		return nil
	}
	return g.p.States[:g.carried]
}

// place returns the place of a slot.
func (g *generator) place(s int32) jit.Ptr {
	for i, c := range g.inPlace() {
		if c.In == s || c.Out == s {
			return g.at(carriedPlace(i))
		}
	}
	p := g.at(s)
	d := g.p.Slots[s]
	// Sequences move through memory from step to step. So do, in a step that is
	// not whole, the states that are only read, of which all are kept.
	if d.Kind == ir.SlotStream || d.Kind == ir.SlotIn && !g.whole && d.Index >= g.carried {
		g.b.Ahead(p)
	}
	return p
}

func (g *generator) at(name int32) jit.Ptr {
	for i, n := range g.places {
		if n == name {
			return jit.Ptr(i)
		}
	}
	g.places = append(g.places, name)
	return jit.Ptr(len(g.places) - 1)
}

func do(op jit.Op) func(*jit.Builder, []jit.Value) jit.Value {
	return func(b *jit.Builder, in []jit.Value) jit.Value { return b.Do(op, in...) }
}

func function(f func(*jit.Builder, jit.Value) jit.Value) func(*jit.Builder, []jit.Value) jit.Value {
	return func(b *jit.Builder, in []jit.Value) jit.Value { return f(b, in[0]) }
}

func reversed(op jit.Op) func(*jit.Builder, []jit.Value) jit.Value {
	return func(b *jit.Builder, in []jit.Value) jit.Value { return b.Do(op, in[1], in[0]) }
}

func flag(p jit.Predicate) func(*jit.Builder, []jit.Value) jit.Value {
	return func(b *jit.Builder, in []jit.Value) jit.Value { return b.Flag(p, in[0], in[1]) }
}

// extreme returns the larger or smaller of a value and a constant, NaN where
// either is.
func extreme(op jit.Op) func(*jit.Builder, []jit.Value) jit.Value {
	return func(b *jit.Builder, in []jit.Value) jit.Value {
		a, c := in[0], in[1]
		return b.Select(jit.Unordered, c, c, c, b.Do(op, c, a))
	}
}
