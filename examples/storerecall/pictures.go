package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

// draw writes the pictures: the recall error in the course of the training, and
// what the network does with the test sequence that has the longest delay.
func draw(ctx context.Context, m *train.Model, test sequences, c course, out string) error {
	if len(c.errors) > 0 {
		percent := make([]float64, len(c.errors))
		for i, e := range c.errors {
			percent[i] = 100 * e
		}
		fig, err := plot.Lines(plot.Chart{
			Title: "Store and recall", XLabel: "Iteration", YLabel: "Recall error (%)", X: c.iterations, Dots: true,
			Series: []plot.Series{{Y: percent}},
		})
		if err := show.Save(out, "error", fig, err); err != nil {
			return err
		}
	}
	fig, err := activity(ctx, m, test, test.longest())
	return show.Save(out, "activity", fig, err)
}

// longest returns the sequence in which a bit is remembered for longest.
func (d sequences) longest() int {
	best, longest := 0, 0
	for i := range d.n {
		stored := 0
		s := d.at(i)
		for k, active := range s.active {
			switch {
			case active[store]:
				stored = k
			case active[recall] && k-stored > longest:
				best, longest = i, k-stored
			}
		}
	}
	return best
}

// activity draws the spikes of the inputs and of both kinds of neurons for
// sequence i, and below them what the network says against what is stored.
func activity(ctx context.Context, m *train.Model, test sequences, i int) (plot.Figure, error) {
	var input []float64
	watched := encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
		err := spikes(dst, x, steps, r)
		for t := range steps {
			for _, z := range dst[(t*batch+i%batch)*inputs:][:inputs] {
				input = append(input, float64(z))
			}
		}
		return err
	})
	rec, err := m.Record(ctx, test, watched, []int{i},
		layers.Probe{Layer: "hidden", Neurons: span(0, regular)}, layers.Probe{Layer: "hidden", Neurons: span(regular, hidden)},
		layers.Probe{Layer: "readout"})
	if err != nil {
		return plot.Figure{}, err
	}
	raster, err := plot.Raster("Inputs: values 0 and 1, store, recall; neurons", 1e-3,
		plot.Layer[float64]{Name: "inputs", N: inputs, Spikes: input},
		plot.Layer[float64]{Name: "regular", N: regular, Spikes: rec[0].Sample(0)},
		plot.Layer[float64]{Name: "adaptive", N: adaptive, Spikes: rec[1].Sample(0)},
	)
	if err != nil {
		return plot.Figure{}, err
	}
	says, err := plot.Lines(plot.Chart{
		Title: fmt.Sprintf("Test sequence %d", i), XLabel: "Time (ms)", YLabel: "1 or 0", X: times(),
		Series: []plot.Series{{Name: "probability of a 1", Y: probability(rec[2].Sample(0))}, {Name: "stored bit", Y: bit(test.at(i))}},
	})
	if err != nil {
		return plot.Figure{}, err
	}
	says.Width, says.Height = raster.Width, 2.4
	return plot.Panels(2, 1, raster, says)
}

// span returns the numbers from, …, to − 1.
func span(from, to int) []int {
	var s []int
	for i := from; i < to; i++ {
		s = append(s, i)
	}
	return s
}

func times() []float64 {
	t := make([]float64, steps)
	for i := range t {
		t[i] = float64(i)
	}
	return t
}

// probability returns the softmax of the outputs [T, 2] for a 1, averaged over 50 ms
// to be readable.
func probability(out []float64) []float64 {
	const window = 50
	p := make([]float64, steps)
	var sum float64
	for t := range p {
		sum += out[2*t+1] - out[2*t]
		if t >= window {
			sum -= out[2*(t-window)+1] - out[2*(t-window)]
		}
		p[t] = 1 / (1 + math.Exp(-sum/float64(min(t+1, window))))
	}
	return p
}

// bit returns what is stored at each step, a half where nothing is. A bit is
// stored until its recall ends.
func bit(s sequence) []float64 {
	b := make([]float64, steps)
	now := 0.5
	for k, active := range s.active {
		if active[store] {
			now = 0
			if active[one] {
				now = 1
			}
		}
		for t := k * slot; t < (k+1)*slot; t++ {
			b[t] = now
		}
		if active[recall] {
			now = 0.5
		}
	}
	return b
}
