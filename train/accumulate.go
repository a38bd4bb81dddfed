package train

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/vitals"
	"github.com/spikegrad/spikegrad/metric"
)

// An accumulation is the gradients of the batches since the last step of the optimiser, where
// one has several.
type accumulation struct {
	run   *trainRun
	sum   []*tensor.Dense // weighted by samples, of those of the step
	begun bool            // there are some
	read  []*tensor.Dense
	norm  float64 // of the last sum, before clipping
}

// gather adds the gradients of the batch that comes next to the sum, and takes a step by it if
// the batch is the last one of the step.
func (r *trainRun) gather() error {
	m, b := r.Model, r.at.batch
	from := b / r.Accumulate * r.Accumulate
	samples := 0
	for _, idx := range r.plan[from:min(from+r.Accumulate, r.batches)] {
		samples += len(idx)
	}
	share := float64(len(r.plan[b])) / float64(samples)
	if r.acc.sum == nil {
		for _, p := range m.params {
			r.acc.sum = append(r.acc.sum, tensor.New(tensor.Of(p.value.Dtype()), tensor.WithShape(p.value.Shape()...)))
		}
	}
	for i, p := range m.params {
		if !r.acc.begun {
			r.acc.sum[i].Zero()
		}
		vitals.Along(r.acc.sum[i], r.acc.sum[i], p.grad, share)
	}
	r.acc.norm, r.acc.begun = 0, true
	if (b+1)%r.Accumulate != 0 && b+1 < r.batches {
		return nil
	}
	for i, p := range m.params {
		if err := tensor.Copy(p.grad, r.acc.sum[i]); err != nil {
			return err
		}
	}
	r.acc.begun = false
	var err error
	if r.acc.norm, err = m.clipped(r.ClipNorm); err != nil {
		return err
	}
	return r.optimise()
}

func accumulatedName(param string) string { return "accumulated/" + param }

func (a *accumulation) save(c *Checkpoint) error {
	for i, t := range a.sum {
		if !a.begun {
			break
		}
		if err := c.add(accumulatedName(a.run.Model.params[i].name), t); err != nil {
			return err
		}
	}
	return c.put(entry{"accumulated", a.begun})
}

func (a *accumulation) check(c *Checkpoint) error {
	var there bool
	if err := c.get(entry{"accumulated", &there}); err != nil || !there {
		return err
	}
	r := a.run
	if r.ranks != nil {
		return errors.New("it was written in the midst of a step of several batches, which ranks take as a whole; go on without Reduce until the step is over")
	}
	if c.Size != r.Model.net.Batch || c.Settings["Accumulate"] != strconv.Itoa(max(r.Accumulate, 1)) {
		r.warn(fmt.Errorf("train: resume from %s: the gradients that were accumulated are left out, since a step has other batches", c.Path))
		return nil
	}
	var err error
	a.read, err = c.read(r.Model.params, accumulatedName)
	return err
}

func (a *accumulation) load() (back func(), err error) {
	a.sum, a.begun = a.read, a.read != nil
	return nil, nil
}

// validate looks at the validation set between batches, and leaves all that has a state where it
// stood.
func (r *trainRun) validate(ctx context.Context) (*metric.Summary, error) {
	back, err := r.mark()
	if err != nil {
		return nil, err
	}
	defer back()
	v, err := r.Model.evaluate(ctx, r.Validation, r.Encoder, r.ranks)
	if err != nil {
		return nil, fmt.Errorf("validation: %w", err)
	}
	return &v, nil
}
