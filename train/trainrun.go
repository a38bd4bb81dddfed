package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/score"
	"github.com/spikegrad/spikegrad/internal/team"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/optim"
)

// A trainRun is one call of Run.
type trainRun struct {
	*Trainer
	opt        optim.Optimiser
	schedule   optim.Schedule
	feed       *feed.Feeder
	ahead      *feed.Ahead // nil where batches are read when they are due
	batches    int
	plan       [][]int // the samples of each batch of the present epoch
	acc        accumulation
	ranks      *team.Team    // nil where a process trains alone
	told       bool          // somebody hears of batches; of several ranks, on rank 0
	sum        team.Gradient // of the ranks
	unseen     int           // steps since the weights of the ranks were compared
	validation int           // samples
	doctor     *doctor

	at         position
	began      time.Time // when this process began with the present epoch
	history    []Epoch
	best       int            // epoch with the best validation, −1 before the first
	bestBy     metric.Summary // its validation
	weights    []*tensor.Dense
	lowest     int // epoch with the lowest validation loss
	lowestLoss float64

	factor float64               // of the learning rate, in the last step
	torn   bool                  // the weights are those of the midst of a batch
	kept   atomic.Pointer[error] // of an observer, say, who cannot return it and may warn at any time
	begun  bool                  // the observers have been told of the beginning
	layers []string              // the structure of the network
	keeper keeper
}

// A position is how far a training is.
type position struct {
	epoch, batch int           // the next batch, counted from 0
	sums         score.Sums    // of the epoch so far
	gradNorm     float64       // the share of the epoch's mean
	spent        time.Duration // on the epoch, before it was interrupted
}

// takeOver sees to it that the optimiser does not go on with what it remembers of
// another model.
func (r *trainRun) takeOver() error {
	if err := r.Model.by.TakeOver(r.opt, r.Resume != nil); err != nil {
		return fmt.Errorf("train: the optimiser cannot begin anew: %w", err)
	}
	return nil
}

// epochs trains for all epochs that are left.
func (r *trainRun) epochs(ctx context.Context) error {
	if err := r.ranks.Agree(context.Background(), r.doctor.begin(ctx)); err != nil {
		return err
	}
	for r.at.epoch < r.Epochs && !r.outOfPatience() {
		r.began = time.Now()
		if err := r.epoch(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (t *Trainer) start(ctx context.Context) (*trainRun, error) {
	switch {
	case ctx == nil:
		return nil, fmt.Errorf("train: %w", errNoContext)
	case t.Epochs < 0:
		return nil, fmt.Errorf("train: number of epochs is %d, want at least 0", t.Epochs)
	case t.ClipNorm < 0 || math.IsNaN(t.ClipNorm):
		return nil, fmt.Errorf("train: norm to clip to is %v, want at least 0", t.ClipNorm)
	case t.Patience < 0:
		return nil, fmt.Errorf("train: patience is %d epochs, want at least 0", t.Patience)
	case t.Validation == nil && (t.Patience > 0 || t.KeepBest || t.ValidateEvery != 0):
		return nil, errors.New("train: Patience, KeepBest and ValidateEvery need a validation set")
	case t.ValidateEvery < 0 || t.Accumulate < 0 || t.Loaders < 0 || t.Loaders > 1000:
		return nil, fmt.Errorf("train: ValidateEvery is %d, Accumulate %d and Loaders %d, want at least 0, and at most 1000 loaders", t.ValidateEvery, t.Accumulate, t.Loaders)
	}
	t, err := t.online()
	if err != nil {
		return nil, err
	}
	if t.Accumulate > 1 && t.Model.restless() {
		return nil, errors.New("train: gradients cannot be accumulated over batches where the weights change within one; leave out Accumulate or Window, or learn at the end of sequences")
	}
	r := &trainRun{Trainer: t, opt: t.Optimiser, schedule: t.Schedule, best: -1, factor: 1, began: time.Now()}
	if isNil(r.opt) {
		r.opt = &optim.Adam{LearningRate: 1e-3}
	}
	if isNil(r.schedule) {
		r.schedule = optim.Constant{}
	}
	if v, ok := r.schedule.(interface{ Validate() error }); ok {
		if err := guard.Call("Validate", "schedule", r.schedule, v.Validate); err != nil {
			return nil, fmt.Errorf("train: %w", err)
		}
	}
	if r.feed, err = feed.New(t.Model.inputs(), t.Data, t.Encoder); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if t.Validation != nil {
		v, err := feed.New(t.Model.inputs(), t.Validation, t.Encoder)
		if err != nil {
			return nil, fmt.Errorf("train: validation: %w", err)
		}
		r.validation = v.N
	}
	r.told = t.OnBatch != nil || len(t.Observers) > 0
	if err := t.Model.watch(len(t.Observers) > 0); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	r.batches = len(r.feed.InOrder())
	if t.Epochs > math.MaxInt/max(r.batches, 1) {
		return nil, fmt.Errorf("train: %d epochs of %d batches are more than can be counted", t.Epochs, r.batches)
	}
	r.acc.run = r
	for _, p := range t.Model.params {
		p.frozen = optim.Frozen(r.opt, p.name)
	}
	r.doctor, err = newDoctor(r)
	return r, err
}

// deal says which samples the batches of the epoch have.
func (r *trainRun) deal() (err error) {
	if err := r.feed.CheckLen(); err != nil {
		return fmt.Errorf("train: epoch %d: %w", r.at.epoch, err)
	}
	if r.plan, err = r.feed.Epoch(r.Seed, r.at.epoch); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}

// epoch trains on every sample that is left in an epoch, and ends the epoch.
func (r *trainRun) epoch(ctx context.Context) error {
	err := r.deal()
	if err = r.ranks.Agree(context.Background(), err); err != nil {
		return err
	}
	plan := r.plan
	if _, stateful := r.Encoder.(marshaler); r.Loaders > 0 && !stateful {
		r.ahead = r.feed.Ahead(r.Loaders, plan, r.ranks.Mine(r.at.batch, r.batches), func(b int) *rand.Rand { return feed.Seeded(r.Seed, r.at.epoch, b) })
		defer func() { r.ahead.Stop(); r.ahead = nil }()
	}
	if r.ranks != nil {
		err := r.sharedEpoch(ctx)
		if err == nil {
			err = r.same(true)
		}
		if err != nil {
			return err
		}
		return r.ranks.Agree(context.Background(), r.endEpoch(ctx))
	}
	for r.at.batch < r.batches {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, b := r.at.epoch, r.at.batch
		idx := plan[b]
		r.doctor.batch(b)
		norm, err := r.train(idx, feed.Seeded(r.Seed, e, b))
		if err != nil {
			r.torn = r.torn || len(r.own()) > 0 // an encoder or a schedule may have moved on
			return fmt.Errorf("train: epoch %d, batch %d: %w", e, b, err)
		}
		m := r.Model
		if err := m.count(&r.at.sums, r.feed, m.fitted); err != nil {
			return fmt.Errorf("train: epoch %d, batch %d: %w", e, b, err)
		}
		r.at.gradNorm += norm / float64(r.batches)
		r.at.batch++
		r.torn = false
		r.doctor.after(b, r.feed.Labels)
		if err := r.tellOf(ctx, norm); err != nil {
			return fmt.Errorf("train: epoch %d, batch %d: %w", e, b, err)
		}
		if r.at.batch < r.batches { // else at the end of the epoch
			r.saveIfDue()
		}
		if err := r.fault(); err != nil {
			return fmt.Errorf("train: epoch %d, batch %d: %w", e, b, err)
		}
	}
	return r.endEpoch(ctx)
}

// endEpoch looks at the validation set and lets the doctor look at the model, and
// goes on to the next epoch.
func (r *trainRun) endEpoch(ctx context.Context) error {
	e := r.at.epoch
	ep := Epoch{Epoch: e, GradNorm: r.at.gradNorm, LearningRate: r.rate()}
	var err error
	if ep.Train, err = r.Model.summary(&r.at.sums); err != nil {
		return fmt.Errorf("train: epoch %d: %w", e, err)
	}
	back, err := r.mark()
	if err != nil {
		return fmt.Errorf("train: epoch %d: %w", e, err)
	}
	if r.Validation != nil {
		v, err := r.Model.evaluate(ctx, r.Validation, r.Encoder, r.ranks)
		if err == nil {
			ep.Averaged, err = r.averaged(ctx)
		}
		if err != nil {
			back() // so that the validation can be made anew
			return fmt.Errorf("train: epoch %d, validation: %w", e, err)
		}
		ep.Validation = &v
	}
	found, err := r.doctor.epoch(ctx, ep)
	if err != nil {
		back()
		return fmt.Errorf("train: epoch %d, %w", e, err)
	}
	best := ep.Validation != nil && r.judge(e, *ep.Validation)
	ep.Duration = r.elapsed()
	r.history = append(r.history, ep)
	r.at, r.began = position{epoch: e + 1}, time.Now()
	if r.OnEpoch != nil {
		err = r.Model.ask("", "OnEpoch", nil, func() error { return r.OnEpoch(ep) })
	}
	r.doctor.report(e+1, found)
	r.observe("Epoch", func(o Observer) { o.Epoch(ep) })
	if best {
		r.saveBest()
	}
	if err == nil {
		r.saveIfDue()
	}
	if err = cmp.Or(err, r.fault()); err != nil {
		return fmt.Errorf("train: epoch %d: %w", e, err)
	}
	return nil
}

// step returns how many batches came before.
func (r *trainRun) step() int { return r.at.epoch*r.batches + r.at.batch }

// keep keeps the first error of those who cannot return one: it ends the training after
// the present batch.
func (r *trainRun) keep(err error) {
	if err != nil {
		r.kept.CompareAndSwap(nil, &err)
	}
}

// fault returns what was kept.
func (r *trainRun) fault() error {
	if err := r.kept.Load(); err != nil {
		return *err
	}
	return nil
}

// rate returns the learning rate of the next step.
func (r *trainRun) rate() (rate float64) {
	rate = math.NaN()
	r.keep(guard.Call("Rate", "optimiser", r.opt, func() error { rate = r.opt.Rate(); return nil }))
	return rate
}
