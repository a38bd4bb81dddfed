package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/score"
	"github.com/spikegrad/spikegrad/internal/team"
)

// A seen is what came of a batch, as the ranks tell each other.
type seen struct {
	Sums   score.Sums
	Loss   float64
	Norm   float64 // of its gradient
	Labels []int   // of its samples, −1 for padding
	rate   float64 // of learning
}

// see returns what came of the batch that was trained on last.
func (r *trainRun) see(norm float64) (seen, error) {
	s := seen{Loss: flat.Number(r.Model.fitted.Terms[0]), Norm: norm, Labels: slices.Clone(r.feed.Labels)}
	return s, r.Model.count(&s.Sums, r.feed, r.Model.fitted)
}

// sharedEpoch trains on the batches that are left in an epoch, each rank on its own. What came of
// each is then entered in the order of the batches on all ranks, so that they stay one training.
func (r *trainRun) sharedEpoch(ctx context.Context) error {
	var err error
	for {
		if err = r.ranks.Agree(ctx, err); err != nil || r.at.batch == r.batches {
			return err
		}
		from, a := r.at.batch, max(r.Accumulate, 1)
		to := min((from/a+1)*a, r.batches)
		if err = r.sharedStep(ctx, from, to); err != nil {
			err = fmt.Errorf("train: epoch %d, batches %d to %d: %w", r.at.epoch, from, to-1, err)
		}
	}
}

// sharedStep takes a step of the optimiser by the batches from, …, to−1.
func (r *trainRun) sharedStep(ctx context.Context, from, to int) error {
	moves := len(r.own())+len(r.Model.build.Moving()) > 0 // an encoder, a schedule or a buffer may have moved on
	mine, err := r.backwards(from, to)
	told, err := team.Tell(r.ranks, mine, err)
	if err == nil {
		err = r.sum.AddUp(r.ranks, r.Model.grads(), from, to, func(b int) float64 { return r.share(b, from, to) })
	}
	if err != nil {
		r.torn = r.torn || moves
		return err
	}
	var all []seen
	for b := from; b < to; b++ {
		all = append(all, told[r.ranks.Owner(b)][b])
	}
	if err := r.stepBy(all); err != nil {
		r.torn = r.torn || moves
		return err
	}
	return r.enter(ctx, all)
}

// backwards computes the gradients of this rank's batches, and returns what came of them.
func (r *trainRun) backwards(from, to int) (map[int]seen, error) {
	if err := r.sum.Clear(r.Model.grads()); err != nil {
		return nil, err
	}
	mine := map[int]seen{}
	if r.Synchronised { // a batch for each rank, in the last step of an epoch for some
		b, of := from+r.ranks.Rank, r.Model.build.Ranks
		share := 0.0
		if b < to {
			share = r.share(b, from, to)
		}
		of.Begin(share, func(mine []byte) ([][]byte, error) { return r.ranks.Hear(mine, nil) })
		defer of.End()
		if b >= to { // takes part, without samples
			return mine, r.backward(nil, feed.Seeded(r.Seed, r.at.epoch, b), func(float64) error { return nil })
		}
	}
	for _, b := range r.ranks.Mine(from, to) {
		err := r.backward(r.plan[b], feed.Seeded(r.Seed, r.at.epoch, b), func(norm float64) (err error) {
			mine[b], err = r.see(norm)
			return err
		})
		if err == nil {
			err = r.sum.Take(r.Model.grads(), r.share(b, from, to))
		}
		if err != nil {
			return nil, fmt.Errorf("batch %d: %w", b, err)
		}
	}
	return mine, nil
}

// backward computes the gradient of a batch.
func (r *trainRun) backward(idx []int, rng *rand.Rand, after func(norm float64) error) error {
	m := r.Model
	err := r.fetch(idx, &rng)
	if err == nil {
		err = m.setMode(rng)
	}
	if err == nil {
		err = r.feed.Put(0)
	}
	if err != nil {
		return err
	}
	norm, err := m.learn(r.feed, 0, func() error { return nil })
	if err == nil {
		err = after(norm)
	}
	if err == nil {
		err = m.family.Train(m.build.KeepBuffers) // of one rank, or of batches that are one
	}
	return err
}

// share returns what batch b counts among the batches from, …, to−1 of a step.
func (r *trainRun) share(b, from, to int) float64 {
	samples := 0
	for _, idx := range r.plan[from:to] {
		samples += len(idx)
	}
	return float64(len(r.plan[b])) / float64(samples)
}

// stepBy takes the step, and notes the learning rates and the norm of the gradient.
func (r *trainRun) stepBy(all []seen) error {
	for i := range all {
		if err := r.pace(r.step() + i); err != nil {
			return err
		}
		all[i].rate = r.rate()
	}
	norm, err := r.Model.clipped(r.ClipNorm)
	if err != nil {
		return err
	}
	all[len(all)-1].Norm = norm
	if last := r.at.batch + len(all) - 1; last == r.batches-1 {
		r.doctor.batch(last)
	}
	if err := r.optimise(); err != nil {
		return err
	}
	return r.Model.family.Show()
}

// enter enters what came of the batches of a step.
func (r *trainRun) enter(ctx context.Context, all []seen) error {
	due, end := false, r.at.batch+len(all)
	for i, s := range all {
		r.at.sums.Merge(s.Sums)
		r.at.gradNorm += s.Norm / float64(r.batches)
		r.at.batch++
		r.doctor.after(r.at.batch-1, s.Labels)
		due = due || r.due()
		if i == len(all)-1 {
			r.torn = false
		}
		if err := r.tell(ctx, s, due && r.at.batch == end); err != nil {
			return err
		}
	}
	if err := r.same(false); err != nil {
		return err
	}
	if r.at.batch < r.batches { // else at the end of the epoch
		r.saveIfDue()
	}
	return r.fault()
}
