package encode_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/neurons/neurontest"
)

func TestSum(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6}
	for _, c := range []struct {
		shape []int
		axis  int
		want  []float64
		out   tensor.Shape
	}{
		{[]int{3, 2}, 0, []float64{9, 12}, tensor.Shape{2}},
		{[]int{3, 2}, 1, []float64{3, 7, 11}, tensor.Shape{3}},
		{[]int{6, 1}, 0, []float64{21}, tensor.Shape{1}},
		{[]int{1, 6}, 0, x, tensor.Shape{6}},
		{[]int{1, 2, 3}, 1, []float64{5, 7, 9}, tensor.Shape{1, 3}},
		{[]int{6}, 0, []float64{21}, tensor.Shape{}},
	} {
		y, err := encode.Sum(graphtest.Node(G.NewGraph(), tensor.Float32, "x", c.shape, x), c.axis)
		require.NoError(t, err)
		require.True(t, c.out.Eq(y.Shape()), "shape %v", y.Shape())
		require.Equal(t, c.want, graphtest.Eval(t, y)[0])
		if len(c.shape) > 1 {
			graphtest.CheckGrad(t, func(x *G.Node) (*G.Node, error) { return encode.Sum(x, c.axis) }, c.shape, x)
		}
	}
}

func TestSpikeTimes(t *testing.T) {
	inf := math.Inf(1)
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float32, "x", []int{4, 1, 3}, []float64{
		0, 1, 0,
		1, 1, 0,
		0, 1, 0,
		-1, 1, 0.5,
	})
	y, err := encode.SpikeTimes(x, 2)
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{2, 1, 3}, y.Shape())
	require.Equal(t, []float64{1, 0, 3, 3, 1, inf}, graphtest.Eval(t, y)[0])
}

// Times that are missing have no gradient, and give none.
func TestSpikeTimesGradient(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		x := graphtest.Node(G.NewGraph(), dt, "x", []int{3, 2}, []float64{0, 1, 1, 0, 1, 0})
		y, err := encode.SpikeTimes(x, 2)
		require.NoError(t, err)
		// The loss is a sum with weights, and 0 times infinity is not a number;
		// its gradient is the weights all the same.
		ds, _ := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{y}, [][]float64{{0.5, -2, 3, 4}}), []*G.Node{x}, nil)
		require.Equal(t, []float64{0, 2, -0.5, 0, -3, 0}, ds[0])
	}
}

func TestDecodeErrors(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float32, "x", []int{2, 3}, []float64{1, 2, 3, 4, 5, math.NaN()})
	scalar := graphtest.Node(g, tensor.Float32, "s", nil, []float64{1})
	for axis, want := range map[int]string{
		2: "encode: sum: axis 2 of x, whose shape is [2 3]", -1: "encode: sum: axis -1 of x, whose shape is [2 3]",
	} {
		_, err := encode.Sum(x, axis)
		require.EqualError(t, err, want)
	}
	_, err := encode.Sum(nil, 0)
	require.EqualError(t, err, "encode: sum: x is nil")
	_, err = encode.SpikeTimes(nil, 1)
	require.EqualError(t, err, "encode: spike times: x is nil")
	_, err = encode.SpikeTimes(scalar, 1)
	require.EqualError(t, err, "encode: spike times: x has shape [], want at least one axis and none of length 0")
	_, err = encode.SpikeTimes(x, 0)
	require.EqualError(t, err, "encode: spike times: 0 times asked for, want at least 1")
	y, err := encode.SpikeTimes(x, 1)
	require.NoError(t, err)
	m, err := machine.New(y)
	require.NoError(t, err)
	require.ErrorContains(t, m.Run(), "encode: first 1 spike times of 2 steps: element 5 of x is NaN")
}

// The filter is a step like those of neurons, with a decay that can be learnt.
func TestFilterStep(t *testing.T) {
	neurontest.Test(t, models.Of("exp_filter_step", encode.FilterStep, encode.FilterParams{Decay: graph.Const(0.8)}))
}

func TestFilterStepErrors(t *testing.T) {
	_, _, err := encode.FilterStep(nil, encode.FilterState{}, encode.FilterParams{})
	require.EqualError(t, err, "encode: filter step: x is nil")
}
