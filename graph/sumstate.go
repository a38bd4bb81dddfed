package graph

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/exec"
	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
)

// A state that adds up a reduction of each time step,
//
//	s ← s + Σ y
//
// and that nothing else reads joins all lanes of a step, which then could not be
// computed one block after the other. So a scan does not carry it: y is summed
// over time lane by lane, as the gradients of parameters are, and reduced once
// at the end. Backward, the gradient of such a state is the same at all steps.

// sums returns for each state the reduction that it adds up, nil for the states
// that are carried: all others, and those of which traced says that their values
// over time are asked for.
func (sg *stepGraph) sums(traced func(i int) bool) G.Nodes {
	uses := sg.uses()
	sums := make(G.Nodes, len(sg.states))
	for i, n := range sg.next {
		if traced(i) || !lower.IsOp(n.Op(), ir.OpAdd) || uses[n] != 1 || uses[sg.states[i]] != 1 {
			continue
		}
		in := childrenOf(n)
		for j, c := range in {
			if c == sg.states[i] && isReduction(in[1-j]) {
				sums[i] = in[1-j]
			}
		}
	}
	return sums
}

// isReduction reports whether n sums the elements of a value that no product of
// two changing matrices goes into, which would be summed over time in its own way.
func isReduction(n *G.Node) bool {
	if !lower.FormOf(n.Op()).Reduce {
		return false
	}
	seen := map[*G.Node]bool{}
	var plain func(n *G.Node) bool
	plain = func(n *G.Node) bool {
		if f := lower.FormOf(n.Op()); f.Kind == lower.MatMul && f.TransA {
			return false
		}
		seen[n] = true
		for _, c := range childrenOf(n) {
			if !seen[c] && !plain(c) {
				return false
			}
		}
		return true
	}
	return plain(n)
}

// stateRoots returns the states that are carried to the next step, all but sums and what is on its way in lines.
func stateRoots(sg *stepGraph, sums G.Nodes) []lower.Root {
	var roots []lower.Root
	for i, n := range sg.next {
		if sums[i] == nil && !sg.isLine(i) {
			roots = append(roots, lower.Root{Node: n, Kind: ir.SlotOut, Index: i})
		}
	}
	return roots
}

// addSums adds the sums over time to the initial states, in finals.
func (r *scanRun[F]) addSums(e *env, initial [][]F) error {
	for i, t := range r.s.tails {
		if t == nil {
			continue
		}
		v, err := e.tail(t, r.fwd.sum)
		if err != nil {
			return err
		}
		f, err := floats[F](r.s.names[i], v)
		if err != nil {
			return err
		}
		exec.Combine(ir.OpAdd, elems[F](r.finals[i]), initial[i], f)
	}
	return nil
}

// constantGradients gives the gradients of the states that are sums, lambda or
// zero, to the environment of the program and to the results.
func (m *backMemory[F]) constantGradients(bw *backward, e *env, lambda [][]F) {
	for i, n := range bw.sums {
		if n == nil {
			continue
		}
		clear(elems[F](m.states[i]))
		copy(elems[F](m.states[i]), lambda[i])
		e.values[bw.v.lambda[i]] = m.states[i]
	}
}
