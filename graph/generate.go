package graph

import (
	"github.com/spikegrad/spikegrad/internal/jit"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A stretch is a run of instructions of a program, from ≤ i < to. With code it
// is machine code, without it the instructions are taken one by one.
type stretch struct {
	from, to int
	width    int // elements in a row
	code     *jit.Code
	places   []int32 // the slot of each place; of a carried state, −1 − its number
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
func (p *program) plan(bits, carried int) *plan {
	if jit.Available() {
		if pl, err := p.native(bits, carried); err == nil {
			return pl
		}
	}
	return &plan{stretches: []stretch{{from: 0, to: len(p.instrs)}}}
}

// native cuts the program into stretches with machine code and such without.
func (p *program) native(bits, carried int) (*plan, error) {
	pl := &plan{}
	for from := 0; from < len(p.instrs); {
		g := &generator{p: p, from: from, width: p.slots[p.instrs[from].dst].width}
		to := from
		for to < len(p.instrs) && g.can(&p.instrs[to]) {
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
		pl.whole = from == 0 && to == len(p.instrs)
		g.whole, g.carried = pl.whole, carried
		s, err := g.generate(bits)
		if err != nil {
			return nil, err
		}
		pl.stretches = append(pl.stretches, s)
		from = to
	}
	return pl, nil
}

// A generator makes the machine code of one stretch.
type generator struct {
	p        *program
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
func (g *generator) can(ins *instr) bool {
	_, ok := generated[ins.code]
	return ok && g.p.slots[ins.dst].width == g.width
}

// operands returns the slots that an element-wise instruction reads.
func operands(ins *instr) []int32 {
	switch ins.code {
	case opFill:
		return nil
	case opAdd, opSub, opMul, opDiv, opPow, opGt, opGe, opLt, opLe, opEq, opNe, opOneMinusMul:
		return []int32{ins.a, ins.b}
	case opMulAdd, opMulRSub:
		return []int32{ins.a, ins.b, ins.e}
	case opMulAddC:
		return []int32{ins.a, ins.e}
	}
	return []int32{ins.a}
}

func (g *generator) generate(bits int) (stretch, error) {
	g.b = jit.NewBuilder(bits, len(g.p.consts))
	g.values = map[int32]jit.Value{}
	// A step assigns all its states at once. A state that is written where it is
	// read has to be loaded before, however late the step comes to read it.
	for _, c := range g.inPlace() {
		if c.in >= 0 {
			g.read(c.in)
		}
	}
	for i := range g.p.instrs[g.from:g.to] {
		ins := &g.p.instrs[g.from+i]
		var in []jit.Value
		for _, s := range operands(ins) {
			in = append(in, g.read(s))
		}
		if constants[ins.code] {
			in = append(in, g.b.Const(int(ins.c)))
		}
		v := generated[ins.code](g.b, in)
		g.values[ins.dst] = v
		if g.p.slots[ins.dst].kind != slotReg {
			g.b.Store(g.place(ins.dst), v)
		}
	}
	for s, v := range g.values {
		if g.p.slots[s].kind == slotReg && g.readLater(s) {
			g.b.Store(g.place(s), v)
		}
	}
	for i, c := range g.inPlace() {
		if c.in >= 0 && c.out < 0 { // nothing flows on through this state
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
	for i := range g.p.instrs[g.to:] {
		ins := &g.p.instrs[g.to+i]
		if g.p.reads(ins, s) {
			return true
		}
		if ins.dst == s {
			return false
		}
	}
	return false
}

// reads reports whether an instruction reads slot s.
func (p *program) reads(ins *instr, s int32) bool {
	if ins.code == opCall {
		for _, a := range p.calls[ins.c].args {
			if a.slot == s {
				return true
			}
		}
		return false
	}
	for _, o := range operands(ins) {
		if o == s {
			return true
		}
	}
	return false
}

// inPlace returns the states that are written where they are read.
func (g *generator) inPlace() []carry {
	if !g.whole {
		return nil
	}
	return g.p.states[:g.carried]
}

// place returns the place of a slot.
func (g *generator) place(s int32) jit.Ptr {
	for i, c := range g.inPlace() {
		if c.in == s || c.out == s {
			return g.at(carriedPlace(i))
		}
	}
	p := g.at(s)
	d := g.p.slots[s]
	// Sequences move through memory from step to step. So do, in a step that is
	// not whole, the states that are only read, of which all are kept.
	if d.kind == slotStream || d.kind == slotIn && !g.whole && d.index >= g.carried {
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

// constants are the opcodes with a constant operand.
var constants = map[opcode]bool{
	opAddC: true, opMulC: true, opRSubC: true, opDivC: true, opRDivC: true, opGtC: true, opGeC: true, opLtC: true,
	opLeC: true, opEqC: true, opNeC: true, opMaxC: true, opMinC: true, opMulAddC: true, opFill: true,
}

// generated maps opcodes to operations of the code generator. The operands are
// those of operands, then the constant.
var generated = map[opcode]func(b *jit.Builder, in []jit.Value) jit.Value{
	opAdd: do(jit.Add), opSub: do(jit.Sub), opMul: do(jit.Mul), opDiv: do(jit.Div),
	opGt: flag(jit.Gt), opGe: flag(jit.Ge), opLt: flag(jit.Lt), opLe: flag(jit.Le), opEq: flag(jit.Eq), opNe: flag(jit.Ne),

	opAddC: do(jit.Add), opMulC: do(jit.Mul), opRSubC: reversed(jit.Sub), opDivC: do(jit.Div), opRDivC: reversed(jit.Div),
	opGtC: flag(jit.Gt), opGeC: flag(jit.Ge), opLtC: flag(jit.Lt), opLeC: flag(jit.Le), opEqC: flag(jit.Eq), opNeC: flag(jit.Ne),
	opMaxC: extreme(jit.Max), opMinC: extreme(jit.Min),

	opSqrt: do(jit.Sqrt), opFloor: do(jit.Floor), opCeil: do(jit.Ceil),
	opNeg: func(b *jit.Builder, in []jit.Value) jit.Value { return b.Do(jit.Xor, in[0], b.Sign()) },
	opAbs: func(b *jit.Builder, in []jit.Value) jit.Value { return b.Do(jit.And, in[0], b.Magnitude()) },
	opSign: func(b *jit.Builder, in []jit.Value) jit.Value {
		one := b.Do(jit.Or, b.Do(jit.And, in[0], b.Sign()), b.Literal(1))
		return b.Select(jit.Different, in[0], b.Literal(0), one, in[0])
	},
	opExp: function((*jit.Builder).Exp), opSigmoid: function((*jit.Builder).Sigmoid), opTanh: function((*jit.Builder).Tanh),

	opSquare: func(b *jit.Builder, in []jit.Value) jit.Value { return b.Do(jit.Mul, in[0], in[0]) },
	opCube: func(b *jit.Builder, in []jit.Value) jit.Value {
		return b.Do(jit.Mul, b.Do(jit.Mul, in[0], in[0]), in[0])
	},
	opInv:  func(b *jit.Builder, in []jit.Value) jit.Value { return b.Do(jit.Div, b.Literal(1), in[0]) },
	opRelu: func(b *jit.Builder, in []jit.Value) jit.Value { return b.Do(jit.Max, b.Literal(0), in[0]) },

	opMulAdd: func(b *jit.Builder, in []jit.Value) jit.Value {
		return b.Do(jit.Add, b.Do(jit.Mul, in[0], in[1]), in[2])
	},
	opMulRSub: func(b *jit.Builder, in []jit.Value) jit.Value {
		return b.Do(jit.Sub, in[2], b.Do(jit.Mul, in[0], in[1]))
	},
	opMulAddC: func(b *jit.Builder, in []jit.Value) jit.Value {
		return b.Do(jit.Add, b.Do(jit.Mul, in[0], in[2]), in[1])
	},
	opOneMinusMul: func(b *jit.Builder, in []jit.Value) jit.Value {
		return b.Do(jit.Mul, b.Do(jit.Sub, b.Literal(1), in[0]), in[1])
	},
	opCopy: func(_ *jit.Builder, in []jit.Value) jit.Value { return in[0] },
	opFill: func(_ *jit.Builder, in []jit.Value) jit.Value { return in[0] },
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

// bitsOf returns the bits of an element.
func bitsOf[F vec.Float]() int {
	var x F
	if _, ok := any(x).(float32); ok {
		return 32
	}
	return 64
}
