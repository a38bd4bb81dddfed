package train

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/metric"
)

// String returns the loss and the metrics in a line, for one of progress.
func (b Batch) String() string { return metric.Line(b.Loss, b.Values) }

// sums adds up metrics over batches.
type sums struct {
	Loss    float64      `json:"loss"`
	N       int          `json:"n"`
	Metrics metric.Tally `json:"metrics"`
	Terms   []float64    `json:"terms"`
	Rates   []float64    `json:"rates"`
	Rated   int          `json:"rated"` // samples for which there were rates
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
		s.Metrics = metric.Tally{}
	}
	var x []float64
	for _, h := range m.heads {
		if len(h.metrics.Names()) == 0 {
			continue
		}
		if x == nil { // sequences are long
			x = flat.Float64s(o.out)
		}
		outputs, err := m.outputs(h, f, x)
		if err == nil {
			err = h.metrics.Add(s.Metrics, outputs, func(b int) []float64 { return m.targetOf(h, f, b) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// merge adds what another adds up, as if its batches had come behind.
func (s *sums) merge(o sums) {
	s.N, s.Loss, s.Rated = s.N+o.N, s.Loss+o.Loss, s.Rated+o.Rated
	addTo(&s.Terms, o.Terms)
	addTo(&s.Rates, o.Rates)
	if s.Metrics == nil {
		s.Metrics = metric.Tally{}
	}
	for name, of := range o.Metrics {
		to := s.Metrics[name]
		addTo(&to, of)
		s.Metrics[name] = to
	}
}

// addTo adds numbers to as many.
func addTo(to *[]float64, xs []float64) {
	if len(*to) == 0 {
		*to = make([]float64, len(xs))
	}
	for i, x := range xs {
		(*to)[i] += x
	}
}

func accumulate(to *[]float64, vs []G.Value, weight float64) {
	if len(*to) == 0 {
		*to = make([]float64, len(vs))
	}
	for i, v := range vs {
		(*to)[i] += weight * flat.Number(v)
	}
}

func (s *sums) metrics(m *Model) (metric.Summary, error) {
	r := metric.Summary{Loss: s.Loss / float64(s.N), Accuracy: math.NaN(), Terms: map[string]float64{}, Samples: s.N}
	for i, t := range s.Terms {
		r.Terms[m.termNames[1+i]] = t / float64(s.N)
	}
	for i, t := range s.Rates {
		r.Rates = append(r.Rates, metric.Rate{Layer: m.spiking[i], Value: t / float64(s.Rated)})
	}
	for _, h := range m.heads {
		vs, err := h.metrics.Values(s.Metrics)
		if err != nil {
			return metric.Summary{}, err
		}
		r.Values = append(r.Values, vs...)
	}
	for _, v := range r.Values {
		if v.Name == (metric.Accuracy{}).Name() && m.classifies() {
			r.Accuracy = v.Value
		}
	}
	return r, nil
}

// prepareMetrics adds accuracy where there are labels, and asks the metrics what they need.
func (m *Model) prepareMetrics() error {
	named := len(m.net.Classes) > 0
	isAccuracy := func(k metric.Metric) bool { _, ok := k.(metric.Accuracy); return ok }
	for _, h := range m.heads {
		lead, steps := 1, 1
		if h.overTime {
			lead, steps = 2, m.net.Steps
		}
		n := h.out.Shape()[lead:].TotalSize()
		s := metric.Samples{Labels: h.labels(), Outputs: n, Targets: 1}
		if !s.Labels {
			s.Outputs, s.Targets = steps*n, steps*tensor.Shape(h.shape[min(lead, len(h.shape)):]).TotalSize()
		} else if !slices.ContainsFunc(h.Metrics, isAccuracy) {
			h.Metrics = append([]metric.Metric{metric.Accuracy{}}, h.Metrics...)
		}
		if named && s.Labels {
			if k := len(m.net.Classes); k != n {
				return fmt.Errorf("there are the names of %d classes, and %d classes", k, n)
			}
			named = false
		}
		var err error
		if h.metrics, err = metric.NewSet(h.name(""), h.Metrics, s); err != nil {
			return err
		}
	}
	return nil
}

// outputs returns what a head gave for each sample of the batch that f has loaded, of all outputs
// x: of a sequence the steps that the sample has, or their mean where a label is to be found, of
// which the largest is the answer.
func (m *Model) outputs(h *head, f *feed.Feeder, x []float64) ([][]float64, error) {
	rows := m.rows(h, f, x)
	s, ok := h.Loss.(interface{ Scores([]float64) })
	if !ok || !h.labels() {
		return rows, nil
	}
	return rows, guard.Call("Scores", "loss", h.Loss, func() error {
		for _, r := range rows {
			s.Scores(r)
		}
		return nil
	})
}

// rows returns the outputs as they are, or their means.
func (m *Model) rows(h *head, f *feed.Feeder, x []float64) [][]float64 {
	batch, rows := m.net.Batch, make([][]float64, len(f.Present))
	all := 1 // steps
	if h.overTime {
		all = m.net.Steps
	}
	width, at := len(x)/(all*batch), h.columns
	for b := range rows {
		steps := 1
		if h.overTime {
			steps = int(f.Steps[b])
		}
		for t := range steps {
			row := x[(t*batch+b)*width:][at.from:at.to]
			switch {
			case t == 0:
				rows[b] = slices.Clone(row)
			case h.labels():
				for i, v := range row {
					rows[b][i] += v
				}
			default:
				rows[b] = append(rows[b], row...)
			}
		}
		for i := range rows[b] {
			if h.labels() {
				rows[b][i] /= float64(steps)
			}
		}
	}
	return rows
}

// targetOf returns what a head should have given for sample b of a batch.
func (m *Model) targetOf(h *head, f *feed.Feeder, b int) []float64 {
	y := f.Target(b)
	width := m.heads[len(m.heads)-1].targets.to
	var of []float64
	for ; len(y) > 0; y = y[width:] {
		of = append(of, y[h.targets.from:h.targets.to]...)
		if h.labels() {
			break
		}
	}
	return of
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
