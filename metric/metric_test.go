package metric_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/metric"
)

// value returns what a metric makes of samples, put into two halves and added.
func value(t *testing.T, m metric.Metric, outputs, targets [][]float64, labels bool) (float64, []float64) {
	t.Helper()
	s := metric.Samples{Outputs: len(outputs[0]), Targets: len(targets[0]), Labels: labels}
	n, err := m.Sums(s)
	require.NoError(t, err)
	halves := [2][]float64{make([]float64, n), make([]float64, n)}
	for i, y := range outputs {
		m.Add(halves[i%2], y, targets[i])
	}
	for i, v := range halves[1] {
		halves[0][i] += v
	}
	set, err := metric.NewSet("head ", []metric.Metric{m}, s)
	require.NoError(t, err)
	require.Equal(t, []string{"head " + m.Name()}, set.Names())
	all := metric.Tally{"head " + m.Name(): {1, 2, 3, 4, 5, 6, 7}} // of another metric
	require.NoError(t, set.Add(all, outputs, func(i int) []float64 { return targets[i] }))
	require.Equal(t, halves[0], all["head "+m.Name()])
	vs, err := set.Values(all)
	require.NoError(t, err)
	v := m.Value(halves[0])
	if !math.IsNaN(v) {
		require.Equal(t, []metric.Value{{Name: "head " + m.Name(), Value: v}}, vs)
	}
	return v, halves[0]
}

var (
	outputs = [][]float64{{1, 3, 2}, {5, 1, 2}, {0, 0, 1}, {2, 2, 1}, {1, 0, 4}}
	classes = [][]float64{{1}, {2}, {2}, {1}, {0}} // answered: 1, 0, 2, 0, 2
)

// Two of five are right; among the two largest are all but the last.
func TestAccuracy(t *testing.T) {
	v, _ := value(t, metric.Accuracy{}, outputs, classes, true)
	require.Equal(t, 0.4, v)
	v, _ = value(t, metric.TopK{K: 2}, outputs, classes, true)
	require.Equal(t, 1.0, v)
	v, _ = value(t, metric.TopK{K: 1}, outputs, classes, true)
	require.Equal(t, 0.4, v)
	v, _ = value(t, metric.TopK{K: 3}, outputs, classes, true)
	require.Equal(t, 1.0, v)
	v, _ = value(t, metric.TopK{K: 2}, [][]float64{{3, 2, 1}, {3, 2, 1}}, [][]float64{{2}, {1}}, true)
	require.Equal(t, 0.5, v)
}

// Class 0: TP 0, FP 2, FN 1; class 1: 1, 0, 1; class 2: 1, 1, 1. F1: 0, 2/3, 1/2. A class that
// nobody has and nobody answers does not count.
func TestF1(t *testing.T) {
	v, _ := value(t, metric.F1{}, outputs, classes, true)
	require.InDelta(t, (0+2./3+1./2)/3, v, 1e-15)
	four := make([][]float64, len(outputs))
	for i, y := range outputs {
		four[i] = append(append([]float64{}, y...), -9)
	}
	w, _ := value(t, metric.F1{}, four, classes, true)
	require.Equal(t, v, w)
	_, sums := value(t, metric.Confusion{}, outputs, classes, true)
	require.Equal(t, [][]float64{{0, 0, 1}, {1, 1, 0}, {1, 0, 1}}, metric.Confusion{}.Table(sums))
}

func TestNumbers(t *testing.T) {
	y, want := [][]float64{{1, 2}, {-1, 4}}, [][]float64{{1, 0}, {1, 1}}
	v, _ := value(t, metric.MeanAbsoluteError{}, y, want, false)
	require.Equal(t, (0+2+2+3)/4., v)
	v, _ = value(t, metric.RootMeanSquare{}, y, want, false)
	require.Equal(t, math.Sqrt((0+4+4+9)/4.), v)
	v, _ = value(t, metric.LabelAccuracy{}, y, want, false)
	require.Equal(t, 0.5, v)
	require.True(t, math.IsNaN(metric.Accuracy{}.Value([]float64{0, 0})))
}

func TestBad(t *testing.T) {
	labels, numbers := metric.Samples{Outputs: 3, Targets: 1, Labels: true}, metric.Samples{Outputs: 3, Targets: 3}
	for _, c := range []struct {
		s    metric.Samples
		m    []metric.Metric
		want string
	}{
		{numbers, []metric.Metric{metric.Accuracy{}}, "metric accuracy: it is for classes, but the targets are 3 numbers for 3 outputs and no labels"},
		{labels, []metric.Metric{metric.MeanAbsoluteError{}}, "metric mean absolute error: it is for targets that are numbers, one for each of 3 outputs"},
		{labels, []metric.Metric{metric.TopK{K: 4}}, "metric top-4 accuracy: K is 4, want 1 to 3, the number of classes"},
		{labels, []metric.Metric{nil}, "metric: one is nil"},
		{labels, []metric.Metric{metric.F1{}, metric.F1{}}, `metric "F1": two have this name, or it is empty; give one another by Named`},
	} {
		_, err := metric.NewSet("", c.m, c.s)
		require.EqualError(t, err, c.want)
	}
	_, err := metric.NewSet("", []metric.Metric{metric.F1{}, metric.Named("other", metric.F1{})}, labels)
	require.NoError(t, err)
	_, tabular := metric.Named("table", metric.Confusion{}).(metric.Tabular)
	require.True(t, tabular)
}

// A metric of one's own: the share of samples whose answer is at most one class beside.
func ExampleMetric() {
	m := near{}
	sums := make([]float64, 2)
	m.Add(sums, []float64{0.1, 0.7, 0.2}, []float64{2})
	m.Add(sums, []float64{0.8, 0.1, 0.1}, []float64{2})
	fmt.Printf("%s %.1f\n", m.Name(), m.Value(sums))
	// Output: near 0.5
}

type near struct{ metric.Accuracy }

func (near) Name() string { return "near" }

func (near) Add(sums, output, target []float64) {
	at := 0
	for i, v := range output {
		if v > output[at] {
			at = i
		}
	}
	if math.Abs(float64(at)-target[0]) <= 1 {
		sums[0]++
	}
	sums[1]++
}
