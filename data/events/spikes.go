package events

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spikegrad/spikegrad/data"
)

// Bins turn the events of a recording into the spikes of a sample [Steps, channels,
// height, width], without a dense tensor. Time step n has the events of
//
//	From + n·Dt ≤ t < From + (n+1)·Dt
//
// so that an event at exactly From + n·Dt is in step n. Events before From and behind
// the last step are left out. The channels are OFF and ON, or one for both.
type Bins struct {
	Dt     time.Duration // of a time step, whole µs
	Steps  int
	From   int64 // µs
	Merge  bool  // ON and OFF are one channel
	Binary bool  // a pixel has at most one spike a time step; else they add up
}

// Shape returns the shape of the samples that recordings of such a sensor become,
// [Steps, 2, height, width], or one channel if these are merged.
func (b Bins) Shape(rec Recording) []int {
	channels := 2
	if b.Merge {
		channels = 1
	}
	return []int{b.Steps, channels, rec.Height, rec.Width}
}

// Events appends the spikes of a recording to dst, which a data.Dataset of spikes
// can keep ([data.NewEvents], [data.Spiking]).
func (b Bins) Events(dst []data.Event, rec Recording) ([]data.Event, error) {
	n := len(dst)
	err := b.each(rec, func(step, index int) error {
		dst = append(dst, data.Event{Step: step, Index: index})
		return nil
	})
	if err != nil || !b.Binary {
		return dst, err
	}
	slices.SortFunc(dst[n:], func(a, b data.Event) int {
		if a.Step != b.Step {
			return a.Step - b.Step
		}
		return a.Index - b.Index
	})
	return dst[:n+len(slices.Compact(dst[n:]))], nil
}

// AddTo adds the spikes of a recording to a sample of lists of spikes of shape
// [Steps, batch, channels, height, width], as a connect.Spikes is.
func (b Bins) AddTo(lists interface {
	Add(t, sample, i int, value float64) error
}, sample int, rec Recording) error {
	if !b.Binary {
		return b.each(rec, func(step, index int) error { return lists.Add(step, sample, index, 1) })
	}
	es, err := b.Events(nil, rec)
	for _, e := range es {
		if err == nil {
			err = lists.Add(e.Step, sample, e.Index, 1)
		}
	}
	return err
}

// each calls add with every event that is in a time step.
func (b Bins) each(rec Recording, add func(step, index int) error) error {
	dt, err := span("bins", b.Dt)
	if err == nil {
		err = rec.sensor("bins")
	}
	switch {
	case err != nil:
	case b.Steps < 1:
		err = fmt.Errorf("bins: %d time steps, want at least 1", b.Steps)
	case rec.Events == nil:
		err = errors.New("bins: the recording has no sequence of events")
	}
	if err != nil {
		return fmt.Errorf("events: %w", err)
	}
	for e, err := range rec.Events {
		if err != nil {
			return err
		}
		step := floor(e.T-b.From, dt)
		if step < 0 || step >= int64(b.Steps) || int(e.X) >= rec.Width || int(e.Y) >= rec.Height {
			continue
		}
		i := int(e.Y)*rec.Width + int(e.X)
		if e.On && !b.Merge {
			i += rec.Width * rec.Height
		}
		if err := add(int(step), i); err != nil {
			return err
		}
	}
	return nil
}
