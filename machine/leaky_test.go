package machine_test

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/surrogate"
)

// leaky is a small model for the tests: v ← decay·v + x, a spike above th, and
// reset by subtraction.
type leaky struct{ Decay, Th graph.Param }

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
