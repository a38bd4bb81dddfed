package train

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/score"
	"github.com/spikegrad/spikegrad/metric"
)

// A progress is how far a training is, and what it has reached.
type progress struct {
	run   *trainRun
	from  *Checkpoint
	saved savedProgress
	kept  bool // there are best weights
}

// savedProgress is what is to be known of it besides the fields of a Checkpoint.
type savedProgress struct {
	BestBy     metric.Summary
	Lowest     int
	LowestLoss float64
	RateFactor float64
	Sums       score.Sums // over the batches of the present epoch
	GradNorm   float64
}

func (s *savedProgress) entries() []entry {
	return []entry{
		{"bestBy", &s.BestBy}, {"lowest", &s.Lowest}, {"lowestLoss", &s.LowestLoss},
		{"rateFactor", &s.RateFactor}, {"sums", &s.Sums}, {"gradNorm", &s.GradNorm},
	}
}

// progress returns what is saved of it in c.
func (c *Checkpoint) progress() (s savedProgress, err error) {
	err = c.get(s.entries()...)
	return s, err
}

func (p *progress) save(c *Checkpoint) error {
	r := p.run
	c.Epoch, c.Batch, c.Batches, c.Size, c.Best, c.History = r.at.epoch, r.at.batch, r.batches, r.Model.net.Batch, r.best, r.history
	c.clock = clock{Epoch: r.elapsed()}
	for _, e := range r.history {
		c.clock.Epochs = append(c.clock.Epochs, e.Duration)
	}
	s := savedProgress{BestBy: r.bestBy, Lowest: r.lowest, LowestLoss: r.lowestLoss, RateFactor: r.factor, Sums: r.at.sums, GradNorm: r.at.gradNorm}
	return c.put(s.entries()...)
}

func (p *progress) check(c *Checkpoint) (err error) {
	r, m := p.run, p.run.Model
	p.from = c
	if p.saved, err = c.progress(); err != nil {
		return err
	}
	w, err := c.weights()
	if err != nil {
		return err
	}
	p.kept = w.Kept
	s, spiking, terms := p.saved.Sums, len(m.spiking), len(m.termNames)-1
	switch {
	case s.N < 0 || s.Rated < 0 || s.N > 0 && len(s.Terms) != terms || len(s.Rates) != 0 && len(s.Rates) != spiking:
		return errors.New("the sums of its epoch make no sense")
	case c.Size == m.net.Batch && c.Batches != r.batches || c.Size != m.net.Batch && c.Batch > 0 && r.feed.Parts != nil:
		return fmt.Errorf("an epoch had %d batches of %d, has %d of %d: sequences go on from batch to batch, and would be torn", c.Batches, c.Size, r.batches, m.net.Batch)
	}
	return nil
}

func (p *progress) load() (back func(), err error) {
	r, c, s := p.run, p.from, p.saved
	r.history = slices.Clone(c.History)
	r.best, r.bestBy, r.lowest, r.lowestLoss = c.Best, s.BestBy, s.Lowest, s.LowestLoss
	if r.KeepBest && !p.kept && r.best >= 0 {
		r.warn(fmt.Errorf("train: resume from %s: it does not have the weights of the best epoch; the best is that of the epochs to come", c.Path))
		r.best, r.bestBy = -1, metric.Summary{}
	}
	r.factor = s.RateFactor
	r.keep(guard.Call("SetRateFactor", "optimiser", r.opt, func() error { r.opt.SetRateFactor(r.factor); return nil }))
	r.at = position{epoch: c.Epoch, batch: c.Batch, sums: s.Sums, gradNorm: s.GradNorm, spent: c.clock.Epoch}
	if c.Size == r.Model.net.Batch {
		return nil, nil
	}
	// Batches of another size: none of the samples is seen twice in an epoch.
	seen := int(min(int64(c.Batch)*int64(c.Size), int64(c.Samples)))
	r.at.batch = (seen + r.Model.net.Batch - 1) / r.Model.net.Batch
	if left := min(r.at.batch*r.Model.net.Batch, c.Samples) - seen; left > 0 {
		r.warn(fmt.Errorf("train: resume from %s: epoch %d leaves out %d samples, since batches have another size", c.Path, c.Epoch, left))
	}
	return nil, nil
}

// elapsed returns the time spent on the present epoch.
func (r *trainRun) elapsed() time.Duration { return r.at.spent + time.Since(r.began) }
