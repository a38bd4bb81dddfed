package metric

import (
	"fmt"
	"math"

	"github.com/spikegrad/spikegrad/internal/flat"
)

// Accuracy is the share of samples whose largest output is their label. Of equal outputs the
// first counts as the largest.
type Accuracy struct{}

// Name returns "accuracy".
func (Accuracy) Name() string { return "accuracy" }

// Sums returns 2: those that are right, and all.
func (a Accuracy) Sums(s Samples) (int, error) {
	_, err := s.classes(a.Name())
	return 2, err
}

// Add adds a sample.
func (Accuracy) Add(sums, output, target []float64) {
	if float64(flat.Largest(output)) == target[0] {
		sums[0]++
	}
	sums[1]++
}

// Value returns the share.
func (Accuracy) Value(sums []float64) float64 { return ratio(sums) }

// TopK is the share of samples whose label is among the K largest outputs. One as large as the
// label's counts as larger where it stands before.
type TopK struct{ K int }

// Name returns "top-5 accuracy" for a K of 5.
func (t TopK) Name() string { return fmt.Sprintf("top-%d accuracy", t.K) }

// Sums returns 2.
func (t TopK) Sums(s Samples) (int, error) {
	n, err := s.classes(t.Name())
	if err == nil && (t.K < 1 || t.K > n) {
		err = fmt.Errorf("metric %s: K is %d, want 1 to %d, the number of classes", t.Name(), t.K, n)
	}
	return 2, err
}

// Add adds a sample.
func (t TopK) Add(sums, output, target []float64) {
	label, ahead := int(target[0]), 0
	for i, v := range output {
		if v > output[label] || v == output[label] && i < label {
			ahead++
		}
	}
	if ahead < t.K {
		sums[0]++
	}
	sums[1]++
}

// Value returns the share.
func (TopK) Value(sums []float64) float64 { return ratio(sums) }

// Confusion counts what is taken for what: its table has at [i][j] the samples of class i
// whose largest output is j. It has no number.
type Confusion struct{}

// Name returns "confusion".
func (Confusion) Name() string { return "confusion" }

// Sums returns the square of the number of classes.
func (c Confusion) Sums(s Samples) (int, error) {
	n, err := s.classes(c.Name())
	if err == nil && n > 1000 {
		err = fmt.Errorf("metric %s: there are %d classes, want at most 1000", c.Name(), n)
	}
	return n * n, err
}

// Add adds a sample.
func (Confusion) Add(sums, output, target []float64) {
	sums[int(target[0])*len(output)+flat.Largest(output)]++
}

// Value returns NaN.
func (Confusion) Value([]float64) float64 { return math.NaN() }

// Table returns the counts.
func (Confusion) Table(sums []float64) [][]float64 {
	n := int(math.Round(math.Sqrt(float64(len(sums)))))
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = append([]float64(nil), sums[i*n:(i+1)*n]...)
	}
	return rows
}

// F1 is the mean over classes, each counting alike (macro average), of
//
//	2 TP / (2 TP + FP + FN),
//
// with those rightly and wrongly taken for the class, and those of it taken for another. A
// class that neither occurs nor is answered does not count.
type F1 struct{}

// Name returns "F1".
func (F1) Name() string { return "F1" }

// Sums returns 3 for each class.
func (f F1) Sums(s Samples) (int, error) {
	n, err := s.classes(f.Name())
	return 3 * n, err
}

// Add adds a sample.
func (F1) Add(sums, output, target []float64) {
	is, said := int(target[0]), flat.Largest(output)
	if is == said {
		sums[3*is]++
		return
	}
	sums[3*said+1]++
	sums[3*is+2]++
}

// Value returns the mean.
func (F1) Value(sums []float64) float64 {
	total, n := 0.0, 0
	for ; len(sums) > 0; sums = sums[3:] {
		if all := 2*sums[0] + sums[1] + sums[2]; all > 0 {
			total += 2 * sums[0] / all
			n++
		}
	}
	return total / float64(n)
}
