package train

import (
	"encoding/json"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/flat"
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
	s.Loss += float64(n) * flat.Number(terms[0])
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
		(*to)[i] += weight * flat.Number(v)
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
	x := flat.Float64s(out)
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
