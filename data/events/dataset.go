package events

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/internal/limit"
)

// A Sample is a recording in a file, and its class.
type Sample struct {
	Path  string
	Label int
}

// DatasetParams say how recordings become samples.
type DatasetParams struct {
	Options Options // of all files; with the size of the sensor if these do not have it
	Bins    Bins
	Classes int // 0: the largest label plus one

	// Copies is how often every recording comes, for augmentation: copy k of recording
	// i is sample k·n + i, of n recordings. 0 means 1.
	Copies int
	// Transform returns what is done with a recording before it is binned, to be drawn
	// from the seed, which is the number of the sample. It must give the same for the
	// same seed, and all recordings the same size. nil leaves them as they are.
	Transform func(seed uint64) Transform
}

// A Dataset is a data.Dataset of recordings in files, of spikes. It keeps none of
// them: a sample is read when it is asked for, which takes a file of N-MNIST a fraction
// of a millisecond. It may be read by several goroutines at once, if Transform may be
// called by them.
type Dataset struct {
	samples []Sample
	p       DatasetParams
	shape   []int
	size    int
}

var (
	_ data.Spiking = (*Dataset)(nil)
	_ data.Classed = (*Dataset)(nil)
)

// NewDataset returns the data set of recordings. It reads the head of the first one.
func NewDataset(samples []Sample, p DatasetParams) (*Dataset, error) {
	d := &Dataset{samples: slices.Clone(samples), p: p}
	d.p.Copies = max(p.Copies, 1)
	if len(samples) == 0 {
		return nil, errors.New("events: data set: there are no recordings")
	}
	if p.Copies < 0 || len(samples) > limit.Most/d.p.Copies {
		return nil, fmt.Errorf("events: data set: %d recordings %d times, want at most %d samples", len(samples), p.Copies, limit.Most)
	}
	most := 0
	for i, s := range samples {
		if s.Label < 0 || p.Classes > 0 && s.Label >= p.Classes || s.Label >= limit.Most {
			return nil, fmt.Errorf("events: data set: recording %d has the label %d, of %d classes", i, s.Label, p.Classes)
		}
		most = max(most, s.Label)
	}
	if p.Classes == 0 {
		d.p.Classes = most + 1
	}
	r, rec, err := d.open(0)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if _, err := d.p.Bins.Events(nil, Of(nil, rec.Width, rec.Height)); err != nil { // says what is wrong with them
		return nil, err
	}
	d.shape = d.p.Bins.Shape(rec)
	if d.size, err = limit.Elements(d.shape...); err != nil {
		return nil, fmt.Errorf("events: data set: %w", err)
	}
	return d, nil
}

// open returns sample i as a recording, transformed.
func (d *Dataset) open(i int) (*Reader, Recording, error) {
	s := d.samples[i%len(d.samples)]
	r, err := Open(s.Path, d.p.Options)
	if err != nil {
		return nil, Recording{}, err
	}
	rec := r.Recording()
	if d.p.Transform != nil {
		if rec, err = Apply(rec, d.p.Transform(uint64(i))); err != nil {
			r.Close()
			return nil, rec, fmt.Errorf("%w (of %s)", err, s.Path)
		}
	}
	return r, rec, nil
}

// Len returns the number of samples: of recordings, times Copies.
func (d *Dataset) Len() int { return len(d.samples) * d.p.Copies }

// Shape returns the shape of a sample, [Steps, 2, height, width], or with one channel
// if Bins merges them.
func (d *Dataset) Shape() []int { return slices.Clone(d.shape) }

// Classes returns the number of classes.
func (d *Dataset) Classes() int { return d.p.Classes }

// Events reads sample i and appends its spikes to dst.
func (d *Dataset) Events(i int, dst []data.Event) ([]data.Event, int, error) {
	if i < 0 || i >= d.Len() {
		return dst, 0, fmt.Errorf("events: data set: sample %d asked for, want 0 to %d", i, d.Len()-1)
	}
	r, rec, err := d.open(i)
	if err != nil {
		return dst, 0, err
	}
	defer r.Close()
	if shape := d.p.Bins.Shape(rec); !slices.Equal(shape, d.shape) {
		return dst, 0, fmt.Errorf("events: data set: %s becomes a sample of shape %v, and the first recording one of %v: crop them, or give the size of the sensor in Options", d.samples[i%len(d.samples)].Path, shape, d.shape)
	}
	dst, err = d.p.Bins.Events(dst, rec)
	return dst, d.samples[i%len(d.samples)].Label, err
}

// Sample writes the spikes of sample i into x.
func (d *Dataset) Sample(i int, x []float32) (int, error) {
	if len(x) != d.size {
		return 0, fmt.Errorf("events: data set: sample %d: x has length %d, want %d", i, len(x), d.size)
	}
	es, label, err := d.Events(i, nil)
	if err != nil {
		return 0, err
	}
	clear(x)
	for _, e := range es {
		x[e.Step*(d.size/d.shape[0])+e.Index]++
	}
	return label, nil
}
