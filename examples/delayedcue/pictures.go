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

// draw writes the pictures: the share of wrong decisions in the course of the training, and what the network does in
// the first test trial.
func draw(ctx context.Context, m *train.Model, test trials, c course, out string) error {
	if len(c.wrong) > 0 {
		percent := make([]float64, len(c.wrong))
		for i, e := range c.wrong {
			percent[i] = 100 * e
		}
		fig, err := plot.Lines(plot.Chart{
			Title: "Delayed cues", XLabel: "Iteration", YLabel: "Wrong decisions (%)", X: c.iterations, Dots: true,
			Series: []plot.Series{{Y: percent}},
		})
		if err := show.Save(out, "error", fig, err); err != nil {
			return err
		}
	}
	fig, err := activity(ctx, m, test)
	return show.Save(out, "activity", fig, err)
}

// shown is how many neurons of each kind are drawn.
const shown = 20

// activity draws the spikes of the inputs and of both kinds of neurons in the first trial, and below them which side
// the network takes for the one with more cues.
func activity(ctx context.Context, m *train.Model, test trials) (plot.Figure, error) {
	var input []float64
	watched := encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
		err := test.spikes().Encode(dst, x, steps, r)
		for t := range steps {
			for _, z := range dst[t*batch*inputs:][:inputs] {
				input = append(input, float64(z))
			}
		}
		return err
	})
	rec, err := m.Record(ctx, test, watched, []int{0},
		layers.Probe{Layer: "hidden", Neurons: span(0, shown)}, layers.Probe{Layer: "hidden", Neurons: span(regular, regular+shown)},
		layers.Probe{Layer: "readout"})
	if err != nil {
		return plot.Figure{}, err
	}
	raster, err := plot.Raster("Inputs: left, right, decide, noise; neurons", 1e-3,
		plot.Layer[float64]{Name: "inputs", N: inputs, Spikes: input},
		plot.Layer[float64]{Name: "regular", N: shown, Spikes: rec[0].Sample(0)},
		plot.Layer[float64]{Name: "adaptive", N: shown, Spikes: rec[1].Sample(0)},
	)
	if err != nil {
		return plot.Figure{}, err
	}
	cues := make([]float32, test.cues)
	if _, err := test.Sample(0, cues); err != nil {
		return plot.Figure{}, err
	}
	rights := 0
	for _, c := range cues {
		rights += int(c)
	}
	says, err := plot.Lines(plot.Chart{
		Title: fmt.Sprintf("%d of %d cues on the right", rights, test.cues), XLabel: "Time (ms)", YLabel: "Probability of right", X: times(test.steps()),
		Series: []plot.Series{{Y: probability(rec[2].Sample(0))}},
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

func times(n int) []float64 {
	t := make([]float64, n)
	for i := range t {
		t[i] = float64(i)
	}
	return t
}

// probability returns the softmax of the outputs [T, 2] for the right, of outputs averaged over 50 ms to be readable.
func probability(out []float64) []float64 {
	const window = 50
	p := make([]float64, len(out)/2)
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
