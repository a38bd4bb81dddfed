package timing_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/timing"
)

// Gorgonia's operations are told by their names and settings: what is not refused in
// windows gives the same on two windows as on both together. Those along time are
// refused.
func TestChunksOfGorgonia(t *testing.T) {
	// at is f of a window of so many steps that begins at the given one, of images
	// [T batch 2 4 4].
	shape := []int{4, 3, 2, 4, 4}
	all := graphtest.Random(4*3*2*4*4, 1)
	at := func(f graphtest.Fn, from, to int) (x, y *G.Node, err error) {
		n := len(all) / 4
		x = graphtest.Node(G.NewGraph(), tensor.Float64, "x", append([]int{to - from}, shape[1:]...), all[from*n:to*n])
		y, err = f(x)
		return x, y, err
	}
	folded := func(f func(x *G.Node) (*G.Node, error)) graphtest.Fn { // [T·batch 2 4 4]
		return func(x *G.Node) (*G.Node, error) {
			s := x.Shape()
			y, err := G.Reshape(x, append(tensor.Shape{s[0] * s[1]}, s[2:]...))
			if err != nil {
				return nil, err
			}
			return f(y)
		}
	}
	matrix := func(f func(x *G.Node) (*G.Node, error)) graphtest.Fn { // [T·batch 32]
		return func(x *G.Node) (*G.Node, error) {
			s := x.Shape()
			y, err := G.Reshape(x, tensor.Shape{s[0] * s[1], 32})
			if err != nil {
				return nil, err
			}
			return f(y)
		}
	}
	weight := func(x *G.Node, shape ...int) *G.Node {
		n := tensor.Shape(shape).TotalSize()
		return graphtest.Node(x.Graph(), tensor.Float64, "w", shape, graphtest.Random(n, 2))
	}
	two := tensor.Shape{2, 2}
	for name, c := range map[string]struct {
		f     graphtest.Fn
		right bool
	}{
		"Conv2d": {folded(func(x *G.Node) (*G.Node, error) {
			return G.Conv2d(x, weight(x, 3, 2, 2, 2), two, []int{0, 0}, []int{1, 1}, []int{1, 1})
		}), true},
		"MaxPool2D":           {folded(func(x *G.Node) (*G.Node, error) { return G.MaxPool2D(x, two, []int{0, 0}, []int{2, 2}) }), true},
		"Upsample2D":          {folded(func(x *G.Node) (*G.Node, error) { return G.Upsample2D(x, 1) }), true},
		"GlobalAveragePool2D": {folded(G.GlobalAveragePool2D), true},
		"Mul":                 {matrix(func(x *G.Node) (*G.Node, error) { return G.Mul(x, weight(x, 32, 5)) }), true},
		"Mul by a vector":     {matrix(func(x *G.Node) (*G.Node, error) { return G.Mul(x, weight(x, 32)) }), true},
		"Mul of time": {matrix(func(x *G.Node) (*G.Node, error) {
			y, err := G.Transpose(x, 1, 0)
			if err != nil {
				return nil, err
			}
			return G.Mul(y, x)
		}), false},
		"Tensordot": {func(x *G.Node) (*G.Node, error) { return G.Tensordot([]int{2}, []int{0}, x, weight(x, 2, 5)) }, true},
		"Tensordot over time": {func(x *G.Node) (*G.Node, error) {
			return G.Tensordot([]int{0}, []int{0}, x, weight(x, x.Shape()[0], 5))
		}, false},
		"BatchedMatMul": {func(x *G.Node) (*G.Node, error) {
			s := x.Shape()
			y, err := G.Reshape(x, tensor.Shape{s[0], s[1] * s[2], 16})
			if err != nil {
				return nil, err
			}
			return G.BatchedMatMul(y, y, false, true)
		}, true},
		"OuterProd": {func(x *G.Node) (*G.Node, error) {
			y, err := G.Reshape(x, tensor.Shape{x.Shape().TotalSize()})
			if err != nil {
				return nil, err
			}
			return G.OuterProd(y, weight(x, 3))
		}, true},
		"SoftMax":            {matrix(func(x *G.Node) (*G.Node, error) { return G.SoftMax(x, 1) }), true},
		"SoftMax, last axis": {matrix(func(x *G.Node) (*G.Node, error) { return G.SoftMax(x) }), true},
		"SoftMax over time":  {matrix(func(x *G.Node) (*G.Node, error) { return G.SoftMax(x, 0) }), false},
		"Concat":             {matrix(func(x *G.Node) (*G.Node, error) { return G.Concat(1, x, x) }), true},
		"Concat in time":     {matrix(func(x *G.Node) (*G.Node, error) { return G.Concat(0, x, x) }), false},
		"Slice":              {matrix(func(x *G.Node) (*G.Node, error) { return G.Slice(x, nil, G.S(2, 7)) }), true},
		"Slice of one":       {matrix(func(x *G.Node) (*G.Node, error) { return G.Slice(x, nil, G.S(2)) }), true},
		"Slice of time":      {matrix(func(x *G.Node) (*G.Node, error) { return G.Slice(x, G.S(0, 2)) }), false},
		"Sum":                {matrix(func(x *G.Node) (*G.Node, error) { return G.Sum(x, 1) }), true},
		"Sum over time":      {matrix(func(x *G.Node) (*G.Node, error) { return G.Sum(x, 0) }), false},
		"Mean":               {matrix(func(x *G.Node) (*G.Node, error) { return G.Mean(x, 1) }), true},
		"Mean over time":     {matrix(func(x *G.Node) (*G.Node, error) { return G.Mean(x, 0) }), false},
		"Mean over all":      {func(x *G.Node) (*G.Node, error) { return G.Mean(x) }, false},
		"Max":                {matrix(func(x *G.Node) (*G.Node, error) { return G.Max(x, 1) }), true},
		"Max over time":      {matrix(func(x *G.Node) (*G.Node, error) { return G.Max(x, 0) }), false},
		"Norm over time":     {matrix(func(x *G.Node) (*G.Node, error) { return G.Norm(x, 0, 2) }), false},
		"Sigmoid":            {G.Sigmoid, true},
		"LeakyRelu":          {matrix(func(x *G.Node) (*G.Node, error) { return G.LeakyRelu(x, 0.1) }), true},
		"BroadcastAdd":       {matrix(func(x *G.Node) (*G.Node, error) { return G.BroadcastAdd(x, weight(x, 32), nil, []byte{0}) }), true},
		"Transpose, flattened": {matrix(func(x *G.Node) (*G.Node, error) {
			y, err := G.Transpose(x, 1, 0)
			if err != nil {
				return nil, err
			}
			return G.Sum(y, 1)
		}), false},
	} {
		t.Run(name, func(t *testing.T) {
			x, y, err := at(c.f, 0, 4)
			require.NoError(t, err)
			_, err = timing.Chunks{X: x, Windows: true}.Check(G.Nodes{y}, nil)
			if !c.right {
				require.ErrorContains(t, err, "reads whole sequences of one length")
				return
			}
			require.NoError(t, err)
			_, first, err := at(c.f, 0, 2)
			require.NoError(t, err)
			_, second, err := at(c.f, 2, 4)
			require.NoError(t, err)
			parts := append(graphtest.Eval(t, first)[0], graphtest.Eval(t, second)[0]...)
			require.InDeltaSlice(t, graphtest.Eval(t, y)[0], parts, 1e-12)
		})
	}
}

// Without an input of two steps there is nothing to see.
func TestChunksErrors(t *testing.T) {
	_, err := timing.Chunks{}.Check(nil, nil)
	require.EqualError(t, err, "chunks of time: want an input [T batch …] with at least two steps")
	x := graphtest.Node(G.NewGraph(), tensor.Float64, "x", []int{1, 2}, []float64{1, 2})
	_, err = timing.Chunks{X: x}.Check(G.Nodes{x}, nil)
	require.EqualError(t, err, "chunks of time: want an input [T batch …] with at least two steps")
}
