package layers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

func TestDescribe(t *testing.T) {
	p := neurons.DefaultLIParams()
	net := layers.Sequential{
		layers.Linear{Out: 20, Init: layers.Scaled{Gain: 4}},
		layers.Named("block", layers.Sequential{
			layers.Dropout{P: 0.25},
			layers.Recurrent(neurons.LIStep, p, layers.LearnEach("TauMemInv"), layers.Learn("VLeak"), layers.Constrain(graph.Exp, "TauMemInv"), layers.Regularise(layers.Rate{Upper: 0.1, Weight: 2})),
		}),
		layers.Named("readout", layers.Lift(neurons.LIStep, p)),
		layers.Last,
		nil,
	}
	require.Equal(t, []layers.Description{
		{"0", "Linear{Out: 20, Init: Scaled{Gain: 4}}"},
		{"block.0", "Dropout{P: 0.25}"},
		{"block.1", "Recurrent LI{TauSynInv: 200, TauMemInv: 100, Dt: 0.001, TauMemInv learnt for each neuron within exp, VLeak learnt, regularised by Rate{Upper: 0.1, Weight: 2}}"},
		{"readout", "LI{TauSynInv: 200, TauMemInv: 100, Dt: 0.001}"},
		{"3", "last"},
		{"4", "nil"},
	}, layers.Describe(net))
	// 0 is what a parameter is if nobody says anything, unless it then stands for another.
	q := neurons.LIFExBoxParams{VPeak: graph.Const(0)}
	q.VReset, q.VLeak = graph.Const(0), graph.Const(-1)
	require.Equal(t, "LIFExBox{VLeak: -1, VPeak: 0}", layers.Describe(layers.Lift(neurons.LIFExBoxStep, q))[0].Settings)
	q.VPeak = graph.Param{}
	require.Equal(t, "LIFExBox{VLeak: -1}", layers.Describe(layers.Lift(neurons.LIFExBoxStep, q))[0].Settings)
	require.Equal(t, []layers.Description{{"only", "Conv2D{Out: 2, Kernel: 3}"}}, layers.Describe(layers.Named("only", layers.Conv2D{Out: 2, Kernel: 3})))
}
