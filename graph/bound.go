package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/jit"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// blockLanes is about how many lanes a block has: few enough that all its
// values stay in the cache, many enough that an instruction costs little.
const blockLanes = 1024

// blockRows returns how many rows make a block. It depends on the program
// alone, so that results do not depend on GOMAXPROCS.
func (p *program) blockRows() int {
	widest := max(1, p.lanes/p.rows)
	return max(1, min(p.rows, blockLanes/widest))
}

// A bound is a program with its memory, kept from run to run.
type bound[F vec.Float] struct {
	p       *program
	plan    *plan
	k       *kernelTable[F]
	streams [][]F // whole sequences, by slot
	fulls   [][]F
	consts  []F
	accs    [][]F
	mats    []sparse.Matrix[F]
	values  map[*G.Node]G.Value // unchanging arguments of calls
	pool    []*stateWorker[F]
}

// newBound returns memory for p, of whose states the first ones go from step to
// step, as many as carried says.
func newBound[F vec.Float](p *program, carried int) *bound[F] {
	b := &bound[F]{
		p: p, plan: p.plan(bitsOf[F](), carried), streams: make([][]F, len(p.slots)), fulls: make([][]F, len(p.fulls)),
		consts: make([]F, len(p.consts)), mats: make([]sparse.Matrix[F], len(p.mats)), values: map[*G.Node]G.Value{},
	}
	for _, a := range p.accs {
		b.accs = append(b.accs, make([]F, size(a.node)))
	}
	return b
}

// load finds the values of everything that does not change over time, and
// clears the sums.
func (b *bound[F]) load(e *env, k *kernelTable[F], streams map[stream][]F) (err error) {
	b.k = k
	for i, s := range b.p.slots {
		if s.kind == slotStream {
			b.streams[i] = streams[s.strm]
		}
	}
	for i, n := range b.p.fulls {
		if b.fulls[i], err = envFloats[F](e, n); err != nil {
			return err
		}
	}
	for i, c := range b.p.consts {
		b.consts[i] = F(c.v)
		if c.node != nil {
			f, err := envFloats[F](e, c.node)
			if err != nil {
				return err
			}
			b.consts[i] = f[0]
		}
		if c.neg {
			b.consts[i] = -b.consts[i]
		}
	}
	for i, m := range b.p.mats {
		b.mats[i].Load(b.fulls[m.w], m.k, m.n, m.trans)
	}
	for _, a := range b.accs {
		clear(a)
	}
	for _, c := range b.p.calls {
		for _, a := range c.args {
			if a.slot >= 0 {
				continue
			}
			if b.values[a.node], err = e.value(a.node); err != nil {
				return err
			}
		}
	}
	return nil
}

// sum returns the sum over time in accumulator i. It shares the memory.
func (b *bound[F]) sum(i int) (G.Value, error) {
	n := b.p.accs[i].node
	if n.IsScalar() {
		return scalarValue(n.Dtype(), float64(b.accs[i][0])), nil
	}
	return tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(b.accs[i])), nil
}

// worker returns worker i, for states of the given shapes.
func (b *bound[F]) worker(i int, states []tensor.Shape) *stateWorker[F] {
	for len(b.pool) <= i {
		b.pool = append(b.pool, newStateWorker(b, states))
	}
	b.pool[i].err = nil
	return b.pool[i]
}

// A worker runs blocks of bound programs, one at a time.
type worker[F vec.Float] struct {
	b      *bound[F]
	slots  [][]F
	regs   [][]F
	frames []*jit.Frame // of the stretches, nil where there is no code
	chunk  sparse.Chunk[F]
	r0     int // the block: rows r0 ≤ r < r1
	r1     int
	err    error
}

func newWorker[F vec.Float](b *bound[F]) *worker[F] {
	w := &worker[F]{b: b, slots: make([][]F, len(b.p.slots))}
	rows := b.p.blockRows()
	for _, s := range b.p.slots {
		if s.kind == slotReg {
			w.regs = append(w.regs, make([]F, rows*s.width))
		}
	}
	for _, s := range b.plan.stretches {
		var f *jit.Frame
		if s.code != nil {
			f = s.code.NewFrame()
		}
		w.frames = append(w.frames, f)
	}
	return w
}

// enter points the slots that do not depend on time at rows r0 ≤ r < r1.
func (w *worker[F]) enter(r0, r1 int) {
	w.r0, w.r1 = r0, r1
	for i, s := range w.b.p.slots {
		switch s.kind {
		case slotReg:
			w.slots[i] = w.regs[s.index][:(r1-r0)*s.width]
		case slotFull:
			w.slots[i] = w.b.fulls[s.index][r0*s.width : r1*s.width]
		case slotAcc:
			w.slots[i] = w.b.accs[s.index][r0*s.width : r1*s.width]
		}
	}
	for _, f := range w.frames {
		if f != nil {
			jit.SetConsts(f, w.b.consts)
		}
	}
}

// at points the slots of sequences at time step t.
func (w *worker[F]) at(t int) {
	for i, x := range w.b.streams {
		if x != nil {
			width := w.b.p.slots[i].width
			at := t * width * w.b.p.rows
			w.slots[i] = x[at+w.r0*width : at+w.r1*width]
		}
	}
}

// step runs the program at time step t, after which comes t + by. The slots of
// the carried states are already in place.
func (w *worker[F]) step(t, by int) {
	w.at(t)
	for i := range w.b.plan.stretches {
		s := &w.b.plan.stretches[i]
		if s.code == nil {
			w.interpret(w.b.p.instrs[s.from:s.to])
			continue
		}
		for p, slot := range s.places {
			jit.Point(w.frames[i], jit.Ptr(p), w.slots[slot], 0)
		}
		w.frames[i].Run((w.r1-w.r0)*s.width, 1, by*s.width*w.b.p.rows)
	}
}

// through runs the program, which is machine code as a whole, at n time steps:
// t, t + by and so on. carried holds the states that it writes where it reads
// them; the slots of the others are in place for step t, and move by stride
// elements from step to step.
func (w *worker[F]) through(t, n, by int, carried [][]F, stride int) {
	w.at(t)
	s, f := &w.b.plan.stretches[0], w.frames[0]
	row := by * s.width * w.b.p.rows // from step to step in a sequence
	for p, slot := range s.places {
		if slot < 0 {
			jit.Point(f, jit.Ptr(p), carried[-1-slot], 0)
			continue
		}
		move := 0
		switch w.b.p.slots[slot].kind {
		case slotStream:
			move = row
		case slotIn, slotOut:
			move = stride
		}
		jit.Point(f, jit.Ptr(p), w.slots[slot], move)
	}
	f.Run((w.r1-w.r0)*s.width, n, row)
}

// interpret calls the kernel of each instruction.
func (w *worker[F]) interpret(instrs []instr) {
	for i := range instrs {
		ins := &instrs[i]
		dst := w.slots[ins.dst]
		switch ins.code {
		case opFill:
			c := w.b.consts[ins.c]
			for j := range dst {
				dst[j] = c
			}
		case opFunc:
			evaluate(ins.spike, ins.fn, dst, w.slots[ins.a])
		case opRows:
			w.b.mats[ins.c].Mul(dst, w.slots[ins.a], &w.chunk)
		case opCall:
			w.call(&w.b.p.calls[ins.c], dst)
		default:
			k := &w.b.k[ins.code]
			switch {
			case k.binary != nil:
				k.binary(dst, w.slots[ins.a], w.slots[ins.b])
			case k.konst != nil:
				k.konst(dst, w.slots[ins.a], w.b.consts[ins.c])
			case k.mulAddC != nil:
				k.mulAddC(dst, w.slots[ins.a], w.b.consts[ins.c], w.slots[ins.e])
			case k.ternary != nil:
				k.ternary(dst, w.slots[ins.a], w.slots[ins.b], w.slots[ins.e])
			default:
				k.unary(dst, w.slots[ins.a])
			}
		}
	}
}

// call runs an operation on values of a whole time step.
func (w *worker[F]) call(c *callInstr, dst []F) {
	if w.err != nil {
		return
	}
	in := make([]G.Value, len(c.args))
	for i, a := range c.args {
		switch {
		case a.slot < 0:
			in[i] = w.b.values[a.node]
		case a.node.IsScalar():
			in[i] = scalarValue(a.node.Dtype(), float64(w.slots[a.slot][0]))
		default:
			// A copy: what an operation does with its input is its own affair.
			x := append([]F(nil), w.slots[a.slot]...)
			in[i] = tensor.New(tensor.WithShape(a.node.Shape()...), tensor.WithBacking(x))
		}
	}
	var v G.Value
	err := guard.Call("Do", "operation", c.op, func() (err error) { v, err = compute(c.op, c.code, nil, in...); return err })
	if err == nil {
		var f []F
		if f, err = floats[F](c.op, v); err == nil && len(f) != len(dst) {
			err = fmt.Errorf("got %d elements, want %d", len(f), len(dst))
		}
		copy(dst, f)
	}
	if err != nil {
		w.err = fmt.Errorf("%v inside the step: %w", c.op, err)
	}
}
