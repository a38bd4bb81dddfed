package main

import (
	"context"
	"fmt"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

// draw writes the pictures: learning curves, misclassified digits, and the
// spikes of one test image.
func draw(ctx context.Context, m *train.Model, enc encode.Encoder, test data.Dataset, r train.Result, out string) error {
	if len(r.History) > 0 {
		fig, err := show.Curves("MNIST", r.History)
		if err := show.Save(out, "curves", fig, err); err != nil {
			return err
		}
	}
	preds, err := m.Classes(ctx, test, enc)
	if err != nil {
		return err
	}
	wrong, err := misclassified(test, preds, 24)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		fig, err := plot.Digits("Misclassified: truth and answer", 28, 28, 8, wrong...)
		if err := show.Save(out, "misclassified", fig, err); err != nil {
			return err
		}
	}
	const sample = 0
	rec, err := m.Record(ctx, test, enc, []int{sample}, layers.Probe{})
	if err != nil {
		return err
	}
	fig, err := show.Raster(fmt.Sprintf("Test image %d", sample), 1e-3, rec, 0)
	return show.Save(out, "raster", fig, err)
}

// misclassified returns the first images that got a wrong answer, limit at most.
func misclassified(d data.Dataset, preds []int, limit int) ([]plot.Digit[float32], error) {
	var wrong []plot.Digit[float32]
	for i, p := range preds {
		x := make([]float32, 28*28)
		label, err := d.Sample(i, x)
		if err != nil {
			return nil, err
		}
		if p == label {
			continue
		}
		wrong = append(wrong, plot.Digit[float32]{Pixels: x, Caption: fmt.Sprintf("%d → %d", label, p)})
		if len(wrong) == limit {
			break
		}
	}
	return wrong, nil
}
