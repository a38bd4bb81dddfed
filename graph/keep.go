package graph

import (
	"slices"

	G "gorgonia.org/gorgonia"
)

// dear are the operations whose results are kept on the way back: to compute the
// states between two kept ones takes them, and so does the slope, and reading one
// from the cache is cheaper than computing it again.
var dear = map[opcode]bool{
	opExp: true, opLog: true, opLog2: true, opTanh: true, opSigmoid: true, opExpm1: true, opLog1p: true, opSoftplus: true,
	opSin: true, opCos: true, opPow: true, opPowC: true,
}

// mostKept is how many such results are kept at most, as they share the cache with
// the states.
const mostKept = 4

// dearValues returns the nodes that both the states and the gradients need, as far
// as they are worth keeping, in the order in which they are computed.
func dearValues(states []root, gradients []*G.Node, forward, back map[*G.Node]leaf) G.Nodes {
	f, b := newLowering(forward, nil, 0), newLowering(back, nil, 0)
	for _, r := range states {
		f.visit(r.node)
	}
	for _, n := range gradients {
		if n != nil {
			b.visit(n)
		}
	}
	var kept G.Nodes
	for _, n := range f.order {
		if !f.isLeaf(n) && dear[opcodeOf(n)] && f.isLanewise(n) && slices.Contains(b.order, n) && len(kept) < mostKept {
			kept = append(kept, n)
		}
	}
	return kept
}
