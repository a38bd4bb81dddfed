package runlog

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/spikegrad/spikegrad/cost"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/layers"
)

// What a report looks at, so that it is ready soon.
const (
	mostSamples  = 10000 // for the confusion matrix
	mostMeasured = 256   // samples, for firing rates and costs
	mostRasters  = 2
)

// A look is what a report shows of the network at work.
type look struct {
	samples  int // of the confusion matrix
	matrix   [][]int
	cost     cost.Cost
	rasters  []raster
	problems []string // why something is missing
}

// A raster is the spikes of the layers for one sample.
type raster struct {
	sample, label int
	spikes        []layers.Recording
}

// A stateful encoder remembers where it stands, and a checkpoint has that.
type stateful interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// look runs the network, and leaves an encoder with a state of its own where it
// stood, so that the training goes on as if nobody had looked.
func (f *Folder) look() (l look) {
	d, t := f.shown(), f.s.Trainer
	ctx := context.Background()
	note := func(err error) {
		if err != nil {
			l.problems = append(l.problems, err.Error())
		}
	}
	if s, ok := t.Encoder.(stateful); ok {
		state, err := s.MarshalBinary()
		if err != nil {
			note(fmt.Errorf("state of the encoder: %w", err))
			return l
		}
		defer func() { note(s.UnmarshalBinary(state)) }()
	}
	var err error
	l.cost, err = t.Model.Cost(ctx, head(d, mostMeasured), t.Encoder)
	note(err)
	if e := f.seen.last; e != nil && e.Train.Accuracy != nil {
		l.matrix, err = f.confusion(ctx, head(d, mostSamples))
		l.samples = min(d.Len(), mostSamples)
		note(err)
	}
	if slices.ContainsFunc(t.Model.Layers(), func(a layers.Activity) bool { return a.Spiking }) {
		l.rasters, err = f.rasters(ctx, d)
		note(err)
	}
	return l
}

// shown returns the data set that the report shows the network with.
func (f *Folder) shown() data.Dataset {
	for _, d := range []data.Dataset{f.Data, f.s.Trainer.Validation} {
		if d != nil {
			return d
		}
	}
	return f.s.Trainer.Data
}

// head returns the first n samples of d, or d if it has no more, or if its samples
// are of different lengths or belong together.
func head(d data.Dataset, n int) data.Dataset {
	if d.Len() <= n {
		return d
	}
	switch d.(type) {
	case data.Varied, data.Continued:
		return d
	}
	h := start{d, n}
	if t, ok := d.(data.Targeter); ok {
		return startWithTargets{h, t}
	}
	return h
}

type start struct {
	data.Dataset
	n int
}

func (s start) Len() int { return s.n }

type startWithTargets struct {
	start
	data.Targeter
}

// confusion returns how often samples of each class, row, are taken for each
// class, column.
func (f *Folder) confusion(ctx context.Context, d data.Dataset) ([][]int, error) {
	t := f.s.Trainer
	said, err := t.Model.Classes(ctx, d, t.Encoder)
	if err != nil {
		return nil, err
	}
	labels, err := labelsOf(d, len(said))
	if err != nil {
		return nil, fmt.Errorf("confusion: %w", err)
	}
	n := max(len(f.Classes), data.Classes(f.shown()), slices.Max(said)+1, slices.Max(labels)+1)
	m := make([][]int, n)
	for i := range m {
		m[i] = make([]int, n)
	}
	for i, label := range labels {
		if label >= 0 {
			m[label][said[i]]++
		}
	}
	return m, nil
}

// labelsOf returns the labels of the first n samples.
func labelsOf(d data.Dataset, n int) ([]int, error) {
	size := 1
	for _, k := range d.Shape() {
		size *= k
	}
	x := make([]float32, size)
	labels := make([]int, n)
	var err error
	for i := range labels {
		err = guard.Call("Sample", "data set", d, func() (err error) { labels[i], err = d.Sample(i, x); return err })
		if err != nil {
			return nil, fmt.Errorf("sample %d: %w", i, err)
		}
	}
	return labels, nil
}

// rasters returns the spikes for the first sample, and for the first with another
// label.
func (f *Folder) rasters(ctx context.Context, d data.Dataset) ([]raster, error) {
	labels, err := labelsOf(d, min(d.Len(), mostMeasured))
	if err != nil {
		return nil, err
	}
	if len(labels) == 0 {
		return nil, errors.New("spikes: the data set is empty")
	}
	some := []int{0}
	for i, l := range labels {
		if len(some) < mostRasters && l != labels[some[0]] {
			some = append(some, i)
		}
	}
	t := f.s.Trainer
	rs, err := t.Model.Record(ctx, d, t.Encoder, some, layers.Probe{})
	if err != nil {
		return nil, err
	}
	out := make([]raster, len(some))
	for k, i := range some {
		out[k] = raster{sample: i, label: labels[i]}
		for _, r := range rs {
			if r.Spiking {
				out[k].spikes = append(out[k].spikes, layers.Recording{
					Layer: r.Layer, Spiking: true, Steps: r.Steps, Samples: []int{i}, Neurons: r.Neurons, Values: r.Sample(k),
				})
			}
		}
	}
	return out, nil
}

// class returns the name of a class.
func (f *Folder) class(i int) string {
	if i < len(f.Classes) {
		return f.Classes[i]
	}
	return fmt.Sprint(i)
}

// hertz returns the firing rates of the neurons of a layer.
func (f *Folder) hertz(l cost.Layer, steps float64) []float64 {
	rates := make([]float64, len(l.Each))
	for i, spikes := range l.Each {
		rates[i] = spikes / (steps * f.dt())
	}
	return rates
}

func (f *Folder) dt() float64 {
	if f.Dt == 0 {
		return 1e-3
	}
	return f.Dt
}

// percent writes a share as a person would.
func percent(x *float64) string {
	if x == nil || math.IsNaN(*x) {
		return ""
	}
	return fmt.Sprintf("%.2f %%", 100**x)
}
