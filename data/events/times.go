package events

import (
	"cmp"
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Normalise moves all times so that the first event is at 0.
func Normalise() Transform {
	return func(rec Recording) (Recording, error) {
		return through(rec, func() func(*Event) bool {
			begun, first := false, int64(0)
			return func(e *Event) bool {
				if !begun {
					begun, first = true, e.T
				}
				e.T -= first
				return true
			}
		}), nil
	}
}

// Between keeps the events of from ≤ t < to.
func Between(from, to time.Duration) Transform {
	return func(rec Recording) (Recording, error) {
		a, b := from.Microseconds(), to.Microseconds()
		if from > to {
			return rec, fmt.Errorf("between: from %v to %v, want them in order", from, to)
		}
		return always(rec, func(e *Event) bool { return a <= e.T && e.T < b }), nil
	}
}

// Excerpt keeps the events of from ≤ t − t₁ < to, where t₁ is the time of the first
// event. Times are not moved.
func Excerpt(from, to time.Duration) Transform {
	return func(rec Recording) (Recording, error) {
		a, b := from.Microseconds(), to.Microseconds()
		if from > to {
			return rec, fmt.Errorf("excerpt: from %v to %v, want them in order", from, to)
		}
		return through(rec, func() func(*Event) bool {
			begun, first := false, int64(0)
			return func(e *Event) bool {
				if !begun {
					begun, first = true, e.T
				}
				return a <= e.T-first && e.T-first < b
			}
		}), nil
	}
}

// Quantise rounds times down to a multiple of dt: what is at n·dt stays there.
func Quantise(dt time.Duration) Transform {
	return func(rec Recording) (Recording, error) {
		step, err := span("quantise", dt)
		return always(rec, func(e *Event) bool { e.T = floor(e.T, step) * step; return true }), err
	}
}

// floor returns ⌊t/step⌋.
func floor(t, step int64) int64 {
	q := t / step
	if t%step < 0 {
		q--
	}
	return q
}

// Scale multiplies times by a factor above 0: below 1 all goes faster.
func Scale(factor float64) Transform {
	return func(rec Recording) (Recording, error) {
		if !(factor > 0 && factor <= 1e6) {
			return rec, fmt.Errorf("scale: the factor is %v, want one above 0 and at most 10⁶", factor)
		}
		return always(rec, func(e *Event) bool {
			t := math.Round(float64(e.T) * factor)
			e.T = int64(t)
			return math.Abs(t) < 1<<62
		}), nil
	}
}

// JitterTime moves each time by a normal deviate of sigma, cut off at 4 sigma, and
// gives the events in their new order, of events that were in order.
func JitterTime(sigma time.Duration, seed uint64) Transform {
	return func(rec Recording) (Recording, error) {
		s, err := span("jitter in time", sigma)
		if err != nil {
			return rec, err
		}
		if s > 1<<40 {
			return rec, fmt.Errorf("jitter in time: sigma is %v, want at most 12 days", sigma)
		}
		most := 4 * s
		jittered := seeded(rec, seed, func(r *rand.Rand) func(*Event) bool {
			return func(e *Event) bool {
				d := int64(math.Round(float64(s) * r.NormFloat64()))
				e.T += min(max(d, -most), most)
				return true
			}
		})
		return inOrder(jittered, 2*most), nil
	}
}

// Sort puts events in the order of their times; those of one time keep theirs. It
// keeps all of them in memory while somebody ranges over them.
func Sort() Transform {
	return func(rec Recording) (Recording, error) {
		in := rec
		rec.Events = func(yield func(Event, error) bool) {
			es, err := Collect(in, nil)
			slices.SortStableFunc(es, func(a, b Event) int { return cmp.Compare(a.T, b.T) })
			for _, e := range es {
				if !yield(e, nil) {
					return
				}
			}
			if err != nil {
				yield(Event{}, err)
			}
		}
		return rec, nil
	}
}

// inOrder puts events in order of which none is earlier than one before it by more
// than late µs. It keeps those of that time in memory.
func inOrder(rec Recording, late int64) Recording {
	in := rec.Events
	rec.Events = func(yield func(Event, error) bool) {
		var q queue
		n, newest := 0, int64(math.MinInt64)
		for e, err := range in {
			if err != nil {
				for q.Len() > 0 {
					if !yield(heap.Pop(&q).(waiting).Event, nil) {
						return
					}
				}
				yield(Event{}, err)
				return
			}
			heap.Push(&q, waiting{e, n})
			n++
			for newest = max(newest, e.T); q.Len() > 0 && q[0].T < newest-late; {
				if !yield(heap.Pop(&q).(waiting).Event, nil) {
					return
				}
			}
		}
		for q.Len() > 0 {
			if !yield(heap.Pop(&q).(waiting).Event, nil) {
				return
			}
		}
	}
	return rec
}

// A waiting event keeps its place among those of the same time.
type waiting struct {
	Event
	n int
}

type queue []waiting

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].T < q[j].T || q[i].T == q[j].T && q[i].n < q[j].n }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(waiting)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
