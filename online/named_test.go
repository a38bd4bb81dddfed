package online_test

import (
	"math"
	"testing"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/online"
	"github.com/spikegrad/spikegrad/surrogate"
)

// OTTT, written out for two layers: each synapse has the trace of its input alone, that fades as the potential does,
// â ← λ â + a, and the gradient is that trace times what comes down from the loss within the time step, through no
// reset and no time. OSTL of layers that are not recurrent is the same rule where, as here, states are linear.
func TestOTTT(t *testing.T) {
	const n, outs, leak, th, alpha = 4, 2, 0.1, 0.1, 3.
	p := neurons.DefaultLIFBoxParams()
	p.VTh, p.Spike = graph.Const(th), surrogate.SuperSpike{Alpha: alpha}
	p.ResetMethod, p.DetachReset = neurons.ResetSubtract, true
	lif := layers.Lift(neurons.LIFBoxStep, p)
	k := newTask(tensor.Float64, layers.Linear{Out: n, Init: layers.Scaled{Gain: 3}}, lif, layers.Linear{Out: n, Init: layers.Scaled{Gain: 3}}, lif, layers.Linear{Out: outs})
	w := k.weights(t)
	want := map[string][]float64{}
	for name, v := range w {
		want[name] = make([]float64, len(v))
	}
	slope := func(v float64) float64 { d := 1 + alpha*math.Abs(v-th); return 1 / (d * d) }
	for s := range k.batch {
		var v1, v2, z1, z2 [n]float64
		trace0, trace1 := make([]float64, k.in+1), make([]float64, n+1) // the last of a bias
		for t := range k.steps {
			x := append(append([]float64{}, k.x[(t*k.batch+s)*k.in:][:k.in]...), 1)
			var s1, s2 [n]float64
			step := func(v, z, s *[n]float64, a []float64, w, b []float64) {
				for j := range n {
					i := b[j]
					for p, a := range a {
						i += a * w[p*n+j]
					}
					v[j] += leak * (i - v[j])
					s[j], z[j] = slope(v[j]), 0
					if v[j] > th {
						z[j] = 1
						v[j] -= th
					}
				}
			}
			step(&v1, &z1, &s1, x[:k.in], w["0.linear.w"], w["0.linear.b"])
			step(&v2, &z2, &s2, z1[:], w["2.linear.w"], w["2.linear.b"])
			for i := range trace0 {
				trace0[i] = (1-leak)*trace0[i] + leak*x[i]
			}
			for i, a := range append(z1[:], 1) {
				trace1[i] = (1-leak)*trace1[i] + leak*a
			}
			var d1, d2 [n]float64
			for o := range outs {
				y := w["4.linear.b"][o]
				for j := range n {
					y += z2[j] * w["4.linear.w"][j*outs+o]
				}
				e := 2 * (y - k.y[(t*k.batch+s)*outs+o])
				want["4.linear.b"][o] += e
				for j := range n {
					want["4.linear.w"][j*outs+o] += e * z2[j]
					d2[j] += e * w["4.linear.w"][j*outs+o] * s2[j]
				}
			}
			for i := range n {
				for j := range n {
					d1[i] += d2[j] * leak * w["2.linear.w"][i*n+j] * s1[i]
				}
			}
			for j := range n {
				want["0.linear.b"][j] += d1[j] * trace0[k.in]
				want["2.linear.b"][j] += d2[j] * trace1[n]
				for i := range k.in {
					want["0.linear.w"][i*n+j] += d1[j] * trace0[i]
				}
				for i := range n {
					want["2.linear.w"][i*n+j] += d2[j] * trace1[i]
				}
			}
		}
	}
	moved(t, want)
	for _, window := range []int{12, 3, 1} {
		same(t, want, k.learnt(t, online.EProp{}, window), 1e-9)
	}
}
