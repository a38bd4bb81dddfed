package train_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/train"
)

// The times of first spikes are those of encode.SpikeTimes on whole sequences, in
// segments, step by step, and of a sample that ends before it spikes Latest.
func TestFirstSpike(t *testing.T) {
	x := make([][]float32, 2)
	x[0], x[1] = slices.Repeat([]float32{1.2}, 20), slices.Repeat([]float32{2.5}, 20)
	d := list{shape: []int{20, 1}, x: x}
	model := func(readout layers.Layer, segment int) *train.Model {
		return newModel(t, train.Network{
			Net: layers.Sequential{
				layers.Linear{Out: 2, NoBias: true, Init: layers.Values{1, 0.8}}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()), readout,
			},
			Shape: []int{1}, Steps: 20, Batch: 2, Segment: segment,
		})
	}
	times := layers.Func(func(x *G.Node) (*G.Node, error) {
		y, err := encode.SpikeTimes(x, 1)
		if err != nil {
			return nil, err
		}
		return graph.Reshape(y, x.Shape()[1:]...)
	})
	y, err := model(times, 0).Predict(background, d, nil)
	require.NoError(t, err)
	require.Equal(t, []float64{4, 5, 2, 3}, elements(y))
	for _, segment := range []int{0, 1, 5, 7} {
		m := model(layers.FirstSpike{Latest: 30}, segment)
		y, err := m.Predict(background, d, nil)
		require.NoError(t, err)
		require.Equal(t, []float64{4, 5, 2, 3}, elements(y))
		y, err = m.Predict(background, varied{d, []int{20, 3}}, nil)
		require.NoError(t, err)
		require.Equal(t, []float64{4, 5, 2, 30}, elements(y))

		s, err := m.Rest(2)
		require.NoError(t, err)
		for step, want := range [][]float64{{30, 30, 30, 30}, {30, 30, 30, 30}, {30, 30, 2, 30}, {30, 30, 2, 3}, {4, 30, 2, 3}, {4, 5, 2, 3}, {4, 5, 2, 3}} {
			y, err := m.Step(s, []float32{1.2, 2.5})
			require.NoError(t, err)
			require.Equal(t, want, elements(y), "step %d", step)
		}
	}
	_, err = train.Network{Net: layers.FirstSpike{Latest: -1}, Shape: []int{1}, Steps: 2, Batch: 2}.Compile()
	require.EqualError(t, err, "train: network: layers: first spike: Latest is -1, want at least 0")
}

// The gradient through the times is the same in segments, and, but for neurons that do not
// spike, that of encode.SpikeTimes.
func TestFirstSpikeGradient(t *testing.T) {
	d := currents(6, 20, 4)
	gradients := func(readout layers.Layer, segment int) map[string][]float64 {
		m := newModel(t, train.Network{
			Net: layers.Sequential{
				layers.Linear{Out: 6, Init: layers.Scaled{Gain: 3}}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()),
				layers.Linear{Out: 3, Init: layers.Scaled{Gain: 3}}, layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams()), readout,
			},
			Shape: []int{4}, Steps: 20, Batch: 6, Seed: 2, Segment: segment,
		})
		return gradientsOf(t, m, d)
	}
	strict := layers.FirstSpike{Latest: 20, Strict: true}
	closeTo(t, gradients(layers.Func(func(x *G.Node) (*G.Node, error) {
		y, err := encode.SpikeTimes(x, 1)
		if err != nil {
			return nil, err
		}
		var b graph.Builder
		y = b.AtMost(b.Reshape(y, x.Shape()[1:]...), 20)
		return y, b.Err()
	}), 0), gradients(strict, 0), 1e-6)
	for _, readout := range []layers.Layer{strict, layers.FirstSpike{Latest: 20}} {
		whole := gradients(readout, 0)
		for _, segment := range []int{1, 5, 7} {
			closeTo(t, whole, gradients(readout, segment), 1e-5)
		}
	}
}
