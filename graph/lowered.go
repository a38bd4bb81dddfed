package graph

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/lower"
)

// A Lowering says what a time step of a scan has become: how it runs, not what
// it computes.
type Lowering struct {
	Backward bool
	// Rows is the number of parts of a time step that are computed one after the
	// other, each over all time steps: as many as it has elements where the step is
	// element-wise, one for each sample where it has products, and 1 otherwise.
	Rows int
	// Products counts the products by matrices that do not change over time.
	Products int
	// Calls names the operations that could not be fused and are called at each
	// time step.
	Calls []string
}

// Lowered returns how the scans run that the nodes need: their passes forward,
// and those backward where a node is a gradient. A step of yours that should be
// element-wise has no Calls and as many Rows as elements.
func Lowered(nodes ...*G.Node) []Lowering {
	var all []Lowering
	seen := map[*G.Node]bool{}
	var visit func(n *G.Node)
	visit = func(n *G.Node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		for _, c := range childrenOf(n) {
			visit(c)
		}
		switch op := n.Op().(type) {
		case *scanOp:
			if op.s.lowerForward() == nil {
				all = append(all, lowering(op.s.fwd, false))
			}
		case *backwardOp:
			all = append(all, lowering(op.bw.program, true))
		}
	}
	for _, n := range nodes {
		visit(n)
	}
	return all
}

func lowering(p *lower.Program, backward bool) Lowering {
	return Lowering{Backward: backward, Rows: p.Rows, Products: len(p.Mats), Calls: callsOf(p)}
}

// callsOf names the operations that a program calls.
func callsOf(p *lower.Program) (names []string) {
	for _, c := range p.Program.Calls {
		names = append(names, c.Name)
	}
	return names
}
