// Package findrate finds a learning rate: it trains a copy of a model while the rate rises from
// batch to batch, and looks where the loss is lowest before it blows up.
//
//	curve, err := findrate.Search{}.Run(ctx, trainer)
//	fmt.Println(curve.Proposal())
//
// L. N. Smith, Cyclical learning rates for training neural networks, WACV (2017), section 3.3.
package findrate

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/optim"
	"github.com/spikegrad/spikegrad/plot"
	"github.com/spikegrad/spikegrad/train"
)

// A Search says which rates are tried: each batch has the next one of a geometric series.
type Search struct {
	From, To float64 // 0 means 1e-6 and 1
	Batches  int     // that are tried; 0 means 100
}

// A Curve is the loss against the learning rate.
type Curve struct {
	Rates  []float64
	Losses []float64 // of the batches
	Smooth []float64 // mean of those so far, that of a batch weighted 0.95 times that of the next
}

// rises is how far the loss rises above the lowest until a search ends.
const rises = 4

// Run tries the rates in the training that t describes, on a copy of its model: neither this nor
// the optimiser is changed. It ends early where the loss has risen to four times the lowest, or is
// not finite. An error says what is wrong with the search or the training; a cancelled context ends
// it with the context's error.
func (s Search) Run(ctx context.Context, t train.Trainer) (*Curve, error) {
	if s.From == 0 {
		s.From = 1e-6
	}
	if s.To == 0 {
		s.To = 1
	}
	if s.Batches == 0 {
		s.Batches = 100
	}
	switch {
	case ctx == nil || t.Model == nil:
		return nil, errors.New("findrate: the context or the model is nil")
	case !(s.From > 0) || !(s.To > s.From) || math.IsInf(s.To, 0):
		return nil, fmt.Errorf("findrate: the rates are from %v to %v, want finite numbers above 0, the second above the first", s.From, s.To)
	case s.Batches < 2:
		return nil, fmt.Errorf("findrate: the search has %d batches, want at least 2", s.Batches)
	}
	c := &Curve{}
	if err := c.record(ctx, s, t); err != nil {
		return nil, fmt.Errorf("findrate: %w", err)
	}
	return c, nil
}

// record trains a copy.
func (c *Curve) record(ctx context.Context, s Search, t train.Trainer) error {
	twin, err := copied(t.Model)
	if err != nil {
		return err
	}
	var opt optim.Optimiser = &optim.Adam{}
	if t.Optimiser != nil {
		if opt, err = optim.Clone(t.Optimiser); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended, lowest, sum, weight := false, math.Inf(1), 0.0, 0.0
	rising := train.Trainer{
		Model: twin, Data: t.Data, Encoder: t.Encoder, ClipNorm: t.ClipNorm, Seed: t.Seed, Accumulate: t.Accumulate, Loaders: t.Loaders,
		Epochs:    s.Batches, // enough, at a batch each
		Optimiser: opt, Schedule: geometric{s, opt.Rate()}, OnWarning: t.OnWarning,
		OnBatch: func(b train.Batch) {
			if ended {
				return
			}
			sum, weight = 0.95*sum+b.Loss, 0.95*weight+1
			smooth := sum / weight
			c.Rates, c.Losses, c.Smooth = append(c.Rates, s.rate(b.Step)), append(c.Losses, b.Loss), append(c.Smooth, smooth)
			lowest = min(lowest, smooth)
			if len(c.Rates) == s.Batches || smooth > rises*lowest {
				ended = true
				cancel()
			}
		},
	}
	_, err = rising.Run(ctx)
	if ended || errors.Is(err, train.ErrNotFinite) && len(c.Rates) > 1 {
		return nil
	}
	return err
}

// copied returns a copy of a model with its weights.
func copied(m *train.Model) (*train.Model, error) {
	n, ts := m.Network(), m.Tensors()
	if ts == nil {
		return nil, fmt.Errorf("the model is %w", train.ErrInUse)
	}
	n.Net = layers.Given(ts, n.Net)
	return n.Compile()
}

// rate returns that of a batch.
func (s Search) rate(batch int) float64 {
	return s.From * math.Pow(s.To/s.From, float64(batch)/float64(s.Batches-1))
}

// geometric is the schedule of a search.
type geometric struct {
	s    Search
	base float64
}

// Rate implements optim.Schedule.
func (g geometric) Rate(step, _ int) float64 { return g.s.rate(step) / g.base }

// Lowest returns the rate at which the smoothed loss is lowest, 0 of an empty curve.
func (c *Curve) Lowest() float64 {
	at := -1
	for i, l := range c.Smooth {
		if at < 0 || l < c.Smooth[at] {
			at = i
		}
	}
	if at < 0 {
		return 0
	}
	return c.Rates[at]
}

// Proposal returns a tenth of Lowest: far enough from where the loss blows up.
func (c *Curve) Proposal() float64 { return c.Lowest() / 10 }

// Plot draws the losses against the rates, and the smoothed ones.
func (c *Curve) Plot() (plot.Figure, error) {
	return plot.Lines(plot.Chart{
		XLabel: "Learning rate", YLabel: "Loss", LogX: true,
		Series: []plot.Series{{Name: "batches", X: c.Rates, Y: c.Losses, Faint: true}, {Name: "smoothed", X: c.Rates, Y: c.Smooth}},
	})
}
