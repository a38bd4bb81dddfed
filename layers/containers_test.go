package layers_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// times returns a layer that multiplies by c.
func times(c float64) layers.Layer {
	return layers.Func(func(x *G.Node) (*G.Node, error) {
		return G.HadamardProd(x, graphtest.Node(x.Graph(), x.Dtype(), "factor", x.Shape(), slices.Repeat([]float64{c}, x.Shape().TotalSize())))
	})
}

// Of spikes the joins are the elements of SEW-ResNet: ADD, AND and IAND.
func TestResidual(t *testing.T) {
	body, short := []float64{0, 0, 1, 1}, []float64{0, 1, 0, 1}
	given := func(name string, v []float64) layers.Layer {
		return layers.Func(func(x *G.Node) (*G.Node, error) { return graphtest.Node(x.Graph(), x.Dtype(), name, x.Shape(), v), nil })
	}
	for name, c := range map[string]struct {
		join layers.Join
		want []float64
	}{
		"default": {nil, []float64{0, 1, 1, 2}},
		"ADD":     {layers.JoinAdd, []float64{0, 1, 1, 2}},
		"AND":     {layers.JoinAnd, []float64{0, 0, 0, 1}},
		"IAND":    {layers.JoinIAnd, []float64{0, 1, 0, 0}},
		"own":     {func(b, s *G.Node) (*G.Node, error) { return G.Sub(b, s) }, []float64{0, -1, 1, 0}},
	} {
		x := input(tensor.Float64, 1, 1, 4)
		y, err := layers.Residual{Body: given("body", body), Shortcut: given("short", short), Join: c.join}.Apply(layers.NewBuild(1), x)
		require.NoError(t, err)
		require.Equal(t, c.want, graphtest.Eval(t, y)[0], name)
	}

	x := input(tensor.Float64, 1, 1, 4)
	require.NoError(t, setFloats(x, short))
	y, err := layers.Residual{Body: times(3)}.Apply(layers.NewBuild(1), x)
	require.NoError(t, err)
	require.Equal(t, []float64{0, 4, 0, 4}, graphtest.Eval(t, y)[0], "the shortcut is the input")

	b := layers.NewBuild(1)
	_, err = layers.Named("block1", layers.Residual{Body: layers.Named("conv", layers.Linear{Out: 5})}).Apply(b, input(tensor.Float32, 3, 2, 4))
	require.EqualError(t, err, "layers: residual block1: the body makes [3 2 5] of [3 2 4], the shortcut [3 2 4]; want one shape of both: a Shortcut that changes it as the body does")
	_, err = layers.Residual{}.Apply(layers.NewBuild(1), x)
	require.EqualError(t, err, "layers: residual: the body is nil")
	_, err = layers.Residual{Body: layers.Identity, Join: func(_, _ *G.Node) (*G.Node, error) { return nil, nil }}.Apply(layers.NewBuild(1), x)
	require.EqualError(t, err, "layers: residual: join: it returned no output")
}

// A name stands once in the name of a weight.
func TestNamesDoNotDouble(t *testing.T) {
	b := layers.NewBuild(1)
	net := layers.Named("block1", layers.Residual{Body: layers.Sequential{layers.Named("conv", layers.Conv2D{Out: 1, Kernel: 1}), layers.Named("norm", layers.BatchNorm{})}})
	_, err := net.Apply(b, input(tensor.Float32, 2, 2, 1, 3, 3))
	require.NoError(t, err)
	require.Equal(t, []string{"block1.body.conv.w", "block1.body.conv.b", "block1.body.norm.w", "block1.body.norm.b"}, names(b.Params))
	require.Equal(t, []string{"block1.body.norm.mean", "block1.body.norm.var"}, names(b.Fixed))
}

func TestConcatAndSum(t *testing.T) {
	x := input(tensor.Float64, 1, 2, 2)
	require.NoError(t, setFloats(x, []float64{1, 2, 3, 4}))
	twice := layers.Func(func(x *G.Node) (*G.Node, error) { return G.Add(x, x) })
	y, err := layers.Concat{layers.Identity, twice}.Apply(layers.NewBuild(1), x)
	require.NoError(t, err)
	require.Equal(t, []float64{1, 2, 2, 4, 3, 4, 6, 8}, graphtest.Eval(t, y)[0])
	y, err = layers.Concat{layers.Last, layers.SumOverTime}.Apply(layers.NewBuild(1), x)
	require.NoError(t, err)
	require.Equal(t, []int{2, 4}, []int(y.Shape()))
	require.Equal(t, []float64{1, 2, 1, 2, 3, 4, 3, 4}, graphtest.Eval(t, y)[0])
	y, err = layers.Sum{layers.Identity, twice, twice}.Apply(layers.NewBuild(1), x)
	require.NoError(t, err)
	require.Equal(t, []float64{5, 10, 15, 20}, graphtest.Eval(t, y)[0])

	for want, l := range map[string]layers.Layer{
		"layers: concat: there are no layers in it":                                            layers.Concat{},
		"layers: concat: 0 has shape [1 2 2], last [2 2]; want them to differ in axis 2 alone": layers.Concat{layers.Identity, layers.Named("last", layers.Last)},
		"layers: sum: 0 has shape [1 2 2], 1 [1 2 3]; want one shape":                          layers.Sum{layers.Identity, layers.Linear{Out: 3}},
		"layers: output: there is one called a already; tell heads apart by Named":             layers.Heads{layers.Named("a", layers.Identity), layers.Named("a", layers.Identity)},
		"layers: layer nothing: it is nil":                                                     layers.Sum{layers.Named("nothing", nil)},
	} {
		_, err := l.Apply(layers.NewBuild(1), x)
		require.EqualError(t, err, want)
	}
}

func TestHeads(t *testing.T) {
	b := layers.NewBuild(1)
	x := input(tensor.Float32, 3, 2, 4)
	y, err := layers.Sequential{layers.Linear{Out: 5}, layers.Heads{
		layers.Named("class", layers.Sequential{layers.Linear{Out: 3}, layers.MeanOverTime}),
		layers.Named("angle", layers.Sequential{layers.Linear{Out: 1}, layers.Last}),
	}}.Apply(b, x)
	require.NoError(t, err)
	require.Equal(t, []string{"0.linear.w", "0.linear.b", "1.class.0.linear.w", "1.class.0.linear.b", "1.angle.0.linear.w", "1.angle.0.linear.b"}, names(b.Params))
	require.Len(t, b.Outputs, 2)
	require.Equal(t, "class", b.Outputs[0].Name)
	require.Same(t, y, b.Outputs[0].Node)
	require.Equal(t, "angle", b.Outputs[1].Name)
	require.Equal(t, []int{2, 1}, []int(b.Outputs[1].Node.Shape()))
}

// A shared layer has its weights once, and its gradient is the sum over its places.
func TestShared(t *testing.T) {
	run := func(eye func() layers.Layer) (*layers.Build, [][]float64) {
		b := layers.NewBuild(1)
		x := input(tensor.Float64, 3, 2, 4)
		require.NoError(t, setFloats(x, graphtest.Random(24, 5)))
		y, err := layers.Sequential{eye(), layers.Sum{eye(), times(2)}}.Apply(b, x)
		require.NoError(t, err)
		loss := graphtest.Loss(t, []*G.Node{y}, [][]float64{graphtest.Random(24, 6)})
		grads, values := graphtest.Grads(t, loss, b.Params, []*G.Node{y})
		return b, append(values, grads...)
	}
	eye := layers.Shared("eye", layers.Sequential{layers.Linear{Out: 4, Init: layers.Scaled{Gain: 1}}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams(), layers.Learn("TauMemInv"))})
	b, got := run(func() layers.Layer { return eye })
	require.Equal(t, []string{"eye.0.linear.w", "eye.0.linear.b", "eye.1.TauMemInv"}, names(b.Params))
	require.Equal(t, "eye.1", b.Activities[0].Name)
	require.Equal(t, "eye 2.1", b.Activities[1].Name)

	// Two layers with the same values, each with weights of its own.
	values := map[string]*tensor.Dense{"0.linear.w": b.Params[0].Value().(*tensor.Dense)}
	apart, want := run(func() layers.Layer {
		return layers.Given(values, layers.Sequential{layers.Linear{Out: 4}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams(), layers.Learn("TauMemInv"))})
	})
	require.Len(t, apart.Params, 6)
	graphtest.Close(t, "y", want[0], got[0], 1e-14)
	for i := range 3 {
		sum := slices.Clone(want[1+i])
		for j, v := range want[4+i] {
			sum[j] += v
		}
		graphtest.Close(t, b.Params[i].Name(), sum, got[1+i], 1e-13)
	}

	x := input(tensor.Float64, 3, 2, 4)
	_, err := layers.Sequential{eye, layers.Shared("eye", layers.Identity)}.Apply(layers.NewBuild(1), x)
	require.EqualError(t, err, "layers: shared 1: there is another layer called eye; give the value that Shared returned to all places")
	_, err = layers.Sequential{layers.Shared("w", layers.Linear{Out: 3})}.Apply(layers.NewBuild(1), x)
	require.NoError(t, err)
	narrow := layers.Shared("narrow", layers.Linear{Out: 3})
	_, err = layers.Sequential{narrow, narrow}.Apply(layers.NewBuild(1), x)
	require.EqualError(t, err, "layers: weight narrow.linear.w: the layer is shared, and has shape [4 3] at another place, [3 3] here")
	inside := layers.Sequential{nil}
	self := layers.Shared("self", inside)
	inside[0] = self
	_, err = self.Apply(layers.NewBuild(1), x)
	require.EqualError(t, err, "layers: shared self.0: self contains itself")
	require.NotEmpty(t, layers.Describe(self))
	_, err = layers.Shared("a.b", layers.Identity).Apply(layers.NewBuild(1), x)
	require.EqualError(t, err, `layers: shared: the name is "a.b", want one without dots`)
}

func TestGiven(t *testing.T) {
	w := graphtest.Tensor(tensor.Float32, []int{4, 1}, []float64{1, 2, 3, 4})
	b := layers.NewBuild(1)
	_, err := layers.Named("a", layers.Given(map[string]*tensor.Dense{"linear.w": w}, layers.Linear{Out: 1})).Apply(b, input(tensor.Float32, 1, 1, 4))
	require.NoError(t, err)
	require.Equal(t, []float32{1, 2, 3, 4}, b.Params[0].Value().Data())
	require.NotSame(t, w, b.Params[0].Value())
	require.Nil(t, b.Values)
	for want, values := range map[string]map[string]*tensor.Dense{
		"layers: given: w: the layer has no weight and no buffer of this name":        {"w": w},
		"layers: given: w: it is nil":                                                 {"w": nil},
		"layers: given: linear.b: it has shape [4 1] of float32, want [1] of float32": {"linear.b": w},
	} {
		_, err := layers.Given(values, layers.Linear{Out: 1}).Apply(layers.NewBuild(1), input(tensor.Float32, 1, 1, 4))
		require.EqualError(t, err, want)
	}
}

func TestDescribeContainers(t *testing.T) {
	eye := layers.Shared("eye", layers.Linear{Out: 4})
	require.Equal(t, []layers.Description{
		{"block", "Residual{JoinIAnd}"},
		{"block.body.0", "Linear{Out: 4}"},
		{"block.body.1", "BatchNorm{Scale: 0.5}"},
		{"block.shortcut", "Identity"},
		{"1", "Concat"},
		{"1.0", "shared eye"},
		{"eye", "Linear{Out: 4}"},
		{"1.1", "Sum"},
		{"1.1.0", "Dropout{P: 0.5, Channels: true}"},
		{"2", "Heads"},
		{"2.class", "last"},
	}, layers.Describe(layers.Sequential{
		layers.Named("block", layers.Residual{Body: layers.Sequential{layers.Linear{Out: 4}, layers.BatchNorm{Scale: 0.5}}, Shortcut: layers.Identity, Join: layers.JoinIAnd}),
		layers.Concat{eye, layers.Sum{layers.Dropout{P: 0.5, Channels: true}}},
		layers.Heads{layers.Named("class", layers.Last)},
	}))
}
