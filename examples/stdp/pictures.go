package main

import (
	"fmt"

	"github.com/spikegrad/spikegrad/plot"
)

// draw draws the weights before and after, and the rate of the neuron over time.
func (c competition) draw(o options) error {
	if len(c.rate) == 0 {
		return nil
	}
	const bins = 20
	x, before := histogram(c.before, bins)
	_, after := histogram(c.after, bins)
	weights, err := plot.Lines(plot.Chart{
		Title: "Competition", XLabel: "Weight (of the maximum)", YLabel: "Share of the synapses", X: x, Dots: true,
		Series: []plot.Series{{Name: "before", Y: before}, {Name: fmt.Sprintf("after %d s", len(c.rate)), Y: after}},
	})
	if err != nil {
		return err
	}
	var t []float64
	for i := range c.rate {
		t = append(t, float64(i)+0.5)
	}
	rate, err := plot.Lines(plot.Chart{
		Title: "Response", XLabel: "Time (s)", YLabel: "Rate of the neuron (Hz)", X: t,
		Series: []plot.Series{{Y: smooth(c.rate, 5)}},
	})
	if err != nil {
		return err
	}
	return panels(o.out, "competition", weights, rate)
}

// histogram returns the shares of weights in bins between 0 and 1, at the middles of the
// bins: outlines would cover each other at the ends.
func histogram(w []float32, bins int) (x, y []float64) {
	count := make([]float64, bins)
	for _, v := range w {
		count[min(int(float64(v)*float64(bins)), bins-1)]++
	}
	for i, n := range count {
		x, y = append(x, (float64(i)+0.5)/float64(bins)), append(y, n/float64(len(w)))
	}
	return x, y
}

// smooth returns the means over 2k + 1 numbers, fewer at the ends.
func smooth(x []float64, k int) []float64 {
	y := make([]float64, len(x))
	for i := range x {
		from, to := max(0, i-k), min(len(x), i+k+1)
		for _, v := range x[from:to] {
			y[i] += v / float64(to-from)
		}
	}
	return y
}

// draw draws the responses before and after, the weights by the latency of their
// inputs, and the latency of the response while the neuron learns.
func (r shortening) draw(out string) error {
	var t []float64
	const until = 120 // ms
	for i := range until {
		t = append(t, float64(i))
	}
	response, err := plot.Lines(plot.Chart{
		Title: "Response to a volley", XLabel: "Time in the volley (ms)", YLabel: "Rate of the neuron (Hz)", X: t,
		Series: []plot.Series{
			{Name: fmt.Sprintf("before, from %.0f ms", r.before.latency), Y: r.before.rate[:until]},
			{Name: fmt.Sprintf("after, from %.0f ms", r.after.latency), Y: r.after.rate[:until]},
		},
	})
	if err != nil {
		return err
	}
	x, w := r.byLatency(4)
	start := make([]float64, len(x))
	for i := range start {
		start[i] = startWeight
	}
	weights, err := plot.Lines(plot.Chart{
		Title: "Weights", XLabel: "Latency of the input (ms)", YLabel: "Weight (of the maximum)", X: x, Dots: true,
		Series: []plot.Series{{Name: "before", Y: start}, {Name: "after, mean", Y: w}},
	})
	if err != nil {
		return err
	}
	var volley, latency []float64
	for i, l := range r.learning {
		if l >= 0 {
			volley, latency = append(volley, float64(i)), append(latency, l)
		}
	}
	if len(volley) == 0 {
		return panels(out, "latency", response, weights)
	}
	learning, err := plot.Lines(plot.Chart{
		Title: "Learning", XLabel: "Volley", YLabel: "Latency of the first spike (ms)", X: volley,
		Series: []plot.Series{{Y: latency}},
	})
	if err != nil {
		return err
	}
	return panels(out, "latency", response, weights, learning)
}

// byLatency returns the mean weights of inputs whose latencies fall into the same
// width, in ms.
func (r shortening) byLatency(width float64) (x, w []float64) {
	sum, n := make([]float64, int(period/width)+1), make([]float64, int(period/width)+1)
	for i, l := range r.latency {
		sum[int(l/width)] += float64(r.weights[i])
		n[int(l/width)]++
	}
	for i := range sum {
		if n[i] > 0 {
			x, w = append(x, (float64(i)+0.5)*width), append(w, sum[i]/n[i])
		}
	}
	return x, w
}

func panels(out, name string, figs ...plot.Figure) error {
	fig, err := plot.Panels(1, len(figs), figs...)
	if err != nil {
		return err
	}
	return plot.Save(out, name, fig)
}
