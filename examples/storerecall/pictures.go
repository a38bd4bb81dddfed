package main

import (
	"context"
	"fmt"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

// draw writes the pictures: the recall error in the course of the training, and
// what the network does with the test sequence that has the longest delay.
func draw(ctx context.Context, m *train.Model, test sequences, c course, out string) error {
	if err := show.SaveShares(out, "error", "Store and recall", "Recall error", c.iterations, c.errors); err != nil {
		return err
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
	return show.Trial{
		Data: test, Encoder: encode.Func(spikes), Sample: i, Place: i % batch, Batch: batch, Inputs: inputs,
		Regular: show.Span(0, regular), Adaptive: show.Span(regular, hidden),
	}.Draw(ctx, m, "Inputs: values 0 and 1, store, recall; neurons", plot.Chart{
		Title: fmt.Sprintf("Test sequence %d", i), YLabel: "1 or 0",
		Series: []plot.Series{{Name: "probability of a 1"}, {Name: "stored bit", Y: bit(test.at(i))}},
	})
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
