package graph

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
)

// ScanOptions say how a scan runs, never what it computes.
type ScanOptions struct {
	// KeepEvery keeps the carried states of every so many time steps only, and computes the others
	// again backward (gradient checkpointing, rematerialisation): memory falls as 1/k for about one
	// more pass forward. Below 1 it is chosen.
	KeepEvery int
}

// chooseEvery sets the distance of kept states where the caller did not. Where
// a step is element-wise, computing it again costs less than the way through
// memory, and about √T steps between kept states need the least of it. A product
// with a matrix is not worth computing twice.
func (s *scan) chooseEvery() {
	switch {
	case len(s.states) == 0:
		s.every = 1
	case s.asked > 0:
		s.every = s.asked
	case len(s.fwd.Mats) == 0 && len(s.fwd.Calls) == 0:
		s.every = int(math.Ceil(2 * math.Sqrt(float64(s.steps()))))
	default:
		s.every = 1
	}
}

// A scan is one use of Scan: what its nodes share.
type scan struct {
	asked   int // the distance of kept states that was asked for, 0 for none
	every   int // a state is kept every so many steps
	dt      tensor.Dtype
	xShape  tensor.Shape
	outs    tensor.Shape
	states  []tensor.Shape
	names   []fmt.Stringer // of the states
	nParams int
	build   func() (*stepGraph, error)

	sg       *stepGraph
	node     *G.Node
	trace    []*G.Node // those asked for
	wantGrad bool
	fwd      *lower.Program // nil when it has to be made again
	tails    []*lower.Tail  // of the states that are sums, nil for those that are carried
	run      runner
	ran      bool
	carried  bool   // what is on its way in lines, as any other state
	out      memory // of the output
}

// Scan lifts a step in time like Unroll, with the same numbers, as one node
// forward and one node backward whatever the number of time steps. A nil s
// starts from p.Rest. Of several options the largest numbers count.
//
// The step is built once, in a graph of its own, so it must reach every node
// that it uses through its input, its state or its parameters.
func Scan[S any, P Params[S]](step Step[S, P], xs *G.Node, s *S, p P, opts ...ScanOptions) (*Run[S], error) {
	m, err := newModel(step, xs, s, p)
	if err != nil {
		return nil, fmt.Errorf("graph: scan: %w", err)
	}
	r, err := m.scan(opts)
	if err != nil {
		return nil, fmt.Errorf("graph: scan: %w", err)
	}
	return &Run[S]{run: *r, Out: r.out, Unused: r.unused, Calls: r.calls}, nil
}

func (m *model) scan(opts []ScanOptions) (*run, error) {
	xs := m.xs
	var outer G.Nodes
	for _, n := range nodesOf(m.p, m.params) {
		if !slices.Contains(outer, n) {
			outer = append(outer, n)
		}
	}
	sc := &scan{
		dt: xs.Dtype(), xShape: xs.Shape(), nParams: len(outer),
		trace: make([]*G.Node, len(m.states)),
		build: func() (*stepGraph, error) { return m.private(outer) },
	}
	for _, o := range opts {
		sc.asked = max(sc.asked, o.KeepEvery)
	}
	initial := nodesOf(m.s, m.states)
	for i, n := range initial {
		sc.states = append(sc.states, n.Shape())
		sc.names = append(sc.names, named(m.states[i].name))
	}
	if err := sc.init(); err != nil {
		return nil, err
	}
	in := append(append(G.Nodes{xs}, initial...), outer...)
	var b Builder
	sc.node = b.apply(&scanOp{signature: signatureOf(in, sc.dt, tensor.Shape{1}), s: sc}, in...)
	if err := b.Err(); err != nil {
		return nil, err
	}
	r := &run{slots: m.states, index: m.stateIndex}
	for _, i := range sc.sg.unused() {
		r.unused = append(r.unused, outer[i].Name())
	}
	r.calls = callsOf(sc.fwd)
	finals := make(G.Nodes, len(m.states))
	r.final = func(i int) (*G.Node, error) {
		if finals[i] == nil {
			n, err := sc.result(resultFinal, i, sc.states[i])
			if err != nil {
				return nil, err
			}
			finals[i] = n
		}
		return finals[i], nil
	}
	r.trace = func(i int) (*G.Node, error) {
		if sc.trace[i] == nil {
			if err := sc.carry(i); err != nil {
				return nil, err
			}
			n, err := sc.result(resultTrace, i, append(tensor.Shape{sc.xShape[0]}, sc.states[i]...))
			if err != nil {
				return nil, err
			}
			sc.trace[i], sc.fwd = n, nil
		}
		return sc.trace[i], nil
	}
	var err error
	r.out, err = sc.result(resultOut, 0, sc.outs)
	return r, err
}

// init builds the step and lowers it, so that a step which cannot be lowered is
// refused now and not when the graph runs.
func (s *scan) init() error {
	var err error
	if s.sg, err = s.build(); err != nil {
		return err
	}
	s.sg.lines = s.sg.findLines(s.steps())
	s.outs = append(tensor.Shape{s.xShape[0]}, s.sg.out.Shape()...)
	if s.dt == tensor.Float32 {
		s.run = &scanRun[float32]{s: s}
	} else {
		s.run = &scanRun[float64]{s: s}
	}
	if err := s.lowerForward(); err != nil {
		return err
	}
	s.chooseEvery()
	return nil
}

func (s *scan) steps() int { return s.xShape[0] }
func (s *scan) batch() int { return s.xShape[1] }

// sizes returns the number of elements of each state that goes from step to step.
func (s *scan) sizes() []int {
	n := make([]int, len(s.states))
	for i, shape := range s.states {
		if !s.sg.isLine(i) {
			n[i] = shape.TotalSize()
		}
	}
	return n
}

// carry has state i carried from step to step, as its values over time are asked for.
func (s *scan) carry(i int) error {
	switch {
	case !s.sg.isLine(i):
		return nil
	case s.wantGrad || s.ran:
		return fmt.Errorf("graph: scan: the values of state %s over time are asked for after a gradient or a run; ask for them before", s.names[i])
	}
	s.sg.lines, s.carried, s.fwd = nil, true, nil
	if err := s.lowerForward(); err != nil {
		return err
	}
	s.chooseEvery()
	return nil
}

// leaves says what the inputs of sg stand for.
func (s *scan) leaves(sg *stepGraph) map[*G.Node]lower.Leaf {
	leaves := map[*G.Node]lower.Leaf{sg.x: {Kind: lower.LeafStream, Stream: ir.Stream{Kind: ir.StreamX}}}
	for i, n := range sg.states {
		leaves[n] = lower.Leaf{Kind: lower.LeafState, Index: i}
	}
	for _, n := range sg.params {
		leaves[n] = lower.Leaf{Kind: lower.LeafParam}
	}
	for k, l := range sg.lines {
		leaves[l.y] = lower.Leaf{Kind: lower.LeafStream, Stream: ir.Stream{Kind: ir.StreamLine, Index: k}}
	}
	return leaves
}

// step says what is to be lowered forward.
func (s *scan) step() lower.Step {
	sums := s.sg.sums(func(i int) bool { return s.trace[i] != nil })
	sequence := func(n *G.Node, st ir.Stream) lower.Root {
		return lower.Root{Node: n, Kind: ir.SlotStream, Stream: st}
	}
	roots := append([]lower.Root{sequence(s.sg.out, ir.Stream{Kind: ir.StreamOut})}, stateRoots(s.sg, sums)...)
	for i, n := range s.trace {
		if n != nil {
			roots = append(roots, sequence(s.sg.next[i], ir.Stream{Kind: ir.StreamTrace, Index: i}))
		}
	}
	return lower.Step{Leaves: s.leaves(s.sg), Roots: roots, Sums: sums, Lines: s.sg.lineStates(), States: len(s.states), Batch: s.batch()}
}

func (s *scan) lowerForward() (err error) {
	if s.fwd != nil {
		return nil
	}
	if s.fwd, s.tails, err = lower.Lower(s.step(), nil); err == nil {
		show(s.lowering)
	}
	return err
}

// A resultKind names one of the values that a scan or its gradient gives.
type resultKind uint8

const (
	resultOut resultKind = iota
	resultFinal
	resultTrace
	resultX
	resultState
	resultParam
)

func (k resultKind) String() string {
	return [...]string{"output", "final state", "trace", "gradient of x", "gradient of state", "gradient of parameter"}[k]
}

func (s *scan) result(k resultKind, i int, shape tensor.Shape) (*G.Node, error) {
	var b Builder
	op := &resultOp{signature: signatureOf(G.Nodes{s.node}, s.dt, shape), s: s, kind: k, index: i}
	n := b.apply(op, s.node)
	return n, b.Err()
}
