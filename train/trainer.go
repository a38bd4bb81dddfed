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

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/internal/guard"
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

	Checkpoints *Checkpoints // where the state is written, and how often; may be nil
	Resume      *Checkpoint  // where to go on from; nil begins anew, see Run

	OnBatch   func(Batch)       // called after every batch; may be nil
	OnEpoch   func(Epoch) error // called after every epoch; may be nil. An error ends the training
	OnWarning func(error)       // told what went wrong and does not end the training; nil prints it to standard error

	Doctor    bool          // diagnose the model before the first batch and after every epoch, see Diagnose, and judge whether the loss falls
	OnFinding func(Finding) // called with what the Doctor finds, once as long as it lasts; nil prints it to standard error

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
	Epoch        int           // counted from 0
	Train        Metrics       // over the batches as they came
	Validation   *Metrics      // nil without a validation set
	GradNorm     float64       // mean, before clipping
	LearningRate float64       // at the end
	Duration     time.Duration `json:"-"`
}

// A Result is what a training reached.
type Result struct {
	History []Epoch
	Best    int  // epoch with the highest validation accuracy, of equals with the lowest loss; −1 without one
	Stopped bool // ended before the last epoch: cancelled, or out of patience

	Findings []Finding // of the Doctor, in this call of Run
}

// Run trains. When ctx is cancelled it ends after the present batch and returns
// what was reached with the context's error; the model keeps the weights it
// has, or with KeepBest the best. A loss or gradient that is not finite is an
// error that names the parameter, the epoch and the batch; the weights are those
// before that batch. However the training ends, there is a checkpoint of where it
// ended, if Checkpoints is set; the last one before, if it ended in the midst of a batch
// and something other than the weights had moved on.
//
// Without Resume, epochs, history and the steps of the schedule begin at 0, from the
// weights that the model has. What the optimiser remembers belongs to the model: a second
// Run on the same model with the same optimiser goes on with it, and on any other model
// the optimiser begins anew. A schedule or an encoder of your own that has a state goes
// on where it is.
//
// A panic in what others have written ends the training with an error that is a
// PanicError. The weights are those after the last whole batch, where there is a Window
// those after the last stride.
//
// The model is in use as long as Run runs; see Model. A second training of it is
// refused. A Trainer is settings, and may be shared: what it refers to may not.
func (t *Trainer) Run(ctx context.Context) (Result, error) {
	r := Result{Best: -1}
	if t == nil {
		return r, errors.New("train: the trainer is nil")
	}
	m, begun := t.Model, false
	err := m.within(func() (err error) {
		begun = true
		if err := m.owner(); err != nil {
			return fmt.Errorf("train: %w", err)
		}
		if !m.training.Enter() {
			return fmt.Errorf("train: model is %w, or by an observer's training", ErrInUse)
		}
		defer m.training.Leave()
		defer m.family.open()
		r, err = t.run(ctx)
		return err
	})
	if err != nil && !begun {
		err = fmt.Errorf("train: %w", err)
	}
	return r, err
}

func (t *Trainer) run(ctx context.Context) (Result, error) {
	run, err := t.start(ctx)
	if err == nil {
		defer func() { run.keeper.lock.Release() }()
		err = run.prepare()
	}
	if err == nil {
		err = run.takeOver()
	}
	if err == nil {
		err = run.begin(run.step(), run.at.epoch)
	}
	if err != nil {
		return Result{Best: -1}, err
	}
	err = guard.Call("", "", nil, func() error { return run.epochs(ctx) })
	run.save()
	r := Result{History: run.history, Best: run.best, Stopped: err != nil || run.at.epoch < t.Epochs, Findings: run.doctor.told()}
	err = run.finish(err)
	return r, run.end(r, err)
}

// takeOver sees to it that the optimiser does not go on with what it remembers of
// another model.
func (r *trainRun) takeOver() error {
	if err := r.Model.takeOver(r.opt, r.Resume != nil); err != nil {
		return fmt.Errorf("train: the optimiser cannot begin anew: %w", err)
	}
	return nil
}

// epochs trains for all epochs that are left.
func (r *trainRun) epochs(ctx context.Context) error {
	if err := r.doctor.begin(ctx); err != nil {
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

// outOfPatience reports whether the validation loss was not lower for too long.
func (r *trainRun) outOfPatience() bool {
	return r.Patience > 0 && r.best >= 0 && r.at.epoch-1-r.lowest >= r.Patience
}

// A trainRun is one call of Run.
type trainRun struct {
	*Trainer
	opt        Optimiser
	schedule   Schedule
	feed       *feeder
	batches    int
	validation int // samples
	doctor     *doctor

	at         position
	began      time.Time // when this process began with the present epoch
	history    []Epoch
	best       int     // epoch with the best validation, −1 before the first
	bestBy     Metrics // its validation
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
	sums         sums          // of the epoch so far
	gradNorm     float64       // the share of the epoch's mean
	spent        time.Duration // on the epoch, before it was interrupted
}

var errNoContext = errors.New("the context is nil")

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
	case t.Validation == nil && (t.Patience > 0 || t.KeepBest):
		return nil, errors.New("train: Patience and KeepBest need a validation set")
	}
	r := &trainRun{Trainer: t, opt: t.Optimiser, schedule: t.Schedule, best: -1, factor: 1, began: time.Now()}
	if isNil(r.opt) {
		r.opt = &Adam{LearningRate: 1e-3}
	}
	if isNil(r.schedule) {
		r.schedule = Constant{}
	}
	if v, ok := r.schedule.(interface{ Validate() error }); ok {
		if err := guard.Call("Validate", "schedule", r.schedule, v.Validate); err != nil {
			return nil, err
		}
	}
	var err error
	if r.feed, err = newFeeder(t.Model, t.Data, t.Encoder); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if t.Validation != nil {
		v, err := newFeeder(t.Model, t.Validation, t.Encoder)
		if err != nil {
			return nil, fmt.Errorf("train: validation: %w", err)
		}
		r.validation = v.n
	}
	if err := t.Model.watch(len(t.Observers) > 0); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	r.batches = len(r.feed.inOrder())
	if t.Epochs > math.MaxInt/max(r.batches, 1) {
		return nil, fmt.Errorf("train: %d epochs of %d batches are more than can be counted", t.Epochs, r.batches)
	}
	r.doctor, err = newDoctor(r)
	return r, err
}

// epoch trains on every sample that is left in an epoch, and ends the epoch.
func (r *trainRun) epoch(ctx context.Context) error {
	if err := r.feed.checkLen(); err != nil {
		return fmt.Errorf("train: epoch %d: %w", r.at.epoch, err)
	}
	plan, err := r.feed.epoch(r.Seed, r.at.epoch)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	for r.at.batch < r.batches {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, b := r.at.epoch, r.at.batch
		idx := plan[b]
		r.doctor.batch(b)
		norm, err := r.train(idx, seeded(r.Seed, e, b))
		if err != nil {
			r.torn = r.torn || len(r.stateful()) > 0 // an encoder or a schedule may have moved on
			return fmt.Errorf("train: epoch %d, batch %d: %w", e, b, err)
		}
		m := r.Model
		r.at.sums.add(m, len(idx), m.fitTerms(), m.fitRates(), m.fitOut(), r.feed.labels)
		r.at.gradNorm += norm / float64(r.batches)
		r.at.batch++
		r.torn = false
		r.doctor.after(b)
		if err := r.tell(e, b, len(idx), norm); err != nil {
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
	ep := Epoch{Epoch: e, Train: r.at.sums.metrics(r.Model), GradNorm: r.at.gradNorm, LearningRate: r.rate()}
	back, err := r.mark()
	if err != nil {
		return fmt.Errorf("train: epoch %d: %w", e, err)
	}
	if r.Validation != nil {
		v, err := r.Model.evaluate(ctx, r.Validation, r.Encoder)
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

// train trains on one batch and returns the norm of the gradient.
func (r *trainRun) train(idx []int, rng *rand.Rand) (float64, error) {
	m := r.Model
	if err := r.feed.fetch(idx, rng); err != nil {
		return 0, err
	}
	// Once a batch: a schedule may remember how often it was asked.
	err := m.ask("Rate", "schedule", r.schedule, func() error {
		r.factor = r.schedule.Rate(r.step(), r.Epochs*r.batches)
		return nil
	})
	if err == nil {
		err = guard.Call("SetRateFactor", "optimiser", r.opt, func() error { r.opt.SetRateFactor(r.factor); return nil })
	}
	if err == nil {
		err = m.setMode(rng)
	}
	if err == nil {
		err = r.feed.put(0)
	}
	if err != nil {
		return 0, err
	}
	norm, err := m.learn(r.feed, r.ClipNorm, r.optimise)
	if err != nil {
		return 0, err
	}
	return norm, m.family.show()
}

// optimise changes the weights by their gradients. An optimiser that fails has changed
// nothing, unless it panics: then the weights are put back, if it is not one of ours, and
// what it remembers is not known.
func (r *trainRun) optimise() error {
	m, vs := r.Model, r.Model.valueGrads()
	step := func() error { return guard.Call("Step", "optimiser", r.opt, func() error { return r.opt.Step(vs) }) }
	var err error
	switch r.opt.(type) {
	case *SGD, *Adam, *RMSProp:
		err = m.family.train(step)
	default:
		if err = m.family.hide(); err == nil {
			err = step()
		}
	}
	var p *PanicError
	switch {
	case err == nil:
		r.torn = true
	case errors.As(err, &p):
		r.torn = true
		err = cmp.Or(m.family.back(), err)
	}
	return err
}

// rate returns the learning rate of the next step.
func (r *trainRun) rate() (rate float64) {
	rate = math.NaN()
	r.keep(guard.Call("Rate", "optimiser", r.opt, func() error { rate = r.opt.Rate(); return nil }))
	return rate
}

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

// backpropagate computes the gradients of the batch that is loaded, clips them,
// and returns their norm before that.
func (m *Model) backpropagate(clip float64) (float64, error) {
	if err := m.fit.Run(); err != nil {
		return 0, err
	}
	m.fitted = m.readFit()
	if err := m.checkTerms(m.fitted.terms); err != nil {
		return 0, err
	}
	for i, p := range m.params {
		if err := p.takeGrad(m.fit.Value(len(m.termNames)+1+i), false); err != nil {
			return 0, err
		}
	}
	return m.clipped(clip)
}

// clipped clips the gradients, and returns their norm before that.
func (m *Model) clipped(clip float64) (float64, error) {
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

// judge remembers the best epoch and its weights, and reports whether that is e.
func (r *trainRun) judge(e int, v Metrics) bool {
	if r.best < 0 || v.Loss < r.lowestLoss {
		r.lowest, r.lowestLoss = e, v.Loss
	}
	if r.best >= 0 && !better(v, r.bestBy) {
		return false
	}
	r.best, r.bestBy = e, v
	if r.KeepBest {
		r.weights = r.Model.learnt()
	}
	return true
}

// better reports whether a is better than b: more accurate, or as accurate, or
// without labels, and of a lower loss.
func better(a, b Metrics) bool {
	if a.Accuracy != b.Accuracy && !math.IsNaN(a.Accuracy) {
		return a.Accuracy > b.Accuracy
	}
	return a.Loss < b.Loss
}

// finish puts the best weights back, writes the final file if the training is
// over, and returns err.
func (r *trainRun) finish(err error) error {
	var last []*tensor.Dense
	if r.weights != nil {
		last = r.Model.learnt()
		if e := r.Model.setLearnt(r.weights); e != nil {
			return errors.Join(err, fmt.Errorf("train: set weights: %w", e))
		}
	}
	if err == nil {
		err = r.saveFinal(last)
	}
	return err
}

// evaluation stands in the place of the epoch for what is drawn in evaluation.
const evaluation = -1

// seeded returns the generator of a batch. It depends on nothing that ran before.
func seeded(seed uint64, epoch, batch int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(epoch+1)<<32|uint64(uint32(batch))))
}
