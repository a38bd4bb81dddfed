package events

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// A Transform makes another recording of one. It does not read any events: the
// recording that it returns does, one after the other, as somebody ranges over
// it. An error says that the transform does not fit, as a crop that is outside of
// the sensor does not.
//
// What is random begins anew with its seed whenever somebody ranges over the
// events, and so gives the same each time.
type Transform func(Recording) (Recording, error)

// Apply applies transforms to a recording, one after the other.
func Apply(rec Recording, ts ...Transform) (Recording, error) {
	if rec.Events == nil {
		return rec, errors.New("events: the recording has no sequence of events")
	}
	for i, t := range ts {
		if t == nil {
			return rec, fmt.Errorf("events: transform %d is nil", i)
		}
		var err error
		if rec, err = t(rec); err != nil {
			return rec, fmt.Errorf("events: %w", err)
		}
	}
	return rec, nil
}

// Join makes one Transform of several.
func Join(ts ...Transform) Transform {
	return func(rec Recording) (Recording, error) {
		for i, t := range ts {
			if t == nil {
				return rec, fmt.Errorf("transform %d is nil", i)
			}
			var err error
			if rec, err = t(rec); err != nil {
				return rec, err
			}
		}
		return rec, nil
	}
}

// through is the mechanism of all transforms that look at one event after the
// other: begin is called when somebody ranges over the events, and what it returns
// with every event, which it may change; false drops it.
func through(rec Recording, begin func() func(e *Event) bool) Recording {
	in := rec.Events
	rec.Events = func(yield func(Event, error) bool) {
		keep := begin()
		for e, err := range in {
			if err != nil {
				yield(Event{}, err)
				return
			}
			if keep(&e) && !yield(e, nil) {
				return
			}
		}
	}
	return rec
}

// always is through for what has no state.
func always(rec Recording, keep func(e *Event) bool) Recording {
	return through(rec, func() func(*Event) bool { return keep })
}

// seeded is through for what is random.
func seeded(rec Recording, seed uint64, begin func(r *rand.Rand) func(e *Event) bool) Recording {
	return through(rec, func() func(*Event) bool { return begin(rand.New(rand.NewPCG(seed, 0x5bd1e995))) })
}

// maxPixels bounds what is kept for each pixel of a sensor, whatever a file says of
// its size. The largest have two millions.
const maxPixels = 1 << 24

// sensor returns an error if the size of the sensor is not known, or too large.
func (rec Recording) sensor(what string) error {
	if rec.Width > 0 && rec.Height > maxPixels/rec.Width {
		return fmt.Errorf("%s: the sensor is %d × %d, want at most %d pixels", what, rec.Width, rec.Height, maxPixels)
	}
	if rec.Width < 1 || rec.Height < 1 || rec.Width > 1<<16 || rec.Height > 1<<16 {
		return fmt.Errorf("%s: the sensor is %d × %d, want its size: give it in Options.Width and Height", what, rec.Width, rec.Height)
	}
	return nil
}

// span returns a stretch of time in µs, which must be at least 1.
func span(what string, d time.Duration) (int64, error) {
	if d < time.Microsecond || d%time.Microsecond != 0 {
		return 0, fmt.Errorf("%s: the time is %v, want whole µs, at least one", what, d)
	}
	return d.Microseconds(), nil
}

// chance returns an error unless p is from 0 to 1.
func chance(what string, p float64) error {
	if !(p >= 0 && p <= 1) {
		return fmt.Errorf("%s: the probability is %v, want 0 to 1", what, p)
	}
	return nil
}
