package c

import (
	"fmt"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
)

// A writer writes programs down as C: that of the network, and in it those of its neurons.
type writer struct {
	*constants
	bits    int
	body    strings.Builder
	indent  int
	helpers map[string]bool
	blame   func(n *G.Node) string // the name of the layer that has made a node
	vars    int
	work    int // elements of memory between statements
	base    int // where the memory of a program begins that is in another
}

// line writes lines of C.
func (w *writer) line(format string, args ...any) {
	for _, l := range strings.Split(strings.TrimSuffix(fmt.Sprintf(format, args...), "\n"), "\n") {
		if strings.HasPrefix(l, "}") {
			w.indent--
		}
		fmt.Fprintf(&w.body, "%s%s\n", strings.Repeat("    ", w.indent), l)
		if strings.HasSuffix(l, "{") {
			w.indent++
		}
	}
}

// A frame is a program that is being written.
type frame struct {
	*plan
	w      *writer
	stream func(ir.Stream) place
	state  func(i int, out bool) place
	node   *G.Node // the loop that it is the step of, nil for the network
}

// fixed returns the place of a slot that is no register.
func (f *frame) fixed(s ir.Slot) (place, bool) {
	switch s.Kind {
	case ir.SlotStream:
		return f.stream(s.Stream), true
	case ir.SlotIn, ir.SlotOut:
		return f.state(s.Index, s.Kind == ir.SlotOut), true
	}
	return place{}, false
}

// program writes a program.
func (w *writer) program(f *frame, p *lower.Program) error {
	f.w, f.plan = w, newPlan(p, f.fixed)
	var a arena
	for _, d := range f.of {
		if _, loop := plainOf(p, &p.Instrs[d.instr]).(lower.Loop); !d.fixed && !loop && !f.isLocal(d) {
			d.place = place{name: "s->work", offset: w.base + a.take(d.size, d.run, d.last)}
		}
	}
	base := w.base
	w.base += a.size
	w.work = max(w.work, w.base)
	defer func() { w.base = base }()
	for _, run := range f.runs {
		var err error
		if ins := &p.Instrs[run[0]]; isLanewise(ins) {
			err = f.loop(run)
		} else {
			err = f.called(run[0])
		}
		if err != nil {
			return err
		}
	}
	slices.Sort(f.late)
	for _, i := range f.late {
		d := f.next[i]
		w.line("for (long i = 0; i < %d; i++) {\n%s = %s;\n}", d.size, f.state(i, true).at("i"), d.place.at("i"))
	}
	return nil
}

// loop writes element-wise instructions.
func (f *frame) loop(run []int) error {
	w := f.w
	w.line("for (long i = 0; i < %d; i++) {", f.size(f.p.Instrs[run[0]].Dst))
	names := map[*def]string{}
	var stores []string
	for _, i := range run {
		ins := &f.p.Instrs[i]
		var in [3]string
		k := 0
		for o, is := range [...]ir.Operands{ir.A, ir.B, ir.E} {
			if ins.Op.Facts().Reads&is == 0 {
				continue
			}
			src := f.read[i][k]
			k++
			if name, ok := names[src.def]; ok && src.def != nil {
				in[o] = name
				continue
			}
			at, err := f.source(src)
			if err != nil {
				return err
			}
			in[o] = at.at("i")
		}
		c := ""
		if ins.Op.Facts().Const {
			v, err := f.constant(f.p.Consts[ins.C])
			if err != nil {
				return err
			}
			c = number(v)
		}
		if ins.Op == ir.OpFunc {
			return w.refuse(f.node, "%s is a Go function, which has no text in C: a spike function with a method Heaviside, as embedding surrogate.Step gives, is a comparison", f.p.Program.Funcs[ins.C])
		}
		name := fmt.Sprintf("t%d", w.vars)
		w.vars++
		w.line("%s", statement(ins.Op, name, in[0], in[1], in[2], c))
		d := f.of[i]
		names[d] = name
		if !f.isLocal(d) {
			stores = append(stores, fmt.Sprintf("%s = %s;", d.place.at("i"), name))
		}
	}
	for _, s := range stores {
		w.line("%s", s)
	}
	w.line("}")
	return nil
}

// constant returns the number of a constant operand.
func (f *frame) constant(c ir.Const) (float32, error) {
	v := float32(c.V)
	if c.Value >= 0 {
		x, err := f.floats(f.p.Values[c.Value])
		if err != nil {
			return 0, err
		}
		v = x[0]
	}
	if c.Neg {
		v = -v
	}
	return v, nil
}

// floats returns the elements of a value that does not change.
func (f *frame) floats(n *G.Node) ([]float32, error) {
	x, err := f.w.floats(n)
	if err != nil {
		at := f.node
		if at == nil {
			at = n
		}
		return nil, f.w.refuse(at, "%s: %v", what(n), err)
	}
	return x, nil
}

// source returns the place of an operand, a number where all of a constant are one.
func (f *frame) source(s source) (place, error) {
	if s.def != nil {
		return s.def.place, nil
	}
	slot := f.p.Slots[s.slot]
	if slot.Kind != ir.SlotFull {
		at, ok := f.fixed(slot)
		if !ok {
			return at, fmt.Errorf("a register is read before it is written")
		}
		return at, nil
	}
	n := f.p.Values[slot.Index]
	x, err := f.floats(n)
	if err != nil {
		return place{}, err
	}
	if v, ok := uniform(x); ok {
		return place{number: number(v)}, nil
	}
	return place{name: f.w.array(what(n), x)}, nil
}

// what returns what a node is, for people.
func what(n *G.Node) string {
	if n.Op() == nil {
		return fmt.Sprintf("%s %v", n.Name(), []int(n.Shape()))
	}
	return fmt.Sprintf("%v %v", n.Op(), []int(n.Shape()))
}

// refuse returns the error of a node that cannot be said.
func (w *writer) refuse(n *G.Node, format string, args ...any) error {
	return fmt.Errorf("layer %s: %w", w.blame(n), fmt.Errorf(format, args...))
}
