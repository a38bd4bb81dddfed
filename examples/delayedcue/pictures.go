package main

import (
	"context"
	"fmt"

	"github.com/spikegrad/spikegrad/examples/internal/show"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

// draw writes the pictures: the share of wrong decisions in the course of the training, and what the network does in
// the first test trial.
func draw(ctx context.Context, m *train.Model, test trials, c course, out string) error {
	if err := show.SaveShares(out, "error", "Delayed cues", "Wrong decisions", c.iterations, c.wrong); err != nil {
		return err
	}
	fig, err := activity(ctx, m, test)
	return show.Save(out, "activity", fig, err)
}

// shown is how many neurons of each kind are drawn.
const shown = 20

// activity draws the spikes of the inputs and of both kinds of neurons in the first trial, and below them which side
// the network takes for the one with more cues.
func activity(ctx context.Context, m *train.Model, test trials) (plot.Figure, error) {
	cues := make([]float32, test.cues)
	if _, err := test.Sample(0, cues); err != nil {
		return plot.Figure{}, err
	}
	rights := 0
	for _, c := range cues {
		rights += int(c)
	}
	return show.Trial{
		Data: test, Encoder: test.spikes(), Batch: batch, Inputs: inputs,
		Regular: show.Span(0, shown), Adaptive: show.Span(regular, regular+shown),
	}.Draw(ctx, m, "Inputs: left, right, decide, noise; neurons", plot.Chart{
		Title: fmt.Sprintf("%d of %d cues on the right", rights, test.cues), YLabel: "Probability of right", Series: []plot.Series{{}},
	})
}
