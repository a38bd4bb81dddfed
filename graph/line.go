package graph

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/exec"
	"github.com/spikegrad/spikegrad/internal/ir"
	ops "github.com/spikegrad/spikegrad/internal/op"
)

// A line gives at each time step what went in at it and at earlier ones (a delay line). As operations of the step it would take
// what is on its way, a large state, in and out each time, and the gradients of its parameters anew. So a scan
// runs it as a whole beside the step: what arrives is a sequence that the step reads, what is on its way no state that is carried.
type line struct {
	y      *G.Node // what arrives
	in     int     // the state that goes in
	later  int     // the state that is on its way
	params []int   // by input of y; −1 for a state
	run    any     // *exec.Line[F]
}

// findLines returns the lines of a step that can be run beside it, for a sequence of so many steps: those that take in a
// state as it enters, and whose own state nothing else reads.
func (sg *stepGraph) findLines(steps int) (lines []line) {
	uses := sg.uses()
	for i, n := range sg.next {
		end, ok := n.Op().(ops.LineEnd)
		if !ok || end.Ends() < 0 || uses[n] != 1 || uses[sg.states[i]] != 2 || steps == 1 {
			continue
		}
		l := line{y: childrenOf(n)[end.Ends()], later: i}
		op := l.y.Op().(ops.Line)
		in, state := op.Goes()
		children := childrenOf(l.y)
		z := children[in]
		for _, shaped := z.Op().(*reshapeOp); shaped; _, shaped = z.Op().(*reshapeOp) {
			z = childrenOf(z)[0]
		}
		if l.in = slices.Index(sg.states, z); l.in < 0 || state < 0 || children[state] != sg.states[i] {
			continue
		}
		known := true
		for k, c := range children {
			l.params = append(l.params, slices.Index(sg.params, c))
			known = known && (k == in || k == state || l.params[k] >= 0)
		}
		if l.run = op.Whole(steps); known && l.run != nil {
			lines = append(lines, l)
		}
	}
	return lines
}

// uses counts how often the results read each node.
func (sg *stepGraph) uses() map[*G.Node]int {
	uses := map[*G.Node]int{}
	var visit func(n *G.Node)
	visit = func(n *G.Node) {
		if uses[n]++; uses[n] == 1 {
			for _, c := range childrenOf(n) {
				visit(c)
			}
		}
	}
	for _, n := range append(G.Nodes{sg.out}, sg.next...) {
		visit(n)
	}
	return uses
}

// isLine reports whether a state is what is on its way in a line.
func (sg *stepGraph) isLine(state int) bool {
	return slices.ContainsFunc(sg.lines, func(l line) bool { return l.later == state })
}

// arrives returns the nodes of what arrives.
func (sg *stepGraph) arrives() (ys G.Nodes) {
	for _, l := range sg.lines {
		ys = append(ys, l.y)
	}
	return ys
}

// lineStates says which lines a program has beside it.
func (sg *stepGraph) lineStates() (lines []ir.Line) {
	for k, l := range sg.lines {
		lines = append(lines, ir.Line{State: l.in, Stream: k})
	}
	return lines
}

// linesOf returns what runs the lines.
func (r *scanRun[F]) linesOf() (lines []exec.Line[F]) {
	for _, l := range r.s.sg.lines {
		lines = append(lines, l.run.(exec.Line[F]))
	}
	return lines
}

// loadLines prepares the lines for a run forward from the initial states, and enters their sequences.
func (r *scanRun[F]) loadLines(e *env, initial [][]F, streams map[ir.Stream][]F) error {
	for k, l := range r.s.sg.lines {
		in := make([][]F, len(l.params))
		for i, p := range l.params {
			if p < 0 {
				continue
			}
			var err error
			if in[i], err = envFloats[F](e, r.s.sg.params[p]); err != nil {
				return err
			}
		}
		y, err := l.run.(exec.Line[F]).Forward(in, initial[l.later], r.leave[l.later], r.s.wantGrad)
		if err != nil {
			return fmt.Errorf("%v: %w", l.y.Op(), err)
		}
		streams[ir.Stream{Kind: ir.StreamLine, Index: k}] = y
	}
	return nil
}

// loadLines prepares the lines for the way back.
func (m *backMemory[F]) loadLines(bw *backward) {
	for k, l := range bw.s.sg.lines {
		run := l.run.(exec.Line[F])
		y, dy := run.Backward(m.lambda[l.later], m.leave[l.later])
		m.flow[ir.Stream{Kind: ir.StreamLine, Index: k}], m.flow[ir.Stream{Kind: ir.StreamGradLine, Index: k}] = y, dy
	}
}

// addLines adds the gradients of the parameters of lines to those of the step.
func (m *backMemory[F]) addLines(bw *backward) {
	for _, l := range bw.s.sg.lines {
		for i, d := range l.run.(exec.Line[F]).Gradients() {
			p := l.params[i]
			if d == nil || p < 0 {
				continue
			}
			sum := m.own(bw, p) // what is there may be the memory of another parameter, too
			others := m.params[p].(*tensor.Dense)
			exec.Combine(ir.OpAdd, elems[F](sum), elems[F](others), d)
			m.params[p] = sum
		}
	}
}

// own returns memory for the gradient of parameter i that no other has.
func (m *backMemory[F]) own(bw *backward, i int) *tensor.Dense {
	if m.owned[i] == nil {
		m.owned[i] = newDense(bw.s.dt, bw.sg.params[i].Shape())
	}
	return m.owned[i]
}
