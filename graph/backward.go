package graph

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
)

// A backward is one gradient of a scan.
type backward struct {
	s       *scan
	node    *G.Node
	grads   []*gradOp // one for each gradient given, in the order of the inputs
	sg      *stepGraph
	v       *vjp
	sums    G.Nodes // the reductions that states add up, nil for those that are carried
	program *lower.Program
	tails   []*lower.Tail
	back    lower.Step     // what became program
	forward lower.Step     // what became advance
	advance *lower.Program // the carried states and dear values, nil where all states are kept
	dear    int            // how many values are kept beside the states
	memory  any            // *backMemory[F]
	result  memory         // of the gradient of xs
}

// newBackward finds the gradients of the scan's results behind the token grad,
// differentiates the step and lowers both.
func newBackward(s *scan, in G.Nodes, grad *G.Node) (*backward, error) {
	bw := &backward{s: s}
	var given G.Nodes
	if err := bw.collect(grad, &given); err != nil {
		return nil, err
	}
	hasOut := false
	hasTrace := make([]bool, len(s.states))
	for _, g := range bw.grads {
		switch g.of.kind {
		case resultOut:
			hasOut = true
		case resultTrace:
			hasTrace[g.of.index] = true
		}
	}
	var err error
	if bw.sg, err = s.build(); err != nil {
		return nil, err
	}
	if !s.carried {
		bw.sg.lines = bw.sg.findLines(s.steps())
	}
	bw.sums = bw.sg.sums(func(i int) bool { return hasTrace[i] })
	if bw.v, err = bw.sg.differentiate(hasOut, hasTrace); err != nil {
		return nil, err
	}
	if err := bw.lower(); err != nil {
		return nil, err
	}
	show(bw.lowering)
	s.wantGrad = s.wantGrad || bw.readsStates() || len(bw.sg.lines) > 0
	all := append(append(G.Nodes{s.node}, in...), given...)
	var b Builder
	bw.node = b.apply(&backwardOp{signature: signatureOf(all, s.dt, tensor.Shape{1}), bw: bw}, all...)
	return bw, b.Err()
}

// collect walks the sum of tokens down to the gradients behind it.
func (bw *backward) collect(n *G.Node, given *G.Nodes) error {
	in := childrenOf(n)
	if op, ok := n.Op().(*gradOp); ok {
		if op.of.s != bw.s {
			return fmt.Errorf("got the gradient of another scan")
		}
		if !slices.Equal(in[0].Shape(), op.of.Shape) {
			return fmt.Errorf("%v has shape %v, want %v", op, shapeOf(in[0]), []int(op.of.Shape))
		}
		bw.grads = append(bw.grads, op)
		*given = append(*given, in[0])
		return nil
	}
	if !lower.IsOp(n.Op(), ir.OpAdd) {
		return fmt.Errorf("got %v where a sum of gradients was expected", n)
	}
	for _, c := range in {
		if err := bw.collect(c, given); err != nil {
			return err
		}
	}
	return nil
}

// steps says what is to be lowered: the gradients, and what brings forward the states
// that they read.
func (bw *backward) steps() (back, forward lower.Step) {
	s, v := bw.s, bw.v
	// Carried here are the gradients of the states, numbers 0 … n−1, and read
	// are the states themselves, numbers n … 2n−1, and behind them dear values.
	n := len(s.states)
	back = lower.Step{Leaves: s.leaves(bw.sg), Sums: v.params, Lines: bw.sg.lineStates(), States: 2 * n, Batch: s.batch()}
	forward = lower.Step{Leaves: s.leaves(bw.sg), Roots: stateRoots(bw.sg, bw.sums), States: n, Batch: s.batch()}
	for i, st := range bw.sg.states {
		back.Leaves[st] = lower.Leaf{Kind: lower.LeafState, Index: n + i}
	}
	for i, l := range v.lambda {
		if l == nil {
			continue
		}
		if bw.sums[i] == nil {
			back.Leaves[l] = lower.Leaf{Kind: lower.LeafState, Index: i}
		} else {
			back.Leaves[l] = lower.Leaf{Kind: lower.LeafParam}
		}
	}
	add := func(node *G.Node, st ir.Stream) {
		if node != nil {
			back.Leaves[node] = lower.Leaf{Kind: lower.LeafStream, Stream: st}
		}
	}
	add(v.gradOut, ir.Stream{Kind: ir.StreamGradOut})
	for i, t := range v.gradTrace {
		add(t, ir.Stream{Kind: ir.StreamGradTrace, Index: i})
	}
	if v.x != nil {
		back.Roots = append(back.Roots, lower.Root{Node: v.x, Kind: ir.SlotStream, Stream: ir.Stream{Kind: ir.StreamGradX}})
	}
	for k, d := range v.lines {
		if d != nil {
			back.Roots = append(back.Roots, lower.Root{Node: d, Kind: ir.SlotStream, Stream: ir.Stream{Kind: ir.StreamGradLine, Index: k}})
		}
	}
	for i, d := range v.states {
		if d != nil && bw.sums[i] == nil {
			back.Roots = append(back.Roots, lower.Root{Node: d, Kind: ir.SlotOut, Index: i})
		}
	}
	return back, forward
}

// lower lowers the gradients, and what brings forward the states that they read, if
// they read any. Both run on the same blocks.
func (bw *backward) lower() error {
	back, forward := bw.steps()
	n := len(bw.s.states)
	if bw.s.every > 1 {
		for i, d := range lower.Dear(forward, back) {
			back.Leaves[d] = lower.Leaf{Kind: lower.LeafState, Index: 2*n + i}
			forward.Roots = append(forward.Roots, lower.Root{Node: d, Kind: ir.SlotOut, Index: n + i})
			bw.dear++
		}
		back.States += bw.dear
		forward.States += bw.dear
	}
	for {
		var err error
		bw.back, bw.forward = back, forward
		bw.program, bw.tails, err = lower.Lower(back, nil)
		if err != nil || bw.s.every == 1 || !bw.readsStates() {
			bw.dear = 0
			return err
		}
		if bw.advance, _, err = lower.Lower(forward, nil); err != nil {
			return err
		}
		if bw.advance.Rows == bw.program.Rows {
			lanes := max(bw.advance.Lanes, bw.program.Lanes)
			bw.advance.Lanes, bw.program.Lanes = lanes, lanes
			return nil
		}
		// The coarser cut serves both.
		rows := min(bw.advance.Rows, bw.program.Rows)
		if max(bw.advance.Rows, bw.program.Rows)%rows != 0 {
			rows = 1
		}
		back.Rows, forward.Rows = rows, rows
	}
}

// readsStates reports whether the gradients depend on the states, or on what is
// kept beside them.
func (bw *backward) readsStates() bool {
	for _, c := range bw.program.States[len(bw.s.states):] {
		if c.In >= 0 {
			return true
		}
	}
	return false
}

// inPlace reports whether the gradient of xs may be written over xs. Of the steps
// before, none is read any more when the states between two kept ones have been
// computed.
func (bw *backward) inPlace() bool { return bw.program.Overwrites(ir.StreamX, ir.StreamGradX) }
