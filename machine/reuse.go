package machine

import (
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	ops "github.com/spikegrad/spikegrad/internal/op"
)

// Gradients of sequences are as large as the sequences, and most sequences are
// not needed any more when their gradients are computed. So a Machine lets an
// operation that can write anywhere (an op.Taker) put its result into the memory of a
// value that nothing reads again: an output of a scan, a linear map, a convolution or
// a pooling, or another such gradient. A scan backward can even write over its own input, which it reads
// step by step as it goes. Where there is none it takes memory of its own. Compilers
// call it buffer donation. What an operation lends and takes it says itself.
//
// The outputs of scans are written so as well: the spikes of a layer are not read any more
// once the next linear map has lists of them, and the next layer's spikes go over them.
// Whether there will be lists is known in the run only, so such a loan is tied to what has
// to be spared; where it is not, the taker writes to memory of its own.

// A loan is the memory of one value lent to another.
type loan struct {
	from  int           // the instruction whose value is not needed any more
	shape tensor.Shape  // of the taker's value
	dst   *tensor.Dense // the memory in this shape
	spare []use         // what must not read the value after all
}

// A use is an input of an instruction.
type use struct{ instr, input int }

// lend plans who takes whose memory.
func (m *Machine) lend() {
	lasts, spared := m.lasts()
	lender := map[any]int{} // by what owns the memory: the instruction with the value
	for i := range m.code {
		if own := owner(m.code[i].op); own != nil {
			if j, twice := lender[own]; twice {
				lasts[i], spared[i] = max(lasts[i], lasts[j]), append(spared[i], spared[j]...)
			}
			lender[own] = i
		}
	}
	taken := map[int]bool{} // values whose memory has a new use
	for i := range m.code {
		at := m.takes(i)
		if at < 0 || owner(m.code[i].op) != nil && lasts[i] == math.MaxInt {
			continue // as nobody can be told, or so that who asks for a sequence finds it after runs of others
		}
		fits := func(j int) bool {
			own, a, b := owner(m.code[j].op), m.code[j].node, m.code[i].node
			return (own != nil && lender[own] == j || m.takes(j) >= 0) && !taken[j] &&
				a.Shape().TotalSize() == b.Shape().TotalSize() && a.Dtype() == b.Dtype()
		}
		from := m.overwrites(at) // at best: what is read is in the cache
		if from < 0 || lasts[from] > at || !m.unread(spared[from], at) || !fits(from) {
			from = 0
			for from < at && !(lasts[from] < at && m.unread(spared[from], at) && fits(from)) {
				from++
			}
		}
		if from < at {
			m.code[at].loan = &loan{from: from, shape: m.code[i].node.Shape(), spare: spared[from]}
			taken[from] = true
		}
	}
}

// unread reports whether it is known when instruction at runs, whether inputs that may be
// spared are.
func (m *Machine) unread(spared []use, at int) bool {
	for _, u := range spared {
		ins := &m.code[u.instr]
		for k, a := range ins.args {
			if u.instr > at && follows(ins.op, k) && a >= at {
				return false
			}
		}
	}
	return true
}

// lasts returns the last instruction that reads each value, and what may turn out not to read
// it. What an op.Same returns, and other operations than ours, may share memory with what they read.
func (m *Machine) lasts() (lasts []int, spared [][]use) {
	lasts, spared = make([]int, len(m.code)), make([][]use, len(m.code))
	for _, w := range m.want {
		lasts[w] = math.MaxInt
	}
	for i := len(m.code) - 1; i >= 0; i-- {
		for k, a := range m.code[i].args {
			if follows(m.code[i].op, k) {
				continue
			}
			if perhaps, _ := spares(m.code[i].op, k); perhaps {
				spared[a] = append(spared[a], use{i, k})
				continue
			}
			lasts[a] = max(lasts[a], i)
			if ops.Shares(m.code[i].op) {
				lasts[a], spared[a] = max(lasts[a], lasts[i]), append(spared[a], spared[i]...)
			}
		}
	}
	return lasts, spared
}

// spares is the answer of an operation that may turn out not to read input k.
func spares(op G.Op, k int) (perhaps, now bool) {
	if s, ok := op.(ops.Sparer); ok {
		return s.Spares(k)
	}
	return false, false
}

// follows reports whether an operation has input k only to run after it, and does
// not read it.
func follows(op G.Op, k int) bool {
	f, ok := op.(ops.Follower)
	return ok && f.Follows(k)
}

// owner returns what owns the memory of a value that may be lent, nil for others.
func owner(op G.Op) any {
	if l, ok := op.(ops.Lender); ok {
		return l.Lends()
	}
	return nil
}

// takes returns the instruction that writes the memory of value i if it can be
// told where, else −1.
func (m *Machine) takes(i int) int {
	p, ok := m.code[i].op.(ops.Placed)
	if !ok {
		return -1
	}
	switch k, ok := p.PlacedBy(); {
	case !ok:
		return -1
	case k == ops.Itself:
		return i
	default:
		return m.code[i].args[k]
	}
}

// overwrites returns the value that instruction i may write its result over while
// it reads it, −1 if there is none.
func (m *Machine) overwrites(i int) int {
	o, ok := m.code[i].op.(ops.Overwriter)
	if !ok {
		return -1
	}
	k, ok := o.Overwrites()
	if !ok {
		return -1
	}
	for l, a := range m.code[i].args {
		if l != k && a == m.code[i].args[k] { // the others must be other values
			return -1
		}
	}
	return m.code[i].args[k]
}

// take points the operation of instruction i at the memory that it is lent.
func (m *Machine) take(i int) {
	ins := &m.code[i]
	from, ok := m.values[ins.loan.from].(*tensor.Dense)
	for _, u := range ins.loan.spare {
		_, now := spares(m.code[u.instr].op, u.input)
		ok = ok && (now || u.instr < i)
	}
	if !ok {
		return
	}
	if d := ins.loan.dst; d == nil || d.Uintptr() != from.Uintptr() {
		ins.loan.dst = sharing(from, ins.loan.shape)
	}
	ins.op.(ops.Taker).Into(ins.loan.dst)
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
			m.code[i].op.(ops.Taker).Into(nil)
		}
	}
}
