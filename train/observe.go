package train

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/internal/guard"
)

// An Observer is told what happens in a training, in the order in which it
// happens: Folder of package runlog, which writes a log and a report, is one. It
// must change neither the model nor the data; it may ask the model, as Predict does.
// What goes wrong in it after the beginning is its own matter: a training does not end
// because nobody can write down how it goes. If it panics, it does.
type Observer interface {
	// Begin comes before the first batch. Its error ends the training there.
	Begin(Session) error

	// Batch comes after every batch.
	Batch(Batch)

	// Diagnosis comes after every examination by the Doctor, if there is one, with
	// all that it found, also what it had found before: once before the first
	// batch, and after every epoch, ahead of Epoch. epochs is how many there were.
	Diagnosis(epochs int, found []diagnose.Finding)

	// Epoch comes after every epoch, behind its validation.
	Epoch(Epoch)

	// Sync comes before a checkpoint of the training is written, after Begin. When
	// it returns, what was told so far is on the disk, as far as it can be.
	Sync()

	// End comes when the training is over, with what Run is about to return.
	// The model has the weights that it is left with.
	End(Result, error)
}

// A Session is what a Trainer tells about a training that begins or goes on.
type Session struct {
	Trainer *Trainer
	Steps   int // batches in the whole training
	Step    int // batches before this one, when a training goes on where another ended
	Epoch   int // epochs before, with their validation; Epoch was called for each

	Warn func(error) // tells the user what went wrong and does not end the training
}

// begin tells the observers that the training begins, after so many batches and
// epochs.
func (r *trainRun) begin(step, epoch int) error {
	s := Session{Trainer: r.Trainer, Steps: r.Epochs * r.batches, Step: step, Epoch: epoch, Warn: r.pass}
	for i, o := range r.Observers {
		if isNil(o) {
			return fmt.Errorf("train: observer %d is nil", i)
		}
	}
	for i, o := range r.Observers {
		err := r.Model.ask("Begin", "observer", o, func() error { return o.Begin(s) })
		if err != nil {
			return fmt.Errorf("train: %w", r.endAll(r.Observers[:i], Result{Best: -1}, err))
		}
	}
	r.begun = true
	return nil
}

// observe calls f with each of the observers. What panics is kept.
func (r *trainRun) observe(method string, f func(Observer)) {
	for _, o := range r.Observers {
		r.keep(r.Model.ask(method, "observer", o, func() error { f(o); return nil }))
	}
}

// end tells the observers that the training is over, and returns how it ended.
func (r *trainRun) end(result Result, err error) error { return r.endAll(r.Observers, result, err) }

func (r *trainRun) endAll(all []Observer, result Result, err error) error {
	told := err
	for _, o := range all {
		e := r.Model.ask("End", "observer", o, func() error { o.End(result, told); return nil })
		if e != nil {
			err = errors.Join(err, e)
		}
	}
	if fault := r.fault(); fault != nil && !errors.Is(err, fault) {
		err = errors.Join(err, fault)
	}
	return err
}

// tellOf tells of the batch that came last.
func (r *trainRun) tellOf(ctx context.Context, norm float64) error {
	if !r.told {
		return nil
	}
	s, err := r.see(norm)
	if err != nil {
		return err
	}
	s.rate = r.rate()
	return r.tell(ctx, s, r.due() && r.at.batch < r.batches)
}

// due reports whether the validation set is to be looked at between batches.
func (r *trainRun) due() bool { return r.ValidateEvery > 0 && r.step()%r.ValidateEvery == 0 }

// tell tells everybody who wants to know of a batch what came of it.
func (r *trainRun) tell(ctx context.Context, s seen, validate bool) error {
	if !r.told {
		return nil
	}
	m, e, b := r.Model, r.at.epoch, r.at.batch-1
	info := Batch{Epoch: e, Batch: b, Batches: r.batches, Step: e*r.batches + b, Samples: s.Sums.N,
		GradNorm: s.Norm, LearningRate: s.rate}
	of, err := m.summary(&s.Sums)
	if err != nil {
		return err
	}
	info.Loss, info.Accuracy, info.Values, info.Rates = s.Loss, of.Accuracy, of.Values, of.Rates
	if len(of.Terms) > 0 {
		info.Terms = of.Terms
	}
	if validate { // else at the end of the epoch
		if info.Validation, err = r.validate(ctx); err != nil {
			return err
		}
	}
	if r.OnBatch != nil {
		if err := r.Model.ask("", "OnBatch", nil, func() error { r.OnBatch(info); return nil }); err != nil {
			return err
		}
	}
	r.observe("Batch", func(o Observer) { o.Batch(info) })
	return nil
}

// warn tells the user what went wrong and does not end the training.
func (r *trainRun) warn(err error) {
	r.keep(r.Model.ask("", "", nil, func() error { r.pass(err); return nil }))
}

// pass is warn while the model is lent: for observers.
func (r *trainRun) pass(err error) {
	if r.OnWarning != nil {
		r.keep(guard.Call("", "OnWarning", nil, func() error { r.OnWarning(err); return nil }))
		return
	}
	fmt.Fprintln(os.Stderr, "warning:", err)
}
