package train_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/cost"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/surrogate"
	"github.com/spikegrad/spikegrad/train"
)

// A relay spikes where its input is above a half, so that spikes can be counted by
// hand.
type relayParams struct{ Spike graph.Func }
type relayState struct{ V *G.Node }

func (relayParams) Rest(x *G.Node) (relayState, error) {
	var b graph.Builder
	return relayState{V: b.Fill(x, graph.Const(0))}, b.Err()
}

func relay(x *G.Node, _ relayState, p relayParams) (*G.Node, relayState, error) {
	b := graph.NewBuilder(x, nil)
	z := b.Spike(p.Spike, x, graph.Const(0.5))
	return z, relayState{V: x}, b.Err()
}

// relayNetwork returns a network in which input 0 makes hidden neurons 0
// and 1 spike, and input 1 neuron 2; the recurrent weights are 0.
func relayNetwork(t *testing.T, batch int, dt tensor.Dtype) *train.Model {
	m := newModel(t, train.Network{
		Net: layers.Sequential{
			layers.Linear{Out: 3, NoBias: true},
			layers.Named("hidden", layers.Recurrent(relay, relayParams{surrogate.SuperSpike{Alpha: 10}}, layers.RecurrentInit(layers.Constant(0)))),
			layers.Linear{Out: 2},
			li(),
			layers.Last,
		},
		Shape: []int{2}, Steps: 3, Batch: batch, Dtype: dt,
	})
	set := func(i int, x ...float64) {
		for k := range x {
			switch d := m.Params()[i].Value().Data().(type) {
			case []float32:
				d[k] = float32(x[k])
			case []float64:
				d[k] = x[k]
			}
		}
	}
	set(0, 1, 1, 0, 0, 0, 1)
	return m
}

// Two samples of three time steps and two inputs.
var relayInput = list{shape: []int{3, 2}, x: [][]float32{
	{1, 0, 1, 1, 0, 0}, // 3 spikes of the input, and 2 + 3 of the hidden neurons
	{0, 1, 0, 0, 0, 1}, // 2, and 1 + 1, the last of which has nowhere to go back to
}}

func TestCost(t *testing.T) {
	for _, batch := range []int{1, 2, 3} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			m := relayNetwork(t, batch, dt)
			c, err := m.Cost(background, relayInput, nil)
			require.NoError(t, err)
			require.Equal(t, []cost.Map{
				{Name: "0.linear.w", Synapses: 6, Dense: 18, Events: 2.5, Ops: 2.5 * 3, Additions: true},
				{Name: "hidden.recurrent.w", Synapses: 9, Dense: 18, Events: 3, Ops: 3 * 3, Additions: true},
				{Name: "2.linear.w", Synapses: 6, Dense: 18, Events: 3.5, Ops: 3.5 * 2, Additions: true},
			}, c.Maps)
			require.Equal(t, []cost.Layer{{Name: "hidden", Neurons: 3, Spikes: 3.5, Each: []float64{1, 1, 1.5}}}, c.Layers)
			require.Equal(t, []int{2, int(dt.Size()), 3 + 3 + 2 + 2}, []int{c.Samples, c.Bytes, c.States})
			require.Equal(t, 3.0, c.Steps)
			require.Equal(t, 23.5, c.SynOps())
			over, once := c.MACs()
			require.Equal(t, []float64{54, 21}, []float64{over, once})
			all, each := c.Spikes()
			require.Equal(t, []float64{3.5, 3.5 / 3}, []float64{all, each})
			spiking, dense := c.Traffic()
			require.Equal(t, []float64{130.5 * float64(c.Bytes), 222 * float64(c.Bytes)}, []float64{spiking, dense})
			a, b, e := c.Energy(cost.CMOS45)
			require.InDeltaSlice(t, []float64{23.5 * 0.9, 54 * 4.6, 21 * 4.6}, []float64{1e12 * a, 1e12 * b, 1e12 * e}, 1e-9)
		}
	}
	m := relayNetwork(t, 2, tensor.Float32)
	c, err := m.Cost(background, relayInput, nil)
	require.NoError(t, err)
	require.Equal(t, `synaptic operations 23.5 a sample; multiply-accumulates without spikes 54.0, of one time step 21.0
spikes 3.50 a sample, 1.17 a neuron
memory traffic 522 B a sample; without spikes 888 B
energy of the arithmetic at 45 nm 21.1 pJ a sample; without spikes 248 pJ, of one time step 96.6 pJ`, c.String())
}

// Inputs of several values are multiplied, in all samples together.
func TestCostOfCurrents(t *testing.T) {
	m := relayNetwork(t, 1, tensor.Float32)
	c, err := m.Cost(background, list{shape: []int{3, 2}, x: [][]float32{{1, 0, 0, 0, 0, 0}, {2, 0, 0, 0, 0, 0}}}, nil)
	require.NoError(t, err)
	require.False(t, c.Maps[0].Additions)
	require.True(t, c.Maps[1].Additions)
	require.Equal(t, 3.0, c.Maps[0].Ops)
	spiking, _, _ := c.Energy(cost.Energy{Add: 1, MulAdd: 1000})
	require.Equal(t, 3000.0+6+4, spiking) // two spikes of hidden neurons in the first step, to 3 and to 2 others
}

func TestCostOfConvolutions(t *testing.T) {
	m := newModel(t, train.Network{
		Net: layers.Sequential{
			layers.Conv2D{Out: 2, Kernel: 2},
			layers.Lift(relay, relayParams{surrogate.SuperSpike{Alpha: 10}}),
			layers.Flatten,
			layers.Linear{Out: 2},
			layers.Last,
		},
		Shape: []int{1, 3, 3}, Steps: 1, Batch: 1,
	})
	c, err := m.Cost(background, list{shape: []int{1, 3, 3}, x: [][]float32{{1, 0, 0, 0, 1, 0, 0, 0, 0}}}, nil)
	require.NoError(t, err)
	// The corner is part of one output of each channel, the centre of four.
	require.Equal(t, cost.Map{Name: "0.conv.w", Synapses: 32, Dense: 32, Events: 2, Ops: 10, Additions: true}, c.Maps[0])
	require.Equal(t, 8*2, c.Maps[1].Synapses)
}

// Whatever the wrapper, recurrent weights count once, and voltages that are
// coupled count as they are, never zero.
func TestCostOfWrappers(t *testing.T) {
	in := list{shape: []int{10, 4}, x: [][]float32{make([]float32, 40)}}
	for i := range in.x[0] {
		in.x[0][i] = float32(i%3) * 20
	}
	measured := func(l layers.Layer) cost.Cost {
		m := newModel(t, train.Network{
			Net: layers.Sequential{l, layers.SpikeCount}, Shape: []int{4}, Steps: 10, Batch: 2, Seed: 1,
		})
		c, err := m.Cost(background, in, nil)
		require.NoError(t, err)
		return c
	}
	p := neurons.DefaultLIFParams()
	plain := measured(layers.Recurrent(neurons.LIFStep, p, layers.RecurrentInit(layers.Constant(1))))
	require.Len(t, plain.Maps, 1)
	require.Positive(t, plain.Maps[0].Events)
	require.Less(t, plain.Maps[0].Ops, 16.0*9)
	require.Equal(t, 4*plain.Maps[0].Events, plain.Maps[0].Ops)
	require.True(t, plain.Maps[0].Additions)
	sparse := wrap.RecurrentParams[neurons.LIFState, neurons.LIFParams]{Inner: p, SparseGrad: true}
	require.Equal(t, plain, measured(wired(func(w *G.Node) layers.Layer {
		sparse.W = w
		return layers.Lift(wrap.Recurrent(neurons.LIFStep), sparse)
	})))
	adjoint := wrap.RecurrentAdjointParams[neurons.LIFState, neurons.LIFParams]{Inner: p}
	got := measured(wired(func(w *G.Node) layers.Layer {
		adjoint.W = w
		return layers.Lift(wrap.RecurrentAdjoint(neurons.LIFStep), adjoint)
	}))
	require.Equal(t, plain.Maps, got.Maps)

	// Excitation and inhibition go separate ways.
	coba := neurons.CobaRecurrentParams{Inner: neurons.DefaultCobaLIFParams()}
	got = measured(wired(func(w *G.Node) layers.Layer {
		coba.W = w
		return layers.Lift(neurons.CobaRecurrentStep, coba)
	}))
	require.Len(t, got.Maps, 2)
	require.Equal(t, "0.recurrent.w", got.Maps[1].Name)

	coupled := wrap.CoupledParams[neurons.LIFState, neurons.LIFParams]{Inner: p}
	got = measured(wired(func(w *G.Node) layers.Layer {
		coupled.Coupling = w
		return layers.Lift(wrap.Coupled(neurons.LIFStep), coupled)
	}))
	require.Equal(t, []cost.Map{{Name: "0.recurrent.w", Synapses: 16, Dense: 160, Events: 40, Ops: 160}}, got.Maps)
}

// wired makes a layer of one that needs recurrent weights of four neurons.
type wired func(w *G.Node) layers.Layer

func (f wired) Apply(b *layers.Build, x *G.Node) (*G.Node, error) {
	w, err := b.Weight(x, "recurrent.w", layers.Constant(1), 4, 4)
	if err != nil {
		return nil, err
	}
	return f(w).Apply(b, x)
}

// Time steps behind the end of a sample do not count, and how a sample is cut into
// segments changes nothing.
func TestCostOfLengths(t *testing.T) {
	full := list{shape: []int{7, 4}, x: [][]float32{make([]float32, 28), make([]float32, 28), make([]float32, 28)}}
	for i := range full.x {
		for j := range full.x[i] {
			full.x[i][j] = float32((i+j)%3) * 20
		}
	}
	in := varied{full, []int{7, 3, 5}}
	measure := func(segment int, d data.Dataset) cost.Cost {
		m := newModel(t, train.Network{
			Net: layers.Sequential{
				layers.Named("hidden", layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams())), layers.Linear{Out: 2}, layers.SpikeCount,
			},
			Shape: []int{4}, Steps: 7, Batch: 2, Seed: 1, Segment: segment,
		})
		c, err := m.Cost(background, d, nil)
		require.NoError(t, err)
		return c
	}
	whole := measure(0, in)
	require.Equal(t, 5.0, whole.Steps)
	require.Equal(t, []float64{4 * 16, 5 * 8}, []float64{whole.Maps[0].Dense, whole.Maps[1].Dense})
	for _, segment := range []int{1, 2, 3, 7} {
		require.Equal(t, whole, measure(segment, in), segment)
	}
	// The mean of what each sample costs alone, cut off at its end.
	var spikes, ops float64
	for i, steps := range in.lengths {
		c := measure(0, varied{list{shape: full.shape, x: full.x[i : i+1]}, []int{steps}})
		all, _ := c.Spikes()
		spikes, ops = spikes+all/3, ops+c.SynOps()/3
	}
	all, _ := whole.Spikes()
	require.InDelta(t, spikes, all, 1e-12)
	require.InDelta(t, ops, whole.SynOps(), 1e-12)
	require.Positive(t, all)
	more, _ := measure(0, full).Spikes()
	require.Greater(t, more, all)
}

func TestCostRefuses(t *testing.T) {
	m := relayNetwork(t, 1, tensor.Float32)
	_, err := (*train.Model)(nil).Cost(background, relayInput, nil)
	require.EqualError(t, err, "train: cost: the model is nil or was not made by Network.Compile")
	_, err = m.Cost(background, nil, nil)
	require.EqualError(t, err, "train: cost: the data set is nil")
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, err = m.Cost(ctx, relayInput, nil)
	require.ErrorIs(t, err, context.Canceled)
	bare := newModel(t, train.Network{Net: layers.Last, Shape: []int{2}, Steps: 3, Batch: 1})
	_, err = bare.Cost(background, relayInput, nil)
	require.EqualError(t, err, "train: cost: the network has neither weights nor spiking neurons")
}
