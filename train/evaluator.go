package train

import (
	"context"
	"fmt"
	"strconv"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/team"
	"github.com/spikegrad/spikegrad/metric"
)

// An Evaluator is several processes that evaluate a model together, each of which has one with the
// same weights: each runs it on batches of its own, and all get the answer of one process. All must call the
// same method with the same data, encoder and kind of model; that the weights and the number of samples are
// the same is looked at first. What goes wrong on one rank is an error of all.
type Evaluator struct {
	Model  *Model
	Reduce Reducer // that connects them; nil for one process
}

// Evaluate is Model.Evaluate. Sums over batches are in their order, so that the number of ranks changes no bit.
func (e Evaluator) Evaluate(ctx context.Context, d data.Dataset, enc encode.Encoder) (metric.Summary, error) {
	return together(e, "evaluate", func(t *team.Team) (metric.Summary, error) { return e.Model.evaluate(ctx, d, enc, t) })
}

// Predict is Model.Predict.
func (e Evaluator) Predict(ctx context.Context, d data.Dataset, enc encode.Encoder) (*tensor.Dense, error) {
	return together(e, "predict", func(t *team.Team) (*tensor.Dense, error) { return e.Model.predict(ctx, d, enc, t) })
}

// Classes is Model.Classes.
func (e Evaluator) Classes(ctx context.Context, d data.Dataset, enc encode.Encoder) ([]int, error) {
	return together(e, "classes", func(t *team.Team) ([]int, error) { return e.Model.classes(ctx, d, enc, t) })
}

// together returns what f does, while the model is in use.
func together[T any](e Evaluator, what string, f func(*team.Team) (T, error)) (v T, err error) {
	t, err := teamOf(e.Reduce)
	if err == nil {
		err = e.Model.within(func() (err error) {
			if err = e.alike(t, what); err == nil {
				v, err = f(t)
			}
			return err
		})
		if t != nil { // the model of one may be in use, or something of somebody's panic
			err = t.Agree(context.Background(), err)
		}
	}
	if err != nil {
		return *new(T), fmt.Errorf("train: %s: %w", what, err)
	}
	return v, nil
}

// alike returns an error unless all ranks do the same with the same model.
func (e Evaluator) alike(t *team.Team, what string) error {
	if t == nil {
		return nil
	}
	m := e.Model
	settings := map[string]string{"what is asked": what, "the seed of the model": strconv.FormatUint(m.net.Seed, 10), "the size of a batch": strconv.Itoa(m.net.Batch)}
	if err := t.Same(settings, m.structure()); err != nil {
		return err
	}
	return m.reading(func() error { return t.Differ(m.family.Names, valuesOf(m.all())) })
}
