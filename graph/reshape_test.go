package graph_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

func TestReshape(t *testing.T) {
	x := graphtest.Random(24, 1)
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		g := G.NewGraph()
		in := graphtest.Node(g, dt, "x", []int{2, 3, 4}, x)
		y, err := graph.Reshape(in, 4, 1, 6)
		require.NoError(t, err)
		require.Equal(t, tensor.Shape{4, 1, 6}, y.Shape())
		d := graphtest.Random(24, 2)
		ds, ys := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{y}, [][]float64{d}), []*G.Node{in}, []*G.Node{y})
		graphtest.Close(t, "y", x, ys[0], 1e-7)
		graphtest.Close(t, "gradient", d, ds[0], 1e-7)
	}
	graphtest.CheckGrad(t, func(x *G.Node) (*G.Node, error) { return graph.Reshape(x, 24) }, tensor.Shape{2, 3, 4}, x)
}

// The result is in memory of its own: a value written over the input later does
// not show in it.
func TestReshapeCopies(t *testing.T) {
	g := G.NewGraph()
	in := graphtest.Node(g, tensor.Float64, "x", []int{2, 2}, []float64{1, 2, 3, 4})
	y, err := graph.Reshape(in, 4)
	require.NoError(t, err)
	v, err := y.Op().Do(in.Value())
	require.NoError(t, err)
	in.Value().Data().([]float64)[0] = 9
	require.Equal(t, []float64{1, 2, 3, 4}, v.Data())
	again, err := y.Op().Do(in.Value())
	require.NoError(t, err)
	require.Same(t, v, again)
	require.Equal(t, []float64{9, 2, 3, 4}, again.Data())
}

func TestFlatten(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float32, "x", []int{2, 3, 2, 4, 5}, graphtest.Random(240, 1))
	y, err := graph.Flatten(x)
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{2, 3, 40}, y.Shape())
	same, err := graph.Flatten(y)
	require.NoError(t, err)
	require.Same(t, y, same)
}

// In a step a reshape costs nothing, whoever made it.
func TestReshapeInStep(t *testing.T) {
	reshapes := map[string]func(b *graph.Builder, x *G.Node, shape ...int) *G.Node{
		"Builder.Reshape": (*graph.Builder).Reshape,
		"gorgonia.Reshape": func(b *graph.Builder, x *G.Node, shape ...int) *G.Node {
			y, err := G.Reshape(x, shape)
			b.Fail(err)
			return y
		},
	}
	var want [][]float64
	for name, reshape := range reshapes {
		step := func(x *G.Node, s pair, _ noParams) (*G.Node, pair, error) {
			b := graph.NewBuilder(x, &s)
			flat := reshape(b, b.Add(x, s.A), 6)
			v := reshape(b, b.Tanh(b.Mul(flat, flat)), 2, 3)
			return v, pair{reshape(b, flat, 2, 3), v}, b.Err()
		}
		g := G.NewGraph()
		xs := graphtest.Node(g, tensor.Float64, "xs", []int{4, 2, 3}, graphtest.Random(24, 1))
		r, err := graph.Scan(step, xs, nil, noParams{})
		require.NoError(t, err)
		loss := graphtest.Loss(t, G.Nodes{r.Out}, [][]float64{graphtest.Random(24, 2)})
		ds, _, err := graph.Grad(loss, xs)
		require.NoError(t, err)
		for _, l := range graph.Lowered(ds[0]) {
			require.Equal(t, 6, l.Rows, name)
			require.Empty(t, l.Calls, name)
		}
		if got := graphtest.Eval(t, r.Out, ds[0]); want == nil {
			want = got
		} else {
			require.Equal(t, want, got)
		}
	}
}

func TestReshapeErrors(t *testing.T) {
	g := G.NewGraph()
	x := G.NewTensor(g, tensor.Float32, 3, G.WithName("x"), G.WithShape(2, 3, 4))
	for _, c := range []struct {
		shape []int
		want  string
	}{
		{[]int{5, 5}, "graph: reshape: x has shape [2 3 4], want as many elements as [5 5] has"},
		{[]int{-4, -6}, "graph: reshape: x has shape [2 3 4], want as many elements as [-4 -6] has"},
		{[]int{math.MaxInt, 3}, "graph: reshape: x has shape [2 3 4], want as many elements as [9223372036854775807 3] has"},
		{nil, "graph: reshape: from shape [2 3 4] to [], want at least one axis"},
	} {
		_, err := graph.Reshape(x, c.shape...)
		require.EqualError(t, err, c.want)
	}
	_, err := graph.Reshape(nil, 4)
	require.EqualError(t, err, "graph: reshape: operand 0 is nil")
	_, err = graph.Reshape(G.NewScalar(g, tensor.Float32, G.WithName("s")), 1)
	require.EqualError(t, err, "graph: reshape: from shape [] to [1], want at least one axis")
	_, err = graph.Reshape(G.NewTensor(g, tensor.Int, 1, G.WithName("n"), G.WithShape(4)), 2, 2)
	require.EqualError(t, err, "graph: reshape: x has elements of type int, want float32 or float64")
	_, err = graph.Flatten(nil)
	require.EqualError(t, err, "graph: flatten: operand 0 is nil")
	_, err = graph.Flatten(G.NewTensor(g, tensor.Float32, 2, G.WithName("m"), G.WithShape(4, 5)))
	require.EqualError(t, err, "graph: flatten: x has shape [4 5], want [T batch …] with at least one axis more")
}

func ExampleFlatten() {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float32, "x", []int{2, 1, 1, 2, 2}, []float64{1, 2, 3, 4, 5, 6, 7, 8})
	y, err := graph.Flatten(x)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(y.Shape())
	// Output: (2, 1, 4)
}
