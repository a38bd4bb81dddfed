package layers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// input returns an input called "x" on a graph of its own, with values from the
// standard normal distribution.
func input(dt tensor.Dtype, shape ...int) *G.Node {
	return graphtest.Node(G.NewGraph(), dt, "x", shape, graphtest.Random(tensor.Shape(shape).TotalSize(), 1))
}

// lif returns a layer of the default neurons.
func lif(opts ...layers.LiftOption) layers.Layer {
	return layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(), opts...)
}

// names returns the names of nodes.
func names(ns G.Nodes) []string {
	s := []string{}
	for _, n := range ns {
		s = append(s, n.Name())
	}
	return s
}

// Every layer gives the shape that it promises, with the weights that it
// promises, in both element types.
func TestShapes(t *testing.T) {
	p := neurons.DefaultLIFParams()
	for name, c := range map[string]struct {
		layer   layers.Layer
		in, out []int
		params  map[string][]int
	}{
		"linear":          {layers.Linear{Out: 3}, []int{4, 2, 5}, []int{4, 2, 3}, map[string][]int{"linear.w": {5, 3}, "linear.b": {3}}},
		"linear of batch": {layers.Linear{Out: 3}, []int{2, 5}, []int{2, 3}, map[string][]int{"linear.w": {5, 3}, "linear.b": {3}}},
		"linear unbiased": {layers.Linear{Out: 3, NoBias: true}, []int{4, 2, 6, 5}, []int{4, 2, 6, 3}, map[string][]int{"linear.w": {5, 3}}},
		"conv": {layers.Conv2D{Out: 3, Kernel: 2}, []int{4, 2, 5, 7, 6}, []int{4, 2, 3, 6, 5},
			map[string][]int{"conv.w": {3, 5, 2, 2}, "conv.b": {3}}},
		"conv unbiased": {layers.Conv2D{Out: 3, Kernel: 3, NoBias: true, Conv: connect.Conv{Stride: 2, Pad: 1}}, []int{4, 2, 1, 7, 6}, []int{4, 2, 3, 4, 3},
			map[string][]int{"conv.w": {3, 1, 3, 3}}},
		"pool":     {layers.Pool{Size: 2}, []int{4, 2, 1, 7, 6}, []int{4, 2, 1, 3, 3}, nil},
		"max pool": {layers.Pool{Size: 3, Stride: 2, Max: true}, []int{4, 2, 1, 7, 6}, []int{4, 2, 1, 3, 2}, nil},
		"flatten":  {layers.Flatten, []int{4, 2, 3, 2, 2}, []int{4, 2, 12}, nil},
		"depthwise": {layers.Conv2D{Out: 6, Kernel: 3, Width: 1, Conv: connect.Conv{Same: true, Groups: 3}}, []int{4, 2, 3, 7, 6}, []int{4, 2, 6, 7, 6},
			map[string][]int{"conv.w": {6, 1, 3, 1}, "conv.b": {6}}},
		"transposed": {layers.ConvTranspose2D{Out: 4, Kernel: 3, Conv: connect.Conv{Stride: 2, Pad: 1, Groups: 2}, Extra: 1, NoBias: true}, []int{4, 2, 6, 3, 5}, []int{4, 2, 4, 6, 10},
			map[string][]int{"conv.w": {6, 2, 3, 3}}},
		"conv1d":           {layers.Conv1D{Out: 3, Kernel: 4, Conv: connect.Conv{Stride: 2, Pad: 1}}, []int{4, 2, 2, 9}, []int{4, 2, 3, 4}, map[string][]int{"conv.w": {3, 2, 4}, "conv.b": {3}}},
		"sum pool":         {layers.Pool{Size: 2, Width: 3, Sum: true}, []int{4, 2, 1, 7, 6}, []int{4, 2, 1, 3, 2}, nil},
		"global pool":      {layers.AdaptivePool{}, []int{4, 2, 3, 7, 6}, []int{4, 2, 3, 1, 1}, nil},
		"adaptive":         {layers.AdaptivePool{Height: 3, Width: 4, Max: true}, []int{4, 2, 3, 7, 6}, []int{4, 2, 3, 3, 4}, nil},
		"upsample":         {layers.Upsample{By: 2}, []int{4, 2, 3, 7, 6}, []int{4, 2, 3, 14, 12}, nil},
		"identity":         {layers.Identity, []int{4, 2, 3}, []int{4, 2, 3}, nil},
		"channels":         {layers.Dropout{P: 0.5, Channels: true}, []int{4, 2, 3, 2, 2}, []int{4, 2, 3, 2, 2}, nil},
		"noise":            {layers.Noise{Std: 0.5}, []int{4, 2, 3}, []int{4, 2, 3}, nil},
		"group norm":       {layers.GroupNorm{Groups: 2}, []int{4, 2, 6, 3}, []int{4, 2, 6, 3}, map[string][]int{"norm.w": {6}, "norm.b": {6}}},
		"layer norm":       {layers.LayerNorm{}, []int{4, 2, 6, 3}, []int{4, 2, 6, 3}, map[string][]int{"norm.w": {6, 3}, "norm.b": {6, 3}}},
		"layer norm, last": {layers.LayerNorm{Axes: 1, NoBias: true}, []int{4, 2, 6, 3}, []int{4, 2, 6, 3}, map[string][]int{"norm.w": {3}}},
		"dropout":          {layers.Dropout{P: 0.5}, []int{4, 2, 3}, []int{4, 2, 3}, nil},
		"neurons":          {lif(), []int{4, 2, 3}, []int{4, 2, 3}, nil},
		"on images":        {lif(), []int{4, 2, 3, 5, 6}, []int{4, 2, 3, 5, 6}, nil},
		"integrators":      {layers.Lift(neurons.LIStep, neurons.DefaultLIParams()), []int{4, 2, 3}, []int{4, 2, 3}, nil},
		"recurrent":        {layers.Recurrent(neurons.LIFStep, p), []int{4, 2, 3}, []int{4, 2, 3}, map[string][]int{"recurrent.w": {3, 3}}},
		"learn":            {lif(layers.Learn("TauMemInv", "VTh")), []int{4, 2, 3}, []int{4, 2, 3}, map[string][]int{"TauMemInv": {1}, "VTh": {1}}},
		"learn each":       {lif(layers.LearnEach("VTh")), []int{4, 2, 3, 5}, []int{4, 2, 3, 5}, map[string][]int{"VTh": {3, 5}}},
		"last":             {layers.Last, []int{4, 2, 3}, []int{2, 3}, nil},
		"max":              {layers.MaxOverTime, []int{4, 2, 3}, []int{2, 3}, nil},
		"mean":             {layers.MeanOverTime, []int{4, 2, 3}, []int{2, 3}, nil},
		"sum":              {layers.SumOverTime, []int{4, 2, 3}, []int{2, 3}, nil},
		"count":            {layers.SpikeCount, []int{4, 2, 3}, []int{2, 3}, nil},
		"none":             {layers.Sequential{}, []int{4, 2, 3}, []int{4, 2, 3}, nil},
		"all": {layers.Sequential{layers.Conv2D{Out: 2, Kernel: 3}, lif(), layers.Pool{Size: 2}, layers.Flatten,
			layers.Linear{Out: 3}, layers.Named("out", lif(layers.Learn("VTh"))), layers.SpikeCount}, []int{4, 2, 1, 6, 6}, []int{2, 3},
			map[string][]int{"0.conv.w": {2, 1, 3, 3}, "0.conv.b": {2}, "4.linear.w": {8, 3}, "4.linear.b": {3}, "out.VTh": {1}}},
	} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			t.Run(name+"/"+dt.String(), func(t *testing.T) {
				b := layers.NewBuild(1)
				y, err := c.layer.Apply(b, input(dt, c.in...))
				require.NoError(t, err)
				require.Equal(t, tensor.Shape(c.out), y.Shape())
				require.Len(t, b.Params, len(c.params))
				for _, p := range b.Params {
					require.Equal(t, tensor.Shape(c.params[p.Name()]), p.Shape(), p.Name())
					require.Equal(t, dt, p.Dtype())
				}
				require.Len(t, graphtest.Eval(t, y)[0], tensor.Shape(c.out).TotalSize())
			})
		}
	}
}

// The readouts of a small sequence, by hand.
func TestReadouts(t *testing.T) {
	for _, c := range []struct {
		layer layers.Layer
		want  []float64
	}{
		{layers.Last, []float64{1, -3}},
		{layers.MaxOverTime, []float64{5, 0}},
		{layers.MeanOverTime, []float64{2, -3}},
		{layers.SumOverTime, []float64{6, -9}},
		{layers.SpikeCount, []float64{6, -9}},
	} {
		x := graphtest.Node(G.NewGraph(), tensor.Float64, "x", []int{3, 1, 2}, []float64{0, 0, 5, -6, 1, -3})
		y, err := c.layer.Apply(layers.NewBuild(1), x)
		require.NoError(t, err)
		require.Equal(t, c.want, graphtest.Eval(t, y)[0])
	}
}

// A Linear is x W + b: with weights of one value, the sum of x times it.
func TestLinearValues(t *testing.T) {
	x := graphtest.Node(G.NewGraph(), tensor.Float64, "x", []int{1, 2, 3}, []float64{1, 2, 3, 0, 1, 0})
	y, err := layers.Linear{Out: 2, Init: layers.Constant(0.5)}.Apply(layers.NewBuild(1), x)
	require.NoError(t, err)
	require.Equal(t, []float64{3, 3, 0.5, 0.5}, graphtest.Eval(t, y)[0])
}

// An error says which layer, what came and what was wanted.
func TestErrors(t *testing.T) {
	bad := func(o ...layers.LiftOption) layers.Layer { return lif(o...) }
	noDt := neurons.DefaultLIFParams()
	noDt.Dt = 0
	plain := neurons.DefaultLIFParams()
	var noStep graph.Step[neurons.LIFState, neurons.LIFParams]
	for _, c := range []struct {
		layer layers.Layer
		shape []int
		want  string
	}{
		{layers.Linear{Out: 2}, []int{3}, "layers: linear at: x has shape [3], want [T batch in]"},
		{layers.Linear{Out: 0}, []int{4, 2, 3}, "layers: linear at: width of the output is 0, want at least 1"},
		{layers.Linear{Out: 1 << 40}, []int{4, 2, 3}, "layers: weight at.linear.w: shape [3 1099511627776] has 3298534883328 elements, want at most 268435456"},
		{layers.Linear{Out: 2, Init: layers.Scaled{}}, []int{4, 2, 3}, "layers: weight at.linear.w: gain is 0, want a positive number"},
		{layers.Linear{Out: 2, Init: layers.Constant(nan)}, []int{4, 2, 3},
			"layers: weight at.linear.w: the first value of element 0 is NaN, want a finite number"},
		{layers.Conv2D{Out: 2, Kernel: 3}, []int{4, 2, 3}, "layers: conv2d at: x has shape [4 2 3], want [T batch c h w]"},
		{layers.Conv2D{Out: 0, Kernel: 3}, []int{4, 2, 1, 5, 5}, "layers: conv2d at: 0 output channels and a kernel of 3 pixels, want at least 1 of both"},
		{layers.Conv2D{Out: 2, Kernel: -1}, []int{4, 2, 1, 5, 5}, "layers: conv2d at: 2 output channels and a kernel of -1 pixels, want at least 1 of both"},
		{layers.Conv2D{Out: 2, Kernel: 6}, []int{4, 2, 1, 5, 5},
			"layers: conv2d at: connect: "},
		{layers.Pool{Size: 2}, []int{4, 2, 3}, "layers: pool at: x has shape [4 2 3], want [T batch c h w]"},
		{layers.Pool{}, []int{4, 2, 1, 5, 5}, "layers: pool at: connect: "},
		{layers.Pool{Size: 6, Max: true}, []int{4, 2, 1, 5, 5}, "layers: pool at: connect: "},
		{layers.Dropout{P: 1}, []int{4, 2, 3}, "layers: dropout at: probability is 1, want 0 ≤ P < 1"},
		{layers.Dropout{P: nan}, []int{4, 2, 3}, "layers: dropout at: probability is NaN, want 0 ≤ P < 1"},
		{layers.Dropout{}, []int{4, 2}, "layers: dropout at: x has shape [4 2], want [T batch …]"},
		{bad(), []int{4, 2}, "layers: neurons at: x has shape [4 2], want [T batch … n]"},
		{bad(nil), []int{4, 2, 3}, "layers: neurons at: an option is nil"},
		{layers.Lift(noStep, plain), []int{4, 2, 3}, "layers: neurons at: the step is nil"},
		{layers.Recurrent(noStep, plain), []int{4, 2, 3}, "layers: neurons at: the step is nil"},
		{layers.Recurrent(neurons.LIFStep, plain), []int{4, 2, 3, 3}, "layers: neurons at: x has shape [4 2 3 3], want [T batch n]"},
		{layers.Lift(neurons.LIFStep, noDt), []int{4, 2, 3},
			"layers: neurons at: graph: scan: neurons: LIF step: Dt is 0, want a positive number"},
		{bad(layers.Learn("Tau")), []int{4, 2, 3}, `layers: neurons at: graph: neurons.LIFParams has no field "Tau"`},
		{bad(layers.Learn("Dt")), []int{4, 2, 3}, "layers: neurons at: Dt is a *float64, want a *graph.Param"},
		{bad(layers.Learn("VTh", "VTh")), []int{4, 2, 3}, "layers: neurons at: VTh has a node already"},
		{bad(layers.Constrain(graph.Exp, "VTh")), []int{4, 2, 3}, "layers: neurons at: VTh is constrained, but not learnt"},
		{bad(layers.Learn("VLeak"), layers.Constrain(graph.Exp, "VLeak")), []int{4, 2, 3},
			"layers: weight at.VLeak: graph: constraint exp: the parameter is 0, want a positive number"},
		{bad(layers.Each(nil, "VTh")), []int{4, 2, 3}, "layers: neurons at: the initialiser of Each is nil"},
		{bad(layers.Each(layers.Constant(1), "Dt")), []int{4, 2, 3}, "layers: neurons at: Dt is a *float64, want a *graph.Param"},
		{bad(layers.Each(layers.Constant(1), "VTh", "VTh")), []int{4, 2, 3}, "layers: neurons at: VTh has a node already"},
		{bad(layers.Each(layers.Values{1, 2}, "VTh")), []int{4, 2, 3}, "layers: weight at.VTh: 2 values came, want 3 for the shape [3]"},
		{bad(layers.Each(layers.Constant(1), "VTh"), layers.Learn("VTh")), []int{4, 2, 3},
			"layers: neurons at: VTh has a value for each neuron and is learnt as one for all; want LearnEach"},
		{bad(layers.LearnEach("VTh"), layers.Constrain(graph.Exp, "VTh"), layers.Each(layers.Values{1, 2, -1}, "VTh")), []int{4, 2, 3},
			"layers: weight at.VTh: graph: constraint exp: the parameter is -1, want a positive number"},
		{bad(layers.Regularise(nil)), []int{4, 2, 3}, "layers: neurons at: a regulariser is nil"},
		{bad(layers.Regularise(layers.Rate{Weight: -1})), []int{4, 2, 3},
			"layers: neurons at: rate regulariser: weight is -1, want a finite number of at least 0"},
		{bad(layers.Regularise(layers.Rate{Lower: 0.3, Upper: 0.2})), []int{4, 2, 3},
			"layers: neurons at: rate regulariser: bounds are 0.3 and 0.2, want 0 ≤ lower ≤ upper"},
		{layers.Lift(neurons.LIStep, neurons.DefaultLIParams(), layers.Regularise(layers.Rate{})), []int{4, 2, 3},
			"layers: neurons at: rate regulariser: the neurons do not spike"},
		{bad(layers.Regularise(layers.Voltage{Weight: 1})), []int{4, 2, 3},
			"layers: neurons at: voltage regulariser: bounds are 0 and 0, want lower < upper and one of them finite"},
		{bad(layers.Regularise(layers.Voltage{Upper: 1, State: "U"})), []int{4, 2, 3},
			`layers: neurons at: graph: trace: no state "U", have [V I]`},
		{layers.Last, []int{4}, "layers: last at: x has shape [4], want [T batch …]"},
		{layers.Flatten, []int{4, 2}, "layers: function at: graph: "},
		{layers.Func(nil), []int{4, 2}, "layers: function at: it is nil"},
		{layers.Func(func(*G.Node) (*G.Node, error) { return nil, nil }), []int{4, 2}, "layers: layer at: it returned no output"},
		{nil, []int{4, 2}, "layers: layer at: it is nil"},
		{layers.Sequential{layers.Linear{Out: 2}, nil}, []int{4, 2, 3}, "layers: layer at.1: it is nil"},
		{layers.Named("", layers.Linear{Out: 2}), []int{4, 2, 3}, "layers: layer at: the name of a layer in it is empty"},
	} {
		_, err := layers.Named("at", c.layer).Apply(layers.NewBuild(1), input(tensor.Float32, c.shape...))
		if strings.HasSuffix(c.want, "graph: ") || strings.HasSuffix(c.want, "connect: ") { // the rest is for the tests there
			require.ErrorContains(t, err, c.want)
			continue
		}
		require.EqualError(t, err, c.want)
	}

	// Without a Build, without an input, of another element type, without a name.
	all := []layers.Layer{layers.Linear{Out: 2}, layers.Conv2D{Out: 2, Kernel: 2}, layers.Pool{Size: 2}, layers.Dropout{}, lif(),
		layers.Recurrent(neurons.LIFStep, plain), layers.Last, layers.Sequential{lif()}, layers.Named("a", lif())}
	for _, l := range all {
		_, err := l.Apply(nil, input(tensor.Float32, 2, 2, 2, 2, 2))
		require.ErrorContains(t, err, "the Build is nil", "%T", l)
		_, err = l.Apply(layers.NewBuild(1), nil)
		require.ErrorContains(t, err, "x is nil", "%T", l)
	}
	ints := G.NewTensor(G.NewGraph(), tensor.Int, 3, G.WithShape(1, 2, 3), G.WithName("x"))
	_, err := layers.Linear{Out: 2}.Apply(layers.NewBuild(1), ints)
	require.EqualError(t, err, "layers: linear: x has elements of type int, want float32 or float64")
}

// A layer that is refused leaves a graph that takes other layers and runs.
func TestGraphIsUsableAfterAnError(t *testing.T) {
	x := input(tensor.Float32, 3, 2, 4)
	_, err := layers.Sequential{layers.Linear{Out: 5}, lif(), layers.Conv2D{Out: 1, Kernel: 1}}.Apply(layers.NewBuild(1), x)
	require.Error(t, err)
	y, err := layers.Sequential{layers.Named("again", layers.Linear{Out: 5}), lif(), layers.SpikeCount}.Apply(layers.NewBuild(1), x)
	require.NoError(t, err)
	require.Len(t, graphtest.Eval(t, y)[0], 10)
}
