package graph

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A backward is one gradient of a scan.
type backward struct {
	s       *scan
	node    *G.Node
	grads   []*gradOp // one for each gradient given, in the order of the inputs
	sg      *stepGraph
	v       *vjp
	sums    G.Nodes // the reductions that states add up, nil for those that are carried
	program *program
	tails   []*tail
	advance *program      // the carried states and dear values, nil where all states are kept
	dear    int           // how many values are kept beside the states
	memory  any           // *backMemory[F]
	into    *tensor.Dense // where a machine wants the gradient of xs; nil for memory of its own
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
	bw.sums = bw.sg.sums(func(i int) bool { return hasTrace[i] })
	if bw.v, err = bw.sg.differentiate(hasOut, hasTrace); err != nil {
		return nil, err
	}
	if err := bw.lower(); err != nil {
		return nil, err
	}
	s.wantGrad = s.wantGrad || bw.readsStates()
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
	if n.Op() == nil || elementwise(n.Op()) != opAdd {
		return fmt.Errorf("got %v where a sum of gradients was expected", n)
	}
	for _, c := range in {
		if err := bw.collect(c, given); err != nil {
			return err
		}
	}
	return nil
}

func (bw *backward) lower() error {
	s, v := bw.s, bw.v
	leaves, streams := s.leaves(bw.sg)
	// Carried here are the gradients of the states, numbers 0 … n−1, and read
	// are the states themselves, numbers n … 2n−1, and behind them dear values.
	n := len(s.states)
	for i, st := range bw.sg.states {
		leaves[st] = leaf{leafState, n + i}
	}
	for i, l := range v.lambda {
		if bw.sums[i] == nil {
			leaves[l] = leaf{leafState, i}
		} else {
			leaves[l] = leaf{kind: leafParam}
		}
	}
	add := func(node *G.Node, st stream) {
		if node != nil {
			leaves[node], streams[node] = leaf{kind: leafStream}, st
		}
	}
	add(v.gradOut, stream{kind: streamGradOut})
	for i, t := range v.gradTrace {
		add(t, stream{streamGradTrc, i})
	}
	var roots []root
	if v.x != nil {
		roots = append(roots, root{node: v.x, kind: slotStream, strm: stream{kind: streamGradX}})
	}
	for i, d := range v.states {
		if d != nil && bw.sums[i] == nil {
			roots = append(roots, root{node: d, kind: slotOut, i: i})
		}
	}
	forward, forwardStreams := s.leaves(bw.sg)
	states := stateRoots(bw.sg, bw.sums)
	if s.every > 1 {
		gradients := slices.Clone(v.params)
		for _, r := range roots {
			gradients = append(gradients, r.node)
		}
		for i, d := range dearValues(states, gradients, forward, leaves) {
			leaves[d] = leaf{leafState, 2*n + i}
			states = append(states, root{node: d, kind: slotOut, i: n + i})
			bw.dear++
		}
	}
	return bw.lowerBoth(roots, states, leaves, forward, streams, forwardStreams)
}

// lowerBoth lowers the gradients, and what brings forward the states that they
// read, if they read any. Both run on the same blocks.
func (bw *backward) lowerBoth(gradients, states []root, back, forward map[*G.Node]leaf, backStreams, forwardStreams map[*G.Node]stream) error {
	s, n := bw.s, len(bw.s.states)
	for rows := 0; ; {
		var err error
		bw.program, bw.tails, err = lower(gradients, bw.v.params, back, backStreams, 2*n+bw.dear, s.batch(), rows)
		if err != nil || s.every == 1 || !bw.readsStates() {
			bw.dear = 0
			return err
		}
		bw.advance, _, err = lower(states, nil, forward, forwardStreams, n+bw.dear, s.batch(), rows)
		if err != nil {
			return err
		}
		if bw.advance.rows == bw.program.rows {
			lanes := max(bw.advance.lanes, bw.program.lanes)
			bw.advance.lanes, bw.program.lanes = lanes, lanes
			return nil
		}
		// The coarser cut serves both.
		rows = min(bw.advance.rows, bw.program.rows)
		if max(bw.advance.rows, bw.program.rows)%rows != 0 {
			rows = 1
		}
	}
}

// readsStates reports whether the gradients depend on the states, or on what is
// kept beside them.
func (bw *backward) readsStates() bool {
	for _, c := range bw.program.states[len(bw.s.states):] {
		if c.in >= 0 {
			return true
		}
	}
	return false
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
