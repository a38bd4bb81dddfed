package recordings

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/data/events"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/limit"
)

// A Sample is a recording in a file, or a stretch of one, and its class.
type Sample struct {
	Path     string
	Label    int
	From, To int64 // µs: only the events of From ≤ t < To, with times from From on; 0 and 0 are all
}

// Params say how recordings become samples.
type Params struct {
	Options events.Options // of all files; with the size of the sensor if these do not have it
	Bins    events.Bins
	Classes int // 0: the largest label plus one

	// Copies is how often every recording comes, for augmentation: copy k of recording
	// i is sample k·n + i, of n recordings. 0 means 1.
	Copies int
	// Transform returns what is done with a recording before it is binned, to be drawn
	// from the seed, which is the number of the sample. It must give the same for the
	// same seed, and all recordings the same size. nil leaves them as they are.
	Transform func(seed uint64) events.Transform
	// Open opens a file of another kind, as [sound.Ear.Open] does WAV files; nil is
	// [events.Open]. Whoever has read the recording calls close.
	//
	// [sound.Ear.Open]: https://pkg.go.dev/github.com/spikegrad/spikegrad/data/sound#Ear.Open
	Open func(path string, o events.Options) (rec events.Recording, close func() error, err error)
}

// A Dataset is a data.Dataset of recordings, as their spikes. It keeps none of them: a
// sample is read when it is asked for, which takes a file of N-MNIST a fraction of a
// millisecond. [Dataset.Cache] keeps the spikes in a file. It may be read by several goroutines at once, if Transform and Open may be
// called by them.
type Dataset struct {
	from   shelf
	labels []int
	p      Params
	shape  []int // of a sample, with all axes
	flat   bool  // the axes behind time are one
	size   int
	cache  *cache // where the spikes are, if they are anywhere
}

// A shelf has recordings by their numbers.
type shelf interface {
	// open returns recording i, which the caller closes.
	open(i int, p *Params) (rec events.Recording, close func() error, err error)
	// name says which it is.
	name(i int) string
	// file is where it is, and part which part of that file.
	file(i int) (path, part string)
}

var (
	_ data.Spiking = (*Dataset)(nil)
	_ data.Classed = (*Dataset)(nil)
)

// inFiles are recordings in files.
type inFiles []Sample

func (s inFiles) file(i int) (path, part string) {
	return s[i].Path, fmt.Sprintf("%d to %d", s[i].From, s[i].To)
}

func (s inFiles) name(i int) string {
	if s[i].whole() {
		return s[i].Path
	}
	return fmt.Sprintf("%s from %d to %d µs", s[i].Path, s[i].From, s[i].To)
}

func (s inFiles) open(i int, p *Params) (rec events.Recording, end func() error, err error) {
	if p.Open == nil {
		rec, end, err = openEvents(s[i].Path, p.Options)
	} else {
		err = guard.Call("", "Open", nil, func() (err error) { rec, end, err = p.Open(s[i].Path, p.Options); return err })
	}
	if err == nil && (end == nil || rec.Events == nil) {
		err = fmt.Errorf("recordings: data set: Open of %s gave no events, or no function to close it", s[i].Path)
	}
	if err != nil || s[i].whole() {
		return rec, end, err
	}
	return s[i].cut(rec), end, nil
}

func openEvents(path string, o events.Options) (events.Recording, func() error, error) {
	r, err := events.Open(path, o)
	if err != nil {
		return events.Recording{}, nil, err
	}
	return r.Recording(), r.Close, nil
}

// whole reports whether a sample is all of its file.
func (s Sample) whole() bool { return s.From == 0 && s.To == 0 }

// cut returns the stretch of a recording that the sample is. Its events need not be in
// order: all are looked at.
func (s Sample) cut(rec events.Recording) events.Recording {
	all := rec.Events
	rec.Events = func(yield func(events.Event, error) bool) {
		for e, err := range all {
			if err == nil && (e.T < s.From || e.T >= s.To) {
				continue
			}
			if err == nil {
				e.T -= s.From
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
	return rec
}

// New returns the data set of recordings in files. It reads the head of the
// first one.
func New(samples []Sample, p Params) (*Dataset, error) {
	labels := make([]int, len(samples))
	for i, s := range samples {
		if labels[i] = s.Label; !s.whole() && s.From >= s.To {
			return nil, fmt.Errorf("recordings: data set: recording %d is %s from %d to %d µs, want times in order", i, s.Path, s.From, s.To)
		}
	}
	return newOf(inFiles(slices.Clone(samples)), labels, p)
}

func newOf(from shelf, labels []int, p Params) (*Dataset, error) {
	d := &Dataset{from: from, labels: labels, p: p}
	d.p.Copies = max(p.Copies, 1)
	if len(labels) == 0 {
		return nil, errors.New("recordings: data set: there are no recordings")
	}
	if p.Copies < 0 || len(labels) > limit.Most/d.p.Copies {
		return nil, fmt.Errorf("recordings: data set: %d recordings %d times, want at most %d samples", len(labels), p.Copies, limit.Most)
	}
	most := 0
	for i, l := range labels {
		if l < 0 || p.Classes > 0 && l >= p.Classes || l >= limit.Most {
			return nil, fmt.Errorf("recordings: data set: recording %d has the label %d, of %d classes", i, l, p.Classes)
		}
		most = max(most, l)
	}
	if p.Classes == 0 {
		d.p.Classes = most + 1
	}
	rec, end, err := d.open(0)
	if err != nil {
		return nil, err
	}
	defer end()
	if _, err := d.p.Bins.Events(nil, events.Of(nil, rec.Width, rec.Height)); err != nil { // says what is wrong with them
		return nil, err
	}
	d.shape = d.p.Bins.Shape(rec)
	if d.size, err = limit.Elements(d.shape...); err != nil {
		return nil, fmt.Errorf("recordings: data set: %w", err)
	}
	return d, nil
}

// open returns sample i as a recording, transformed.
func (d *Dataset) open(i int) (rec events.Recording, end func() error, err error) {
	n := i % len(d.labels)
	rec, end, err = d.from.open(n, &d.p)
	if err != nil || d.p.Transform == nil {
		return rec, end, err
	}
	err = guard.Call("", "Transform", nil, func() (err error) {
		rec, err = events.Apply(rec, d.p.Transform(uint64(i)))
		return err
	})
	if err != nil {
		end()
		return rec, nil, fmt.Errorf("%w (of %s)", err, d.from.name(n))
	}
	return rec, end, nil
}

// Len returns the number of samples: of recordings, times Copies.
func (d *Dataset) Len() int { return len(d.labels) * d.p.Copies }

// Shape returns the shape of a sample, [Steps, 2, height, width], or with one channel
// if Bins merges them; [Steps, 700] of an SHD.
func (d *Dataset) Shape() []int {
	if d.flat {
		return []int{d.shape[0], d.size / d.shape[0]}
	}
	return slices.Clone(d.shape)
}

// Classes returns the number of classes.
func (d *Dataset) Classes() int { return d.p.Classes }

// Events reads sample i and appends its spikes to dst.
func (d *Dataset) Events(i int, dst []data.Event) ([]data.Event, int, error) {
	if i < 0 || i >= d.Len() {
		return dst, 0, fmt.Errorf("recordings: data set: sample %d asked for, want 0 to %d", i, d.Len()-1)
	}
	if d.cache != nil {
		dst, err := d.cache.read(i, dst)
		return dst, d.labels[i%len(d.labels)], err
	}
	rec, end, err := d.open(i)
	if err != nil {
		return dst, 0, err
	}
	defer end()
	if shape := d.p.Bins.Shape(rec); !slices.Equal(shape, d.shape) {
		return dst, 0, fmt.Errorf("recordings: data set: %s becomes a sample of shape %v, and the first recording one of %v: crop them, or give the size of the sensor in Options", d.from.name(i%len(d.labels)), shape, d.shape)
	}
	dst, err = d.p.Bins.Events(dst, rec)
	return dst, d.labels[i%len(d.labels)], err
}

// Sample writes the spikes of sample i into x.
func (d *Dataset) Sample(i int, x []float32) (int, error) {
	if len(x) != d.size {
		return 0, fmt.Errorf("recordings: data set: sample %d: x has length %d, want %d", i, len(x), d.size)
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
