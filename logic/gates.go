package logic

import (
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/surrogate"
)

// spike is the step of the gates that are not polynomials.
var spike = surrogate.SuperSpike{Alpha: 100}

// And returns x y, which is 1 where both are.
func And(b *graph.Builder, x, y *G.Node) *G.Node { return b.Mul(x, y) }

// Or returns H(x + y), which is 1 where one or both are.
func Or(b *graph.Builder, x, y *G.Node) *G.Node {
	return b.Spike(spike, b.Add(x, y), graph.Const(0))
}

// Xor returns |x − y|, which is 1 where just one is. Its gradient is 0 where the
// two are equal.
func Xor(b *graph.Builder, x, y *G.Node) *G.Node { return b.Abs(b.Sub(x, y)) }

// Not returns 1 − x.
func Not(b *graph.Builder, x *G.Node) *G.Node { return b.Not(x) }
