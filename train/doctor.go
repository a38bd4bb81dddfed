package train

import (
	"context"
	"fmt"
	"math"
	"os"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/internal/vitals"
)

// A doctor is what a Trainer with a Doctor has: it diagnoses the model before the
// first batch and after every epoch, and judges the loss. A nil doctor does nothing.
type doctor struct {
	run      *trainRun
	x        *examiner
	findings []diagnose.Finding
	open     map[string]bool // what the last examination found
	memory   *recollection   // nil before the first examination of a training
	before   []*tensor.Dense // the weights before the last batch of an epoch
}

// A recollection is what a doctor remembers from batch to batch. Checkpoints have it,
// so that a training that goes on is judged as if it had run through.
type recollection struct {
	First  *float64    `json:"first,omitempty"` // loss before the first batch; nil where the training began with an optimiser of another
	Size   float64     `json:"size"`            // of the weights in the beginning, as vitals.Distance measures it
	Step   float64     `json:"step"`            // how far the last batch of an epoch moved them; −1 if that is not known
	Labels map[int]int `json:"labels"`          // how often each was seen in this epoch
}

func newDoctor(r *trainRun) (*doctor, error) {
	if !r.Doctor {
		return nil, nil
	}
	x, err := newExaminer(r.Model, r.Data, r.Encoder, r.Seed)
	if err != nil {
		return nil, fmt.Errorf("train: doctor: %w", err)
	}
	return &doctor{run: r, x: x}, nil
}

// begin examines the model before the first batch.
func (d *doctor) begin(ctx context.Context) error {
	if d == nil {
		return nil
	}
	v, err := d.examine(ctx)
	if err != nil {
		return fmt.Errorf("train: doctor: %w", err)
	}
	if d.memory == nil {
		d.memory = &recollection{Size: vitals.Distance(d.run.Model.learnt(), nil), Step: -1, Labels: map[int]int{}}
		if d.run.opt.State().Steps == 0 && !math.IsNaN(v.Loss) && !math.IsInf(v.Loss, 0) {
			d.memory.First = &v.Loss
		}
	}
	fs := v.Findings()
	d.tell(d.run.at.epoch, fs)
	if d.run.step() == 0 { // else the observers have heard it
		d.report(0, fs)
	}
	return nil
}

// examine examines the model, and leaves all that has a state where it stood.
func (d *doctor) examine(ctx context.Context) (*vitals.Network, error) {
	back, err := d.run.mark()
	if err != nil {
		return nil, err
	}
	defer back()
	return d.x.examine(ctx)
}

// batch comes before batch b of an epoch.
func (d *doctor) batch(b int) {
	if d != nil && b == d.run.batches-1 {
		d.before = d.run.Model.learnt()
	}
}

// after comes after batch b, of samples with these labels.
func (d *doctor) after(b int, labels []int) {
	if d == nil {
		return
	}
	for _, l := range labels {
		if l >= 0 {
			d.memory.Labels[l]++
		}
	}
	if b == d.run.batches-1 {
		d.memory.Step = vitals.Distance(d.run.Model.learnt(), d.before)
	}
}

// epoch examines the model after an epoch, and returns what it finds.
func (d *doctor) epoch(ctx context.Context, ep Epoch) ([]diagnose.Finding, error) {
	if d == nil {
		return nil, nil
	}
	v, err := d.examine(ctx)
	if err != nil {
		return nil, fmt.Errorf("doctor: %w", err)
	}
	fs := v.Findings()
	if f, stuck := d.loss(ep); stuck {
		if f.Cure, err = d.rate(ep.LearningRate, &f.Message); err != nil {
			return nil, fmt.Errorf("doctor: %w", err)
		}
		fs = append(fs, f)
	}
	clear(d.memory.Labels)
	d.tell(ep.Epoch+1, fs)
	return fs, nil
}

// report tells the observers what was found after so many epochs.
func (d *doctor) report(epochs int, fs []diagnose.Finding) {
	if d == nil {
		return
	}
	d.run.observe("Diagnosis", func(o Observer) { o.Diagnosis(epochs, fs) })
}

// tell passes on what was not found the last time.
func (d *doctor) tell(epochs int, fs []diagnose.Finding) {
	now := map[string]bool{}
	for i := range fs {
		fs[i].Epoch = epochs
		f := fs[i]
		key := fmt.Sprint(f.Kind, f.Layer)
		if now[key] = true; d.open[key] {
			continue
		}
		d.findings = append(d.findings, f)
		if d.run.OnFinding != nil {
			d.run.keep(d.run.Model.ask("", "OnFinding", nil, func() error { d.run.OnFinding(f); return nil }))
			continue
		}
		fmt.Fprintf(os.Stderr, "train: doctor, after %d epochs: %v\n", epochs, f)
	}
	d.open = now
}

// told returns the findings so far.
func (d *doctor) told() []diagnose.Finding {
	if d == nil {
		return nil
	}
	return d.findings
}
