package events

// A Summary says what a [Reader] has read so far.
type Summary struct {
	Events, On    int64 // events given, and those of them that are ON
	First, Last   int64 // the earliest and the latest time of an event, µs
	Width, Height int   // one more than the largest X and Y of an event
	Backwards     int64 // events that are earlier than the one before them
	Wraps         int64 // how often the counter of the time began anew
	Bytes         int64 // of the input, unpacked if it is gzipped
	Skipped       Skipped

	prev int64 // the time of the last event
}

// Skipped counts what was read and was not given as an event.
type Skipped struct {
	Other   int64 // of another kind: triggers, frames, packets of an inertial sensor, …
	Early   int64 // events before the first word that says what time it is, or in which row
	Invalid int64 // events that the file marks as not valid, or with a time or a place that is no number
	Unknown int64 // words that mean nothing in the format
	Outside int64 // events outside of the sensor
}

// Total returns how much was skipped that should have been an event, which leaves
// out Other.
func (s Skipped) Total() int64 { return s.Early + s.Invalid + s.Unknown + s.Outside }

// maxTime is beyond all times: 73,000 years in µs. Below it, differences of times
// fit into an int64.
const maxTime = 1 << 61

// take counts the events of a batch and drops those outside of a sensor, of which
// 0 says that it has no bounds. It returns how many are left.
func (s *Summary) take(es []Event, width, height int) int {
	if width == 0 {
		width = 1 << 16
	}
	if height == 0 {
		height = 1 << 16
	}
	n, on, back := 0, 0, 0
	prev, first, last := s.prev, s.First, s.Last
	right, low := s.Width-1, s.Height-1
	far := 0
	for i := range es {
		e := es[i]
		x, y := int(e.X), int(e.Y)
		if x >= width || y >= height {
			continue
		}
		if uint64(e.T)+maxTime > 2*maxTime {
			far++
			continue
		}
		if s.Events == 0 && n == 0 {
			prev, first, last = e.T, e.T, e.T
		}
		if e.T < prev {
			back++
			first = min(first, e.T)
		}
		prev = e.T
		last = max(last, e.T)
		right, low = max(right, x), max(low, y)
		if e.On {
			on++
		}
		if n != i {
			es[n] = e
		}
		n++
	}
	s.Skipped.Outside += int64(len(es) - n - far)
	s.Skipped.Invalid += int64(far)
	s.Events += int64(n)
	s.On += int64(on)
	s.Backwards += int64(back)
	if n > 0 {
		s.prev, s.First, s.Last, s.Width, s.Height = prev, first, last, right+1, low+1
	}
	return n
}
