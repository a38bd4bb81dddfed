package exec

import (
	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/jit"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A worker runs blocks of bound programs, one at a time.
type worker[F vec.Float] struct {
	b      *Bound[F]
	slots  [][]F
	regs   [][]F
	frames []*jit.Frame // of the stretches, nil where there is no code
	chunk  sparse.Chunk[F]
	r0     int // the block: rows r0 ≤ r < r1
	r1     int
	err    error
}

func newWorker[F vec.Float](b *Bound[F]) *worker[F] {
	w := &worker[F]{b: b, slots: make([][]F, len(b.p.Slots))}
	rows := b.rows
	for _, s := range b.p.Slots {
		if s.Kind == ir.SlotReg {
			w.regs = append(w.regs, make([]F, rows*s.Width))
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
	for i, s := range w.b.p.Slots {
		switch s.Kind {
		case ir.SlotReg:
			w.slots[i] = w.regs[s.Index][:(r1-r0)*s.Width]
		case ir.SlotFull:
			w.slots[i] = w.b.values[s.Index][r0*s.Width : r1*s.Width]
		case ir.SlotAcc:
			w.slots[i] = w.b.accs[s.Index][r0*s.Width : r1*s.Width]
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
			width := w.b.p.Slots[i].Width
			at := t * width * w.b.p.Rows
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
			w.interpret(w.b.p.Instrs[s.from:s.to])
			continue
		}
		for p, slot := range s.places {
			jit.Point(w.frames[i], jit.Ptr(p), w.slots[slot], 0)
		}
		w.frames[i].Run((w.r1-w.r0)*s.width, 1, by*s.width*w.b.p.Rows)
	}
}

// through runs the program, which is machine code as a whole, at n time steps:
// t, t + by and so on. carried holds the states that it writes where it reads
// them; the slots of the others are in place for step t, and move by stride
// elements from step to step.
func (w *worker[F]) through(t, n, by int, carried [][]F, stride int) {
	w.at(t)
	s, f := &w.b.plan.stretches[0], w.frames[0]
	row := by * s.width * w.b.p.Rows // from step to step in a sequence
	for p, slot := range s.places {
		if slot < 0 {
			jit.Point(f, jit.Ptr(p), carried[-1-slot], 0)
			continue
		}
		move := 0
		switch w.b.p.Slots[slot].Kind {
		case ir.SlotStream:
			move = row
		case ir.SlotIn, ir.SlotOut:
			move = stride
		}
		jit.Point(f, jit.Ptr(p), w.slots[slot], move)
	}
	f.Run((w.r1-w.r0)*s.width, n, row)
}

// interpret calls the kernel of each instruction.
func (w *worker[F]) interpret(instrs []ir.Instr) {
	for i := range instrs {
		ins := &instrs[i]
		dst := w.slots[ins.Dst]
		switch ins.Op {
		case ir.OpFill:
			c := w.b.consts[ins.C]
			for j := range dst {
				dst[j] = c
			}
		case ir.OpFunc:
			w.b.f.Funcs[ins.C](dst, w.slots[ins.A])
		case ir.OpRows:
			w.b.mats[ins.C].Mul(dst, w.slots[ins.A], &w.chunk)
		case ir.OpCall:
			w.call(int(ins.C), dst)
		default:
			k := &w.b.k[ins.Op]
			switch {
			case k.binary != nil:
				k.binary(dst, w.slots[ins.A], w.slots[ins.B])
			case k.konst != nil:
				k.konst(dst, w.slots[ins.A], w.b.consts[ins.C])
			case k.mulAddC != nil:
				k.mulAddC(dst, w.slots[ins.A], w.b.consts[ins.C], w.slots[ins.E])
			case k.ternary != nil:
				k.ternary(dst, w.slots[ins.A], w.slots[ins.B], w.slots[ins.E])
			default:
				k.unary(dst, w.slots[ins.A])
			}
		}
	}
}

// call runs an operation on a whole time step.
func (w *worker[F]) call(number int, dst []F) {
	if w.err != nil {
		return
	}
	args := w.b.p.Calls[number].Args
	in := make([][]F, len(args))
	for i, a := range args {
		if a.Slot >= 0 {
			in[i] = w.slots[a.Slot]
		}
	}
	w.err = w.b.f.Calls[number](dst, in)
}
