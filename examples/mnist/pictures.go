package main

import (
	"context"
	"fmt"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/layers"
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
	if err := show.Wrong(ctx, out, m, enc, test, nil); err != nil {
		return err
	}
	const sample = 0
	rec, err := m.Record(ctx, test, enc, []int{sample}, layers.Probe{})
	if err != nil {
		return err
	}
	fig, err := show.Raster(fmt.Sprintf("Test image %d", sample), 1e-3, rec, 0)
	return show.Save(out, "raster", fig, err)
}
