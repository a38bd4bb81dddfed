package lower

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
)

// A Step is one time step to lower.
type Step struct {
	Leaves map[*G.Node]Leaf // the inputs of the graph
	Roots  []Root           // what is computed at each time step
	Sums   []*G.Node        // what is summed over time, nil entries allowed: gradients of parameters
	Lines  []ir.Line        // run beside the step
	States int              // how many states there are, by the numbers of leaves and roots
	Batch  int              // length of the first axis of a time step
	Rows   int              // if it is not 0, how many rows the program must fall into
}

// A Leaf says what an input of a step's graph stands for.
type Leaf struct {
	Kind   LeafKind
	Index  int       // of a state
	Stream ir.Stream // of a sequence
}

// LeafKind says how an input comes into a step.
type LeafKind uint8

const (
	LeafParam  LeafKind = iota // does not change over time
	LeafStream                 // a sequence, read at the present time step
	LeafState                  // a carried state
)

// A Root is a node to compute at each time step, and where it goes.
type Root struct {
	Node   *G.Node
	Kind   ir.SlotKind // SlotStream, SlotOut or SlotAcc
	Index  int         // state or accumulator
	Stream ir.Stream
}

// A Program is a program with what it knows by number only.
type Program struct {
	*ir.Program
	Values []*G.Node // that do not change over time
	Calls  []*G.Node // whose operations are called
	Funcs  []*Func
}

// Lower makes the program that computes the roots, and says for each of the sums
// how to get it from what the program sums over time, nil where there is none. Trace,
// if it is not nil, is told of each pass.
func Lower(s Step, trace *Trace) (*Program, []*Tail, error) {
	l := newLowering(s)
	tails := make([]*Tail, len(s.Sums))
	for i, n := range s.Sums {
		if n != nil {
			tails[i] = l.tail(l.value(n))
		}
	}
	for _, r := range l.roots {
		l.visit(l.value(r.Node))
	}
	trace.add("classify", l.printValues)
	l.chooseRows(s.Batch)
	if s.Rows > 0 {
		l.p.Rows = s.Rows
	}
	trace.add("rows", l.printRows)
	l.fuse()
	trace.add("fuse", l.printFusions)
	if err := l.emit(); err != nil {
		return nil, nil, err
	}
	trace.add("emit", l.p.String)
	return l.p, tails, nil
}

// A lowering is a step on its way to a program.
type lowering struct {
	Step
	roots  []Root // those of the step, and what tails sum up
	p      *Program
	values map[*G.Node]*value
	order  []*value // those that change, inputs first
	sums   []*value // by accumulator

	free map[int][]int32 // registers to use again, by width
	nreg int
}

func newLowering(s Step) *lowering {
	l := &lowering{
		Step: s, roots: append([]Root(nil), s.Roots...), p: &Program{Program: &ir.Program{}},
		values: map[*G.Node]*value{}, free: map[int][]int32{},
	}
	l.p.Program.Lines = s.Lines
	l.p.States = make([]ir.Carry, s.States)
	for i := range l.p.States {
		l.p.States[i] = ir.Carry{In: -1, Out: -1}
	}
	return l
}
