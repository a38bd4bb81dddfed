package train

import (
	"context"
	"errors"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/optim"
)

// TakeAverages makes the means that an optimiser has kept the weights of the model.
func (m *Model) TakeAverages(a *optim.Averaged) error {
	return m.within(func() error {
		return m.family.Change(func() error { return assign(m.params, m.averages(a)) })
	})
}

// averages returns the means of the parameters, of those that have none what they are.
func (m *Model) averages(a *optim.Averaged) []*tensor.Dense {
	ws := copiesOf(m.params)
	for i, p := range m.params {
		if mean := a.Mean(p.name); mean != nil {
			ws[i] = mean
		}
	}
	return ws
}

// averaged looks at the validation set with the means of the weights, nil where there are none.
// Replicas do not see them.
func (r *trainRun) averaged(ctx context.Context) (*metric.Summary, error) {
	m := r.Model
	a, ok := r.opt.(*optim.Averaged)
	if !ok || r.Validation == nil || len(m.params) == 0 || a.Mean(m.params[0].name) == nil {
		return nil, nil
	}
	if err := m.family.Hide(); err != nil {
		return nil, err
	}
	was := copiesOf(m.params)
	err := assign(m.params, m.averages(a))
	var v *metric.Summary
	if err == nil {
		v, err = r.validate(ctx)
	}
	return v, errors.Join(err, assign(m.params, was), m.family.Show())
}
