package metric

import "math"

// MeanAbsoluteError is the mean of |output − target| over samples and outputs.
type MeanAbsoluteError struct{}

// Name returns "mean absolute error".
func (MeanAbsoluteError) Name() string { return "mean absolute error" }

// Sums returns 2: the errors, and how many.
func (e MeanAbsoluteError) Sums(s Samples) (int, error) { return 2, s.numbers(e.Name()) }

// Add adds a sample.
func (MeanAbsoluteError) Add(sums, output, target []float64) {
	for i, y := range output {
		sums[0] += math.Abs(y - target[i])
	}
	sums[1] += float64(len(output))
}

// Value returns the mean.
func (MeanAbsoluteError) Value(sums []float64) float64 { return ratio(sums) }

// RootMeanSquare is the root of the mean of (output − target)² over samples and outputs.
type RootMeanSquare struct{}

// Name returns "root mean square error".
func (RootMeanSquare) Name() string { return "root mean square error" }

// Sums returns 2: the squares, and how many.
func (e RootMeanSquare) Sums(s Samples) (int, error) { return 2, s.numbers(e.Name()) }

// Add adds a sample.
func (RootMeanSquare) Add(sums, output, target []float64) {
	for i, y := range output {
		sums[0] += (y - target[i]) * (y - target[i])
	}
	sums[1] += float64(len(output))
}

// Value returns the root.
func (RootMeanSquare) Value(sums []float64) float64 { return math.Sqrt(ratio(sums)) }

// LabelAccuracy is the share of labels that are right, where a sample may have several: an
// output above 0 says that it has the label, which loss.BinaryCrossEntropy teaches, and a
// target above a half that this is so.
type LabelAccuracy struct{}

// Name returns "label accuracy".
func (LabelAccuracy) Name() string { return "label accuracy" }

// Sums returns 2: the labels that are right, and all.
func (a LabelAccuracy) Sums(s Samples) (int, error) { return 2, s.numbers(a.Name()) }

// Add adds a sample.
func (LabelAccuracy) Add(sums, output, target []float64) {
	for i, y := range output {
		if (y > 0) == (target[i] > 0.5) {
			sums[0]++
		}
	}
	sums[1] += float64(len(output))
}

// Value returns the share.
func (LabelAccuracy) Value(sums []float64) float64 { return ratio(sums) }
