package main

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/stat"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

// A result is what a network of a kind reached.
type result struct {
	kind     int
	model    *train.Model
	history  []train.Epoch
	accuracy float64 // on the test images
	rate     float64 // of the hidden neurons, spikes per step
}

// table prints the accuracies and firing rates, a line for each kind.
func table(rs []result) {
	for k, kd := range kinds {
		var accuracies, rates []float64
		for _, r := range rs {
			if r.kind == k {
				accuracies, rates = append(accuracies, 100*r.accuracy), append(rates, 1e3*r.rate)
			}
		}
		if len(accuracies) > 0 {
			fmt.Printf("%-8s  test accuracy %.1f %%, mean of %.1f; %.0f Hz\n", kd.name, stat.Mean(accuracies, nil), accuracies, stat.Mean(rates, nil))
		}
	}
}

// draw writes the pictures: the learning curves of the first networks, and what
// the last one does with a test image.
func draw(ctx context.Context, rs []result, test data.Dataset, out string) error {
	if len(rs) == 0 {
		return nil
	}
	first := rs[:min(len(rs), len(kinds))]
	ch := plot.Chart{Title: "Rows of digits", XLabel: "Epoch", YLabel: "Training accuracy (%)", Dots: true}
	for i := range first[0].history {
		ch.X = append(ch.X, float64(i+1))
	}
	for _, r := range first {
		if len(r.history) != len(ch.X) || len(ch.X) == 0 {
			continue // stopped early
		}
		s := plot.Series{Name: kinds[r.kind].name}
		for _, e := range r.history {
			s.Y = append(s.Y, 100*e.Train.Accuracy)
		}
		ch.Series = append(ch.Series, s)
	}
	if len(ch.Series) > 0 {
		fig, err := plot.Lines(ch)
		if err := show.Save(out, "curves", fig, err); err != nil {
			return err
		}
	}
	const sample = 0
	last := rs[len(rs)-1]
	rec, err := last.model.Record(ctx, test, rows, []int{sample}, layers.Probe{Layer: "hidden"})
	if err != nil {
		return err
	}
	fig, err := show.Raster(fmt.Sprintf("Test image %d, %s neurons", sample, kinds[last.kind].name), 1e-3, rec, 0)
	return show.Save(out, "raster", fig, err)
}
