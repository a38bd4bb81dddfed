package neurons_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/neurontest"
)

// Pairs of inputs that come a period apart make a resonator fire, and pairs half a period
// apart do not.
func TestResonance(t *testing.T) {
	p := neurons.DefaultResonateParams()
	p.VTh = graph.Const(0.65)
	pair := func(apart int) []float64 {
		xs := make([]float64, 200)
		xs[0], xs[apart] = 0.7, 0.7
		return xs
	}
	require.Empty(t, times(neurontest.Simulate(t, neurons.ResonateStep, p, pair(25))[0]))
	require.NotEmpty(t, times(neurontest.Simulate(t, neurons.ResonateStep, p, pair(50))[0])) // 20 Hz, 1 ms a step
	// Without decay and spikes the amplitude stays what it is, up to ω dt of it.
	p.TauInv, p.VTh = graph.Const(0), graph.Const(1e3)
	v := neurontest.Simulate(t, neurons.ResonateStep, p, append([]float64{1}, make([]float64, 4999)...), "V")[1]
	var most float64
	for _, x := range v[4000:] {
		most = math.Max(most, math.Abs(x))
	}
	require.InDelta(t, 1, most, 0.07)
}

// A constant input above a ((v_crit − v_leak)/2)² makes a quadratic neuron fire, below not.
func TestRheobaseOfQIF(t *testing.T) {
	p := neurons.DefaultQIFParams() // 2 · 0.25²
	require.Empty(t, times(neurontest.Simulate(t, neurons.QIFStep, p, constant(2000, 0.124))[0]))
	require.NotEmpty(t, times(neurontest.Simulate(t, neurons.QIFStep, p, constant(2000, 0.127))[0]))
}

// Each spike leaves currents behind that hold the next one off.
func TestGLIF3Adapts(t *testing.T) {
	r := neurontest.Simulate(t, neurons.GLIF3Step, neurons.DefaultGLIF3Params(), constant(300, 2), "I2")
	ds := intervals(times(r[0]))
	require.Greater(t, len(ds), 5)
	require.Greater(t, ds[len(ds)-1], ds[0])
	first := times(r[0])[0]
	require.Zero(t, r[1][first-1])
	require.InDelta(t, -0.1, r[1][first], 1e-12)
}

// What a sigma-delta neuron has sent is never further than the threshold from the rectified
// sum of what it got, and where that stays it sends nothing.
func TestSigmaDelta(t *testing.T) {
	xs := []float64{0.25, 0.04, 0.04, 0.04, 0, 0, -1, 0, 0.9}
	p := neurons.DefaultSigmaDeltaParams()
	r := neurontest.Simulate(t, neurons.SigmaDeltaStep, p, xs)
	require.InDeltaSlice(t, []float64{0.25, 0, 0, 0.12, 0, 0, -0.37, 0, 0.27}, r[0], 1e-12)
	var value, sent float64
	for i, z := range r[0] {
		value, sent = value+xs[i], sent+z
		require.LessOrEqual(t, math.Abs(math.Max(0, value)-sent), 0.1+1e-12)
	}
}
