package data

import (
	"fmt"
	"math"
	"slices"
)

// An Event is a spike of a sample that is a sequence, [T, …].
type Event struct {
	Step  int     // time step, from 0
	Index int     // of the element, counted over the axes behind time in their order
	Value float32 // what the spike adds to the element; 0 means 1
}

// Spiking is what a [Dataset] may be besides: one that knows the spikes of its
// samples, which are sequences [T, …]. The model that has SpikeInput set takes them
// as they are, and no sample is made dense.
type Spiking interface {
	Dataset
	// Events appends the spikes of sample i to dst, in any order, and returns dst and
	// the label of the sample. Added to zeros, they make what Sample writes.
	Events(i int, dst []Event) (events []Event, label int, err error)
}

// Events is a [Dataset] of spike trains in memory, each kept as the list of its
// spikes.
type Events struct {
	shape   []int
	samples [][]Event
	labels  []int
	classes int
}

// NewEvents returns the data set whose sample i, of shape [T …], has the spikes
// samples[i] and the label labels[i]. Its number of classes is the largest label
// plus one. NewEvents keeps samples and labels without a copy: leave them alone
// afterwards.
//
// Spikes of one element at one time step add up. An error says which of these does
// not hold: there are two dimensions or more, each of at least 1, a label for each
// sample, no label is negative, every spike lies within the shape and its value is
// finite.
func NewEvents(shape []int, samples [][]Event, labels []int) (*Events, error) {
	if len(shape) < 2 {
		return nil, fmt.Errorf("data: events: shape is %v, want [T n …]", shape)
	}
	size, err := volume(shape)
	if err != nil {
		return nil, fmt.Errorf("data: events: %w", err)
	}
	if len(samples) != len(labels) {
		return nil, fmt.Errorf("data: events: %d samples and %d labels, want as many of both", len(samples), len(labels))
	}
	width := size / shape[0]
	for i, es := range samples {
		for k, e := range es {
			switch v := float64(e.Value); {
			case e.Step < 0 || e.Step >= shape[0]:
				return nil, fmt.Errorf("data: events: sample %d: event %d is at time step %d, want 0 to %d", i, k, e.Step, shape[0]-1)
			case e.Index < 0 || e.Index >= width:
				return nil, fmt.Errorf("data: events: sample %d: event %d is of element %d, want 0 to %d", i, k, e.Index, width-1)
			case math.IsNaN(v) || math.IsInf(v, 0):
				return nil, fmt.Errorf("data: events: sample %d: event %d has the value %v, want a finite number", i, k, v)
			}
		}
	}
	classes, err := countClasses(labels)
	if err != nil {
		return nil, fmt.Errorf("data: events: %w", err)
	}
	return &Events{shape: slices.Clone(shape), samples: samples, labels: labels, classes: classes}, nil
}

// Len returns the number of samples.
func (d *Events) Len() int { return len(d.labels) }

// Shape returns the shape of one sample, [T …].
func (d *Events) Shape() []int { return slices.Clone(d.shape) }

// Classes returns the number of classes: the largest label plus one.
func (d *Events) Classes() int { return d.classes }

// Events appends the spikes of sample i to dst.
func (d *Events) Events(i int, dst []Event) ([]Event, int, error) {
	if i < 0 || i >= len(d.labels) {
		return dst, 0, errNoSample(i, len(d.labels))
	}
	return append(dst, d.samples[i]...), d.labels[i], nil
}

// Sample writes sample i into x and returns its label.
func (d *Events) Sample(i int, x []float32) (int, error) {
	size, _ := volume(d.shape)
	if err := checkSample(i, len(d.labels), x, size); err != nil {
		return 0, err
	}
	clear(x)
	width := size / d.shape[0]
	for _, e := range d.samples[i] {
		v := e.Value
		if v == 0 {
			v = 1
		}
		x[e.Step*width+e.Index] += v
	}
	return d.labels[i], nil
}
