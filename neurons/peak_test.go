package neurons_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/neurons/neurontest"
	"github.com/spikegrad/spikegrad/neurons/presets"
	"github.com/spikegrad/spikegrad/surrogate"
)

// peaked returns exponential models that cut their spikes above the threshold. They
// rest where the upswing is about as steep as is allowed.
func peaked(t *testing.T) []models.Model {
	t.Helper()
	var ms []models.Model
	for _, name := range []string{"lif_ex_feed_forward_step", "lif_adex_box_step", "lif_adex_refrac_step"} {
		m, err := models.Named(name)
		require.NoError(t, err)
		for p, v := range map[string]float64{"VLeak": 1.8, "DeltaT": 0.2, "VPeak": 2} {
			require.NoError(t, m.Set(p, v))
		}
		ms = append(ms, m)
	}
	return ms
}

// A VPeak is a parameter only once it is given: until then VTh counts.
func TestParamsWithoutPeak(t *testing.T) {
	m, err := models.Named("lif_adex_refrac_step")
	require.NoError(t, err)
	require.NotContains(t, m.Params(), "Inner.Inner.VPeak")
	require.NoError(t, m.Set("v_peak", 0.))
	require.Contains(t, m.Params(), "Inner.Inner.VPeak")
}

// A peak at the threshold is none: the same values and gradients, to the last bit.
func TestPeakAtThreshold(t *testing.T) {
	for _, name := range []string{
		"lif_ex_feed_forward_step", "lif_ex_current_encoder", "lif_adex_feed_forward_step", "lif_adex_box_step", "lif_adex_current_encoder",
	} {
		m, err := models.Named(name)
		require.NoError(t, err)
		require.NoError(t, m.Set("TauMemInv", 80.))
		require.NoError(t, m.Set("VReset", 0.2))
		with := m.Clone()
		require.NoError(t, with.Set("VPeak", 1.))
		var all [2][][]float64
		for i, m := range []models.Model{m, with} {
			g := G.NewGraph()
			xs := graphtest.Node(g, tensor.Float32, "xs", []int{60, 2, 5}, scaled(graphtest.Random(600, 3), 4))
			delta := graphtest.Node(g, tensor.Float32, "delta", []int{5}, []float64{0.1, 0.3, 0.5, 1, 2})
			require.NoError(t, m.Set("DeltaT", delta))
			l, err := m.Lift(true, xs, nil)
			require.NoError(t, err)
			outs := []*G.Node{l.Out, l.Final["V"]}
			loss := graphtest.Loss(t, outs, [][]float64{graphtest.Random(600, 4), graphtest.Random(10, 5)})
			ds, vs := graphtest.Grads(t, loss, []*G.Node{xs, delta}, outs)
			require.Greater(t, len(times(vs[0])), 10)
			all[i] = append(ds, vs...)
		}
		require.Equal(t, all[0], all[1], name)
	}
}

// Neurons that are reset to above the threshold fire again as soon as the exponential
// has taken them to the peak, and not before: the time of that is an integral.
func TestUpswingTime(t *testing.T) {
	const v0, delta, tau, dt = 1.1, 0.2, 1., 1e-4
	for _, peak := range []float64{1.4, 1.8, 5} {
		p := neurons.LIFExBoxParams{
			LIFBoxParams: neurons.LIFBoxParams{TauMemInv: graph.Const(1 / tau), Dt: dt, Firing: neurons.DefaultFiring()},
			DeltaT:       graph.Const(delta), VPeak: graph.Const(peak),
		}
		p.VReset = graph.Const(v0) // above v_th: it fires again and again
		const steps = 20_000
		g := G.NewGraph()
		xs := graphtest.Node(g, tensor.Float64, "xs", []int{steps, 1, 1}, constant(steps, v0))
		v := graphtest.Node(g, tensor.Float64, "v", []int{1, 1}, []float64{v0})
		for _, how := range ways {
			p.Integration = how
			run, err := graph.Scan(neurons.LIFExBoxStep, xs, &neurons.BoxState{V: v}, p)
			require.NoError(t, err)
			trace, err := run.Trace("V")
			require.NoError(t, err)
			vs := graphtest.Eval(t, run.Out, trace)
			ds := intervals(times(vs[0]))
			require.NotEmpty(t, ds)
			want := upswingTime(v0, delta, tau, peak)
			for _, d := range ds {
				require.InEpsilon(t, want, float64(d)*dt, 2e-3, "%v, peak %v", how, peak)
			}
			require.LessOrEqual(t, slices.Max(vs[1]), peak)
			require.Greater(t, slices.Max(vs[1]), 1+0.6*(peak-1), "the potential stops short of the peak")
		}
	}
}

// upswingTime integrates τ dv/((v₀ − v) + Δ exp((v − 1)/Δ)) from v₀ to the peak, by Simpson's rule.
func upswingTime(v0, delta, tau, peak float64) float64 {
	const n = 20_000
	f := func(v float64) float64 { return tau / (v0 - v + delta*math.Exp((v-1)/delta)) }
	h := (peak - v0) / n
	sum := f(v0) + f(peak)
	for i := 1; i < n; i++ {
		sum += f(v0+float64(i)*h) * float64(2+2*(i%2))
	}
	return sum * h / 3
}

// The upswing is held where one time step takes a potential at the threshold to the peak,
// for constants and for what is learnt; below that it is the exponential.
func TestUpswingIsHeld(t *testing.T) {
	const th, peak, delta, leak, dt, tauInv, x = 1.1, 2.3, 0.2, 0.3, 0.002, 80., 0.7
	for v, exponential := range map[float64]float64{
		1.6:  delta * math.Exp((1.6-th)/delta),
		1.84: delta + (peak-th)/(tauInv*dt), // a little less than the exponential, 8.1
		2.2:  delta + (peak-th)/(tauInv*dt), // and much less than this, 48.9
	} {
		want := v + dt*tauInv*(leak-v+exponential+x)
		for _, learnt := range []bool{false, true} {
			m, err := models.Named("lif_ex_current_encoder")
			require.NoError(t, err)
			g := G.NewGraph()
			require.NoError(t, m.Set("Dt", dt))
			require.NoError(t, m.Set("ResetMethod", "reset_subtract")) // v′ can be seen
			for name, p := range map[string]float64{"VTh": th, "VPeak": peak, "DeltaT": delta, "VLeak": leak, "TauMemInv": tauInv, "VReset": 0} {
				if learnt {
					require.NoError(t, m.Set(name, graphtest.Node(g, tensor.Float64, name, []int{1}, []float64{p})))
				} else {
					require.NoError(t, m.Set(name, p))
				}
			}
			l, err := m.Lift(true, graphtest.Node(g, tensor.Float64, "xs", []int{1, 1, 1}, []float64{x}),
				map[string]*G.Node{"V": graphtest.Node(g, tensor.Float64, "v", []int{1, 1}, []float64{v})})
			require.NoError(t, err)
			vs := graphtest.Eval(t, l.Out, l.Final["V"])
			after := want
			if want > peak {
				after -= peak
			}
			require.Equal(t, want > peak, vs[0][0] == 1)
			require.InDelta(t, after, vs[1][0], 1e-12, "v = %v, learnt: %t", v, learnt)
		}
	}
}

// However long the time step, the upswing takes the adaptation along by no more than
// its way to the peak does: by either method the current after some spikes goes to
// that of very short steps. Without a hold the overshoot of a step would be 10⁴ mV and
// more, and the exponential method would pass it on.
func TestUpswingDoesNotKickAdaptation(t *testing.T) {
	at := func(how graph.Integration, dt float64, peak graph.Param) float64 {
		p := presets.AdExRegularBursting.Params()
		p.Dt, p.Integration, p.VPeak = dt, how, peak
		n := int(math.Round(60 / dt))
		r := neurontest.Simulate(t, neurons.AdExBoxStep, p, constant(n, presets.AdExRegularBursting.Current()), "A")
		require.Len(t, times(r[0]), 3, "%v, dt = %v", how, dt)
		return r[1][n-1]
	}
	for _, peak := range []float64{-40, 0, 20} {
		want := at(graph.Euler, 1e-3, graph.Const(peak))
		for _, how := range ways {
			for _, dt := range []float64{0.2, 0.05, 0.01} {
				require.InEpsilon(t, want, at(how, dt, graph.Const(peak)), 0.05*math.Sqrt(dt), "%v, dt = %v, peak %v", how, dt, peak)
			}
		}
	}
}

// Time steps far too long for the upswing give numbers, and gradients that are numbers:
// of the input and of every parameter, in float32 and by either method. (The reset is
// detached. Through 60 resets of 50 mV a wide surrogate makes any gradient explode.)
func TestCoarseUpswingIsFinite(t *testing.T) {
	for _, how := range ways {
		for _, dt := range []float64{0.5, 2, 10} {
			p := presets.AdExRegularBursting.Params()
			p.Dt, p.Integration, p.Spike = dt, how, surrogate.SuperSpike{Alpha: 0.1}
			p.DetachReset = true
			m := models.Of("bursting", neurons.AdExBoxStep, p)
			g := G.NewGraph()
			xs := graphtest.Node(g, tensor.Float32, "xs", []int{60, 1, 2}, constant(120, 40))
			wrt := []*G.Node{xs}
			for _, name := range m.Params() {
				f, err := m.Get(name)
				require.NoError(t, err)
				v, _ := f.(*graph.Param).Value()
				n := graphtest.Node(g, tensor.Float32, name, []int{2}, []float64{v, v})
				require.NoError(t, m.Set(name, n))
				wrt = append(wrt, n)
			}
			l, err := m.Lift(true, xs, nil)
			require.NoError(t, err)
			v, err := l.Trace("V")
			require.NoError(t, err)
			outs := []*G.Node{l.Out, v}
			loss := graphtest.Loss(t, outs, [][]float64{graphtest.Random(120, 1), constant(120, 0)})
			ds, vs := graphtest.Grads(t, loss, wrt, outs)
			require.NotEmpty(t, times(vs[0]))
			for i, d := range append(ds, vs...) {
				for _, x := range d {
					require.False(t, math.IsNaN(x) || math.IsInf(x, 0), "%v, dt = %v: %d: %v", how, dt, i, d)
				}
			}
			require.NotZero(t, ds[0][0])
		}
	}
}

// scaled returns x times a.
func scaled(x []float64, a float64) []float64 {
	for i := range x {
		x[i] *= a
	}
	return x
}
