package neurons_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/neurontest"
	"github.com/spikegrad/spikegrad/neurons/presets"
)

// Under a constant current c the potential after k steps of Euler's method is
// c (1 − (1 − dt/τ)ᵏ), which gives the interval between spikes.
func TestLIFBoxInterval(t *testing.T) {
	for _, c := range []float64{1.05, 1.5, 2, 9} {
		p := neurons.DefaultLIFBoxParams()
		z := neurontest.Simulate(t, neurons.LIFBoxStep, p, constant(400, c))[0]
		want := int(math.Ceil(math.Log(1-1/c) / math.Log(1-0.1)))
		ts := times(z)
		require.Equal(t, want-1, ts[0], "current %v", c)
		for _, d := range intervals(ts) {
			require.Equal(t, want, d, "current %v", c)
		}
	}
	z := neurontest.Simulate(t, neurons.LIFBoxStep, neurons.DefaultLIFBoxParams(), constant(400, 1))[0]
	require.Empty(t, times(z), "a current of v_th takes the potential to v_th and not above")
}

// Subtraction keeps what is above the threshold, so no input is lost.
func TestIAFSubtractCounts(t *testing.T) {
	p := neurons.DefaultIAFParams()
	p.ResetMethod = neurons.ResetSubtract
	r := neurontest.Simulate(t, neurons.IAFStep, p, constant(1000, 0.375), "V")
	require.Len(t, times(r[0]), 374) // 1000 · 0.375, less what is still in v
	require.Equal(t, 1., r[1][999])
}

// Neurons without input stay where they are.
func TestRest(t *testing.T) {
	leak := neurons.DefaultLIFParams()
	leak.VLeak = graph.Const(-0.3)
	still := func(t *testing.T, rest float64, r [][]float64) {
		require.Empty(t, times(r[0]))
		require.InDeltaSlice(t, constant(20, rest), r[1], 1e-12)
	}
	none := constant(20, 0)
	still(t, -0.3, neurontest.Simulate(t, neurons.LIFStep, leak, none, "V"))
	still(t, -70, neurontest.Simulate(t, neurons.LIFStep, presets.BioLIF(), none, "V"))
	still(t, -70, neurontest.Simulate(t, neurons.LIFExStep, presets.BioLIFEx(), none, "V"))
	still(t, -70, neurontest.Simulate(t, neurons.LSNNStep, presets.BioLSNN(), none, "V"))
	still(t, -55, neurontest.Simulate(t, neurons.LSNNStep, presets.BioLSNN(), none, "B"))
	still(t, -65, neurontest.Simulate(t, neurons.CobaLIFStep, presets.BioCobaLIF(), none, "V"))
	still(t, -70, neurontest.Simulate(t, neurons.IAFStep, presets.BioIAF(), none, "V"))
	still(t, -70, neurontest.Simulate(t, neurons.IzhikevichStep, presets.TonicSpiking.Params(), none, "V"))
}

// A current that is one step long is the current itself: with τ_s = dt the
// synapse forgets at once, and LIF is LIF box.
func TestSynapseOfOneStepIsNone(t *testing.T) {
	xs := []float64{3, 0, 2, 5, 5, 0, 1, 20, 3, 3}
	p := neurons.DefaultLIFParams()
	p.TauSynInv = graph.Const(1 / p.Dt)
	with := neurontest.Simulate(t, neurons.LIFStep, p, xs, "V")
	without := neurontest.Simulate(t, neurons.LIFBoxStep, neurons.DefaultLIFBoxParams(), xs, "V")
	require.Equal(t, without, with)
}

// Without its exponential the exponential neuron is the leaky one.
func TestLIFExWithoutExponential(t *testing.T) {
	xs := []float64{0.3, 0, 2, 0.5, 0.5, 0, 1, 3, 0.3, 0.3}
	p := neurons.DefaultLIFExParams()
	p.DeltaT = graph.Const(0)
	ex := neurontest.Simulate(t, neurons.LIFExStep, p, xs, "V")
	require.Equal(t, neurontest.Simulate(t, neurons.LIFStep, p.LIFParams, xs, "V"), ex)
}
