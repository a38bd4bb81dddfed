package graphtest

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/machine"
)

// Tensor returns a dense tensor of element type dt with the given elements.
func Tensor(dt tensor.Dtype, shape []int, x []float64) *tensor.Dense {
	if dt == tensor.Float64 {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(append([]float64{}, x...)))
	}
	f := make([]float32, len(x))
	for i, v := range x {
		f[i] = float32(v)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(f))
}

// Node returns an input of g with a value. A shape of no axes makes a scalar.
func Node(g *G.ExprGraph, dt tensor.Dtype, name string, shape []int, x []float64) *G.Node {
	if len(shape) == 0 {
		var v any = x[0]
		if dt == tensor.Float32 {
			v = float32(x[0])
		}
		return G.NewScalar(g, dt, G.WithName(name), G.WithValue(v))
	}
	return G.NewTensor(g, dt, len(shape), G.WithName(name), G.WithShape(shape...), G.WithValue(Tensor(dt, shape, x)))
}

// Floats returns the elements of a value as float64.
func Floats(v G.Value) []float64 {
	switch d := v.Data().(type) {
	case []float64:
		return append([]float64{}, d...)
	case float64:
		return []float64{d}
	case float32:
		return []float64{float64(d)}
	case []float32:
		x := make([]float64, len(d))
		for i, f := range d {
			x[i] = float64(f)
		}
		return x
	}
	return nil
}

// taped is the most nodes that a graph for a tape machine has.
const taped = 1000

// Eval runs the graph of the nodes once, on a tape machine, and returns their
// values. A graph of thousands, as unrolling makes, runs on a machine.Machine: a tape
// machine takes longer to make than the square of the nodes, and takes nodes of one
// hash for one node, as two of so many are now and then.
func Eval(t testing.TB, nodes ...*G.Node) [][]float64 {
	t.Helper()
	vs := make([]G.Value, len(nodes))
	for i, n := range nodes {
		require.NotNil(t, n)
		G.Read(n, &vs[i])
	}
	if len(nodes[0].Graph().AllNodes()) > taped || collide(nodes[0].Graph()) {
		m, err := machine.New(nodes...)
		require.NoError(t, err)
		require.NoError(t, m.Run())
		for i := range nodes {
			vs[i] = m.Value(i)
		}
	} else {
		vm := G.NewTapeMachine(nodes[0].Graph())
		defer vm.Close()
		require.NoError(t, vm.RunAll())
	}
	out := make([][]float64, len(nodes))
	for i, v := range vs {
		out[i] = Floats(v)
	}
	return out
}

// collide reports whether two nodes have the same hash.
func collide(g *G.ExprGraph) bool {
	seen := map[uint32]bool{}
	for _, n := range g.AllNodes() {
		if seen[n.Hashcode()] {
			return true
		}
		seen[n.Hashcode()] = true
	}
	return false
}

// Random returns n numbers from the standard normal distribution.
func Random(n int, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 0))
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

// Sparse returns n numbers of which about a share is not zero: 1 with ones, else from
// the standard normal distribution.
func Sparse(n int, share float64, ones bool, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([]float64, n)
	for i := range x {
		if r.Float64() < share {
			if x[i] = 1; !ones {
				x[i] = r.NormFloat64()
			}
		}
	}
	return x
}

// Loss returns Σ of sum(node · weights), the weights being inputs of the graph:
// a scalar whose gradient exercises every element of every node.
func Loss(t testing.TB, nodes []*G.Node, weights [][]float64) *G.Node {
	t.Helper()
	var loss *G.Node
	for i, n := range nodes {
		name := "cotangent " + string(rune('a'+i))
		c := Node(n.Graph(), n.Dtype(), name, n.Shape(), weights[i])
		l, err := G.HadamardProd(n, c)
		require.NoError(t, err)
		l, err = G.Sum(l)
		require.NoError(t, err)
		if loss == nil {
			loss = l
			continue
		}
		loss, err = G.Add(loss, l)
		require.NoError(t, err)
	}
	return loss
}

// Grads returns the values of the nodes, and of the gradients of loss with
// respect to wrt.
func Grads(t testing.TB, loss *G.Node, wrt, nodes []*G.Node) (grads, values [][]float64) {
	t.Helper()
	ds, _, err := graph.Grad(loss, wrt...)
	require.NoError(t, err)
	all := Eval(t, append(append(G.Nodes{}, ds...), nodes...)...)
	return all[:len(ds)], all[len(ds):]
}
