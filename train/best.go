package train

import (
	"errors"
	"fmt"
	"math"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/metric"
)

// judge remembers the best epoch and its weights, and reports whether that is e.
func (r *trainRun) judge(e int, v metric.Summary) bool {
	if r.best < 0 || v.Loss < r.lowestLoss {
		r.lowest, r.lowestLoss = e, v.Loss
	}
	if r.best >= 0 && !better(v, r.bestBy) {
		return false
	}
	r.best, r.bestBy = e, v
	if r.KeepBest {
		r.weights = copiesOf(r.Model.all())
	}
	return true
}

// better reports whether a is better than b: more accurate, or as accurate, or
// without labels, and of a lower loss.
func better(a, b metric.Summary) bool {
	if a.Accuracy != b.Accuracy && !math.IsNaN(a.Accuracy) {
		return a.Accuracy > b.Accuracy
	}
	return a.Loss < b.Loss
}

// outOfPatience reports whether the validation loss was not lower for too long.
func (r *trainRun) outOfPatience() bool {
	return r.Patience > 0 && r.best >= 0 && r.at.epoch-1-r.lowest >= r.Patience
}

// finish puts the best weights back, writes the final file if the training is
// over, and returns err.
func (r *trainRun) finish(err error) error {
	var last []*tensor.Dense
	if r.weights != nil {
		m := r.Model
		last = copiesOf(m.all())
		if e := m.family.Change(func() error { return assign(m.all(), r.weights) }); e != nil {
			return errors.Join(err, fmt.Errorf("train: set weights: %w", e))
		}
	}
	if err == nil {
		err = r.saveFinal(last)
	}
	return err
}
