package layers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

func TestDescribe(t *testing.T) {
	p := neurons.DefaultLIParams()
	net := layers.Sequential{
		layers.Linear{Out: 20, Init: layers.Scaled{Gain: 4}},
		layers.Named("block", layers.Sequential{
			layers.Dropout{P: 0.25},
			layers.Recurrent(neurons.LIStep, p, layers.LearnEach("TauMemInv"), layers.Learn("VLeak"), layers.Regularise(layers.Rate{Upper: 0.1, Weight: 2})),
		}),
		layers.Named("readout", layers.Lift(neurons.LIStep, p)),
		layers.Last,
		nil,
	}
	require.Equal(t, []layers.Description{
		{"0", "Linear{Out: 20, Init: Scaled{Gain: 4}}"},
		{"block.0", "Dropout{P: 0.25}"},
		{"block.1", "Recurrent LI{TauSynInv: 200, TauMemInv: 100, Dt: 0.001, TauMemInv learnt for each neuron, VLeak learnt, regularised by Rate{Upper: 0.1, Weight: 2}}"},
		{"readout", "LI{TauSynInv: 200, TauMemInv: 100, Dt: 0.001}"},
		{"3", "last"},
		{"4", "nil"},
	}, layers.Describe(net))
	require.Equal(t, []layers.Description{{"only", "Conv2D{Out: 2, Kernel: 3}"}}, layers.Describe(layers.Named("only", layers.Conv2D{Out: 2, Kernel: 3})))
}
