package events

import (
	"fmt"
	"iter"
)

// An Event says when the brightness at a pixel of a sensor has changed. Events of
// other senses have their place in X and Y too: of a cochlea with 700 channels, X
// is the channel and Y is 0.
type Event struct {
	T    int64  // time, µs, from −2⁶¹ to 2⁶¹
	X, Y uint16 // column and row of the pixel, from 0
	On   bool   // brighter; false is darker
}

// A Recording is a sequence of events of one sensor, which need not be in memory:
// ranging over Events reads, transforms and hands on one after the other. A
// sequence ends with its first error, which comes with no event.
//
//	for e, err := range rec.Events {
//		if err != nil {
//			return err
//		}
//		// use e
//	}
//
// Ranging over what a [Reader] gives goes on where the last range ended; ranging
// over anything else starts anew, and gives the same.
type Recording struct {
	Width, Height int  // of the sensor, pixels; 0 if not known
	BottomUp      bool // whether rows are counted from the bottom

	Events iter.Seq2[Event, error]
}

// Of returns the recording of events in memory, which it keeps without a copy.
func Of(events []Event, width, height int) Recording {
	return Recording{Width: width, Height: height, Events: func(yield func(Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}}
}

// Collect returns the events of a recording as a slice, appended to dst, and the
// error that ended them, if any.
func Collect(rec Recording, dst []Event) ([]Event, error) {
	if rec.Events == nil {
		return dst, fmt.Errorf("events: the recording has no sequence of events")
	}
	for e, err := range rec.Events {
		if err != nil {
			return dst, err
		}
		dst = append(dst, e)
	}
	return dst, nil
}
