package plot_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/plot"
)

// The rates of two layers stand where their numbers are on the axes.
func TestRates(t *testing.T) {
	// 2 neurons, 10 steps of 2 ms, bins of 3 steps: 3, 0, 6 spikes and 1 in a last bin
	// of one step, which are 250, 0, 500 and 250 Hz.
	z := make([]float32, 20)
	for _, i := range []int{0, 1, 2, 12, 13, 14, 15, 16, 17, 18} {
		z[i] = 1
	}
	fig := made(t)(plot.Rates("t", 2e-3, 6e-3, plot.Layer[float32]{Name: "a", N: 2, Spikes: z}, plot.Layer[float32]{Name: "b", N: 1, Spikes: z[:10]}))
	_, svg := saved(t, fig)
	require.Subset(t, texts(t, svg), []string{"t", "a", "b", "Firing rate (Hz)", "Time (ms)", "0", "500"})
	pts := lines(t, svg, "#0072B2")
	require.Len(t, pts, 8)
	for k, rate := range []float64{250, 0, 500, 250} {
		a, b := pts[2*k], pts[2*k+1]
		require.Equal(t, a[1], b[1])
		require.InDelta(t, rate/500, (a[1]-pts[2][1])/(pts[4][1]-pts[2][1]), 1e-3)
		steps := []float64{3, 3, 3, 1}[k]
		require.InDelta(t, steps/3, (b[0]-a[0])/(pts[1][0]-pts[0][0]), 1e-3)
	}

	// By default about fifty bins.
	fig = made(t)(plot.Rates("", 1e-3, 0, plot.Layer[float64]{N: 1, Spikes: make([]float64, 120)}))
	_, svg = saved(t, fig)
	require.Len(t, lines(t, svg, "#0072B2"), 80)
}

// A trace says what it is of.
func TestTracesQuantity(t *testing.T) {
	v := plot.Voltages[float64]{N: 1, V: []float64{0, 1}, Dt: 1e-3, Quantity: "Synaptic current", Unit: "nA", Overlay: true}
	_, svg := saved(t, made(t)(plot.Traces(v)))
	require.Contains(t, texts(t, svg), "Synaptic current (nA)")
	v.Quantity, v.Unit = "", ""
	_, svg = saved(t, made(t)(plot.Traces(v)))
	require.Contains(t, texts(t, svg), "Membrane potential (a.u.)")
}

func TestRatesErrors(t *testing.T) {
	one := plot.Layer[float64]{Name: "a", N: 2, Spikes: make([]float64, 8)}
	for want, f := range map[string]func() (plot.Figure, error){
		"plot: rates: 0 layers came, want 1 to 8":                                  func() (plot.Figure, error) { return plot.Rates[float64]("", 1e-3, 0) },
		"plot: rates: time step is 0 s, want 1e-12 to 1e6":                         func() (plot.Figure, error) { return plot.Rates("", 0, 0, one) },
		"plot: rates: bin is 0.0005 s, want at least a time step of 0.001 s, or 0": func() (plot.Figure, error) { return plot.Rates("", 1e-3, 5e-4, one) },
		"plot: rates: bin is NaN s, want at least a time step of 0.001 s, or 0":    func() (plot.Figure, error) { return plot.Rates("", 1e-3, math.NaN(), one) },
		`plot: rates: layer "b": 8 time steps, want 4 as layer "a" has`: func() (plot.Figure, error) {
			return plot.Rates("", 1e-3, 0, one, plot.Layer[float64]{Name: "b", N: 1, Spikes: one.Spikes})
		},
		`plot: rates: layer "a": 8 values came, want [T 3], a positive multiple of 3`: func() (plot.Figure, error) {
			return plot.Rates("", 1e-3, 0, plot.Layer[float64]{Name: "a", N: 3, Spikes: one.Spikes})
		},
		`plot: rates: layer "a": spike of neuron 0 in step 1 is -1, want 0 or a finite number above 0`: func() (plot.Figure, error) {
			return plot.Rates("", 1e-3, 0, plot.Layer[float64]{Name: "a", N: 1, Spikes: []float64{0, -1}})
		},
		"plot: rates: plot: lines: series 1 of 2 has no name, want one for the legend": func() (plot.Figure, error) {
			return plot.Rates("", 1e-3, 0, one, plot.Layer[float64]{N: 2, Spikes: one.Spikes})
		},
	} {
		_, err := f()
		require.EqualError(t, err, want)
	}
}

// lines returns the points of the longest line of a colour.
func lines(t *testing.T, svg, colour string) (longest [][2]float64) {
	t.Helper()
	for _, p := range paths(t, svg, colour) {
		if len(p) > len(longest) {
			longest = p
		}
	}
	return longest
}
