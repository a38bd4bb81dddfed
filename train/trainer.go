package train

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/optim"
)

// A Trainer fits a model to a data set, with backpropagation through time or another way of Learning.
type Trainer struct {
	Model      *Model
	Data       data.Dataset
	Validation data.Dataset    // looked at after every epoch; may be nil
	Encoder    encode.Encoder  // nil repeats the samples, or takes those that are sequences as they are
	Optimiser  optim.Optimiser // nil means Adam with a learning rate of 1e-3
	Schedule   optim.Schedule  // of the learning rate; nil means Constant
	Epochs     int
	ClipNorm   float64 // gradients with a larger norm are scaled down to it; 0 means never
	Seed       uint64  // of the order of the samples, of the encoder and of dropout
	Patience   int     // stop after so many epochs without a lower validation loss; 0 means never
	KeepBest   bool    // end with the weights of the epoch with the best validation

	// Accumulate adds up the gradients of so many batches for each step of the optimiser: that of a batch so many
	// times as large, up to rounding, but for penalties and what else is no mean over samples. The last
	// step of an epoch has what is left. 0 means 1.
	Accumulate int
	// Loaders are goroutines that read and encode the samples of the batches to come while the network learns. The
	// training has the same bits, however many there are. The data set and the encoder must bear that several
	// goroutines use them, as those of this library do, and must not use the model. An encoder that has a state of
	// its own (encoding.BinaryMarshaler) is called in order, without them. 0 reads when a batch is due.
	Loaders int
	// ValidateEvery looks at the validation set also after every so many batches: see
	// Batch.Validation. It changes nothing in the training. 0 means after epochs alone.
	ValidateEvery int

	// Reduce connects the processes that train together, the ranks: mpi.World, of the program that each of them
	// runs. They share the Accumulate batches of every step, of which there must be as many for each; so the training
	// is that of one process with the same settings, whatever their number, up to rounding. Start weights,
	// checkpoints to resume from, logs, reports and all that is called or told are rank 0's. nil trains alone.
	Reduce Reducer
	// Deterministic adds up the gradients of the ranks in the order of the batches: the training has the same bits
	// whatever their number. It costs as much memory as the gradients of a rank's batches of a step, and each of
	// them is sent to all ranks.
	Deterministic bool
	// Synchronised makes the Accumulate batches of a step one batch, of which every rank has a part: batch
	// statistics and penalties are of all its samples. There must be as many ranks. So the training is that of one
	// process with a Network.Batch so many times as large, up to rounding, but for what is drawn in each part and for
	// schedules, which see the parts. Statistics are added up in the order of the ranks.
	Synchronised bool

	// Learning gives the gradients in the place of backpropagation through time: online.EProp. The network goes through
	// a sequence in windows that it chooses, in memory that does not depend on the number of time steps, and may change
	// the weights within it. The loss has to be one over sequences; penalties count what they have read so far. All
	// else stays as it is. nil is backpropagation through time.
	Learning Learning

	Checkpoints *Checkpoints // where the state is written, and how often; may be nil
	Resume      *Checkpoint  // where to go on from; nil begins anew, see Run

	OnBatch   func(Batch)       // called after every batch; may be nil
	OnEpoch   func(Epoch) error // called after every epoch; may be nil. An error ends the training
	OnWarning func(error)       // told what went wrong and does not end the training; nil prints it to standard error

	Doctor    bool                   // diagnose the model before the first batch and after every epoch, see Diagnose, and judge whether the loss falls
	OnFinding func(diagnose.Finding) // called with what the Doctor finds, once as long as it lasts; nil prints it to standard error

	Observers []Observer // told of all that happens, after OnBatch and OnEpoch; with any, firing rates are measured in training too
}

// A Batch is what a Trainer tells about a batch.
type Batch struct {
	Epoch, Batch, Batches int                // counted from 0; Batches in an epoch
	Step                  int                // batches since the beginning of the training, counted from 0
	Samples               int                // in the batch
	Loss                  float64            // without penalties
	Accuracy              float64            // of the batch, NaN without labels
	Values                []metric.Value     // of the metrics of the network, those that the batch tells
	Terms                 map[string]float64 // the penalties of regularisers by name
	Rates                 []metric.Rate      // of the spiking layers; nil without Observers
	GradNorm              float64            // before clipping; where gradients are accumulated, at their last batch that of all
	LearningRate          float64
	Validation            *metric.Summary // after it, where that is due by ValidateEvery; else nil
}

// An Epoch is what a Trainer tells about an epoch.
type Epoch struct {
	Epoch        int             // counted from 0
	Train        metric.Summary  // over the batches as they came
	Validation   *metric.Summary // nil without a validation set
	Averaged     *metric.Summary `json:",omitempty"` // of it, with the means of an optim.Averaged; nil without
	GradNorm     float64         // mean, before clipping
	LearningRate float64         // at the end
	Duration     time.Duration   `json:"-"`
}

// A Result is what a training reached.
type Result struct {
	History []Epoch
	Best    int  // epoch with the highest validation accuracy, of equals with the lowest loss; −1 without one
	Stopped bool // ended before the last epoch: cancelled, or out of patience

	Findings []diagnose.Finding // of the Doctor, in this call of Run
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
// refused, and so is one with the same optimiser. A Trainer is settings, and may be shared:
// what it refers to may not.
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
		defer m.family.Open()
		r, err = t.run(ctx)
		return err
	})
	if err != nil && !begun {
		err = fmt.Errorf("train: %w", err)
	}
	return r, err
}

func (t *Trainer) run(ctx context.Context) (Result, error) {
	ranks, t, err := t.join()
	if err != nil {
		return Result{Best: -1}, err
	}
	run, err := t.start(ctx)
	if err == nil {
		run.ranks, run.sum.InOrder = ranks, t.Deterministic
		err = run.shareable()
	}
	if err = ranks.Agree(context.Background(), err); err != nil {
		return Result{Best: -1}, err
	}
	leave, err := guard.Occupy(run.opt)
	if err != nil {
		err = fmt.Errorf("train: the optimiser is %w, in another training; give each one of its own", err)
	} else {
		defer leave()
		defer func() { run.keeper.lock.Release() }()
		err = run.prepare()
	}
	if err = ranks.Agree(context.Background(), err); err == nil {
		err = run.gathering()
	}
	if err != nil {
		return Result{Best: -1}, err
	}
	if err = run.takeOver(); err == nil {
		err = run.begin(run.step(), run.at.epoch)
	}
	if err = ranks.Agree(context.Background(), err); err != nil {
		return Result{Best: -1}, err
	}
	err = guard.Call("", "", nil, func() error { return run.epochs(ctx) })
	run.save()
	r := Result{History: run.history, Best: run.best, Stopped: err != nil || run.at.epoch < t.Epochs, Findings: run.doctor.told()}
	err = run.finish(err)
	return r, run.end(r, err)
}

var errNoContext = errors.New("the context is nil")
