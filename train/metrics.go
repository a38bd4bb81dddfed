package train

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/metric"
)

// Metrics says how well a model does on a data set.
type Metrics struct {
	Loss     float64            // mean over the samples, without penalties
	Accuracy float64            // share of samples whose largest output is their label; NaN without labels
	Values   []metric.Value     // of Network.Metrics, those that the samples tell
	Terms    map[string]float64 // the penalties of regularisers by name, mean over batches, each as often as it has samples
	Rates    []Rate             // of the spiking layers; in training, where a Trainer has Observers
	Samples  int
}

// String returns the loss and the metrics in a line: "loss 0.4123, accuracy 0.8410".
func (m Metrics) String() string { return inLine(m.Loss, m.Values) }

// String returns the loss and the metrics in a line, for one of progress.
func (b Batch) String() string { return inLine(b.Loss, b.Values) }

func inLine(loss float64, vs []metric.Value) string {
	parts := []string{fmt.Sprintf("loss %.4g", loss)}
	for _, v := range vs {
		if v.Table == nil {
			parts = append(parts, fmt.Sprintf("%s %.4f", v.Name, v.Value))
		}
	}
	return strings.Join(parts, ", ")
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
	Loss    float64     `json:"loss"`
	N       int         `json:"n"`
	Metrics [][]float64 `json:"metrics"` // the sums of each
	Terms   []float64   `json:"terms"`
	Rates   []float64   `json:"rates"`
	Rated   int         `json:"rated"` // samples for which there were rates
}

// add adds the batch that f has loaded, and what the network made of it.
func (s *sums) add(m *Model, f *feed.Feeder, o outcome) error {
	n := len(f.Present)
	s.N += n
	s.Loss += float64(n) * flat.Number(o.terms[0])
	accumulate(&s.Terms, o.terms[1:], float64(n))
	accumulate(&s.Rates, o.rates, float64(n))
	if len(o.rates) > 0 {
		s.Rated += n
	}
	if s.Metrics == nil {
		for _, k := range m.metricSums {
			s.Metrics = append(s.Metrics, make([]float64, k))
		}
	}
	outputs, err := m.outputs(f, o.out)
	if err != nil {
		return err
	}
	for i, k := range m.net.Metrics {
		err := guard.Call("Add", "metric", k, func() error {
			for b, y := range outputs {
				k.Add(s.Metrics[i], y, m.targetOf(f, b))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func accumulate(to *[]float64, vs []G.Value, weight float64) {
	if len(*to) == 0 {
		*to = make([]float64, len(vs))
	}
	for i, v := range vs {
		(*to)[i] += weight * flat.Number(v)
	}
}

func (s *sums) metrics(m *Model) (Metrics, error) {
	r := Metrics{Loss: s.Loss / float64(s.N), Accuracy: math.NaN(), Terms: map[string]float64{}, Samples: s.N}
	for i, t := range s.Terms {
		r.Terms[m.termNames[1+i]] = t / float64(s.N)
	}
	for i, t := range s.Rates {
		r.Rates = append(r.Rates, Rate{Layer: m.spiking[i], Value: t / float64(s.Rated)})
	}
	for i, k := range m.net.Metrics {
		v := metric.Value{}
		err := guard.Call("Value", "metric", k, func() error {
			v.Name, v.Value = k.Name(), k.Value(s.Metrics[i])
			if t, ok := k.(metric.Tabular); ok {
				v.Table = t.Table(s.Metrics[i])
			}
			return nil
		})
		if err != nil {
			return Metrics{}, err
		}
		if _, ok := k.(metric.Accuracy); ok {
			r.Accuracy = v.Value
		}
		if told := !math.IsNaN(v.Value) && !math.IsInf(v.Value, 0); told || v.Table != nil {
			if !told {
				v.Value = 0 // which JSON has
			}
			r.Values = append(r.Values, v)
		}
	}
	return r, nil
}

// prepareMetrics adds accuracy where there are labels, and asks the metrics what they need.
func (m *Model) prepareMetrics() (err error) {
	outs, targets := m.out.Shape()[1:], m.y.Shape()[1:]
	s := metric.Samples{Labels: m.classifies(), Outputs: outs.TotalSize(), Targets: targets.TotalSize()}
	switch {
	case m.sequences() && s.Labels:
		s.Outputs = outs[1:].TotalSize()
	case m.sequences():
		s.Outputs, s.Targets = m.net.Steps*outs[1:].TotalSize(), m.net.Steps*targets[1:].TotalSize()
	}
	isAccuracy := func(k metric.Metric) bool { _, ok := k.(metric.Accuracy); return ok }
	if s.Labels && !slices.ContainsFunc(m.net.Metrics, isAccuracy) {
		m.net.Metrics = append([]metric.Metric{metric.Accuracy{}}, m.net.Metrics...)
	}
	return guard.Call("Sums", "metric", m.net.Metrics, func() (err error) { m.metricSums, err = metric.Check(m.net.Metrics, s); return err })
}

// outputs returns what the network gave for each sample of the batch that f has loaded: of a
// sequence the steps that the sample has, or their mean where a label is to be found, of which
// the largest is the answer.
func (m *Model) outputs(f *feed.Feeder, out G.Value) ([][]float64, error) {
	rows := m.rows(f, out)
	s, ok := m.net.Loss.(interface{ Scores([]float64) })
	if !ok || !m.classifies() {
		return rows, nil
	}
	return rows, guard.Call("Scores", "loss", m.net.Loss, func() error {
		for _, r := range rows {
			s.Scores(r)
		}
		return nil
	})
}

// rows returns the outputs as they are, or their means.
func (m *Model) rows(f *feed.Feeder, out G.Value) [][]float64 {
	x, batch := flat.Float64s(out), m.net.Batch
	rows := make([][]float64, len(f.Present))
	if !m.sequences() {
		n := len(x) / batch
		for b := range rows {
			rows[b] = x[b*n : (b+1)*n]
		}
		return rows
	}
	n := len(x) / (m.net.Steps * batch)
	for b := range rows {
		steps := int(f.Steps[b])
		if !m.classifies() {
			for t := range steps {
				rows[b] = append(rows[b], x[(t*batch+b)*n:][:n]...)
			}
			continue
		}
		rows[b] = make([]float64, n)
		for t := range steps {
			for i, v := range x[(t*batch+b)*n:][:n] {
				rows[b][i] += v / float64(steps)
			}
		}
	}
	return rows
}

// targetOf returns what the network should have given for sample b of a batch.
func (m *Model) targetOf(f *feed.Feeder, b int) []float64 {
	if m.classifies() {
		return []float64{float64(f.Labels[b])}
	}
	return f.Target(b)
}

// largest returns the position of the largest element, of equal ones the first.
func largest(x []float64) int {
	at := 0
	for i, v := range x {
		if v > x[at] {
			at = i
		}
	}
	return at
}
