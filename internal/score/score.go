// Package score adds up over batches what a network reaches: its loss and penalties, firing rates and
// metrics.
package score

import (
	"math"

	"github.com/spikegrad/spikegrad/metric"
)

// Sums are sums over samples. As JSON they are part of checkpoints. The zero value is of none.
type Sums struct {
	Loss    float64      `json:"loss"`
	N       int          `json:"n"`
	Metrics metric.Tally `json:"metrics"`
	Terms   []float64    `json:"terms"`
	Rates   []float64    `json:"rates"`
	Rated   int          `json:"rated"` // samples for which there were rates
}

// Add adds a batch of n samples with its means. The metrics are for the caller to add.
func (s *Sums) Add(n int, loss float64, terms, rates []float64) {
	s.N += n
	s.Loss += float64(n) * loss
	addTo(&s.Terms, terms, float64(n))
	addTo(&s.Rates, rates, float64(n))
	if len(rates) > 0 {
		s.Rated += n
	}
	if s.Metrics == nil {
		s.Metrics = metric.Tally{}
	}
}

// Merge adds what another adds up, as if its batches had come behind.
func (s *Sums) Merge(o Sums) {
	s.N, s.Loss, s.Rated = s.N+o.N, s.Loss+o.Loss, s.Rated+o.Rated
	addTo(&s.Terms, o.Terms, 1)
	addTo(&s.Rates, o.Rates, 1)
	if s.Metrics == nil {
		s.Metrics = metric.Tally{}
	}
	for name, of := range o.Metrics {
		to := s.Metrics[name]
		addTo(&to, of, 1)
		s.Metrics[name] = to
	}
}

// addTo adds numbers, so many times each, to as many.
func addTo(to *[]float64, xs []float64, times float64) {
	if len(*to) == 0 {
		*to = make([]float64, len(xs))
	}
	for i, x := range xs {
		(*to)[i] += float64(times * x)
	}
}

// Summary returns the means, penalties and rates under these names, and the values of metrics. The accuracy is
// that among them, if there are classes.
func (s *Sums) Summary(terms, spiking []string, sets []*metric.Set, classes bool) (metric.Summary, error) {
	r := metric.Summary{Loss: s.Loss / float64(s.N), Accuracy: math.NaN(), Terms: map[string]float64{}, Samples: s.N}
	for i, t := range s.Terms {
		r.Terms[terms[i]] = t / float64(s.N)
	}
	for i, t := range s.Rates {
		r.Rates = append(r.Rates, metric.Rate{Layer: spiking[i], Value: t / float64(s.Rated)})
	}
	for _, set := range sets {
		vs, err := set.Values(s.Metrics)
		if err != nil {
			return metric.Summary{}, err
		}
		r.Values = append(r.Values, vs...)
	}
	for _, v := range r.Values {
		if v.Name == (metric.Accuracy{}).Name() && classes {
			r.Accuracy = v.Value
		}
	}
	return r, nil
}
