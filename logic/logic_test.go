package logic

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// bits returns n random bits.
func bits(n int, seed uint64) []float64 {
	x := graphtest.Random(n, seed)
	for i, v := range x {
		x[i] = 0
		if v > 0 {
			x[i] = 1
		}
	}
	return x
}

// A C element, in words: it takes the value of its inputs where they agree.
func TestMullerCs(t *testing.T) {
	const steps, batch, n = 9, 2, 3
	x1, x2 := bits(steps*batch*n, 1), bits(steps*batch*n, 2)
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		g := G.NewGraph()
		shape := []int{steps, batch, n}
		ys, err := MullerCs(graphtest.Node(g, dt, "x1", shape, x1), graphtest.Node(g, dt, "x2", shape, x2))
		require.NoError(t, err)
		require.Equal(t, tensor.Shape{steps, batch, n}, ys.Shape())
		y := make([]float64, batch*n)
		want := make([]float64, 0, len(x1))
		for i := range x1 {
			if c := i % len(y); x1[i] == x2[i] {
				y[c] = x1[i]
			}
			want = append(want, y[i%len(y)])
		}
		require.Equal(t, want, graphtest.Eval(t, ys)[0])
	}
}

// The gradients of lifted C elements are those of their unrolling.
func TestMullerCsGradient(t *testing.T) {
	const steps, batch, n = 6, 2, 3
	shape, size := []int{steps, batch, n}, steps*batch*n
	var got [2][][]float64
	for i := range got {
		g := G.NewGraph()
		in := []*G.Node{
			graphtest.Node(g, tensor.Float64, "x1", shape, bits(size, 1)),
			graphtest.Node(g, tensor.Float64, "x2", shape, bits(size, 2)),
		}
		var ys *G.Node
		var err error
		if i == 0 {
			ys, err = MullerCs(in[0], in[1])
		} else {
			var b graph.Builder
			var all []*G.Node
			y := b.Fill(b.At(in[0], 0), graph.Const(0))
			for s := range steps {
				y = MullerC(&b, y, b.At(in[0], s), b.At(in[1], s))
				all = append(all, y)
			}
			ys, err = b.Stack(all...), b.Err()
		}
		require.NoError(t, err)
		got[i], _ = graphtest.Grads(t, graphtest.Loss(t, []*G.Node{ys}, [][]float64{graphtest.Random(size, 3)}), in, nil)
	}
	require.NotEqual(t, make([]float64, size), got[1][0], "no gradient to compare")
	for i := range got[0] {
		graphtest.Close(t, "gradient", got[1][i], got[0][i], 1e-12)
	}
}

func TestRisingEdges(t *testing.T) {
	zs := graphtest.Node(G.NewGraph(), tensor.Float32, "zs", []int{6, 1, 2}, []float64{1, 0, 1, 0, 0, 1, 0, 1, 1, 1, 0, 0})
	es, err := RisingEdges(zs)
	require.NoError(t, err)
	require.Equal(t, []float64{1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0}, graphtest.Eval(t, es)[0])
}

// Edges are a polynomial of the spikes, so finite differences check them.
func TestRisingEdgesGradient(t *testing.T) {
	shape := tensor.Shape{5, 2, 3}
	graphtest.CheckGrad(t, RisingEdges, shape, graphtest.Random(30, 1))
}

func TestNot(t *testing.T) {
	var b graph.Builder
	x := graphtest.Node(G.NewGraph(), tensor.Float32, "x", []int{2}, []float64{0, 1})
	require.Equal(t, []float64{1, 0}, graphtest.Eval(t, Not(&b, x))[0])
	require.NoError(t, b.Err())
}

func TestErrors(t *testing.T) {
	g := G.NewGraph()
	a := graphtest.Node(g, tensor.Float32, "a", []int{4, 2, 3}, make([]float64, 24))
	c := graphtest.Node(g, tensor.Float32, "c", []int{4, 3, 2}, make([]float64, 24))
	v := graphtest.Node(g, tensor.Float32, "v", []int{4}, make([]float64, 4))
	d := graphtest.Node(g, tensor.Float64, "d", []int{4, 2, 3}, make([]float64, 24))
	for _, e := range []struct {
		x1, x2 *G.Node
		want   string
	}{
		{nil, a, "logic: C elements: x is nil"},
		{a, nil, "logic: C elements: x2 is nil"},
		{a, c, "logic: C elements: x1 has shape [4 2 3], x2 [4 3 2]"},
		{v, v, "logic: C elements: x1 has shape [4], want [T batch …]"},
	} {
		_, err := MullerCs(e.x1, e.x2)
		require.EqualError(t, err, e.want)
	}
	_, err := MullerCs(a, d)
	require.ErrorContains(t, err, "logic: C elements: ")
	_, err = RisingEdges(nil)
	require.EqualError(t, err, "logic: rising edges: graph: scan: xs is nil")
	_, err = RisingEdges(v)
	require.EqualError(t, err, "logic: rising edges: graph: scan: xs has shape [4], want [T batch …] with no axis of length 0")
	var b graph.Builder
	require.Nil(t, And(&b, a, c))
	require.EqualError(t, b.Err(), "mul: operands have shapes [4 2 3] and [4 3 2]")
}
