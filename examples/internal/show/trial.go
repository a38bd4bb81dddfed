package show

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

// A Trial is a sample before a network that has adaptive neurons: layers "hidden", and "readout" of two outputs.
type Trial struct {
	Data    data.Dataset
	Encoder encode.Encoder
	Sample  int
	Place   int // of the sample in a batch
	Batch   int // how many samples are encoded at once
	Inputs  int
	// Neurons that are drawn, with a fixed threshold and with one that adapts.
	Regular, Adaptive []int
}

// Draw draws the spikes of the inputs and of both kinds of neurons, and below them says, a chart over the milliseconds of the
// trial, whose first series is the probability that the network gives to the second output.
func (tr Trial) Draw(ctx context.Context, m *train.Model, title string, says plot.Chart) (plot.Figure, error) {
	var input []float64
	watched := encode.Func(func(dst, x []float32, steps int, r *rand.Rand) error {
		err := tr.Encoder.Encode(dst, x, steps, r)
		for t := range steps {
			for _, z := range dst[(t*tr.Batch+tr.Place)*tr.Inputs:][:tr.Inputs] {
				input = append(input, float64(z))
			}
		}
		return err
	})
	rec, err := m.Record(ctx, tr.Data, watched, []int{tr.Sample},
		layers.Probe{Layer: "hidden", Neurons: tr.Regular}, layers.Probe{Layer: "hidden", Neurons: tr.Adaptive}, layers.Probe{Layer: "readout"})
	if err != nil {
		return plot.Figure{}, err
	}
	raster, err := plot.Raster(title, 1e-3,
		plot.Layer[float64]{Name: "inputs", N: tr.Inputs, Spikes: input},
		plot.Layer[float64]{Name: "regular", N: len(tr.Regular), Spikes: rec[0].Sample(0)},
		plot.Layer[float64]{Name: "adaptive", N: len(tr.Adaptive), Spikes: rec[1].Sample(0)},
	)
	if err != nil {
		return plot.Figure{}, err
	}
	p := probability(rec[2].Sample(0))
	says.XLabel, says.X, says.Series[0].Y = "Time (ms)", make([]float64, len(p)), p
	for t := range says.X {
		says.X[t] = float64(t)
	}
	below, err := plot.Lines(says)
	if err != nil {
		return plot.Figure{}, err
	}
	below.Width, below.Height = raster.Width, 2.4
	return plot.Panels(2, 1, raster, below)
}

// Span returns the numbers from, …, to − 1.
func Span(from, to int) []int {
	var s []int
	for i := from; i < to; i++ {
		s = append(s, i)
	}
	return s
}

// probability returns the softmax of the outputs [T, 2] for the second, averaged over 50 ms to be readable.
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

// SaveShares writes a picture of how a share fell in the course of a training, in percent, if there is something to draw.
func SaveShares(dir, name, title, label string, iterations, shares []float64) error {
	if len(shares) == 0 {
		return nil
	}
	percent := make([]float64, len(shares))
	for i, e := range shares {
		percent[i] = 100 * e
	}
	fig, err := plot.Lines(plot.Chart{
		Title: title, XLabel: "Iteration", YLabel: label + " (%)", X: iterations, Dots: true, Series: []plot.Series{{Y: percent}},
	})
	return Save(dir, name, fig, err)
}
