package train_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// Bad input to a graph is an error that names the place, what came and what was
// wanted, and leaves a graph that can be used.
func TestBadGraphInput(t *testing.T) {
	p := neurons.DefaultLIFParams()
	flat, wide, wrong := p, p, p
	flat.Spike, wide.Spike, wrong.Spike = surrogate.SuperSpike{}, surrogate.SuperSpike{Alpha: math.Inf(1)}, nil
	grows := func(x *G.Node, s neurons.LIFState, p neurons.LIFParams) (*G.Node, neurons.LIFState, error) {
		z, next, err := neurons.LIFStep(x, s, p)
		var b graph.Builder
		next.V = b.Reduce(next.V, []int{3})
		return z, next, err
	}
	apply := func(l layers.Layer) func(g *G.ExprGraph, x, _ *G.Node) error {
		return func(_ *G.ExprGraph, x, _ *G.Node) error {
			_, err := layers.Named("at", l).Apply(layers.NewBuild(1), x)
			return err
		}
	}
	for name, c := range map[string]struct {
		do   func(g *G.ExprGraph, x, double *G.Node) error // x is [5 2 3]
		want string
	}{
		"rank":  {apply(layers.Conv2D{Out: 1, Kernel: 1}), "layers: conv2d at: x has shape [5 2 3], want [T batch c h w]"},
		"width": {apply(fixedWidth{}), "connect: linear: x has shape [5 2 3], want [T batch 4]"},
		"state": {func(g *G.ExprGraph, x, _ *G.Node) error {
			v := graphtest.Node(g, tensor.Float32, "v", []int{2, 4}, make([]float64, 8))
			_, err := graph.Scan(neurons.LIFStep, x, &neurons.LIFState{V: v, I: v}, p)
			return err
		}, "graph: scan: neurons: LIF step: x has shape [2 3], state V has [2 4]"},
		"mixed state": {func(g *G.ExprGraph, x, _ *G.Node) error {
			v := graphtest.Node(g, tensor.Float64, "v", []int{2, 3}, make([]float64, 6))
			_, err := graph.Scan(neurons.LIFStep, x, &neurons.LIFState{V: v, I: v}, p)
			return err
		}, "graph: scan: xs has elements of type float32, state V of float64"},
		"mixed parameter": {func(g *G.ExprGraph, x, double *G.Node) error {
			p := p
			p.VTh = graph.Learn(double)
			_, err := graph.Scan(neurons.LIFStep, x, nil, p)
			return err
		}, "graph: scan: neurons: LIF step: parameter parameter 0 double has elements of type float64, x of float32"},
		"mixed weights": {func(g *G.ExprGraph, x, double *G.Node) error {
			w := graphtest.Node(g, tensor.Float64, "w", []int{3, 3}, make([]float64, 9))
			_, err := connect.Linear(x, w, nil)
			return err
		}, "connect: linear: x has elements of type float32, w of float64"},
		"name": {apply(layers.Sequential{layers.Named("a", layers.Linear{Out: 3}), layers.Named("a", layers.Linear{Out: 3})}),
			"layers: weight at.a.linear.w: the graph has a node of this name already; tell layers apart by Named"},
		"no time": {func(g *G.ExprGraph, _, _ *G.Node) error {
			x := G.NewTensor(g, tensor.Float32, 3, G.WithShape(0, 2, 3), G.WithName("no time"))
			_, err := layers.Named("at", lif()).Apply(layers.NewBuild(1), x)
			return err
		}, "layers: neurons at: x has shape [0 2 3], want [T batch … n]"},
		"state grows":         {apply(layers.Lift(grows, p)), "layers: neurons at: graph: scan: the step changed the shape of state V from [2 3] to [3]"},
		"width of the slope":  {apply(layers.Lift(neurons.LIFStep, flat)), "layers: neurons at: graph: scan: neurons: LIF step: spike: surrogate: SuperSpike: α is 0, want a finite number above 0"},
		"infinite slope":      {apply(layers.Lift(neurons.LIFStep, wide)), "layers: neurons at: graph: scan: neurons: LIF step: spike: surrogate: SuperSpike: α is +Inf, want a finite number above 0"},
		"no spike function":   {apply(layers.Lift(neurons.LIFStep, wrong)), "layers: neurons at: graph: scan: neurons: LIF step: spike: the spike function is nil"},
		"unstable":            {apply(layers.Lift(neurons.LIStep, neurons.LIParams{TauMemInv: graph.Const(3000), Dt: 1e-3})), "layers: neurons at: graph: scan: neurons: LI step: TauMemInv is 3000, want 0 ≤ TauMemInv < 2/Dt = 2000, or Euler's method is unstable (graph.Exponential is stable)"},
		"parameter of others": {apply(layers.Lift(neurons.LIFStep, elsewhere(p))), "layers: neurons at: graph: scan: parameter VTh is of another graph than xs"},
	} {
		t.Run(name, func(t *testing.T) {
			g := G.NewGraph()
			x := graphtest.Node(g, tensor.Float32, "x", []int{5, 2, 3}, graphtest.Random(30, 1))
			double := graphtest.Node(g, tensor.Float64, "double", []int{3}, []float64{1, 1, 1})
			require.EqualError(t, c.do(g, x, double), c.want)

			b := layers.NewBuild(1)
			y, err := layers.Named("good", layers.Sequential{layers.Linear{Out: 2}, lif(), layers.SpikeCount}).Apply(b, x)
			require.NoError(t, err)
			if name == "no time" {
				return // an input without elements cannot be given a value
			}
			loss := graphtest.Loss(t, []*G.Node{y}, [][]float64{graphtest.Random(4, 1)})
			graphtest.Grads(t, loss, b.Params, nil)
		})
	}
}

// fixedWidth is a layer with weights for inputs of width 4.
type fixedWidth struct{}

func (fixedWidth) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	w, err := b.Weight(x, "w", layers.Constant(1), 4, 2)
	if err != nil {
		return nil, err
	}
	return connect.Linear(x, w, nil)
}

// elsewhere returns p with a threshold of another graph.
func elsewhere(p neurons.LIFParams) neurons.LIFParams {
	p.VTh = graph.Learn(graphtest.Node(G.NewGraph(), tensor.Float32, "th", []int{3}, make([]float64, 3)))
	return p
}

func TestBadModel(t *testing.T) {
	net := small()
	for _, c := range []struct {
		m    train.Network
		want string
	}{
		{train.Network{Shape: []int{4}, Steps: 3, Batch: 2}, "train: the network is nil"},
		{train.Network{Net: layers.Sequential(nil), Shape: []int{4}, Steps: 3, Batch: 2}, "train: the network is nil"},
		{train.Network{Net: net, Shape: []int{4}, Steps: 0, Batch: 2}, "train: number of time steps is 0, want at least 1"},
		{train.Network{Net: net, Shape: []int{4}, Steps: 3, Batch: 0}, "train: batch size is 0, want at least 1"},
		{train.Network{Net: net, Shape: []int{4}, Steps: 3, Batch: -2}, "train: batch size is -2, want at least 1"},
		{train.Network{Net: net, Steps: 3, Batch: 2}, "train: shape of a sample is [], want axes of at least 1"},
		{train.Network{Net: net, Shape: []int{4, -1}, Steps: 3, Batch: 2}, "train: shape of a sample is [4 -1], want axes of at least 1"},
		{train.Network{Net: net, Shape: []int{4}, Steps: 1 << 40, Batch: 2}, "train: input of a batch: shape [1099511627776 2 4] has 8796093022208 elements, want at most 2147483648"},
		{train.Network{Net: net, Shape: []int{4}, Steps: 3, Batch: 2, Dtype: tensor.Int}, "train: element type is int, want float32 or float64"},
		{train.Network{Net: layers.Sequential{lif()}, Shape: []int{4}, Steps: 3, Batch: 2},
			"train: loss: outputs have shape [3 2 4], want [batch …] with a batch of 2; is a readout missing?"},
		{train.Network{Net: layers.Sequential{lif()}, Shape: []int{4}, Steps: 3, Batch: 3},
			"train: loss: cross-entropy: outputs have shape [3 3 4], want [batch classes]; is a readout missing? With Sequence the loss is that at every time step"},
		{train.Network{Net: net, Shape: []int{4}, Steps: 3, Batch: 2, Loss: loss.MeanSquared{Sequence: true}},
			"train: loss: outputs have shape [2 3], want [T batch …] with a batch of 2; is there a readout too many?"},
		{train.Network{Net: net, Shape: []int{4}, Steps: 3, Batch: 2, Loss: strange{shape: []int{3}}}, "train: loss: targets have shape [3], want [batch …] with a batch of 2"},
		{train.Network{Net: net, Shape: []int{4}, Steps: 3, Batch: 2, Loss: strange{shape: []int{2}}}, "train: graph: gradient: the cost is nil"},
		{train.Network{Net: layers.Sequential{layers.Conv2D{Out: 2, Kernel: 3}}, Shape: []int{4}, Steps: 3, Batch: 2},
			"train: network: layers: conv2d 0: x has shape [3 2 4], want [T batch c h w]"},
	} {
		m, err := c.m.Compile()
		require.EqualError(t, err, c.want)
		require.Nil(t, m)
	}
}

// strange is a loss without a cost.
type strange struct{ shape []int }

func (s strange) Target(tensor.Shape) ([]int, error)  { return s.shape, nil }
func (strange) Cost(_, _, _ *G.Node) (*G.Node, error) { return nil, nil }

func TestBadTraining(t *testing.T) {
	m, d := smallModel(t, 2), yinyang(t, 6)
	empty, err := data.NewYinYang(0, 1)
	require.NoError(t, err)
	var none *data.Memory
	bad := func(label int, x ...float32) data.Dataset {
		return list{shape: []int{len(x)}, x: [][]float32{x}, labels: []int{label}}
	}
	regress := newModel(t, train.Network{Net: small(), Shape: []int{4}, Steps: 3, Batch: 2, Loss: loss.MeanSquared{}})
	for _, c := range []struct {
		t    train.Trainer
		want string
	}{
		{train.Trainer{Data: d, Epochs: 1}, "train: the model is nil or was not made by Network.Compile"},
		{train.Trainer{Model: &train.Model{}, Data: d, Epochs: 1}, "train: the model is nil or was not made by Network.Compile"},
		{train.Trainer{Model: m, Epochs: 1}, "train: the data set is nil"},
		{train.Trainer{Model: m, Data: none, Epochs: 1}, "train: the data set is nil"},
		{train.Trainer{Model: m, Data: empty, Epochs: 1}, "train: the data set is empty"},
		{train.Trainer{Model: m, Data: d, Validation: empty, Epochs: 1}, "train: validation: the data set is empty"},
		{train.Trainer{Model: m, Data: d, Epochs: -1}, "train: number of epochs is -1, want at least 0"},
		{train.Trainer{Model: m, Data: d, ClipNorm: -1}, "train: norm to clip to is -1, want at least 0"},
		{train.Trainer{Model: m, Data: d, ClipNorm: math.NaN()}, "train: norm to clip to is NaN, want at least 0"},
		{train.Trainer{Model: m, Data: d, Patience: -1}, "train: patience is -1 epochs, want at least 0"},
		{train.Trainer{Model: m, Data: d, KeepBest: true}, "train: Patience, KeepBest and ValidateEvery need a validation set"},
		{train.Trainer{Model: m, Data: d, Epochs: 1, Schedule: optim.Cosine{Floor: -1}}, "train: optim: schedule: cosine: Floor is -1, want a finite number of at least 0"},
		{train.Trainer{Model: m, Data: d, Epochs: 1, Optimiser: &optim.Adam{LearningRate: -1}},
			"train: epoch 0, batch 0: optim: adam: LearningRate is -1, want a finite number above 0"},
		{train.Trainer{Model: m, Data: d, Epochs: 1, Optimiser: &optim.SGD{}},
			"train: epoch 0, batch 0: optim: sgd: LearningRate is 0, want a finite number above 0"},
		{train.Trainer{Model: m, Data: d, Epochs: 1, Optimiser: &optim.SGD{LearningRate: math.NaN()}},
			"train: epoch 0, batch 0: optim: sgd: LearningRate is NaN, want a finite number above 0"},
		{train.Trainer{Model: m, Data: bad(3, 1, 2, 3, 4), Epochs: 1}, "train: epoch 0, batch 0: sample 0: label is 3, want a class from 0 to 2"},
		{train.Trainer{Model: m, Data: bad(-1, 1, 2, 3, 4), Epochs: 1}, "train: epoch 0, batch 0: sample 0: label is -1, want at least 0"},
		{train.Trainer{Model: m, Data: bad(0, 1, 2, 3), Epochs: 1},
			"train: samples have shape [3], the model takes [4] at each of 12 time steps; an encoder is missing"},
		{train.Trainer{Model: m, Data: bad(0), Epochs: 1}, "train: samples have shape [0], want axes of at least 1"},
		{train.Trainer{Model: m, Data: bad(0, 1, 2, 3), Encoder: encode.Repeat, Epochs: 1},
			"train: epoch 0, batch 0: encoder: samples have 6 values, 12 time steps have 96"},
		{train.Trainer{Model: regress, Data: d, Epochs: 1}, "train: the loss wants targets of shape [2 3], which the data set does not have (a method Target)"},
	} {
		was := bits(m)
		r, err := c.t.Run(background)
		require.EqualError(t, err, c.want)
		require.Empty(t, r.History)
		require.Equal(t, was, bits(m))
	}
	var noContext context.Context
	_, err = (&train.Trainer{Model: m, Data: d, Epochs: 1}).Run(noContext)
	require.EqualError(t, err, "train: the context is nil")
	_, err = (*train.Trainer)(nil).Run(background)
	require.EqualError(t, err, "train: the trainer is nil")

	// The model is as good as before.
	r, err := (&train.Trainer{Model: m, Data: d, Epochs: 1}).Run(background)
	require.NoError(t, err)
	require.Len(t, r.History, 1)

	nan := regression{list{shape: []int{4}, x: [][]float32{{1, 2, 3, 4}}, targets: [][]float32{{1, float32(math.NaN()), 0}}}}
	_, err = regress.Evaluate(background, nan, nil)
	require.EqualError(t, err, "train: evaluate: sample 0: target: value 1 is NaN, want a finite number")
	_, err = m.Record(background, d, nil, []int{6})
	require.EqualError(t, err, "train: record: sample is 6, want 0 to 5")
	_, err = m.Record(background, d, nil, nil)
	require.EqualError(t, err, "train: record: no samples came, want at least one")
	_, err = m.Record(background, d, nil, []int{0}, layers.Probe{Layer: "hiden"})
	require.ErrorContains(t, err, `train: record: layers: probe: no layer of neurons "hiden", have [`)
	_, err = newModel(t, train.Network{Net: layers.Sequential{scale{}, layers.Last}, Shape: []int{4}, Steps: 3, Batch: 2}).Record(background, d, nil, []int{0})
	require.EqualError(t, err, "train: record: layers: probe: the network has no neurons")

	// What Compile did not make.
	for _, m := range []*train.Model{nil, {}} {
		require.Nil(t, m.Params())
		require.Nil(t, m.Weights())
		require.Nil(t, m.Warnings())
		require.Nil(t, m.Layers())
		require.Zero(t, m.Nodes())
		_, err = m.Evaluate(background, d, nil)
		require.EqualError(t, err, "train: evaluate: the model is nil or was not made by Network.Compile")
		_, err = m.Predict(background, d, nil)
		require.EqualError(t, err, "train: predict: the model is nil or was not made by Network.Compile")
		_, err = m.Classes(background, d, nil)
		require.EqualError(t, err, "train: classes: the model is nil or was not made by Network.Compile")
		_, err = m.Record(background, d, nil, []int{0})
		require.EqualError(t, err, "train: record: the model is nil or was not made by Network.Compile")
		require.EqualError(t, m.SetWeights(nil), "train: set weights: the model is nil or was not made by Network.Compile")
	}
}
