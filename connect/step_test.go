package connect_test

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/surrogate"
)

// leaky is a small model for connections inside of a step: v ← decay·v + x, a spike
// above th, and reset by subtraction.
type leaky struct {
	Decay, Th graph.Param
	W         *G.Node // for a connection
}

type leakyState struct{ V *G.Node }

func (p leaky) Rest(x *G.Node) (leakyState, error) {
	var b graph.Builder
	return leakyState{b.Fill(x, graph.Const(0))}, b.Err()
}

func leakyStep(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
	b := graph.NewBuilder(x, &s)
	v := b.Add(b.Scale(s.V, p.Decay), x)
	z := b.Spike(surrogate.SuperSpike{Alpha: 10}, v, p.Th)
	return z, leakyState{b.Sub(v, b.Scale(z, p.Th))}, b.Err()
}

// A lifter lifts a step in time.
type lifter func(xs *G.Node, s *leakyState, p leaky) (*graph.Run[leakyState], error)

func scanned(step graph.Step[leakyState, leaky], opts ...graph.ScanOptions) lifter {
	return func(xs *G.Node, s *leakyState, p leaky) (*graph.Run[leakyState], error) {
		return graph.Scan(step, xs, s, p, opts...)
	}
}

func unrolled(step graph.Step[leakyState, leaky]) lifter {
	return func(xs *G.Node, s *leakyState, p leaky) (*graph.Run[leakyState], error) {
		return graph.Unroll(step, xs, s, p)
	}
}
