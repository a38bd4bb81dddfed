package train

import (
	"context"
	"fmt"

	"github.com/spikegrad/spikegrad/metric"
	"github.com/spikegrad/spikegrad/optim"
)

// TakeAverages makes the means that an optimiser has kept the weights of the model.
func (m *Model) TakeAverages(a *optim.Averaged) error {
	return m.within(func() error { return m.takeAverages(a) })
}

func (m *Model) takeAverages(a *optim.Averaged) error {
	ws := copiesOf(m.params)
	for i, p := range m.params {
		if mean := a.Mean(p.name); mean != nil {
			ws[i] = mean
		}
	}
	return m.family.Change(func() error { return assign(m.params, ws) })
}

// averaged looks at the validation set with the means of the weights, nil where there are none.
func (r *trainRun) averaged(ctx context.Context) (*metric.Summary, error) {
	a, ok := r.opt.(*optim.Averaged)
	if !ok || r.Validation == nil || len(r.Model.params) == 0 || a.Mean(r.Model.params[0].name) == nil {
		return nil, nil
	}
	was := copiesOf(r.Model.params)
	if err := r.Model.takeAverages(a); err != nil {
		return nil, err
	}
	v, err := r.validate(ctx)
	if e := r.Model.family.Change(func() error { return assign(r.Model.params, was) }); e != nil {
		return nil, fmt.Errorf("set weights: %w", e)
	}
	return v, err
}
