package graph

import (
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
	"github.com/spikegrad/spikegrad/internal/plain"
)

// Plain implements plain.Plainer: a scan is one of its time steps, of which all states are
// carried.
func (op *scanOp) Plain() any {
	sg := op.s.sg
	out := lower.Root{Node: sg.out, Kind: ir.SlotStream, Stream: ir.Stream{Kind: ir.StreamOut}}
	roots := append([]lower.Root{out}, stateRoots(sg, make(G.Nodes, len(sg.next)))...)
	return lower.Loop{
		Step:   lower.Step{Leaves: op.s.leaves(sg), Roots: roots, States: len(sg.states), Batch: op.s.batch(), Rows: 1},
		Steps:  op.s.steps(),
		Params: slices.Clone(sg.params),
	}
}

// Plain implements plain.Plainer.
func (op *resultOp) Plain() any {
	if op.bw != nil || op.kind > resultTrace {
		return nil
	}
	return lower.Result{State: op.kind != resultOut, Index: op.index}
}

// Plain implements plain.Plainer.
func (reduceOp) Plain() any { return plain.Reduce{} }

var _ = []plain.Plainer{(*scanOp)(nil), (*resultOp)(nil), reduceOp{}}
