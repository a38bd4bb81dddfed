package main

import (
	"context"
	"fmt"
	"math"

	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/data/recordings"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

// drawRecording draws the first of the recordings to test on, in space and time.
func drawRecording(sample recordings.Sample, o events.Options, out string) error {
	r, err := events.Open(sample.Path, o)
	if err != nil {
		return err
	}
	defer r.Close()
	es, err := events.Collect(r.Recording(), nil)
	if err != nil {
		return err
	}
	fig, err := plot.EventCloud(fmt.Sprintf("A recording of a %d", sample.Label), side, side, es)
	return show.Save(out, "recording", fig, err)
}

// draw writes the learning curves, the answers over time, and the spikes of the neurons.
func draw(ctx context.Context, m *train.Model, test *recordings.Dataset, label int, r train.Result, out string) error {
	if len(r.History) > 0 {
		fig, err := show.Curves("N-MNIST", r.History)
		if err := show.Save(out, "curves", fig, err); err != nil {
			return err
		}
	}
	const sample = 0
	rec, err := m.Record(ctx, test, nil, []int{sample}, layers.Probe{}, layers.Probe{Layer: "readout"})
	if err != nil {
		return err
	}
	fig, err := show.Raster(fmt.Sprintf("Recording of a %d", label), dt.Seconds(), rec, 0)
	if err := show.Save(out, "raster", fig, err); err != nil {
		return err
	}
	fig, err = answers(fmt.Sprintf("Answers to a %d, step by step", label), rec[len(rec)-1])
	return show.Save(out, "answers", fig, err)
}

// answers draws how sure the network would be of each class if the recording ended at a
// time: the softmax of what the mean over time would be.
func answers(title string, rec layers.Recording) (plot.Figure, error) {
	n, vs := rec.N(), rec.Sample(0)
	ch := plot.Chart{Title: title, XLabel: "Time (ms)", YLabel: "Probability"}
	for k := range n {
		ch.Series = append(ch.Series, plot.Series{Name: fmt.Sprint(k)})
	}
	sum := make([]float64, n)
	for t := range rec.Steps {
		ch.X = append(ch.X, float64(t+1)*dt.Seconds()*1e3)
		total := 0.0
		p := make([]float64, n)
		for k := range n {
			sum[k] += vs[t*n+k]
			p[k] = math.Exp(sum[k] / float64(t+1))
			total += p[k]
		}
		for k := range n {
			ch.Series[k].Y = append(ch.Series[k].Y, p[k]/total)
		}
	}
	fig, err := plot.Lines(ch)
	fig.Width = 6.5
	return fig, err
}
