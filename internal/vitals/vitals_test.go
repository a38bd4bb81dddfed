package vitals_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/vitals"
	"github.com/spikegrad/spikegrad/neurons"
)

// healthy returns the vitals of a network of two neurons that has nothing.
func healthy() (*vitals.Network, *vitals.Layer) {
	p := neurons.DefaultLIFParams()
	l := &vitals.Layer{
		Name: "hidden", Params: &p, Fires: []float64{0.1, 0.2}, Current: 1, Top: 1.2, Early: 1, Late: 1.2,
		Effect: 1, Time: []float64{1, 1, 1, 1}, Neuron: []float64{1, 1},
	}
	return &vitals.Network{Loss: 1, Output: 1, Samples: 2, Input: 1, Starts: true, Labels: []int{0, 1}, Layers: []*vitals.Layer{l}}, l
}

// Each of these is wrong with a network in which all else is right.
func TestFindings(t *testing.T) {
	v, _ := healthy()
	require.Empty(t, v.Findings())
	for want, change := range map[diagnose.Kind]func(v *vitals.Network, l *vitals.Layer){
		diagnose.ZeroInput:         func(v *vitals.Network, _ *vitals.Layer) { v.Input = 0 },
		diagnose.ConstantLabels:    func(v *vitals.Network, _ *vitals.Layer) { v.SameLabel = true },
		diagnose.SilentLayer:       func(_ *vitals.Network, l *vitals.Layer) { l.Fires = []float64{0, 0} },
		diagnose.SaturatedLayer:    func(_ *vitals.Network, l *vitals.Layer) { l.Fires = []float64{0.9, 1} },
		diagnose.DeadNeurons:       func(_ *vitals.Network, l *vitals.Layer) { l.Fires[0], l.Neuron[0] = 0, 1e-7 },
		diagnose.Unstable:          func(_ *vitals.Network, l *vitals.Layer) { l.Late = math.NaN() },
		diagnose.TimeConstant:      func(_ *vitals.Network, l *vitals.Layer) { l.Params.(*neurons.LIFParams).TauMemInv = graph.Const(-1) },
		diagnose.VanishingGradient: func(_ *vitals.Network, l *vitals.Layer) { l.Effect = 0.9e-6 },
		diagnose.ExplodingGradient: func(_ *vitals.Network, l *vitals.Layer) { l.Effect = 1.1e4 },
		diagnose.VanishingInTime:   func(_ *vitals.Network, l *vitals.Layer) { l.Time[0] = 0.9e-6 },
		diagnose.ExplodingInTime:   func(_ *vitals.Network, l *vitals.Layer) { l.Effect, l.Time[0] = 1.1e4, 101 },
	} {
		v, l := healthy()
		change(v, l)
		fs := v.Findings()
		require.Len(t, fs, 1, want)
		require.Equal(t, want, fs[0].Kind)
	}
}

// Two steps of two samples of two neurons, of which the second sample has one step.
func TestMeasures(t *testing.T) {
	l := &vitals.Layer{Fires: make([]float64, 2), Top: math.Inf(-1)}
	lengths := []float32{2, 1}
	l.See([][]float64{{1, 0}, {0, 1}, {1, 1}, {1, 1}}, [][]float64{{1, -2}, {0, 1}, {0, 0}, {0, 9}}, lengths)
	require.Equal(t, []float64{2, 2}, l.Fires, "what comes behind a sample does not count")
	require.Equal(t, 2.0, l.Current)
	l.SeeVoltage([][]float64{{1, 0}, {0, -3}, {2, 0}, {7, 0}}, lengths)
	require.Equal(t, []float64{3, 2, 2}, []float64{l.Early, l.Late, l.Top})
	l.SeeGradient([]float64{3, 0, 4, 0, 0, 1, 0, 0}, []float64{1, 1, -1, 1, 1, 2, 1, 1}, tensor.Shape{2, 2, 2})
	require.Equal(t, []float64{5, 1}, l.Time)
	require.Equal(t, []float64{5, 1}, l.Neuron)
	require.Equal(t, 9.0, l.Effect)
	var v vitals.Network
	v.SeeInput([]float64{0, -4, 1, 1, 1, math.Inf(1), 0, 0}, 4)
	require.True(t, math.IsNaN(v.Input))
	require.True(t, v.Starts)
}
