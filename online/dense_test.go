package online_test

import (
	"math"
	"testing"

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
	want := k.densely(k.weights(t))
	for _, name := range []string{"0.linear.w", "0.linear.b", "1.recurrent.w"} {
		same(t, map[string][]float64{name: want[name]}, map[string][]float64{name: got[name]}, 1e-9)
	}
}

func (k task) densely(w map[string][]float64) map[string][]float64 {
	const n, outs, mem, syn, th, alpha = 4, 2, 0.1, 0.2, 0.1, 3 // dt/τ_m, dt/τ_s
	m := k.in + 1 + n                                           // what a synapse reads: inputs, 1, spikes of the step before
	grad := make([][n]float64, m)
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
					for o := range outs {
						grad[a][j] += signal[o] * w["2.linear.w"][j*outs+o] * fv[a][j]
					}
				}
			}
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
	return all
}
