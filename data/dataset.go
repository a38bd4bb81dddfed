package data

import (
	"fmt"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// Dataset is a finite set of labelled samples, all of one shape.
//
// The same i gives the same sample each time, so that a run can be repeated.
// The data sets of this package may be read by several goroutines at once.
type Dataset interface {
	// Len returns the number of samples.
	Len() int
	// Shape returns the shape of one sample, as [4] or [1 28 28] (channel
	// first), without a batch or time axis.
	Shape() []int
	// Sample writes sample i, 0 ≤ i < Len(), into x, whose length is the
	// product of Shape, and returns its label, 0 or more.
	Sample(i int, x []float32) (label int, err error)
}

// Classed is what a [Dataset] may be besides: one that knows how many classes
// it has. Its labels are 0, …, Classes()−1. All data sets of this package are
// Classed.
type Classed interface {
	// Classes returns the number of classes, or 0 if it is not known.
	Classes() int
}

// Epochal is what a [Dataset] may be besides: one whose samples are others in each epoch, as those
// of package augment are.
type Epochal interface {
	// Epoch says that the samples read from now on are of an epoch of training, counted from 0.
	Epoch(epoch int)
}

// Classes returns the number of classes of d, or 0 if d is not [Classed] or
// does not know.
func Classes(d Dataset) int {
	if c, ok := d.(Classed); ok {
		return c.Classes()
	}
	return 0
}

// Subset returns samples from, …, to−1 of d, numbered from 0, as d[from:to]
// would be. It reads d, it does not copy it. The range must satisfy
// 0 ≤ from ≤ to ≤ d.Len().
func Subset(d Dataset, from, to int) (Dataset, error) {
	if guard.IsNil(d) {
		return nil, fmt.Errorf("data: subset: the data set is nil")
	}
	if n := d.Len(); from < 0 || from > to || to > n {
		return nil, fmt.Errorf("data: subset: range is [%d, %d), want one within [0, %d)", from, to, n)
	}
	s := subset{d: d, from: from, n: to - from}
	if d, ok := d.(Spiking); ok {
		return &spikingSubset{s, d}, nil
	}
	return &s, nil
}

// subset is n samples of d, the first of them sample from.
type subset struct {
	d       Dataset
	from, n int
}

func (s *subset) Len() int     { return s.n }
func (s *subset) Shape() []int { return s.d.Shape() }
func (s *subset) Classes() int { return Classes(s.d) }

func (s *subset) Sample(i int, x []float32) (int, error) {
	if err := s.check(i); err != nil {
		return 0, err
	}
	return s.d.Sample(s.from+i, x)
}

func (s *subset) check(i int) error {
	if i < 0 || i >= s.n {
		return fmt.Errorf("data: subset: sample %d asked for, want 0 to %d", i, s.n-1)
	}
	return nil
}

// spikingSubset is a subset of a data set that knows its spikes.
type spikingSubset struct {
	subset
	spiking Spiking
}

func (s *spikingSubset) Events(i int, dst []Event) ([]Event, int, error) {
	if err := s.check(i); err != nil {
		return dst, 0, err
	}
	return s.spiking.Events(s.from+i, dst)
}

// checkSample returns an error unless i is one of n samples and x has room for
// exactly the size values of one.
func checkSample(i, n int, x []float32, size int) error {
	if i < 0 || i >= n {
		return errNoSample(i, n)
	}
	if len(x) != size {
		return fmt.Errorf("data: sample %d: x has length %d, want %d", i, len(x), size)
	}
	return nil
}

func errNoSample(i, n int) error {
	return fmt.Errorf("data: sample %d asked for, want 0 to %d", i, n-1)
}
