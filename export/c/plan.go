package c

import (
	"fmt"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
	"github.com/spikegrad/spikegrad/internal/plain"
)

// A place is where an array is in C, or the number that all its elements are.
type place struct {
	name   string
	offset int
	number string
}

// at returns element i, an expression.
func (p place) at(i string) string {
	switch {
	case p.number != "":
		return p.number
	case p.offset > 0:
		return fmt.Sprintf("%s[%d + %s]", p.name, p.offset, i)
	}
	return p.name + "[" + i + "]"
}

// pointer returns the address of the first element, an expression.
func (p place) pointer() string {
	if p.offset > 0 {
		return fmt.Sprintf("%s + %d", p.name, p.offset)
	}
	return p.name
}

// A def is a value that an instruction computes.
type def struct {
	run, last int // the runs that compute it, and read it last
	size      int
	place     place
	fixed     bool // it has to be at its place: an output, a state
	instr     int
}

// A plan says in which order a program is written down, and where its values are.
type plan struct {
	p    *lower.Program
	runs [][]int      // instructions: element-wise ones of one size make one loop
	of   []*def       // by instruction
	read [][]source   // by instruction, in the order of Operands
	late []int        // states that are put back behind everything: something reads them later
	next map[int]*def // of states, by number
}

// A source is where an operand comes from: a def, or the slot of something that is there.
type source struct {
	def  *def
	slot int32
}

func (p *plan) size(slot int32) int { return p.p.Rows * p.p.Slots[slot].Width }

// newPlan plans a program. Fixed places are those of streams and states; free takes memory
// for the others.
func newPlan(p *lower.Program, fixed func(ir.Slot) (place, bool)) *plan {
	l := &plan{p: p, next: map[int]*def{}}
	l.cut()
	l.trace(fixed)
	l.results()
	l.defer_(fixed)
	return l
}

// isLanewise reports whether an instruction works on elements.
func isLanewise(ins *ir.Instr) bool { return ins.Op != ir.OpRows && ins.Op != ir.OpCall }

// cut makes runs of instructions.
func (l *plan) cut() {
	for i := range l.p.Instrs {
		ins := &l.p.Instrs[i]
		if n := len(l.runs); n > 0 && isLanewise(ins) {
			before := &l.p.Instrs[l.runs[n-1][0]]
			if isLanewise(before) && l.size(before.Dst) == l.size(ins.Dst) {
				l.runs[n-1] = append(l.runs[n-1], i)
				continue
			}
		}
		l.runs = append(l.runs, []int{i})
	}
}

// trace finds out which instruction computes what another reads. Registers are used again,
// so each instruction makes a def of its own.
func (l *plan) trace(fixed func(ir.Slot) (place, bool)) {
	now := map[int32]*def{}
	for r, run := range l.runs {
		for _, i := range run {
			ins := &l.p.Instrs[i]
			var from []source
			for _, s := range l.p.Operands(ins) {
				if d := now[s]; d != nil {
					d.last = max(d.last, r)
				}
				from = append(from, source{now[s], s})
			}
			l.read = append(l.read, from)
			d := &def{run: r, last: r, size: l.size(ins.Dst), instr: i}
			if d.place, d.fixed = fixed(l.p.Slots[ins.Dst]); d.fixed {
				d.last = len(l.runs)
			}
			now[ins.Dst] = d
			l.of = append(l.of, d)
			if s := l.p.Slots[ins.Dst]; s.Kind == ir.SlotOut {
				l.next[s.Index] = d
			}
		}
	}
}

// plainOf returns what a called operation says of itself, nil if it says nothing.
func plainOf(p *lower.Program, ins *ir.Instr) any {
	if ins.Op == ir.OpCall {
		if o, ok := p.Calls[ins.C].Op().(plain.Plainer); ok {
			return o.Plain()
		}
	}
	return nil
}

// results lets the results of loops be there from the loop on, which writes them.
func (l *plan) results() {
	for i := range l.p.Instrs {
		if _, ok := plainOf(l.p, &l.p.Instrs[i]).(lower.Result); ok && l.read[i][0].def != nil {
			l.of[i].run = l.read[i][0].def.run
		}
	}
}

// defer_ finds the states whose place something reads after it would have been written: they
// are computed elsewhere, and put there at the end. Loops read a state before they write it.
func (l *plan) defer_(fixed func(ir.Slot) (place, bool)) {
	for state, d := range l.next {
		for r, run := range l.runs {
			for _, i := range run {
				_, loop := plainOf(l.p, &l.p.Instrs[i]).(lower.Loop)
				for _, s := range l.read[i] {
					slot := l.p.Slots[s.slot]
					reads := s.def == nil && slot.Kind == ir.SlotIn && slot.Index == state
					if reads && (r > d.run || r == d.run && !isLanewise(&l.p.Instrs[i]) && !loop) {
						d.fixed, d.last = false, len(l.runs)
					}
				}
			}
		}
		if !d.fixed {
			l.late = append(l.late, state)
		}
	}
}

// isLocal reports whether a def is a variable of a loop.
func (l *plan) isLocal(d *def) bool {
	return !d.fixed && d.run == d.last && isLanewise(&l.p.Instrs[d.instr])
}

// An arena hands out stretches of one array to values that are not alive at the same time.
type arena struct {
	taken []stretch
	size  int
}

type stretch struct{ offset, size, from, to int }

// take returns the offset of size elements that are used from one run to another.
func (a *arena) take(size, from, to int) int {
	at := 0
	for i := 0; i < len(a.taken); i++ {
		if s := a.taken[i]; s.from <= to && from <= s.to && s.offset < at+size && at < s.offset+s.size {
			at, i = s.offset+s.size, -1
		}
	}
	a.taken = append(a.taken, stretch{at, size, from, to})
	a.size = max(a.size, at+size)
	return at
}
