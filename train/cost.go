package train

import (
	"context"
	"fmt"

	"github.com/spikegrad/spikegrad/cost"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/tally"
)

// Cost measures the network on a data set. The synaptic operations are the spikes
// times their fan-out, counted and not estimated; inputs that are no spikes, but
// currents, count as events where they are not zero. Errors are those of Evaluate.
//
// P. Merolla et al., Science 345 (2014), 668, and M. Davies et al., IEEE Micro 38
// (2018), 82, count synaptic operations in the same way.
func (m *Model) Cost(ctx context.Context, d data.Dataset, enc encode.Encoder) (cost.Cost, error) {
	var c cost.Cost
	err := m.within(func() (err error) { c, err = m.measure(ctx, d, enc); return err })
	if err != nil {
		return cost.Cost{}, fmt.Errorf("train: cost: %w", err)
	}
	return c, nil
}

func (m *Model) measure(ctx context.Context, d data.Dataset, enc encode.Encoder) (cost.Cost, error) {
	t, err := tally.New(m.out, m.build.Activities, m.net.Dtype, m.net.Batch, m.cut.Steps)
	if err != nil {
		return cost.Cost{}, err
	}
	_, err = m.batches(ctx, d, enc, nil, func(_ int, feed *feed.Feeder) error {
		t.Begin(feed)
		return m.look(feed, func(k int) error { return t.Add(feed, k) })
	})
	if err != nil {
		return cost.Cost{}, err
	}
	return t.Cost(), nil
}
