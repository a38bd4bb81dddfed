package train

import (
	"context"
	"fmt"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/diagnose"
	"github.com/spikegrad/spikegrad/encode"
)

// Diagnose says what is wrong with a model, as it is now, on a data set: layers
// that are silent or saturated, neurons that are dead, gradients that vanish or
// explode by layer or in time, surrogates that do not fit the voltages, time
// constants out of their range, Euler's method unstable, inputs that are all zero
// and labels that are all the same. A healthy network has no findings.
//
// It runs a copy of the network on some batches of the data set, drawn by the
// model's seed, and looks at all activities, voltages and gradients there, so the
// model is as it was, and costs no more, afterwards. The copy goes through whole
// samples, also where the model has a Segment or a Window, has memory for all their
// steps, and acts as in training: with dropout, and with the statistics of the batch. enc
// is as for Evaluate. A cancelled context ends it with the context's error. A Trainer with
// a Doctor does the same before and during a training, and judges whether the loss falls.
func Diagnose(ctx context.Context, m *Model, d data.Dataset, enc encode.Encoder) ([]diagnose.Finding, error) {
	var fs []diagnose.Finding
	err := m.within(func() error {
		if ctx == nil {
			return errNoContext
		}
		x, err := newExaminer(m, d, enc, m.net.Seed)
		if err != nil {
			return err
		}
		v, err := x.examine(ctx)
		if err != nil {
			return err
		}
		fs = v.Findings()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("train: diagnose: %w", err)
	}
	return fs, nil
}
