package main

import (
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/neurons/presets"
)

// panelOf returns the panel of a kind of neuron.
func panelOf(t *testing.T, k presets.Behaviour) panel {
	t.Helper()
	all := panels()
	i := slices.IndexFunc(all, func(p panel) bool { return p.neuron == k })
	require.GreaterOrEqual(t, i, 0, "no panel of %v", k)
	return all[i]
}

// traceOf runs the neuron of a panel.
func traceOf(t *testing.T, p panel) trace {
	t.Helper()
	tr, err := simulate(p)
	require.NoError(t, err)
	return tr
}

// firesWith runs the neuron of a panel on another input and returns its spikes.
func firesWith(t *testing.T, p panel, input current) []float64 {
	t.Helper()
	p.input = input
	return traceOf(t, p).spikes
}

func intervals(spikes []float64) []float64 {
	var ds []float64
	for i := 1; i < len(spikes); i++ {
		ds = append(ds, spikes[i]-spikes[i-1])
	}
	return ds
}

// bursts groups spikes that are at most gap apart.
func bursts(spikes []float64, gap float64) [][]float64 {
	var bs [][]float64
	for i, s := range spikes {
		if i == 0 || s-spikes[i-1] > gap {
			bs = append(bs, nil)
		}
		bs[len(bs)-1] = append(bs[len(bs)-1], s)
	}
	return bs
}

// isolated asserts that there are at least n bursts of at least two spikes, with
// gaps three times as long as any interval inside a burst, and returns them.
func isolated(t *testing.T, spikes []float64, n int) [][]float64 {
	t.Helper()
	const inner = 15
	bs := bursts(spikes, inner)
	require.GreaterOrEqual(t, len(bs), n)
	for i, b := range bs {
		require.GreaterOrEqual(t, len(b), 2, "burst %d", i)
		if i > 0 {
			previous := bs[i-1]
			gap := b[0] - previous[len(previous)-1]
			require.Greater(t, gap, 3*slices.Max(intervals(b)))
			require.Greater(t, gap, 3*slices.Max(intervals(previous)))
		}
	}
	return bs
}

func TestPanels(t *testing.T) {
	all := panels()
	require.Len(t, all, len(presets.Behaviours()))
	for i, k := range presets.Behaviours() {
		require.Equal(t, k, all[i].neuron, "panel %c", 'A'+i)
	}
}

func TestTonicSpiking(t *testing.T) {
	tr := traceOf(t, panelOf(t, presets.TonicSpiking))
	require.GreaterOrEqual(t, len(tr.spikes), 5)
	require.Greater(t, tr.spikes[0], 10., "fires before there is input")
	ds := intervals(tr.spikes)
	last := ds[len(ds)-1]
	require.InEpsilon(t, ds[len(ds)-2], last, 0.02, "the rate does not settle")
	require.Greater(t, tr.spikes[len(tr.spikes)-1]+last, 100., "it stops before the input does")
}

func TestPhasicSpiking(t *testing.T) {
	p := panelOf(t, presets.PhasicSpiking)
	p.length = 1000
	tr := traceOf(t, p)
	require.Len(t, tr.spikes, 1)
	require.Greater(t, tr.spikes[0], 20.)
	require.Less(t, tr.spikes[0], 50.)
}

func TestTonicBursting(t *testing.T) {
	bs := isolated(t, traceOf(t, panelOf(t, presets.TonicBursting)).spikes, 4)
	require.Greater(t, bs[0][0], 22.)
	// From the second burst on all are alike.
	require.Len(t, bs[2], len(bs[1]))
	require.Len(t, bs[3], len(bs[1]))
}

func TestPhasicBursting(t *testing.T) {
	p := panelOf(t, presets.PhasicBursting)
	p.length = 1000
	bs := bursts(traceOf(t, p).spikes, 15)
	require.Len(t, bs, 1)
	require.GreaterOrEqual(t, len(bs[0]), 3)
	require.Greater(t, bs[0][0], 20.)
}

func TestMixedMode(t *testing.T) {
	p := panelOf(t, presets.MixedMode)
	p.length = 500
	bs := bursts(traceOf(t, p).spikes, 15)
	require.GreaterOrEqual(t, len(bs), 5)
	require.GreaterOrEqual(t, len(bs[0]), 3, "no burst at the onset")
	for _, b := range bs[1:] {
		require.Len(t, b, 1, "a burst that is not the first")
	}
}

func TestSpikeFrequencyAdaptation(t *testing.T) {
	ds := intervals(traceOf(t, panelOf(t, presets.SpikeFrequencyAdaptation)).spikes)
	require.GreaterOrEqual(t, len(ds), 5)
	for i := 1; i < len(ds); i++ {
		require.Greater(t, ds[i], ds[i-1], "interval %d", i)
	}
	require.Greater(t, ds[len(ds)-1], 5*ds[0])
}

// rate returns how often the neuron fires in a second under a constant input,
// once it has settled.
func rate(t *testing.T, p panel, input float64) float64 {
	t.Helper()
	const settle, length = 1000, 4000
	p.length = settle + length
	n := 0
	for _, s := range firesWith(t, p, constant(input)) {
		if s >= settle {
			n++
		}
	}
	return 1000 * float64(n) / length
}

// Under a ramp the rate of a neuron of class 1 rises from a low one; under
// constant currents there is no rate that it cannot have.
func TestClass1Excitable(t *testing.T) {
	p := panelOf(t, presets.Class1Excitable)
	ds := intervals(traceOf(t, p).spikes)
	require.Greater(t, ds[0], 60., "the first rate")
	for i := 1; i < len(ds); i++ {
		require.LessOrEqual(t, ds[i], ds[i-1], "interval %d", i)
	}
	require.Less(t, ds[len(ds)-1], ds[0]/2)

	before := 0.0
	for input := 2.0; input < 12; input += 0.25 {
		r := rate(t, p, input)
		require.LessOrEqual(t, r-before, 4., "the rate jumps at %v", input)
		require.GreaterOrEqual(t, r, before)
		before = r
	}
	require.Greater(t, before, 30.)
}

// A neuron of class 2 starts at a high rate.
func TestClass2Excitable(t *testing.T) {
	p := panelOf(t, presets.Class2Excitable)
	ds := intervals(traceOf(t, p).spikes)
	require.Less(t, ds[0], 25., "the first rate")
	require.Greater(t, ds[len(ds)-1], ds[0]/2.5)

	silent := 0
	for input := 0.0; input < 1; input += 0.02 {
		r := rate(t, p, input)
		if r == 0 {
			silent++
			continue
		}
		require.Greater(t, r, 25., "a low rate at %v", input)
	}
	require.Greater(t, silent, 10)
}

func TestSpikeLatency(t *testing.T) {
	p := panelOf(t, presets.SpikeLatency)
	spikes := traceOf(t, p).spikes
	require.Len(t, spikes, 1)
	require.Greater(t, spikes[0], 10+3+5., "it fires before the pulse has long ended")
	before := spikes[0]
	for _, input := range []float64{7, 8, 10} {
		spikes := firesWith(t, p, pulses(input, 3, 10))
		require.Len(t, spikes, 1)
		require.Less(t, spikes[0], before, "a stronger pulse of %v has no shorter latency", input)
		before = spikes[0]
	}
}

// extremes returns the local minima and maxima of v after a time.
func extremes(tr trace, after float64) []float64 {
	var es []float64
	for i := 1; i+1 < len(tr.v); i++ {
		if tr.times[i] > after && (tr.v[i]-tr.v[i-1])*(tr.v[i+1]-tr.v[i]) < 0 {
			es = append(es, tr.v[i])
		}
	}
	return es
}

func TestSubthresholdOscillation(t *testing.T) {
	tr := traceOf(t, panelOf(t, presets.SubthresholdOscillation))
	require.Len(t, tr.spikes, 1)
	es := extremes(tr, tr.spikes[0]+1)
	require.GreaterOrEqual(t, len(es), 5, "it does not ring")
	for i := 2; i < len(es); i++ {
		require.Less(t, math.Abs(es[i]-es[i-1]), math.Abs(es[i-1]-es[i-2]), "swing %d is no smaller", i)
	}
	require.Greater(t, math.Abs(es[1]-es[0]), 3., "the first swing, mV")
}

func TestResonator(t *testing.T) {
	p := panelOf(t, presets.Resonator)
	spikes := traceOf(t, p).spikes
	require.Len(t, spikes, 1)
	require.Greater(t, spikes[0], 180., "the pair that is a period apart")
	require.Less(t, spikes[0], 220.)
	for interval := 15.0; interval <= 90; interval += 5 {
		resonant := interval == 40 || interval == 45
		fired := len(firesWith(t, p, pulses(0.58, 4, 100, 100+interval))) > 0
		require.Equal(t, resonant, fired, "a pair of pulses %v ms apart", interval)
	}
}

func TestIntegrator(t *testing.T) {
	p := panelOf(t, presets.Integrator)
	spikes := traceOf(t, p).spikes
	require.Len(t, spikes, 1)
	require.Greater(t, spikes[0], 14., "fires before the second pulse")
	require.Less(t, spikes[0], 30.)
	for interval := 3.0; interval <= 40; interval++ {
		fired := len(firesWith(t, p, pulses(9, 2, 10, 10+interval))) > 0
		require.Equal(t, interval <= 5, fired, "a pair of pulses %v ms apart", interval)
	}
}

func TestReboundSpike(t *testing.T) {
	p := panelOf(t, presets.ReboundSpike)
	spikes := traceOf(t, p).spikes
	require.Len(t, spikes, 1)
	require.Greater(t, spikes[0], 25., "fires before the inhibition ends")
	require.Empty(t, firesWith(t, p, constant(0)))
}

func TestReboundBurst(t *testing.T) {
	p := panelOf(t, presets.ReboundBurst)
	bs := bursts(traceOf(t, p).spikes, 15)
	require.Len(t, bs, 1)
	require.GreaterOrEqual(t, len(bs[0]), 3)
	require.Greater(t, bs[0][0], 25., "fires before the inhibition ends")
	require.Empty(t, firesWith(t, p, constant(0)))
}

func TestThresholdVariability(t *testing.T) {
	p := panelOf(t, presets.ThresholdVariability)
	spikes := traceOf(t, p).spikes
	require.Len(t, spikes, 1)
	require.Greater(t, spikes[0], 80.)
	p.length = 300
	require.Empty(t, firesWith(t, p, pulses(1, 5, 10, 80)), "fires without the inhibition")
	require.Empty(t, firesWith(t, p, pulses(-6, 5, 70)), "fires by the inhibition alone")
}

func TestBistability(t *testing.T) {
	p := panelOf(t, presets.Bistability)
	spikes := traceOf(t, p).spikes
	require.GreaterOrEqual(t, len(spikes), 4)
	require.Greater(t, spikes[0], 37.5, "fires before the first pulse")
	require.Less(t, spikes[len(spikes)-1], 208., "fires after the second pulse")
	p.length = 1000
	require.Empty(t, firesWith(t, p, constant(0.24)), "fires without a pulse")
	endless := firesWith(t, p, sum(constant(0.24), pulses(1, 5, 37.5)))
	require.Greater(t, endless[len(endless)-1], 950., "stops without a second pulse")
	stopped := firesWith(t, p, p.input)
	require.Equal(t, spikes, stopped, "starts again")
}

func TestDepolarising(t *testing.T) {
	tr := traceOf(t, panelOf(t, presets.Depolarising))
	require.Len(t, tr.spikes, 1)
	after := tr.v[slices.Index(tr.times, tr.spikes[0]):]
	const rest = -70
	require.Equal(t, -60., after[0], "the reset")
	hump := slices.Max(after)
	require.Greater(t, hump, -55., "no hump after the spike")
	require.InDelta(t, rest, after[len(after)-1], 0.5)
}

func TestAccommodation(t *testing.T) {
	p := panelOf(t, presets.Accommodation)
	tr := traceOf(t, p)
	require.Len(t, tr.spikes, 1)
	require.Greater(t, tr.spikes[0], 300., "fires on the slow ramp")
	require.InDelta(t, -70, tr.v[0], 0.1, "not at rest at the beginning")
	slow := slices.Max(tr.input[:slices.Index(tr.times, 250)])
	fast := slices.Max(tr.input[slices.Index(tr.times, 250):])
	require.Greater(t, slow, fast, "the slow ramp has to go higher")
	// Without a current the equations have no fixed point: 0.04 v² + (5 − b) v +
	// 140 has no zero for b = 1.
	require.NotEmpty(t, firesWith(t, p, constant(0)))
}

func TestInhibitionInducedSpiking(t *testing.T) {
	p := panelOf(t, presets.InhibitionInducedSpiking)
	spikes := traceOf(t, p).spikes
	require.GreaterOrEqual(t, len(spikes), 3)
	require.Greater(t, spikes[0], 50.)
	require.Less(t, spikes[len(spikes)-1], 230.)
	ds := intervals(spikes)
	require.InEpsilon(t, ds[0], ds[1], 0.05)
	require.Empty(t, firesWith(t, p, constant(80)), "fires without the inhibition")
}

func TestInhibitionInducedBursting(t *testing.T) {
	p := panelOf(t, presets.InhibitionInducedBursting)
	spikes := traceOf(t, p).spikes
	isolated(t, spikes, 2)
	require.Greater(t, spikes[0], 50.)
	require.Less(t, spikes[len(spikes)-1], 320.)
	p.length = 2000
	require.Equal(t, spikes, firesWith(t, p, p.input), "fires after the inhibition")
	require.Empty(t, firesWith(t, p, constant(80)), "fires without the inhibition")
	isolated(t, firesWith(t, p, sum(constant(80), pulses(-4, 2000, 50))), 13)

	// With steps of 0.25 ms a burst does not end, however strong the inhibition:
	// the reason for the larger step.
	p.dt, p.length = 1e-3, 350
	for depth := 2.0; depth <= 60; depth += 2 {
		spikes := firesWith(t, p, sum(constant(80), pulses(-depth, 300, 50)))
		require.Len(t, bursts(spikes, 15), 1, "inhibition by %v", depth)
		require.Greater(t, len(spikes), 300)
	}
}

func TestRun(t *testing.T) {
	long.Test(t)
	dir := t.TempDir()
	require.NoError(t, run(dir))
	f, err := os.Open(filepath.Join(dir, "izhikevich.png"))
	require.NoError(t, err)
	defer f.Close()
	img, err := png.Decode(f)
	require.NoError(t, err)
	require.Greater(t, img.Bounds().Dx(), 1000)
	svg, err := os.ReadFile(filepath.Join(dir, "izhikevich.svg"))
	require.NoError(t, err)
	require.Contains(t, string(svg), "(T) inhibition-induced bursting")

	require.ErrorContains(t, run(filepath.Join(dir, "izhikevich.png")), "plot: save izhikevich")
}
