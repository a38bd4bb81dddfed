package metric

import "fmt"

// A Metric is a number made of sums over samples. It has no state: the sums are kept by who
// asks, and those of two halves of a data set, added, are those of the whole.
type Metric interface {
	// Name is what the metric is called in logs and reports.
	Name() string

	// Sums returns how many sums it keeps. An error says that it is not for such samples.
	Sums(s Samples) (n int, err error)

	// Add adds a sample: what the network gave, and what it should have given, a single
	// label where the targets are labels.
	Add(sums, output, target []float64)

	// Value returns the metric of the sums. NaN says that the samples do not tell, as when
	// there were none; such a one is not shown.
	Value(sums []float64) float64
}

// A Tabular metric has a table besides.
type Tabular interface {
	Metric
	Table(sums []float64) [][]float64
}

// Samples says what a metric is to be computed of.
type Samples struct {
	Outputs int  // numbers that the network gives for a sample, of a sequence those of all its steps
	Targets int  // numbers that it should give
	Labels  bool // the target is the number of a class, 0, …, Outputs−1
}

// A Value is what a metric came to.
type Value struct {
	Name  string      `json:"name"`
	Value float64     `json:"value"`
	Table [][]float64 `json:"table,omitempty"` // of a Tabular metric
}

// classes returns how many classes there are.
func (s Samples) classes(name string) (int, error) {
	if !s.Labels || s.Outputs < 1 {
		return 0, fmt.Errorf("metric %s: it is for classes, but the targets are %d numbers for %d outputs and no labels", name, s.Targets, s.Outputs)
	}
	return s.Outputs, nil
}

// numbers returns an error unless targets are numbers, one for each output.
func (s Samples) numbers(name string) error {
	if s.Labels || s.Outputs != s.Targets {
		return fmt.Errorf("metric %s: it is for targets that are numbers, one for each of %d outputs", name, s.Outputs)
	}
	return nil
}

// ratio returns the first of two sums over the second.
func ratio(sums []float64) float64 { return sums[0] / sums[1] }

// Named returns m under another name.
func Named(name string, m Metric) Metric {
	if t, ok := m.(Tabular); ok {
		return namedTable{t, name}
	}
	return named{m, name}
}

type named struct {
	Metric
	name string
}

func (n named) Name() string { return n.name }

type namedTable struct {
	Tabular
	name string
}

func (n namedTable) Name() string { return n.name }
