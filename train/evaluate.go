package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/limit"
	"github.com/spikegrad/spikegrad/metric"
)

// Evaluate returns the metrics of the model on a data set, with dropout off.
// The encoder draws from a generator seeded for each batch, so that the same
// call gives the same numbers; nil repeats the samples, or takes those that are
// sequences as they are. A cancelled context ends it with the context's error. A
// loss that is not finite is an error.
func (m *Model) Evaluate(ctx context.Context, d data.Dataset, enc encode.Encoder) (metric.Summary, error) {
	var v metric.Summary
	err := m.within(func() (err error) { v, err = m.evaluate(ctx, d, enc); return err })
	if err != nil {
		return metric.Summary{}, fmt.Errorf("train: evaluate: %w", err)
	}
	return v, nil
}

func (m *Model) evaluate(ctx context.Context, d data.Dataset, enc encode.Encoder) (metric.Summary, error) {
	var s sums
	err := m.each(ctx, d, enc, func(feed *feed.Feeder) error { return m.count(feed, &s) })
	if err != nil {
		return metric.Summary{}, err
	}
	return s.metrics(m)
}

// count adds the batch that was looked at last to s.
func (m *Model) count(f *feed.Feeder, s *sums) error {
	if err := m.checkTerms(m.tested.terms); err != nil {
		return fmt.Errorf("samples %d to %d: %w", f.Present[0], f.Present[len(f.Present)-1], err)
	}
	return s.add(m, f, m.tested)
}

// Predict returns the outputs for each sample of a data set, [len, …] in a row;
// where they are sequences, [len, T, …].
func (m *Model) Predict(ctx context.Context, d data.Dataset, enc encode.Encoder) (*tensor.Dense, error) {
	var t *tensor.Dense
	err := m.within(func() (err error) { t, err = m.predict(ctx, d, enc); return err })
	if err != nil {
		return nil, fmt.Errorf("train: predict: %w", err)
	}
	return t, nil
}

func (m *Model) predict(ctx context.Context, d data.Dataset, enc encode.Encoder) (*tensor.Dense, error) {
	var all []float64
	samples := 0
	err := m.each(ctx, d, enc, func(feed *feed.Feeder) error {
		x := flat.Float64s(m.tested.out)
		if m.sequences() {
			x = flat.ByBatch(x, m.net.Steps, m.net.Batch)
		}
		n := len(x) / m.net.Batch
		if all == nil {
			size, err := limit.Elements(feed.N, n)
			if err != nil {
				return fmt.Errorf("the outputs of all samples: %w", err)
			}
			samples, all = feed.N, make([]float64, size)
		}
		for b, i := range feed.Present {
			copy(all[i*n:], x[b*n:(b+1)*n])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	shape := append(tensor.Shape{samples}, m.out.Shape()[1:]...)
	if m.sequences() {
		shape[1] = m.net.Steps
	}
	t := tensor.New(tensor.Of(m.net.Dtype), tensor.WithShape(shape...))
	flat.Set(t, all)
	return t, nil
}

// Classes returns the class with the largest output for each sample, where the outputs are
// sequences the largest mean over its time steps.
func (m *Model) Classes(ctx context.Context, d data.Dataset, enc encode.Encoder) ([]int, error) {
	var all []int
	err := m.within(func() error {
		if shape := m.out.Shape(); len(m.net.Heads) > 0 || len(shape) != 2 && !m.classifies() {
			return fmt.Errorf("outputs have shape %v, want [batch classes]", []int(shape))
		}
		return m.each(ctx, d, enc, func(feed *feed.Feeder) error {
			if all == nil {
				all = make([]int, feed.N)
			}
			rows, err := m.outputs(m.heads[0], feed, flat.Float64s(m.tested.out))
			if err != nil {
				return err
			}
			for b, y := range rows {
				all[feed.Present[b]] = largest(y)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("train: classes: %w", err)
	}
	return all, nil
}

// each runs the model on all batches of a data set, and calls f with each.
func (m *Model) each(ctx context.Context, d data.Dataset, enc encode.Encoder, f func(feed *feed.Feeder) error) error {
	return m.batches(ctx, d, enc, func(feed *feed.Feeder) error {
		if err := m.look(feed, nil); err != nil {
			return err
		}
		return f(feed)
	})
}

// batches loads all batches of a data set in turn, and calls f with each.
func (m *Model) batches(ctx context.Context, d data.Dataset, enc encode.Encoder, f func(feed *feed.Feeder) error) error {
	return m.some(ctx, d, enc, func(int) bool { return true }, func(_ int, feed *feed.Feeder) error { return f(feed) })
}

// some loads those batches of a data set that are wanted, by their numbers, and calls f with each.
func (m *Model) some(ctx context.Context, d data.Dataset, enc encode.Encoder, wanted func(k int) bool, f func(k int, feed *feed.Feeder) error) error {
	if ctx == nil {
		return errNoContext
	}
	from, err := feed.New(m.inputs(), d, enc)
	if err != nil {
		return err
	}
	for k, idx := range from.InOrder() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !wanted(k) {
			continue
		}
		r := feed.Seeded(m.net.Seed, feed.Evaluation, idx[0])
		if err := from.Fetch(idx, r); err != nil {
			return err
		}
		err := m.reading(func() error {
			if err := m.setMode(nil); err != nil {
				return err
			}
			if err := from.Put(0); err != nil {
				return err
			}
			return f(k, from)
		})
		if err != nil {
			return err
		}
	}
	return from.CheckLen()
}

// look runs the network forward on the batch that f has loaded. It calls after, if
// it is not nil, after each segment, with its number.
func (m *Model) look(f *feed.Feeder, after func(k int) error) error {
	if after == nil {
		after = func(int) error { return nil }
	}
	if !m.cut.Carries {
		if err := m.test.Run(); err != nil {
			return err
		}
		m.tested = m.readTest()
		return after(0)
	}
	if err := m.carry.Enter(f); err != nil {
		return err
	}
	m.tested.clear(m)
	for k := range m.cut.Segments {
		if err := m.carry.Stand(f, k); err != nil {
			return err
		}
		if err := m.test.Run(); err != nil {
			return err
		}
		if err := after(k); err != nil {
			return err
		}
		if err := m.carry.Keep(k, m.test, m.testAt.states.from); err != nil {
			return err
		}
		if err := m.tested.add(m, m.readTest(), k, true, true); err != nil {
			return err
		}
	}
	return m.carry.Leave(f, m.cut.Segments)
}

// ErrNotFinite is the error of a loss, a penalty or a gradient that is NaN or infinite, as where the
// learning rate is too high.
var ErrNotFinite = errors.New("want a finite number")

// checkTerms returns an error unless the loss and the penalties are finite.
func (m *Model) checkTerms(terms []G.Value) error {
	for i, v := range terms {
		if x := flat.Number(v); math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%s is %v, %w", m.termNames[i], x, ErrNotFinite)
		}
	}
	return nil
}
