package exact_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/exact"
	"github.com/spikegrad/spikegrad/internal/long"
)

// one returns a network of one neuron with one input of this weight.
func one(t *testing.T, weight float64, l exact.Layer) *exact.Model {
	l.N, l.Mean = 1, 1
	m, err := exact.Network{Inputs: 1, Duration: 1, Layers: []exact.Layer{l}}.Compile(1)
	require.NoError(t, err)
	set(m, "0.w", weight)
	return m
}

func floats(m *exact.Model, name string) []float64 {
	for _, p := range m.Params() {
		if p.Name() == name {
			return p.Value().Data().([]float64)
		}
	}
	return nil
}

func set(m *exact.Model, name string, xs ...float64) { copy(floats(m, name), xs) }

// The first spike after one arrival has a closed form where τ_m = 2 τ_s, and where they are equal
// it solves t/τ e^(−t/τ) = ϑ/w (Göltz et al. 2021, equations 3 and 4).
func TestFirstSpikeInClosedForm(t *testing.T) {
	for _, w := range []float64{4.1, 5, 9, 40, 1e4} {
		m := one(t, w, exact.Layer{TauMem: 0.02, TauSyn: 0.01})
		r, err := m.Run([]exact.Spike{{Time: 0.03}})
		require.NoError(t, err)
		// V = w (x − x²), x = e^(−t/τ_m)
		x := (1 + math.Sqrt(1-4/w)) / 2
		require.InEpsilon(t, 0.03-0.02*math.Log(x), r.First(0)[0], 1e-14)

		m = one(t, w, exact.Layer{TauMem: 0.01, TauSyn: 0.01})
		r, err = m.Run([]exact.Spike{{Time: 0.03}})
		require.NoError(t, err)
		at := (r.First(0)[0] - 0.03) / 0.01
		require.InEpsilon(t, 1/w, at*math.Exp(-at), 1e-11)
		require.Less(t, at, 1.)
	}
	// The maximum is w/4, and w/e: below the threshold nothing happens.
	for _, tau := range []float64{0.02, 0.01} {
		most := map[float64]float64{0.02: 4, 0.01: math.E}[tau]
		for by, spikes := range map[float64]int{1 - 1e-9: 0, 1 + 1e-9: 1} {
			r, err := one(t, most*by, exact.Layer{TauMem: tau, TauSyn: 0.01}).Run([]exact.Spike{{}})
			require.NoError(t, err)
			require.Len(t, r.Spikes(0), spikes)
		}
	}
}

// Time constants that are nearly the same, or far apart, are those in the limit.
func TestTimeConstants(t *testing.T) {
	at := func(mem, syn float64) (float64, float64) {
		m := one(t, 30, exact.Layer{TauMem: mem, TauSyn: syn})
		r, err := m.Run([]exact.Spike{{}})
		require.NoError(t, err)
		return r.First(0)[0], r.Integral()[0]
	}
	first, integral := at(0.01, 0.01)
	for _, by := range []float64{1 - 1e-11, 1 - 1e-8, 1 + 1e-8, 1 + 1e-11} {
		a, b := at(0.01, 0.01*by)
		require.InEpsilon(t, first, a, 1e-7)
		require.InEpsilon(t, integral, b, 1e-6)
	}
	first, _ = at(1e3, 1e-4) // a step of w τ_s/τ_m, too small
	require.Equal(t, math.Inf(1), first)
	first, _ = at(0.01, 1e6) // a constant current: V = w (1 − e^(−t/τ_m))
	require.InEpsilon(t, -0.01*math.Log(1-1./30), first, 1e-7)
}

// A random network, whose neurons may depend on each other and have delays.
func random(t *testing.T, r *rand.Rand) (*exact.Model, []exact.Spike) {
	n := exact.Network{Inputs: 1 + r.IntN(4), Duration: 0.05}
	in := n.Inputs
	for i := range 1 + r.IntN(3) {
		l := exact.Layer{N: 1 + r.IntN(4), LearnTau: r.IntN(2) == 0, Mean: 9 / float64(in), Deviation: 8 / float64(in)}
		l.TauMem, l.TauSyn = 0.005+0.02*r.Float64(), 0.002+0.01*r.Float64()
		if r.IntN(4) == 0 {
			l.TauSyn = l.TauMem * (1 + 1e-5*r.Float64())
		}
		if r.IntN(2) == 0 {
			l.MaxDelay = 0.01
		}
		if r.IntN(2) == 0 {
			l.Recurrent, l.RecurrentMean, l.RecurrentDeviation = true, 0.1, 1/float64(l.N)
		}
		if i > 0 && r.IntN(4) == 0 {
			l.Readout, l.Recurrent = true, false
		}
		n.Layers = append(n.Layers, l)
		if in = l.N; l.Readout {
			break
		}
	}
	m, err := n.Compile(r.Uint64())
	require.NoError(t, err)
	var spikes []exact.Spike
	for range 1 + r.IntN(8) {
		spikes = append(spikes, exact.Spike{Time: 0.03 * r.Float64(), Neuron: r.IntN(n.Inputs)})
	}
	return m, spikes
}

func layersOf(m *exact.Model) int {
	last := m.Params()[len(m.Params())-1].Name()
	return int(last[0]-'0') + 1
}

// Gradients of all spike times and of the integrals are those of finite differences: by weights, delays,
// time constants and times of the input.
func TestGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	checked, jumped, spikes := 0, 0, 0
	networks := 40
	if long.Tests() {
		networks = 300
	}
	for range networks {
		m, in := random(t, r)
		of := layersOf(m)
		run, err := m.Run(in)
		require.NoError(t, err)
		total := 0
		for i := range of {
			total += len(run.Spikes(i))
		}
		if total > 150 {
			continue // a firework, in which differences lose their digits
		}
		var g exact.Gradient
		for i := range of {
			g.Times = append(g.Times, nil)
			for range run.Spikes(i) {
				g.Times[i] = append(g.Times[i], r.NormFloat64())
			}
			spikes += len(run.Spikes(i))
		}
		for range run.Integral() {
			g.Integral, g.Peak = append(g.Integral, r.NormFloat64()), append(g.Peak, 0.01*r.NormFloat64())
		}
		got, err := run.Backward(g)
		require.NoError(t, err)
		// Which spike is which after a change: by neuron, in order.
		cost := func(in []exact.Spike) (sum float64, pattern []int) {
			run2, err := m.Run(in)
			require.NoError(t, err)
			for i := range of {
				weights := map[int][]float64{}
				for k, s := range run.Spikes(i) {
					weights[s.Neuron] = append(weights[s.Neuron], g.Times[i][k])
				}
				counts := map[int]int{}
				for _, s := range run2.Spikes(i) {
					if k := counts[s.Neuron]; k < len(weights[s.Neuron]) {
						sum += weights[s.Neuron][k] * s.Time
					}
					counts[s.Neuron]++
				}
				for n := range 4 {
					pattern = append(pattern, counts[n])
				}
			}
			peak := run2.Peak()
			for n, x := range run2.Integral() {
				sum += g.Integral[n]*x + g.Peak[n]*peak[n]
			}
			return sum, pattern
		}
		_, pattern := cost(in)
		compare := func(name string, x *float64, eps, got float64, scale float64) {
			at, slope, same := *x, 0., true
			for k, weight := range []float64{1, -8, 0, 8, -1} {
				*x = at + float64(k-2)*eps
				c, p := cost(in)
				slope += weight * c / (12 * eps)
				same = same && slices.Equal(p, pattern)
			}
			if *x = at; !same {
				jumped++
				return
			}
			checked++
			require.InDelta(t, slope, got, 1e-6*max(scale, math.Abs(got)), name)
		}
		for k, p := range m.Params() {
			v := floats(m, p.Name())
			eps, scale := 1e-6, 1e-2
			if p.Name()[2:] == "delay" || p.Name()[2:] == "recurrent.delay" {
				eps, scale = 1e-8, 1
			}
			for i := range v {
				if eps == 1e-8 && (v[i] < eps || v[i] > 0.01-eps) {
					continue
				}
				compare(p.Name(), &v[i], eps, got.Params[k][i], scale)
			}
		}
		for k := range in {
			if in[k].Time > 1e-8 {
				compare("input", &in[k].Time, 1e-8, got.Inputs[k], 1)
			}
		}
	}
	t.Logf("%d spikes, %d gradients compared, %d at a spike that comes or goes", spikes, checked, jumped)
	require.Greater(t, checked, 12*networks)
	require.Less(t, jumped, checked/100)
}

// The simulation is that of the differential equations, integrated in small steps by a straight loop.
func TestAgainstSmallSteps(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	agree := 0
	for range 20 {
		m, in := random(t, r)
		if floats(m, "0.delay") != nil || floats(m, "0.logtau") == nil {
			continue
		}
		run, err := m.Run(in)
		require.NoError(t, err)
		w, back, tau := floats(m, "0.w"), floats(m, "0.recurrent.w"), floats(m, "0.logtau")
		mem, syn := math.Exp(tau[0]), math.Exp(tau[1])
		n := m.Params()[0].Value().Shape()[1]
		const dt = 1e-7
		v, i := make([]float64, n), make([]float64, n)
		var spikes []exact.Spike
		for step := range int(0.05 / dt) {
			time := float64(step) * dt
			for _, s := range in {
				if int(math.Round(s.Time/dt)) == step {
					for k := range n {
						i[k] += w[s.Neuron*n+k]
					}
				}
			}
			for k := range n {
				v[k], i[k] = v[k]+dt/mem*(i[k]-v[k]), i[k]-dt/syn*i[k]
			}
			for k := range n {
				if v[k] >= 1 {
					v[k] = 0
					spikes = append(spikes, exact.Spike{Time: time, Neuron: k})
					for to := 0; back != nil && to < n; to++ {
						i[to] += back[k*n+to]
					}
				}
			}
		}
		got := run.Spikes(0)
		require.Equal(t, len(spikes), len(got))
		for k := range got {
			require.Equal(t, spikes[k].Neuron, got[k].Neuron)
			require.InDelta(t, spikes[k].Time, got[k].Time, 1e-5)
			agree++
		}
	}
	require.Greater(t, agree, 20)
}
