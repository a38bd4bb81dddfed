package metric

import (
	"errors"
	"fmt"
	"math"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// A Set is some metrics of one output of a network. Several goroutines may use it.
type Set struct {
	metrics []Metric
	names   []string
	sums    []int
}

// A Tally holds the sums of metrics, by their names.
type Tally map[string][]float64

// NewSet returns metrics of such samples, with prefix before their names. An error says that one is
// not for them, or that two have one name.
func NewSet(prefix string, ms []Metric, s Samples) (*Set, error) {
	set := &Set{metrics: ms}
	known := map[string]bool{}
	for _, m := range ms {
		if guard.IsNil(m) {
			return nil, errors.New("metric: one is nil")
		}
		var n int
		var name string
		err := guard.Call("Sums", "metric", m, func() (err error) { n, err = m.Sums(s); name = m.Name(); return err })
		switch {
		case err != nil:
			return nil, err
		case n < 0 || n > 1<<26:
			return nil, fmt.Errorf("metric %s: it wants %d sums, want at least 0 and not more than 2²⁶", name, n)
		case name == "" || known[name]:
			return nil, fmt.Errorf("metric %q: two have this name, or it is empty; give one another by Named", name)
		}
		known[name] = true
		set.names, set.sums = append(set.names, prefix+name), append(set.sums, n)
	}
	return set, nil
}

// Names returns the names of the metrics, in order.
func (s *Set) Names() []string { return append([]string(nil), s.names...) }

// Add adds samples to the sums in t, of which target returns what sample i should have given.
func (s *Set) Add(t Tally, outputs [][]float64, target func(i int) []float64) error {
	for k, m := range s.metrics {
		of := s.of(t, k)
		err := guard.Call("Add", "metric", m, func() error {
			for i, y := range outputs {
				m.Add(of, y, target(i))
			}
			return nil
		})
		if err != nil {
			return err
		}
		t[s.names[k]] = of
	}
	return nil
}

// Values returns what the metrics come to, without those that the samples do not tell.
func (s *Set) Values(t Tally) (vs []Value, err error) {
	for k, m := range s.metrics {
		v, of := Value{Name: s.names[k]}, s.of(t, k)
		err := guard.Call("Value", "metric", m, func() error {
			v.Value = m.Value(of)
			if t, ok := m.(Tabular); ok {
				v.Table = t.Table(of)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		told := !math.IsNaN(v.Value) && !math.IsInf(v.Value, 0)
		if !told {
			v.Value = 0 // which JSON has
		}
		if told || v.Table != nil {
			vs = append(vs, v)
		}
	}
	return vs, nil
}

// of returns the sums of metric k, zeros if there are none yet, or those of another.
func (s *Set) of(t Tally, k int) []float64 {
	if of := t[s.names[k]]; len(of) == s.sums[k] {
		return of
	}
	return make([]float64, s.sums[k])
}
