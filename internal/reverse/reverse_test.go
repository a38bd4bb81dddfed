package reverse_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/reverse"
)

// random returns the sum of a few results of a random expression of Gorgonia's, and its
// inputs.
func random(r *rand.Rand) (cost *G.Node, in G.Nodes) {
	g := G.NewGraph()
	var pool G.Nodes
	for i := range 3 {
		in = append(in, G.NewMatrix(g, tensor.Float64, G.WithShape(3, 3), G.WithName(fmt.Sprint("x", i))))
	}
	pool = append(pool, in...)
	pick := func() *G.Node { return pool[r.IntN(len(pool))] }
	one := []func(*G.Node) (*G.Node, error){G.Exp, G.Tanh, G.Sigmoid, G.Neg, G.Square, G.Cube, func(x *G.Node) (*G.Node, error) { return G.Transpose(x, 1, 0) }}
	two := []func(x, y *G.Node) (*G.Node, error){G.Add, G.Sub, G.HadamardProd, G.HadamardDiv, G.Mul}
	for range 4 + r.IntN(8) {
		if r.IntN(2) == 0 {
			pool = append(pool, G.Must(one[r.IntN(len(one))](pick())))
		} else {
			pool = append(pool, G.Must(two[r.IntN(len(two))](pick(), pick())))
		}
	}
	cost = G.Must(G.Sum(pool[len(pool)-1]))
	for range r.IntN(3) {
		cost = G.Must(G.Add(cost, G.Must(G.Sum(pick()))))
	}
	return cost, in
}

// text returns what n computes, in full.
func text(n *G.Node) string {
	s := n.Name()
	if n.Op() != nil {
		s = n.Op().String()
	}
	for _, c := range op.Children(n) {
		s += "(" + text(c) + ")"
	}
	return s
}

// Of one random expression Gradients makes the same nodes as gorgonia.Backpropagate.
func TestSameNodes(t *testing.T) {
	for seed := range uint64(200) {
		cost, in := random(rand.New(rand.NewPCG(seed, 1)))
		one := func(n *G.Node) G.Nodes { return G.Nodes{n.Graph().AddNode(G.NewConstant(1.))} }
		var b graph.Builder
		got, err := reverse.Gradients(&b, G.Nodes{cost}, one(cost), in)
		require.NoError(t, err)

		again, ins := random(rand.New(rand.NewPCG(seed, 1)))
		var used G.Nodes
		var have []string
		for i, d := range got {
			if d != nil {
				used, have = append(used, ins[i]), append(have, text(d))
			}
		}
		if len(used) == 0 {
			continue
		}
		ds, err := G.Backpropagate(G.Nodes{again}, one(again), used)
		require.NoError(t, err)
		for i, d := range ds {
			require.Equal(t, text(d), have[i], "seed %d, %v", seed, used[i])
		}

		// graph.Grad gives them to nodes as well.
		cost, in = random(rand.New(rand.NewPCG(seed, 1)))
		ds, _, err = graph.Grad(cost, in...)
		require.NoError(t, err)
		k := 0
		for i, d := range got {
			if d != nil {
				require.Equal(t, have[k], text(ds[i]), "seed %d, %v", seed, in[i])
				require.Same(t, ds[i], in[i].Deriv())
				k++
			}
		}
	}
}
