package online_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/online"
)

// The equations of e-prop, written out for recurrent leaky integrate-and-fire neurons before a leaky readout:
// an eligibility vector and a filtered trace for every synapse of every sample, step by step.
func TestDense(t *testing.T) {
	own := layers.Recurrent(neurons.LIFStep, lively(), layers.RecurrentInit(layers.Scaled{Gain: 1}))
	k := newTask(tensor.Float64, layers.Linear{Out: 4}, own, layers.Linear{Out: 2}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()))
	got := k.learnt(t, online.EProp{}, 3)
	w := k.weights(t)
	want, _ := k.densely(w, w["2.linear.w"], nil)
	for _, name := range []string{"0.linear.w", "0.linear.b", "1.recurrent.w"} {
		same(t, map[string][]float64{name: want[name]}, map[string][]float64{name: got[name]}, 1e-9)
	}
}

// The firing-rate term, and weights for the error to come back through, in the same loops: the running mean of all samples
// at each step, and the rate in the whole sequence that a penalty knows of.
func TestDenseFiring(t *testing.T) {
	const n, outs = 4, 2
	own := func(opts ...layers.LiftOption) []layers.Layer {
		return []layers.Layer{
			layers.Linear{Out: n}, layers.Recurrent(neurons.LIFStep, lively(), append(opts, layers.RecurrentInit(layers.Scaled{Gain: 1}))...),
			layers.Linear{Out: outs}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
		}
	}
	k := newTask(tensor.Float64, own()...)
	w := k.weights(t)
	none, fired := k.densely(w, w["2.linear.w"], nil)
	names := []string{"0.linear.w", "0.linear.b", "1.recurrent.w"}
	differ := func(a, b map[string][]float64) map[string][]float64 {
		d := map[string][]float64{}
		for _, name := range names {
			for i := range a[name] {
				d[name] = append(d[name], a[name][i]-b[name][i])
			}
		}
		return d
	}

	const target, weight, tau = 0.1, 0.7, 5.
	mean := make([][n]float64, k.steps) // running
	var f, rate [n]float64
	for j := range f {
		f[j] = target
	}
	for t := range k.steps {
		for j := range n {
			z := 0.
			for s := range k.batch {
				z += fired[t][s][j] / float64(k.batch)
			}
			f[j] += (z - f[j]) / tau
			rate[j] += z / float64(k.steps)
		}
		mean[t] = f
	}
	want, _ := k.densely(w, w["2.linear.w"], func(t, j int) float64 { return weight * (mean[t][j] - target) / float64(k.batch) })
	e := online.EProp{Firing: online.Firing{Target: target, Weight: weight, Tau: tau}}
	for _, window := range []int{12, 4, 1} {
		same(t, differ(want, none), differ(k.learnt(t, e, window), k.learnt(t, online.EProp{}, window)), 1e-9)
	}
	require.NotZero(t, differ(want, none)["0.linear.w"][0])

	// The penalty, where a window is the whole sequence.
	k.net = layers.Sequential(own(layers.Regularise(layers.Rate{Lower: target, Upper: target, Weight: weight})))
	want, _ = k.densely(w, w["2.linear.w"], func(_, j int) float64 {
		return 2 * weight / n * (rate[j] - target) / float64(k.steps*k.batch)
	})
	same(t, differ(want, none), differ(k.learnt(t, online.EProp{}, 12), none), 1e-9)
}

// Adaptive feedback goes through weights of its own, whose gradient is that of the weights to the outputs.
func TestDenseAdaptive(t *testing.T) {
	const n, outs = 4, 2
	own := layers.Recurrent(neurons.LIFStep, lively(), layers.RecurrentInit(layers.Scaled{Gain: 1}))
	k := newTask(tensor.Float64, layers.Linear{Out: n}, own, layers.Linear{Out: outs}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()))
	rng, back := layers.NewBuild(7).Rand("feedback to 1"), make([]float64, n*outs)
	for i := range back {
		back[i] = rng.NormFloat64() / math.Sqrt(n)
	}
	want, _ := k.densely(k.weights(t), back, nil)
	for _, window := range []int{12, 3, 1} {
		got := k.learnt(t, online.EProp{Feedback: online.Adaptive}, window)
		for _, name := range []string{"0.linear.w", "0.linear.b", "1.recurrent.w"} {
			same(t, map[string][]float64{name: want[name]}, map[string][]float64{name: got[name]}, 1e-9)
		}
		require.Equal(t, got["2.linear.w"], got["feedback to 1"])
		require.NotZero(t, got["feedback to 1"][0])
	}
}

// densely returns the gradients, and the spikes of each step and sample. The error comes back through the weights
// back, and push is a learning signal beside it, nil for none.
func (k task) densely(w map[string][]float64, back []float64, push func(t, j int) float64) (map[string][]float64, [][][4]float64) {
	const n, outs, mem, syn, th, alpha = 4, 2, 0.1, 0.2, 0.1, 3 // dt/τ_m, dt/τ_s
	m := k.in + 1 + n                                           // what a synapse reads: inputs, 1, spikes of the step before
	grad := make([][n]float64, m)
	spikes := make([][][n]float64, k.steps)
	for t := range spikes {
		spikes[t] = make([][n]float64, k.batch)
	}
	for s := range k.batch {
		var v, i, z [n]float64
		var u, c [outs]float64                                 // readout: potential, current
		ev, ei := make([][n]float64, m), make([][n]float64, m) // ∂v/∂w, ∂i/∂w
		fv, fi := make([][n]float64, m), make([][n]float64, m) // the same of the readout, of a weight of 1
		for t := range k.steps {
			pre := append(append([]float64{}, k.x[(t*k.batch+s)*k.in:][:k.in]...), 1)
			pre = append(pre, z[:]...)
			var slope, e [n]float64
			for j := range n {
				x := w["0.linear.b"][j]
				for a := range k.in {
					x += pre[a] * w["0.linear.w"][a*n+j]
				}
				for a := range n {
					x += pre[k.in+1+a] * w["1.recurrent.w"][a*n+j]
				}
				i[j] += x
				v[j] += mem * (i[j] - v[j])
				i[j] -= syn * i[j]
				d := 1 + alpha*math.Abs(v[j]-th)
				slope[j] = 1 / (d * d)
			}
			var signal [outs]float64
			fired := [n]float64{}
			for j := range n {
				if v[j] > th {
					fired[j] = 1
				}
			}
			for o := range outs {
				x := w["2.linear.b"][o]
				for j := range n {
					x += fired[j] * w["2.linear.w"][j*outs+o]
				}
				c[o] += x
				u[o] += mem * (c[o] - u[o])
				c[o] -= syn * c[o]
				signal[o] = 2 * (u[o] - k.y[(t*k.batch+s)*outs+o])
			}
			for a := range m {
				for j := range n {
					ei[a][j] += pre[a]
					ev[a][j] += mem * (ei[a][j] - ev[a][j])
					ei[a][j] -= syn * ei[a][j]
					e[j] = slope[j] * ev[a][j]
					ev[a][j] = (1-fired[j])*ev[a][j] - e[j]*v[j] // through the reset
					fi[a][j] += e[j]
					fv[a][j] += mem * (fi[a][j] - fv[a][j])
					fi[a][j] -= syn * fi[a][j]
					if push != nil {
						grad[a][j] += push(t, j) * e[j]
					}
					for o := range outs {
						grad[a][j] += signal[o] * back[j*outs+o] * fv[a][j]
					}
				}
			}
			spikes[t][s] = fired
			for j := range n {
				z[j] = fired[j]
				v[j] *= 1 - fired[j]
			}
		}
	}
	all := map[string][]float64{}
	for a, row := range grad {
		name := "0.linear.w"
		if a == k.in {
			name = "0.linear.b"
		} else if a > k.in {
			name = "1.recurrent.w"
		}
		all[name] = append(all[name], row[:]...)
	}
	return all, spikes
}
