package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
)

// A Trainer fits a model to a data set with backpropagation through time.
type Trainer struct {
	Model      *Model
	Data       data.Dataset
	Validation data.Dataset // looked at after every epoch; may be nil
	Encoder    Encoder      // nil repeats the samples, or takes those that are sequences as they are
	Optimiser  Optimiser    // nil means Adam with a learning rate of 1e-3
	Schedule   Schedule     // of the learning rate; nil means Constant
	Epochs     int
	ClipNorm   float64 // gradients with a larger norm are scaled down to it; 0 means never
	Seed       uint64  // of the order of the samples, of the encoder and of dropout
	Patience   int     // stop after so many epochs without a lower validation loss; 0 means never
	KeepBest   bool    // end with the weights of the epoch with the best validation

	OnBatch func(Batch)       // called after every batch; may be nil
	OnEpoch func(Epoch) error // called after every epoch; may be nil. An error ends the training

	Observers []Observer // told of all that happens, after OnBatch and OnEpoch; with any, firing rates are measured in training too
}

// A Batch is what a Trainer tells about a batch.
type Batch struct {
	Epoch, Batch, Batches int                // counted from 0; Batches in an epoch
	Step                  int                // batches since the beginning of the training, counted from 0
	Samples               int                // in the batch
	Loss                  float64            // without penalties
	Accuracy              float64            // of the batch, NaN without labels
	Terms                 map[string]float64 // the penalties of regularisers by name
	Rates                 []Rate             // of the spiking layers; nil without Observers
	GradNorm              float64            // before clipping
	LearningRate          float64
}

// An Epoch is what a Trainer tells about an epoch.
type Epoch struct {
	Epoch        int      // counted from 0
	Train        Metrics  // over the batches as they came
	Validation   *Metrics // nil without a validation set
	GradNorm     float64  // mean, before clipping
	LearningRate float64  // at the end
	Duration     time.Duration
}

// A Result is what a training reached.
type Result struct {
	History []Epoch
	Best    int  // epoch with the highest validation accuracy, of equals with the lowest loss; −1 without one
	Stopped bool // ended before the last epoch: cancelled, or out of patience
}

// Run trains. When ctx is cancelled it ends after the present batch and returns
// what was reached with the context's error; the model keeps the weights it
// has, or with KeepBest the best. A loss or gradient that is not finite is an
// error that names the parameter, the epoch and the batch; the weights are those
// before that batch.
func (t *Trainer) Run(ctx context.Context) (Result, error) {
	run, err := t.start(ctx)
	if err == nil {
		err = run.begin(0, 0)
	}
	if err != nil {
		return Result{Best: -1}, err
	}
	r, err := t.run(ctx, run)
	for _, o := range t.Observers {
		o.End(r, err)
	}
	return r, err
}

// run trains for all epochs.
func (t *Trainer) run(ctx context.Context, run *trainRun) (Result, error) {
	r := Result{Best: -1}
	for e := range t.Epochs {
		began := time.Now()
		ep, err := run.epoch(ctx, e)
		if err != nil {
			r.Stopped = true
			return r, run.finish(err)
		}
		if t.Validation != nil {
			v, err := t.Model.evaluate(ctx, t.Validation, t.Encoder)
			if err != nil {
				r.Stopped = true
				return r, run.finish(fmt.Errorf("train: epoch %d, validation: %w", e, err))
			}
			ep.Validation = &v
			run.judge(e, v)
			r.Best = run.best
		}
		ep.Duration = time.Since(began)
		r.History = append(r.History, ep)
		if t.OnEpoch != nil {
			if err := t.OnEpoch(ep); err != nil {
				r.Stopped = true
				return r, run.finish(fmt.Errorf("train: epoch %d: %w", e, err))
			}
		}
		for _, o := range t.Observers {
			o.Epoch(ep)
		}
		if t.Patience > 0 && t.Validation != nil && e-run.lowest >= t.Patience {
			r.Stopped = e+1 < t.Epochs
			break
		}
	}
	return r, run.finish(nil)
}

// A trainRun is one call of Run.
type trainRun struct {
	*Trainer
	opt      Optimiser
	schedule Schedule
	feed     *feeder
	batches  int

	best       int     // epoch with the best validation, −1 before the first
	bestBy     Metrics // its validation
	weights    []*tensor.Dense
	lowest     int // epoch with the lowest validation loss
	lowestLoss float64
}

var errNoContext = errors.New("the context is nil")

func (t *Trainer) start(ctx context.Context) (*trainRun, error) {
	if t == nil {
		return nil, errors.New("train: the trainer is nil")
	}
	if err := t.Model.compiled(); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	switch {
	case ctx == nil:
		return nil, fmt.Errorf("train: %w", errNoContext)
	case t.Epochs < 0:
		return nil, fmt.Errorf("train: number of epochs is %d, want at least 0", t.Epochs)
	case t.ClipNorm < 0 || math.IsNaN(t.ClipNorm):
		return nil, fmt.Errorf("train: norm to clip to is %v, want at least 0", t.ClipNorm)
	case t.Patience < 0:
		return nil, fmt.Errorf("train: patience is %d epochs, want at least 0", t.Patience)
	case t.Validation == nil && (t.Patience > 0 || t.KeepBest):
		return nil, errors.New("train: Patience and KeepBest need a validation set")
	}
	r := &trainRun{Trainer: t, opt: t.Optimiser, schedule: t.Schedule, best: -1}
	if isNil(r.opt) {
		r.opt = &Adam{LearningRate: 1e-3}
	}
	if isNil(r.schedule) {
		r.schedule = Constant{}
	}
	if v, ok := r.schedule.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			return nil, err
		}
	}
	var err error
	if r.feed, err = newFeeder(t.Model, t.Data, t.Encoder); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if t.Validation != nil {
		if _, err := newFeeder(t.Model, t.Validation, t.Encoder); err != nil {
			return nil, fmt.Errorf("train: validation: %w", err)
		}
	}
	if err := t.Model.watch(len(t.Observers) > 0); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	r.batches = (t.Data.Len() + t.Model.Batch - 1) / t.Model.Batch
	return r, nil
}

// epoch trains on every sample once.
func (r *trainRun) epoch(ctx context.Context, e int) (Epoch, error) {
	ep := Epoch{Epoch: e}
	var s sums
	order := data.Order(r.Data.Len(), r.Seed, e)
	for b := range r.batches {
		if err := ctx.Err(); err != nil {
			return ep, err
		}
		idx := order[b*r.Model.Batch : min(len(order), (b+1)*r.Model.Batch)]
		r.opt.SetRateFactor(r.schedule.Rate(e*r.batches+b, r.Epochs*r.batches))
		norm, err := r.step(idx, seeded(r.Seed, e, b))
		if err != nil {
			return ep, fmt.Errorf("train: epoch %d, batch %d: %w", e, b, err)
		}
		m := r.Model
		s.add(m, len(idx), m.fitTerms(), m.fitRates(), m.fitOut(), r.feed.labels)
		ep.GradNorm += norm / float64(r.batches)
		r.tell(e, b, len(idx), norm)
	}
	ep.Train = s.metrics(r.Model)
	ep.LearningRate = r.opt.Rate()
	return ep, nil
}

// step trains on one batch and returns the norm of the gradient.
func (r *trainRun) step(idx []int, rng *rand.Rand) (float64, error) {
	m := r.Model
	if err := r.feed.load(idx, rng); err != nil {
		return 0, err
	}
	if err := m.setMode(rng); err != nil {
		return 0, err
	}
	norm, err := m.backpropagate(r.ClipNorm)
	if err != nil {
		return 0, err
	}
	return norm, r.opt.Step(m.valueGrads())
}

// backpropagate computes the gradients of the batch that is loaded, clips them,
// and returns their norm before that.
func (m *Model) backpropagate(clip float64) (float64, error) {
	if err := m.fit.Run(); err != nil {
		return 0, err
	}
	if err := m.checkTerms(m.fitTerms()); err != nil {
		return 0, err
	}
	for i, p := range m.params {
		if err := p.takeGrad(m.fit.Value(len(m.termNames) + 1 + i)); err != nil {
			return 0, err
		}
	}
	if clip == 0 {
		clip = math.Inf(1)
	}
	norm, err := ClipNorm(m.valueGrads(), clip)
	if err != nil {
		return 0, err
	}
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		for _, p := range m.params {
			if !finite(p.grad) {
				return 0, fmt.Errorf("the gradient of %s is not finite", p.name)
			}
		}
		return 0, fmt.Errorf("the norm of the gradient is %v", norm)
	}
	return norm, nil
}

func finite(v G.Value) bool {
	for _, x := range toFloat64(v) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

// judge remembers the best epoch and its weights.
func (r *trainRun) judge(e int, v Metrics) {
	if r.best < 0 || v.Loss < r.lowestLoss {
		r.lowest, r.lowestLoss = e, v.Loss
	}
	if r.best >= 0 && !better(v, r.bestBy) {
		return
	}
	r.best, r.bestBy = e, v
	if r.KeepBest {
		r.weights = r.Model.Weights()
	}
}

// better reports whether a is better than b: more accurate, or as accurate, or
// without labels, and of a lower loss.
func better(a, b Metrics) bool {
	if a.Accuracy != b.Accuracy && !math.IsNaN(a.Accuracy) {
		return a.Accuracy > b.Accuracy
	}
	return a.Loss < b.Loss
}

// finish puts the best weights back, and returns err.
func (r *trainRun) finish(err error) error {
	if r.weights != nil {
		if e := r.Model.SetWeights(r.weights); e != nil {
			return errors.Join(err, e)
		}
	}
	return err
}

// evaluation stands in the place of the epoch for what is drawn in evaluation.
const evaluation = -1

// seeded returns the generator of a batch. It depends on nothing that ran before.
func seeded(seed uint64, epoch, batch int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(epoch+1)<<32|uint64(uint32(batch))))
}
