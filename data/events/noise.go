package events

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"time"
)

// Drop drops each event with probability p.
func Drop(p float64, seed uint64) Transform {
	return func(rec Recording) (Recording, error) {
		return seeded(rec, seed, func(r *rand.Rand) func(*Event) bool {
			return func(*Event) bool { return r.Float64() >= p }
		}), chance("drop", p)
	}
}

// DropArea drops all events of a rectangle, at a random place in the sensor.
func DropArea(width, height int, seed uint64) Transform {
	return func(rec Recording) (Recording, error) {
		if err := rec.sensor("drop area"); err != nil {
			return rec, err
		}
		if width < 1 || height < 1 || width > rec.Width || height > rec.Height {
			return rec, fmt.Errorf("drop area: %d × %d, want a rectangle within the sensor of %d × %d", width, height, rec.Width, rec.Height)
		}
		return seeded(rec, seed, func(r *rand.Rand) func(*Event) bool {
			x, y := r.IntN(rec.Width-width+1), r.IntN(rec.Height-height+1)
			return func(e *Event) bool {
				i, j := int(e.X)-x, int(e.Y)-y
				return i < 0 || j < 0 || i >= width || j >= height
			}
		}), nil
	}
}

// DropTime drops all events of a stretch of time of the given length that begins at
// random, and ends no later than within after the first event.
func DropTime(length, within time.Duration, seed uint64) Transform {
	return func(rec Recording) (Recording, error) {
		n, err := span("drop time", length)
		if err != nil {
			return rec, err
		}
		most := within.Microseconds()
		if n > most {
			return rec, fmt.Errorf("drop time: %v within %v, want no more than that", length, within)
		}
		return seeded(rec, seed, func(r *rand.Rand) func(*Event) bool {
			from, begun := r.Int64N(most-n+1), false
			return func(e *Event) bool {
				if !begun {
					from, begun = from+e.T, true
				}
				return e.T < from || e.T-from >= n
			}
		}), nil
	}
}

// Noise adds events that no light has made: rate of them a second in every pixel, at
// random times from the first event to the last, ON as often as OFF.
func Noise(rate float64, seed uint64) Transform {
	return func(rec Recording) (Recording, error) {
		if err := rec.sensor("noise"); err != nil {
			return rec, err
		}
		all := rate * float64(rec.Width) * float64(rec.Height) / 1e6 // a µs
		if !(rate >= 0) || all > 1e3 {
			return rec, fmt.Errorf("noise: the rate is %v Hz a pixel, want 0 or more, and at most 10⁹ events a second in all", rate)
		}
		if rate == 0 {
			return rec, nil
		}
		in := rec.Events
		rec.Events = func(yield func(Event, error) bool) {
			r := rand.New(rand.NewPCG(seed, 0x5bd1e995))
			begun, first, next := false, int64(0), 0.0 // next is counted from first, so that it has all digits
			for e, err := range in {
				if err != nil {
					yield(Event{}, err)
					return
				}
				if !begun {
					begun, first, next = true, e.T, r.ExpFloat64()/all
				}
				for ; next < float64(e.T-first); next += r.ExpFloat64() / all {
					n := Event{T: first + int64(next), X: uint16(r.IntN(rec.Width)), Y: uint16(r.IntN(rec.Height)), On: r.IntN(2) == 1}
					if !yield(n, nil) {
						return
					}
				}
				if !yield(e, nil) {
					return
				}
			}
		}
		return rec, nil
	}
}

// never is a time before all others, from which one may subtract.
const never = math.MinInt64 / 2

// Denoise keeps an event if one of the eight pixels around it had one, of either
// polarity, no more than dt before.
//
// T. Delbruck, Frame-free dynamic digital vision (2008).
func Denoise(dt time.Duration) Transform {
	return func(rec Recording) (Recording, error) {
		n, err := span("denoise", dt)
		if err == nil {
			err = rec.sensor("denoise")
		}
		return through(rec, func() func(*Event) bool {
			w, h := rec.Width+2, rec.Height+2 // with a rim, so that every pixel has eight around it
			seen := times(w * h)
			return func(e *Event) bool {
				at := (int(e.Y)+1)*w + int(e.X) + 1
				if int(e.X) >= rec.Width || int(e.Y) >= rec.Height {
					return false
				}
				keep := e.T-seen[at] <= n
				for _, d := range [8]int{-w - 1, -w, -w + 1, -1, 1, w - 1, w, w + 1} {
					seen[at+d] = e.T
				}
				return keep
			}
		}), err
	}
}

// times returns n times of what has not happened.
func times(n int) []int64 {
	ts := make([]int64, n)
	for i := range ts {
		ts[i] = never
	}
	return ts
}

// Refractory drops events of a pixel less than dt after the last one that was kept of
// it, of either polarity.
func Refractory(dt time.Duration) Transform {
	return func(rec Recording) (Recording, error) {
		n, err := span("refractory", dt)
		if err == nil {
			err = rec.sensor("refractory")
		}
		return through(rec, func() func(*Event) bool {
			last := times(rec.Width * rec.Height)
			return func(e *Event) bool {
				if int(e.X) >= rec.Width || int(e.Y) >= rec.Height {
					return false
				}
				at := int(e.Y)*rec.Width + int(e.X)
				if e.T-last[at] < n {
					return false
				}
				last[at] = e.T
				return true
			}
		}), err
	}
}

// HotPixels returns the pixels with more than rate events a second, from the first
// event of the recording to the last, row by row. It ranges over all of them.
func HotPixels(rec Recording, rate float64) ([]image.Point, error) {
	if !(rate > 0) {
		return nil, fmt.Errorf("events: hot pixels: the rate is %v Hz, want one above 0", rate)
	}
	if rec.Events == nil {
		return nil, fmt.Errorf("events: hot pixels: the recording has no sequence of events")
	}
	if err := rec.sensor("hot pixels"); err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	count := make([]int64, rec.Width*rec.Height)
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for e, err := range rec.Events {
		if err != nil {
			return nil, err
		}
		if int(e.X) < rec.Width && int(e.Y) < rec.Height {
			count[int(e.Y)*rec.Width+int(e.X)]++
			first, last = min(first, e.T), max(last, e.T)
		}
	}
	var hot []image.Point
	for i, n := range count {
		if last > first && float64(n) > rate*1e-6*(float64(last)-float64(first)) {
			hot = append(hot, image.Pt(i%rec.Width, i/rec.Width))
		}
	}
	return hot, nil
}

// WithoutPixels drops all events of some pixels, as those that HotPixels finds.
func WithoutPixels(pixels ...image.Point) Transform {
	return func(rec Recording) (Recording, error) {
		out := make(map[image.Point]bool, len(pixels))
		for _, p := range pixels {
			out[p] = true
		}
		return always(rec, func(e *Event) bool { return !out[image.Pt(int(e.X), int(e.Y))] }), nil
	}
}
