package randstep

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// A Mode says what values a case has.
type Mode int

const (
	Tame    Mode = iota // bounded, without chaos
	Extreme             // with NaN, infinities, zeros of both signs, denormals
)

// A Case is a random step, and what it is lifted over.
type Case struct {
	mode   Mode
	dt     tensor.Dtype
	steps  int
	shape  tensor.Shape // of a time step
	every  int          // Checkpoint, 0 for none
	given  bool         // initial states are given
	behind bool         // the input is the output of another scan
	data   uint64       // seed of the numbers
	states []state
	params []param

	// Values are numbered: the input, the states, the results of the operations.
	values []value
	ops    []operation
	out    int
	next   []int // of each state

	outGrad            bool // a gradient flows back from the outputs
	unread             bool // they are not asked for
	w, u, which, count bool // matrices [n, n]; [batch] of 0 and 1; [batch] of numbers of steps
	rough              bool // plain Go may differ from the vector kernels in the last bits
	draws              []byte
}

// A state is one field of the state.
type state struct {
	shape     tensor.Shape
	rest      float64
	restParam int  // where it starts from, −1 for the number rest
	adds      bool // it may grow with the number of steps
	sums      bool // it adds up sums over lanes, and nothing reads it
	like      int  // the given state is that of state like
	trace     bool // its values over time are asked for
	traceGrad bool // a gradient flows back from them
	finalGrad bool
}

// A param is one field of the parameters: a node, with a constraint or without.
type param struct {
	shape      tensor.Shape
	lo, hi     float64 // of the node
	constraint *graph.Constraint
	like       int   // its node is that of parameter like
	learnt     bool  // its gradient is asked for
	value      value // of the parameter
}

// each reports whether the parameter is made by Builder.Each.
func (p param) each() bool { return len(p.shape) == 1 && !p.learnt && p.constraint == nil }

// A ref is a parameter of an operation: one of the case's, or with index −1 the
// number c.
type ref struct {
	index int
	c     float64
}

// An operation makes a value from others.
type operation struct {
	args  []int
	refs  []ref
	text  string
	build func(e *env) *G.Node
}

// An env is what an operation is built from.
type env struct {
	*graph.Builder
	v                  []*G.Node     // its operands
	p                  []graph.Param // its parameters
	w, u, which, count *G.Node
	// near is told of nodes that must not be near 0, where the operation jumps; nil
	// for nobody.
	near func(n *G.Node)
}

func (e *env) mind(n *G.Node) {
	if e.near != nil && n != nil {
		e.near(n)
	}
}

// String returns the case for a reader.
func (c *Case) String() string {
	s := fmt.Sprintf("%v, %d steps of %v, Checkpoint(%d), behind another scan: %t\n", c.dt, c.steps, []int(c.shape), c.every, c.behind)
	for i, p := range c.params {
		s += fmt.Sprintf("  p%d %v learnt=%t node of p%d", i, []int(p.shape), p.learnt, p.like)
		if p.constraint != nil {
			s += fmt.Sprintf(" %v", *p.constraint)
		}
		s += "\n"
	}
	for i, st := range c.states {
		s += fmt.Sprintf("  s%d %v", i, []int(st.shape))
		switch {
		case c.given:
			s += fmt.Sprintf(" given, as s%d", st.like)
		case st.restParam >= 0:
			s += fmt.Sprintf(" from p%d", st.restParam)
		default:
			s += fmt.Sprintf(" from %v", st.rest)
		}
		s += "\n"
	}
	live := c.live()
	for i, op := range c.ops {
		if n := 1 + len(c.states) + i; live[n] {
			s += fmt.Sprintf("  %s %v = %s\n", c.values[n].name, []int(c.values[n].shape), op.text)
		}
	}
	s += fmt.Sprintf("  out = %s (asked for: %t)", c.values[c.out].name, !c.unread)
	for i, n := range c.next {
		s += fmt.Sprintf(", s%d = %s", i, c.values[n].name)
	}
	s += "\n  gradients of"
	if c.outGrad {
		s += " out"
	}
	for i, st := range c.states {
		for _, has := range []struct {
			is   bool
			what string
		}{{st.finalGrad, "final"}, {st.traceGrad, "trace"}, {st.trace && !st.traceGrad, "(trace read)"}} {
			if has.is {
				s += fmt.Sprintf(" %s s%d", has.what, i)
			}
		}
	}
	return s
}

// live reports for each value whether a result needs it.
func (c *Case) live() []bool {
	live := make([]bool, len(c.values))
	for _, n := range append([]int{c.out}, c.next...) {
		live[n] = true
	}
	for i, op := range slices.Backward(c.ops) {
		for _, a := range op.args {
			live[a] = live[a] || live[1+len(c.states)+i]
		}
	}
	return live
}

// Draws returns the choices that the case was made of.
func (c *Case) Draws() []byte { return c.draws }

// Rough reports whether plain Go may differ from the vector kernels in the last bits.
func (c *Case) Rough() bool { return c.rough }

// Checkpoint returns the case with another distance of kept states, which changes no
// result.
func (c *Case) Checkpoint(every int) *Case {
	other := *c
	other.every = every
	return &other
}
