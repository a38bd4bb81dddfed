package logic

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// RisingEdge returns (1 − before) z, which is 1 where there is a spike now and
// was none a step before.
func RisingEdge(b *graph.Builder, z, before *G.Node) *G.Node { return b.Mul(b.Not(before), z) }

// RisingEdges returns the rising edges of spike trains, [T, batch, …], with no
// spike before the first step: each run of spikes becomes its first one. An
// error says what is wrong with zs.
func RisingEdges(zs *G.Node) (*G.Node, error) {
	run, err := graph.Scan(edgeStep, zs, nil, edgeParams{})
	if err != nil {
		return nil, fmt.Errorf("logic: rising edges: %w", err)
	}
	return run.Out, nil
}

// edgeState holds the spikes of the step before.
type edgeState struct {
	Z *G.Node
}

type edgeParams struct{}

func (edgeParams) Rest(z *G.Node) (edgeState, error) {
	var b graph.Builder
	return edgeState{Z: b.Fill(z, graph.Const(0))}, b.Err()
}

func edgeStep(z *G.Node, s edgeState, _ edgeParams) (*G.Node, edgeState, error) {
	b := graph.NewBuilder(z, &s)
	return RisingEdge(b, z, s.Z), edgeState{Z: z}, b.Err()
}
