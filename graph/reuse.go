package graph

import (
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/op"
)

// Gradients of sequences are as large as the sequences, and most sequences are
// not needed any more when their gradients are computed. So a Machine lets an
// operation that can write anywhere (a taker) put its result into the memory of a
// value that nothing reads again: an output of a scan, a linear map, a convolution or
// a pooling, or another such gradient. A scan backward can even write over its own input, which it reads
// step by step as it goes. Where there is none it takes memory of its own.

// A taker is an operation that computes a large value; into says where to put it,
// nil for memory of its own.
type taker interface{ into(dst *tensor.Dense) }

func (op *linearOp) into(dst *tensor.Dense) { op.l.run.into(op.kind, dst) }

func (r *linearRun[F]) into(kind linearKind, dst *tensor.Dense) { r.dst[kind] = dst }

func (op *convOp) into(dst *tensor.Dense) { op.c.run.into(op.kind, dst) }

func (r *convRun[F]) into(kind convKind, dst *tensor.Dense) { r.dst[kind] = dst }

func (op *poolOp) into(dst *tensor.Dense) { op.dst = dst }

func (op *backwardOp) into(dst *tensor.Dense) { op.bw.into = dst }

// A loan is the memory of one value lent to another.
type loan struct {
	from int           // the instruction whose value is not needed any more
	dst  *tensor.Dense // its memory in the shape of the taker's value
}

// lend plans who takes whose memory.
func (m *Machine) lend() {
	lasts := m.lasts()
	lender := map[any]int{} // by what owns the memory: the instruction with the value
	for i := range m.code {
		if own := owner(m.code[i].op); own != nil {
			if j, twice := lender[own]; twice {
				lasts[i] = max(lasts[i], lasts[j])
			}
			lender[own] = i
		}
	}
	taken := map[int]bool{} // values whose memory has a new use
	for i := range m.code {
		at := m.takes(i)
		if at < 0 {
			continue
		}
		fits := func(j int) bool {
			own, a, b := owner(m.code[j].op), m.code[j].node, m.code[i].node
			return (own != nil && lender[own] == j || m.takes(j) >= 0) && !taken[j] &&
				a.Shape().TotalSize() == b.Shape().TotalSize() && a.Dtype() == b.Dtype()
		}
		from := m.overwrites(at) // at best: what is read is in the cache
		if from < 0 || lasts[from] > at || !fits(from) {
			from = 0
			for from < at && !(lasts[from] < at && fits(from)) {
				from++
			}
		}
		if from < at {
			m.code[at].loan, taken[from] = &loan{from: from}, true
		}
	}
}

// lasts returns the last instruction that reads each value. What other
// operations than ours return may share memory with what they read.
func (m *Machine) lasts() []int {
	lasts := make([]int, len(m.code))
	for _, w := range m.want {
		lasts[w] = math.MaxInt
	}
	for i := len(m.code) - 1; i >= 0; i-- {
		for k, a := range m.code[i].args {
			if waits(m.code[i].op, k) {
				continue
			}
			lasts[a] = max(lasts[a], i)
			if !op.Owns(m.code[i].op) {
				lasts[a] = max(lasts[a], lasts[i])
			}
		}
	}
	return lasts
}

// waits reports whether an operation has input k only to run after it, and does
// not read it.
func waits(op G.Op, k int) bool {
	l, ok := op.(*linearOp)
	return ok && l.kind == linearDW && k == 2
}

// owner returns what owns the memory of a value that may be lent, nil for others.
func owner(op G.Op) any {
	switch op := op.(type) {
	case *linearOp:
		if op.kind == linearY {
			return op.l
		}
	case *convOp:
		if op.kind == convY {
			return op.c
		}
	case *poolOp:
		if !op.grad {
			return op
		}
	case *resultOp:
		if op.bw == nil && op.kind == resultOut {
			return op.s
		}
	}
	return nil
}

// takes returns the instruction that writes the memory of value i if it can be
// told where, else −1.
func (m *Machine) takes(i int) int {
	switch op := m.code[i].op.(type) {
	case *linearOp:
		if op.kind == linearDX {
			return i
		}
	case *convOp:
		if op.kind == convDX {
			return i
		}
	case *poolOp:
		if op.grad {
			return i
		}
	case *resultOp:
		if op.bw != nil && op.kind == resultX {
			return m.code[i].args[0]
		}
	}
	return -1
}

// overwrites returns the value that instruction i may write its result over while
// it reads it, −1 if there is none.
func (m *Machine) overwrites(i int) int {
	op, ok := m.code[i].op.(*backwardOp)
	if !ok || !op.bw.inPlace() {
		return -1
	}
	args := m.code[i].args[1:] // xs; and the others must be other values
	if slices.Contains(args[1:], args[0]) {
		return -1
	}
	return args[0]
}

// inPlace reports whether the gradient of xs may be written over xs: whether no
// time step reads xs after it has written the gradient. Of the steps before, none
// is read any more when the states between two kept ones have been computed.
func (bw *backward) inPlace() bool {
	p := bw.program
	written := false
	for i := range p.instrs {
		ins := &p.instrs[i]
		writes := p.isStream(ins.dst, streamGradX)
		lanewise := ins.code != opRows && ins.code != opCall
		for s := range int32(len(p.slots)) {
			if p.isStream(s, streamX) && p.reads(ins, s) && (written || writes && !lanewise) {
				return false
			}
		}
		written = written || writes
	}
	return written
}

func (p *program) isStream(s int32, kind streamKind) bool {
	return p.slots[s].kind == slotStream && p.slots[s].strm.kind == kind
}

// take points the operation of instruction i at the memory that it is lent, of
// which shape is the shape of the value.
func (m *Machine) take(i int) {
	ins := &m.code[i]
	from, ok := m.values[ins.loan.from].(*tensor.Dense)
	if !ok {
		return
	}
	if d := ins.loan.dst; d == nil || d.Uintptr() != from.Uintptr() {
		shape := ins.node.Shape()
		if op, ok := ins.op.(*backwardOp); ok {
			shape = op.bw.s.xShape
		}
		ins.loan.dst = sharing(from, shape)
	}
	ins.op.(taker).into(ins.loan.dst)
}

// sharing returns a tensor of the shape with the elements of d.
func sharing(d *tensor.Dense, shape tensor.Shape) *tensor.Dense {
	if d.Dtype() == tensor.Float32 {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(d.Float32s()))
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(d.Float64s()))
}

// giveBack ends all loans: whoever runs the operations next has not planned them.
func (m *Machine) giveBack() {
	for i := range m.code {
		if m.code[i].loan != nil {
			m.code[i].op.(taker).into(nil)
		}
	}
}
