package data

import (
	"fmt"
	"math"
	"slices"
)

// Memory is a [Dataset] held in memory as one slice of values.
type Memory struct {
	shape   []int
	size    int // product of shape
	x       []float32
	labels  []int
	classes int
}

// New returns the data set whose sample i is x[i*size:(i+1)*size] with label
// labels[i], where size is the product of shape. Its number of classes is the
// largest label plus one. New keeps x and labels without a copy: leave them
// alone afterwards.
//
// An error says which of these does not hold: every dimension is at least 1,
// x has size values for each label, all values are finite, no label is
// negative.
func New(shape []int, x []float32, labels []int) (*Memory, error) {
	size, err := volume(shape)
	if err != nil {
		return nil, fmt.Errorf("data: new: %w", err)
	}
	if len(x)%size != 0 || len(x)/size != len(labels) {
		return nil, fmt.Errorf("data: new: x has %d values, want %d of shape %v for each of %d labels",
			len(x), size, shape, len(labels))
	}
	for i, v := range x {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("data: new: sample %d: value %d is %v, want a finite number", i/size, i%size, v)
		}
	}
	classes, err := countClasses(labels)
	if err != nil {
		return nil, fmt.Errorf("data: new: %w", err)
	}
	return &Memory{shape: slices.Clone(shape), size: size, x: x, labels: labels, classes: classes}, nil
}

// Len returns the number of samples.
func (m *Memory) Len() int { return len(m.labels) }

// Shape returns the shape of one sample.
func (m *Memory) Shape() []int { return slices.Clone(m.shape) }

// Classes returns the number of classes: the largest label plus one, unless
// the set says otherwise.
func (m *Memory) Classes() int { return m.classes }

// Sample copies sample i into x and returns its label.
func (m *Memory) Sample(i int, x []float32) (int, error) {
	if err := checkSample(i, len(m.labels), x, m.size); err != nil {
		return 0, err
	}
	copy(x, m.x[i*m.size:])
	return m.labels[i], nil
}

// countClasses returns the largest label plus one.
func countClasses(labels []int) (int, error) {
	classes := 0
	for i, c := range labels {
		if c < 0 {
			return 0, fmt.Errorf("sample %d: label is %d, want 0 or more", i, c)
		}
		if c == math.MaxInt {
			return 0, fmt.Errorf("sample %d: label is %d, too large to count classes", i, c)
		}
		classes = max(classes, c+1)
	}
	return classes, nil
}

// volume returns the number of values in a sample of the given shape.
func volume(shape []int) (int, error) {
	if len(shape) == 0 {
		return 0, fmt.Errorf("shape is [], want at least one dimension")
	}
	size := 1
	for _, d := range shape {
		if d < 1 {
			return 0, fmt.Errorf("shape is %v, want every dimension at least 1", shape)
		}
		if size > math.MaxInt/d {
			return 0, fmt.Errorf("shape is %v, more values than an int can count", shape)
		}
		size *= d
	}
	return size, nil
}
