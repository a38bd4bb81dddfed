package train

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/limit"
)

// Metrics says how well a model does on a data set.
type Metrics struct {
	Loss     float64            // mean over the samples, without penalties
	Accuracy float64            // share of samples whose largest output is their label; NaN without labels
	Terms    map[string]float64 // the penalties of regularisers by name, mean over batches, each as often as it has samples
	Rates    []Rate             // of the spiking layers; in training, where a Trainer has Observers
	Samples  int
}

// MarshalJSON implements json.Marshaler: an accuracy of NaN is null.
func (m Metrics) MarshalJSON() ([]byte, error) {
	type plain Metrics
	j := struct {
		plain
		Accuracy *float64
	}{plain: plain(m)}
	if !math.IsNaN(m.Accuracy) {
		j.Accuracy = &m.Accuracy
	}
	return json.Marshal(j)
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Metrics) UnmarshalJSON(b []byte) error {
	type plain Metrics
	nan := math.NaN()
	j := struct {
		*plain
		Accuracy *float64
	}{plain: (*plain)(m)}
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	if j.Accuracy == nil {
		j.Accuracy = &nan
	}
	m.Accuracy = *j.Accuracy
	return nil
}

// A Rate is the mean activity of a layer: spikes per neuron and time step.
type Rate struct {
	Layer string
	Value float64
}

// sums adds up metrics over batches.
type sums struct {
	Loss     float64   `json:"loss"`
	Right    float64   `json:"right"`
	Labelled int       `json:"labelled"`
	N        int       `json:"n"`
	Terms    []float64 `json:"terms"`
	Rates    []float64 `json:"rates"`
	Rated    int       `json:"rated"` // samples for which there were rates
}

func (s *sums) add(m *Model, n int, terms, rates []G.Value, out G.Value, labels []int) {
	s.N += n
	s.Loss += float64(n) * number(terms[0])
	accumulate(&s.Terms, terms[1:], float64(n))
	accumulate(&s.Rates, rates, float64(n))
	if len(rates) > 0 {
		s.Rated += n
	}
	if m.classifies() {
		right, labelled := correct(out, labels)
		s.Right += float64(right)
		s.Labelled += labelled
	}
}

func accumulate(to *[]float64, vs []G.Value, weight float64) {
	if len(*to) == 0 {
		*to = make([]float64, len(vs))
	}
	for i, v := range vs {
		(*to)[i] += weight * number(v)
	}
}

func (s *sums) metrics(m *Model) Metrics {
	r := Metrics{Loss: s.Loss / float64(s.N), Accuracy: math.NaN(), Terms: map[string]float64{}, Samples: s.N}
	if s.Labelled > 0 {
		r.Accuracy = s.Right / float64(s.Labelled)
	}
	for i, t := range s.Terms {
		r.Terms[m.termNames[1+i]] = t / float64(s.N)
	}
	for i, t := range s.Rates {
		r.Rates = append(r.Rates, Rate{Layer: m.spiking[i], Value: t / float64(s.Rated)})
	}
	return r
}

// number returns a scalar value.
func number(v G.Value) float64 {
	switch x := v.Data().(type) {
	case float32:
		return float64(x)
	case float64:
		return x
	}
	return math.NaN()
}

// correct counts the rows of out whose largest element is the label.
func correct(out G.Value, labels []int) (right, labelled int) {
	for b, p := range largest(out) {
		if labels[b] < 0 {
			continue
		}
		labelled++
		if p == labels[b] {
			right++
		}
	}
	return right, labelled
}

// largest returns the position of the largest element of each row.
func largest(out G.Value) []int {
	shape := out.Shape()
	idx := make([]int, shape[0])
	x := toFloat64(out)
	for b := range idx {
		row := x[b*shape[1] : (b+1)*shape[1]]
		for c, v := range row {
			if v > row[idx[b]] {
				idx[b] = c
			}
		}
	}
	return idx
}

func toFloat64(v G.Value) []float64 {
	switch d := v.Data().(type) {
	case []float64:
		return append([]float64(nil), d...)
	case []float32:
		x := make([]float64, len(d))
		for i, f := range d {
			x[i] = float64(f)
		}
		return x
	}
	return []float64{number(v)}
}

// Evaluate returns the metrics of the model on a data set, with dropout off.
// The encoder draws from a generator seeded for each batch, so that the same
// call gives the same numbers; nil repeats the samples, or takes those that are
// sequences as they are. A cancelled context ends it with the context's error. A
// loss that is not finite is an error.
func (m *Model) Evaluate(ctx context.Context, d data.Dataset, enc Encoder) (Metrics, error) {
	var v Metrics
	err := m.within(func() (err error) { v, err = m.evaluate(ctx, d, enc); return err })
	if err != nil {
		return Metrics{}, fmt.Errorf("train: evaluate: %w", err)
	}
	return v, nil
}

func (m *Model) evaluate(ctx context.Context, d data.Dataset, enc Encoder) (Metrics, error) {
	var s sums
	err := m.each(ctx, d, enc, func(feed *feeder) error {
		idx, terms := feed.present, m.testTerms()
		if err := m.checkTerms(terms); err != nil {
			return fmt.Errorf("samples %d to %d: %w", idx[0], idx[len(idx)-1], err)
		}
		s.add(m, len(idx), terms, m.testRates(), m.testOut(), feed.labels)
		return nil
	})
	if err != nil {
		return Metrics{}, err
	}
	return s.metrics(m), nil
}

// Predict returns the outputs for each sample of a data set, [len, …] in a row;
// where they are sequences, [len, T, …].
func (m *Model) Predict(ctx context.Context, d data.Dataset, enc Encoder) (*tensor.Dense, error) {
	var t *tensor.Dense
	err := m.within(func() (err error) { t, err = m.predict(ctx, d, enc); return err })
	if err != nil {
		return nil, fmt.Errorf("train: predict: %w", err)
	}
	return t, nil
}

func (m *Model) predict(ctx context.Context, d data.Dataset, enc Encoder) (*tensor.Dense, error) {
	var all []float64
	samples := 0
	err := m.each(ctx, d, enc, func(feed *feeder) error {
		x := toFloat64(m.testOut())
		if m.sequences() {
			x = byBatch(x, m.net.Steps, m.net.Batch)
		}
		n := len(x) / m.net.Batch
		if all == nil {
			size, err := limit.Elements(feed.n, n)
			if err != nil {
				return fmt.Errorf("the outputs of all samples: %w", err)
			}
			samples, all = feed.n, make([]float64, size)
		}
		for b, i := range feed.present {
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
	set(t, all)
	return t, nil
}

// byBatch turns [T, batch, …] into [batch, T, …].
func byBatch(x []float64, steps, batch int) []float64 {
	n := len(x) / (steps * batch)
	y := make([]float64, len(x))
	for t := range steps {
		for b := range batch {
			copy(y[(b*steps+t)*n:][:n], x[(t*batch+b)*n:])
		}
	}
	return y
}

// Classes returns the class with the largest output for each sample.
func (m *Model) Classes(ctx context.Context, d data.Dataset, enc Encoder) ([]int, error) {
	var all []int
	err := m.within(func() error {
		if m.out.Dims() != 2 {
			return fmt.Errorf("outputs have shape %v, want [batch classes]", []int(m.out.Shape()))
		}
		return m.each(ctx, d, enc, func(feed *feeder) error {
			if all == nil {
				all = make([]int, feed.n)
			}
			classes := largest(m.testOut())
			for b, i := range feed.present {
				all[i] = classes[b]
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
func (m *Model) each(ctx context.Context, d data.Dataset, enc Encoder, f func(feed *feeder) error) error {
	return m.batches(ctx, d, enc, func(feed *feeder) error {
		if err := m.look(feed, nil); err != nil {
			return err
		}
		return f(feed)
	})
}

// batches loads all batches of a data set in turn, and calls f with each.
func (m *Model) batches(ctx context.Context, d data.Dataset, enc Encoder, f func(feed *feeder) error) error {
	if ctx == nil {
		return errNoContext
	}
	feed, err := newFeeder(m, d, enc)
	if err != nil {
		return err
	}
	for _, idx := range feed.inOrder() {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := seeded(m.net.Seed, evaluation, idx[0])
		if err := feed.fetch(idx, r); err != nil {
			return err
		}
		err := m.reading(func() error {
			if err := m.setMode(nil); err != nil {
				return err
			}
			if err := feed.put(0); err != nil {
				return err
			}
			return f(feed)
		})
		if err != nil {
			return err
		}
	}
	return feed.checkLen()
}

// checkTerms returns an error unless the loss and the penalties are finite.
func (m *Model) checkTerms(terms []G.Value) error {
	for i, v := range terms {
		if x := number(v); math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%s is %v, want a finite number", m.termNames[i], x)
		}
	}
	return nil
}

// setMode prepares what acts differently in training and in evaluation: the masks
// of our dropout, and Gorgonia's own operations. A nil generator means evaluation.
func (m *Model) setMode(r *rand.Rand) error {
	machines := []*graph.Machine{m.fit}
	if r == nil {
		machines[0] = m.test
	} else if m.carry != nil && m.carry.advance != nil {
		machines = append(machines, m.carry.advance)
	}
	for _, machine := range machines {
		if err := machine.SetTraining(r != nil); err != nil {
			return err
		}
	}
	for _, k := range m.build.Masks {
		if err := k.Draw(r); err != nil {
			return err
		}
	}
	return nil
}
