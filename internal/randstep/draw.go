package randstep

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A drawer draws a case.
type drawer struct {
	*Draws
	*Case
	limit float64      // of values
	ends  bool         // results are drawn, and operations that keep them small
	alone bool         // lanes are
	plain bool         // all operations have machine code
	often *unary       // a function that is drawn more often
	verbs []func() int // likewise
}

// Draw draws a case.
func Draw(from *Draws, mode Mode) *Case {
	d := &drawer{Draws: from, Case: &Case{mode: mode}, limit: most}
	most := d.size()
	d.drawStates()
	often := of(from, 8, 4, 16, 64)
	for len(d.ops) < most && d.below(often) > 0 {
		d.verb()
	}
	d.results()
	d.draws = from.taken
	return d.Case
}

// size draws how large everything is, and returns how many operations there may be.
func (d *drawer) size() int {
	d.dt = of(d.Draws, tensor.Float64, tensor.Float32)
	d.steps = of(d.Draws, 1, 2, 3, 4, 5, 3, 4, 2, 3, 5, 6, 7)
	if d.onceIn(20) {
		d.steps = of(d.Draws, 9, 17, 33, 70)
	}
	n := of(d.Draws, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33)
	batch := of(d.Draws, 1, 1, 2, 3, 5)
	if d.onceIn(12) {
		n, batch = of(d.Draws, 100, 205, 1023, 1024, 1025), of(d.Draws, 1, 1, 5)
		d.steps = min(d.steps, 3)
	}
	switch d.below(8) {
	default:
		d.shape = tensor.Shape{batch, n}
	case 5:
		d.shape = tensor.Shape{n, batch}
	case 6:
		d.shape = tensor.Shape{n}
	case 7:
		d.shape = tensor.Shape{batch, 2, n}
	}
	d.every = of(d.Draws, 0, 1, 2, 3, 5, 100)
	d.given, d.behind = !d.onceIn(4), d.onceIn(4)
	d.data = uint64(d.below(256))
	d.alone, d.plain, d.often = d.onceIn(2), d.onceIn(3), &unaries[d.below(len(unaries))]
	d.add(value{name: "x", shape: d.shape, lo: -1, hi: 1, byAll: 1})
	if d.shape.TotalSize() > 1000 {
		return 10
	}
	return max(3, min(30, 120/d.steps))
}

// drawStates draws up to six states. Most have the shape of the input.
func (d *drawer) drawStates() {
	for i := range of(d.Draws, 2, 0, 1, 2, 3, 4, 5, 6) {
		s := state{shape: d.shape, rest: d.number(), restParam: -1, adds: d.onceIn(5), like: i}
		if d.onceIn(6) {
			s.shape = of(d.Draws, tensor.Shape{1}, d.column(), d.shape[len(d.shape)-1:], d.shape)
			s.sums = d.onceIn(2)
		}
		if j := d.below(8); j < i && same(s.shape, d.states[j].shape) {
			s.like = j
		}
		if d.onceIn(6) {
			s.restParam = d.newParam(s.shape)
		}
		v := value{name: fmt.Sprintf("s%d", i), shape: s.shape, lo: -1.5, hi: 1.5, byStates: 1, byAll: 1, hidden: s.sums}
		if s.adds {
			v.lo, v.hi = -1.5-2*float64(d.steps), 1.5+2*float64(d.steps)
			d.limit = max(d.limit, v.hi)
		}
		d.states = append(d.states, s)
		d.add(v)
	}
}

// column returns the shape of one number for each sample.
func (d *drawer) column() tensor.Shape {
	s := d.shape.Clone()
	for i := range s[1:] {
		s[i+1] = 1
	}
	return s
}

// number draws a constant.
func (d *drawer) number() float64 {
	return of(d.Draws, 0.5, 1, 0, -1, 0.8137, -0.37, 1.25, 0.0625)
}

func (d *drawer) add(v value) int {
	d.values = append(d.values, v)
	return len(d.values) - 1
}

// put adds an operation, if its value is tame enough, and returns the number of its
// value; else −1.
func (d *drawer) put(v value, args []int, refs []ref, build builder, format string, names ...any) int {
	if d.mode == Tame && !d.ends && !v.tame(d.limit) {
		return -1
	}
	for _, a := range args {
		names = append(names, d.values[a].name)
	}
	for _, r := range refs {
		names = append(names, r)
	}
	v.name, v.made = fmt.Sprintf("v%d", len(d.ops)), true
	d.ops = append(d.ops, operation{args: args, refs: refs, text: fmt.Sprintf(format, names...), build: build})
	return d.add(v)
}

func (r ref) String() string {
	if r.index >= 0 {
		return fmt.Sprintf("p%d", r.index)
	}
	return fmt.Sprint(r.c)
}

// some draws a value of a given shape, most often a late one; −1 if there is none.
func (d *drawer) some(shape tensor.Shape) int {
	return d.such(func(v value) bool { return same(v.shape, shape) })
}

// such draws a value for which ok holds, most often a late one; −1 if there is none.
func (d *drawer) such(ok func(v value) bool) int {
	var all []int
	for i, v := range d.values {
		if !v.hidden && ok(v) {
			all = append(all, i)
		}
	}
	switch n := len(all); {
	case n == 0:
		return -1
	case d.onceIn(2):
		return all[n-1-d.below(min(n, 4))]
	default:
		return all[d.below(min(n, 256))]
	}
}

// any draws a value.
func (d *drawer) any() int { return d.such(func(value) bool { return true }) }

// results draws the output, the next states and where gradients come from.
func (d *drawer) results() {
	d.ends = true
	d.out = d.such(func(v value) bool { return len(v.shape) > 0 })
	for i := range d.states {
		d.next = append(d.next, d.nextState(i))
	}
	forward := d.onceIn(8) // without gradients
	some := false
	for i := range d.states {
		s := &d.states[i]
		s.trace = d.onceIn(3) || d.mode == Extreme
		if !forward {
			s.finalGrad, s.traceGrad = d.onceIn(2), s.trace && d.onceIn(2)
		}
		some = some || s.finalGrad || s.traceGrad
	}
	d.outGrad = !forward && (!some || !d.onceIn(3))
	d.unread = d.onceIn(4)
}

// nextState draws the value that state i takes.
func (d *drawer) nextState(i int) int {
	s := d.states[i]
	if s.sums {
		return d.summed(1+i, s.shape)
	}
	n := d.some(s.shape)
	if d.onceIn(3) { // one of the input and the states
		n = d.such(func(v value) bool { return same(v.shape, s.shape) && !v.made })
	}
	if d.mode == Extreme {
		return n
	}
	if s.adds {
		return d.sum(s.shape)
	}
	if n > 0 && n <= len(d.states) && d.states[n-1].adds {
		n = 1 + i // what adds up goes only where it may
	}
	if v := d.values[n]; v.byStates > 1 {
		n = d.scaled(n, 0.99/v.byStates)
	}
	v := d.values[n]
	switch m := v.magnitude(); {
	case m <= 1.5:
	case v.byStates <= 1 && d.onceIn(2):
		n = d.clamped(n, -1.5, 1.5)
	default:
		n = d.scaled(n, 1.5/m)
	}
	return n
}

// sum draws the next value of a state that adds up: one of these states, with what
// does not depend on states or without.
func (d *drawer) sum(shape tensor.Shape) int {
	var from []int
	for i, s := range d.states {
		if s.adds && same(s.shape, shape) {
			from = append(from, 1+i)
		}
	}
	n := from[d.below(len(from))]
	if d.onceIn(4) {
		return n
	}
	y := d.such(func(v value) bool { return same(v.shape, shape) && v.byStates == 0 && v.magnitude() <= 2 })
	if y < 0 {
		return n
	}
	i := []int{0, 1, 0}[d.below(3)]
	return d.put(d.values[n], []int{n, y}, nil, binaries[i].build(), binaries[i].name+"(%v, %v)")
}

// summed draws the next value of a state that adds up sums over lanes.
func (d *drawer) summed(n int, shape tensor.Shape) int {
	y := d.some(d.shape)
	first := d.onceIn(2)
	return d.put(value{shape: shape, hidden: true}, []int{n, y}, nil, func(e *env) *G.Node {
		if sum := e.Reduce(e.v[1], shape); first {
			return e.Add(sum, e.v[0])
		} else {
			return e.Add(e.v[0], sum)
		}
	}, "%[2]v + reduce(%[3]v), the sum first: %[1]t", first)
}
