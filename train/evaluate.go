package train

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/limit"
	"github.com/spikegrad/spikegrad/internal/score"
	"github.com/spikegrad/spikegrad/internal/team"
	"github.com/spikegrad/spikegrad/metric"
)

// Evaluate returns the metrics of the model on a data set, with dropout off.
// The encoder draws from a generator seeded for each batch, so that the same
// call gives the same numbers; nil repeats the samples, or takes those that are
// sequences as they are. A cancelled context ends it with the context's error. A
// loss that is not finite is an error.
func (m *Model) Evaluate(ctx context.Context, d data.Dataset, enc encode.Encoder) (metric.Summary, error) {
	return Evaluator{Model: m}.Evaluate(ctx, d, enc)
}

// evaluate looks at a data set; of several ranks each at batches of its own.
func (m *Model) evaluate(ctx context.Context, d data.Dataset, enc encode.Encoder, t *team.Team) (metric.Summary, error) {
	if m.plain != nil {
		m = m.plain
	}
	var all score.Sums
	mine := map[int]score.Sums{}
	_, err := m.each(ctx, d, enc, t, func(k int, f *feed.Feeder) error {
		if t == nil {
			return m.seen(&all, f)
		}
		var s score.Sums
		err := m.seen(&s, f)
		mine[k] = s
		return err
	})
	if t != nil {
		var told []map[int]score.Sums
		told, err = team.Tell(t, mine, err)
		for k := 0; err == nil; k++ {
			of, ok := told[t.Owner(k)][k]
			if !ok {
				break
			}
			all.Merge(of)
		}
	}
	if err != nil {
		return metric.Summary{}, err
	}
	return m.summary(&all)
}

// seen adds the batch that was looked at last to the sums.
func (m *Model) seen(s *score.Sums, f *feed.Feeder) error {
	if err := m.checkTerms(m.tested); err != nil {
		return fmt.Errorf("samples %d to %d: %w", f.Present[0], f.Present[len(f.Present)-1], err)
	}
	return m.count(s, f, m.tested)
}

// Predict returns the outputs for each sample of a data set, [len, …] in a row;
// where they are sequences, [len, T, …].
func (m *Model) Predict(ctx context.Context, d data.Dataset, enc encode.Encoder) (*tensor.Dense, error) {
	return Evaluator{Model: m}.Predict(ctx, d, enc)
}

// Classes returns the class with the largest output for each sample, where the outputs are
// sequences the largest mean over its time steps.
func (m *Model) Classes(ctx context.Context, d data.Dataset, enc encode.Encoder) ([]int, error) {
	return Evaluator{Model: m}.Classes(ctx, d, enc)
}

func (m *Model) predict(ctx context.Context, d data.Dataset, enc encode.Encoder, t *team.Team) (*tensor.Dense, error) {
	shape := append(tensor.Shape{0}, m.out.Shape()[1:]...)
	if m.sequences() {
		shape[1] = m.net.Steps
	}
	n := shape[1:].TotalSize()
	all, samples, err := m.table(ctx, d, enc, t, n, func(*feed.Feeder) ([][]float64, error) {
		x := flat.Float64s(m.tested.Out)
		if m.sequences() {
			x = flat.ByBatch(x, m.net.Steps, m.net.Batch)
		}
		return slices.Collect(slices.Chunk(x, n)), nil
	})
	if err != nil {
		return nil, err
	}
	shape[0] = samples
	y := tensor.New(tensor.Of(m.net.Dtype), tensor.WithShape(shape...))
	flat.Set(y, all)
	return y, nil
}

func (m *Model) classes(ctx context.Context, d data.Dataset, enc encode.Encoder, t *team.Team) (all []int, err error) {
	if shape := m.out.Shape(); len(m.net.Heads) > 0 || len(shape) != 2 && !m.classifies() {
		return nil, fmt.Errorf("outputs have shape %v, want [batch classes]", []int(shape))
	}
	of, _, err := m.table(ctx, d, enc, t, 1, func(f *feed.Feeder) ([][]float64, error) {
		rows, err := m.outputs(m.heads[0], f, flat.Float64s(m.tested.Out))
		for b, y := range rows {
			rows[b] = []float64{float64(flat.Largest(y))}
		}
		return rows, err
	})
	for _, c := range of {
		all = append(all, int(c))
	}
	return all, err
}

// table returns n numbers for each sample, in a row, and how many samples there are. Of several ranks
// each finds those of its batches, and all get all.
func (m *Model) table(ctx context.Context, d data.Dataset, enc encode.Encoder, t *team.Team, n int, rows func(f *feed.Feeder) ([][]float64, error)) ([]float64, int, error) {
	var all []float64
	samples, err := m.each(ctx, d, enc, t, func(_ int, f *feed.Feeder) error {
		of, err := rows(f)
		if err == nil && all == nil {
			all, err = zeros(f.N, n)
		}
		if err != nil {
			return err
		}
		for b, i := range f.Present {
			copy(all[i*n:], of[b])
		}
		return nil
	})
	if t != nil {
		if err == nil && all == nil { // there are fewer batches than ranks
			all, err = zeros(samples, n)
		}
		if err = t.Agree(context.Background(), err); err == nil {
			err = t.Sums(all) // the others have 0 there
		}
	}
	return all, samples, err
}

func zeros(samples, n int) ([]float64, error) {
	size, err := limit.Elements(samples, n)
	if err != nil {
		return nil, fmt.Errorf("the outputs of all samples: %w", err)
	}
	return make([]float64, size), nil
}

// each runs the model on the batches of a data set, of several ranks on this one's, and calls f with
// each and its number. It returns how many samples there are.
func (m *Model) each(ctx context.Context, d data.Dataset, enc encode.Encoder, t *team.Team, f func(k int, feed *feed.Feeder) error) (int, error) {
	return m.batches(ctx, d, enc, t, func(k int, feed *feed.Feeder) error {
		if err := m.look(feed, nil); err != nil {
			return err
		}
		return f(k, feed)
	})
}

// batches is each, without running the model: it loads the batches.
func (m *Model) batches(ctx context.Context, d data.Dataset, enc encode.Encoder, t *team.Team, f func(k int, feed *feed.Feeder) error) (int, error) {
	if ctx == nil {
		return 0, errNoContext
	}
	from, err := feed.New(m.inputs(), d, enc)
	samples := 0
	if err == nil {
		samples, err = from.N, separate(from, enc, t)
	}
	if err := t.Sized(samples, "samples", err); err != nil {
		return 0, err
	}
	plan := from.InOrder()
	for _, k := range t.Mine(0, len(plan)) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := from.Fetch(plan[k], feed.Seeded(m.net.Seed, feed.Evaluation, plan[k][0])); err != nil {
			return 0, err
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
			return 0, err
		}
	}
	return samples, from.CheckLen()
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
	m.tested = score.Begin(len(m.termNames))
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
		if err := m.carry.Keep(k, m.test, m.testAt.states.From); err != nil {
			return err
		}
		if err := m.addTo(&m.tested, m.readTest(), k, true, true); err != nil {
			return err
		}
	}
	return m.carry.Leave(f, m.cut.Segments)
}

// ErrNotFinite is the error of a loss, a penalty or a gradient that is NaN or infinite, as where the
// learning rate is too high.
var ErrNotFinite = errors.New("want a finite number")

// checkTerms returns an error unless the loss and the penalties are finite.
func (m *Model) checkTerms(o score.Outcome) error { return o.Check(m.termNames, ErrNotFinite) }
