package events

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// A Window is a stretch of a recording.
type Window struct {
	From, To int64   // µs: From ≤ t < To for windows of time
	Label    int     // of windows by labels
	Events   []Event // which hold until the next window comes
}

// Windows are the windows of a recording, one after the other, until an error.
type Windows = iter.Seq2[Window, error]

// maxEmpty is how many windows without events may follow each other: a time that
// is wrong by years would make more of them than anybody can look at.
const maxEmpty = 1 << 20

func failed(err error) Windows {
	return func(yield func(Window, error) bool) { yield(Window{}, fmt.Errorf("events: windows: %w", err)) }
}

// ByTime cuts a recording into windows of the given length, one beginning at every
// multiple of step: window k is k·step ≤ t < k·step + length, so that an event at
// exactly n·dt is in bin n. The first window is the first that ends after the first
// event, and the last the last that has an event or ends before the last of them;
// those between without events are given too. Where step is shorter than length,
// windows overlap; where it is longer, what is between them is left out. The events
// must be in order.
func ByTime(rec Recording, length, step time.Duration) Windows {
	n, err := span("length", length)
	if err != nil {
		return failed(err)
	}
	by, err := span("step", step)
	if err != nil {
		return failed(err)
	}
	if rec.Events == nil {
		return failed(errors.New("the recording has no sequence of events"))
	}
	return func(yield func(Window, error) bool) {
		var kept []Event // of the window at next and later ones
		next, empty, begun := int64(0), 0, false
		give := func() bool {
			inside, _ := slices.BinarySearchFunc(kept, next+n, func(e Event, t int64) int { return cmp.Compare(e.T, t) })
			if empty++; inside > 0 {
				empty = 0
			}
			ok := yield(Window{From: next, To: next + n, Events: kept[:inside]}, nil)
			next += by
			gone, _ := slices.BinarySearchFunc(kept, next, func(e Event, t int64) int { return cmp.Compare(e.T, t) })
			kept = kept[:copy(kept, kept[gone:])]
			return ok
		}
		last := int64(0)
		for e, err := range rec.Events {
			if err != nil {
				yield(Window{}, err)
				return
			}
			if begun && e.T < last {
				yield(Window{}, fmt.Errorf("events: windows: an event at %d µs comes after one at %d µs: sort the events first, by Sort", e.T, last))
				return
			}
			if last = e.T; !begun {
				begun, next = true, (floor(e.T-n, by)+1)*by
			}
			for e.T >= next+n {
				if !give() {
					return
				}
				if empty > maxEmpty {
					yield(Window{}, fmt.Errorf("events: windows: more than %d windows of %v without an event before the one at %d µs", maxEmpty, length, e.T))
					return
				}
			}
			if e.T >= next {
				kept = append(kept, e)
			}
		}
		for len(kept) > 0 {
			if !give() {
				return
			}
		}
	}
}

// ByCount cuts a recording into windows of n events each; the last may have less.
// From and To are the times of the first event and of the last, plus one.
func ByCount(rec Recording, n int) Windows {
	if n < 1 {
		return failed(fmt.Errorf("%d events, want at least 1", n))
	}
	if rec.Events == nil {
		return failed(errors.New("the recording has no sequence of events"))
	}
	return func(yield func(Window, error) bool) {
		var kept []Event
		give := func() bool {
			ok := yield(Window{From: kept[0].T, To: kept[len(kept)-1].T + 1, Events: kept}, nil)
			kept = kept[:0]
			return ok
		}
		for e, err := range rec.Events {
			if err != nil {
				yield(Window{}, err)
				return
			}
			if kept = append(kept, e); len(kept) == n && !give() {
				return
			}
		}
		if len(kept) > 0 {
			give()
		}
	}
}

// A Label says what happened in a stretch of time, From ≤ t < To.
type Label struct {
	Class    int
	From, To int64 // µs
}

// ByLabels cuts out what labels name, in the order in which they end. Labels may
// overlap, as those of DVS128 Gesture do in places: an event is in every stretch
// that has it. Times are not moved. The events must be in order.
func ByLabels(rec Recording, labels []Label) Windows {
	for i, l := range labels {
		if l.From > l.To {
			return failed(fmt.Errorf("label %d is from %d to %d µs, want them in order", i, l.From, l.To))
		}
	}
	if rec.Events == nil {
		return failed(errors.New("the recording has no sequence of events"))
	}
	coming := slices.Clone(labels)
	slices.SortStableFunc(coming, func(a, b Label) int { return cmp.Compare(a.From, b.From) })
	return func(yield func(Window, error) bool) {
		var open []Window
		next, last, begun := 0, int64(0), false
		end := func(t int64, all bool) bool { // what ends at t or before
			slices.SortStableFunc(open, func(a, b Window) int { return cmp.Compare(a.To, b.To) })
			for len(open) > 0 && (all || open[0].To <= t) {
				if !yield(open[0], nil) {
					return false
				}
				open = open[1:]
			}
			return true
		}
		start := func(t int64, all bool) {
			for ; next < len(coming) && (all || coming[next].From <= t); next++ {
				l := coming[next]
				open = append(open, Window{From: l.From, To: l.To, Label: l.Class})
			}
		}
		for e, err := range rec.Events {
			if err != nil {
				yield(Window{}, err)
				return
			}
			if begun && e.T < last {
				yield(Window{}, fmt.Errorf("events: windows: an event at %d µs comes after one at %d µs: sort the events first, by Sort", e.T, last))
				return
			}
			begun, last = true, e.T
			start(e.T, false)
			if !end(e.T, false) {
				return
			}
			for i := range open {
				open[i].Events = append(open[i].Events, e)
			}
		}
		start(0, true)
		end(0, true)
	}
}
