package events

import (
	"errors"
	"fmt"
	"math"
	"time"
)

var errRadius = errors.New("the radius is not from 0 to 100 pixels, or τ not above 0")

// A Surface remembers when each pixel had its last event of each polarity, and makes
// time surfaces of it. It takes one event after the other:
//
//	S(u, p) = exp(−(t − T_p(u)) / τ)
//
// where T_p(u) is the time of the last event of polarity p in pixel u, so far. It must
// not be used by two goroutines at once.
//
// X. Lagorce et al., HOTS, IEEE Transactions on Pattern Analysis and Machine
// Intelligence 39 (2017), 1346.
type Surface struct {
	width, height, radius int
	tau                   float64 // µs
	last                  []int64 // [2, height, width]
	around                []float32
}

// NewSurface returns the surface of a recording without events. Around gives its
// (2·radius + 1)² pixels around an event.
func NewSurface(rec Recording, radius int, tau time.Duration) (*Surface, error) {
	if err := rec.sensor("surface"); err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	if radius < 0 || radius > 100 || tau <= 0 {
		return nil, fmt.Errorf("events: surface: radius %d and τ %v: %w", radius, tau, errRadius)
	}
	side := 2*radius + 1
	return &Surface{rec.Width, rec.Height, radius, float64(tau) / 1e3, times(2 * rec.Width * rec.Height), make([]float32, side*side)}, nil
}

// at returns where a pixel is, or −1 if it is outside of the sensor.
func (s *Surface) at(x, y int, on bool) int {
	if x < 0 || y < 0 || x >= s.width || y >= s.height {
		return -1
	}
	i := y*s.width + x
	if on {
		i += s.width * s.height
	}
	return i
}

// Add takes an event. What is outside of the sensor changes nothing.
func (s *Surface) Add(e Event) {
	if i := s.at(int(e.X), int(e.Y), e.On); i >= 0 {
		s.last[i] = e.T
	}
}

// value returns S of place i at time t: 0 where there was no event.
func (s *Surface) value(i int, t int64) float32 {
	if i < 0 || s.last[i] == never {
		return 0
	}
	return float32(math.Exp(-float64(t-s.last[i]) / s.tau))
}

// Around returns the surface of the polarity of an event around it, [side, side] with
// side = 2·radius + 1, after taking the event, which makes the middle 1. Pixels
// outside of the sensor are 0. It holds until the next call.
func (s *Surface) Around(e Event) []float32 {
	s.Add(e)
	k := 0
	for y := int(e.Y) - s.radius; y <= int(e.Y)+s.radius; y++ {
		for x := int(e.X) - s.radius; x <= int(e.X)+s.radius; x++ {
			s.around[k] = s.value(s.at(x, y, e.On), e.T)
			k++
		}
	}
	return s.around
}

// All writes the whole surface at time t into dst, [2, height, width]: OFF, then ON.
// It makes dst if that is nil. An error says that it has another length.
func (s *Surface) All(dst []float32, t int64) ([]float32, error) {
	if dst == nil {
		dst = make([]float32, len(s.last))
	}
	if len(dst) != len(s.last) {
		return nil, fmt.Errorf("events: surface: dst has length %d, want %d", len(dst), len(s.last))
	}
	for i := range dst {
		dst[i] = s.value(i, t)
	}
	return dst, nil
}

// HATSParams are the parameters of histograms of averaged time surfaces.
type HATSParams struct {
	Cell   int           // side of a cell, pixels
	Radius int           // of the surface around an event, pixels
	Tau    time.Duration // of its decay
	Window time.Duration // how far back it looks
}

// DefaultHATSParams returns cells of 10 pixels, a radius of 3, τ = 0.5 s and a window
// of 0.1 s.
func DefaultHATSParams() HATSParams {
	return HATSParams{Cell: 10, Radius: 3, Tau: 500 * time.Millisecond, Window: 100 * time.Millisecond}
}

// HATS returns the histograms of averaged time surfaces of a recording, [rows of
// cells, columns of cells, 2, side, side] with side = 2·Radius + 1: for each cell and
// polarity (OFF, then ON) the mean, over the events i of that polarity in the cell, of
//
//	T_i(z) = Σ_j exp(−(t_i − t_j) / τ)
//
// over the earlier events j of that polarity in the same cell, at the pixel x_i + z,
// with t_i − t_j ≤ Window. A cell without events has 0. The events must be in order.
//
// A. Sironi et al., HATS, CVPR (2018), 1731.
func HATS(rec Recording, p HATSParams) (histograms []float32, shape []int, err error) {
	if err := rec.sensor("HATS"); err != nil {
		return nil, nil, fmt.Errorf("events: %w", err)
	}
	window, err := span("HATS", p.Window)
	if err != nil {
		return nil, nil, fmt.Errorf("events: %w", err)
	}
	if p.Cell < 1 || p.Radius < 0 || p.Radius > 100 || p.Tau <= 0 {
		return nil, nil, fmt.Errorf("events: HATS: cells of %d pixels, radius %d and τ %v: %w", p.Cell, p.Radius, p.Tau, errRadius)
	}
	if rec.Events == nil {
		return nil, nil, fmt.Errorf("events: HATS: the recording has no sequence of events")
	}
	rows, cols, side := (rec.Height+p.Cell-1)/p.Cell, (rec.Width+p.Cell-1)/p.Cell, 2*p.Radius+1
	cells := 2 * rows * cols
	if cells > maxVoxels/(side*side) {
		return nil, nil, fmt.Errorf("events: HATS: %d × %d cells of 2 × %d × %d, want at most %d elements", rows, cols, side, side, maxVoxels)
	}
	histograms = make([]float32, cells*side*side)
	memory, count := make([][]Event, cells), make([]int, cells)
	tau := float64(p.Tau) / 1e3
	for e, err := range rec.Events {
		if err != nil {
			return nil, nil, err
		}
		if int(e.X) >= rec.Width || int(e.Y) >= rec.Height {
			continue
		}
		c := 2 * (int(e.Y)/p.Cell*cols + int(e.X)/p.Cell)
		if e.On {
			c++
		}
		m, gone := memory[c], 0
		for gone < len(m) && e.T-m[gone].T > window {
			gone++
		}
		m = m[gone:]
		h := histograms[c*side*side:][:side*side]
		for _, past := range m {
			dx, dy := int(past.X)-int(e.X)+p.Radius, int(past.Y)-int(e.Y)+p.Radius
			if dx >= 0 && dy >= 0 && dx < side && dy < side {
				h[dy*side+dx] += float32(math.Exp(-float64(e.T-past.T) / tau))
			}
		}
		memory[c] = append(m, e)
		count[c]++
	}
	for c, n := range count {
		for i := range histograms[c*side*side:][:side*side] {
			histograms[c*side*side+i] /= float32(max(n, 1))
		}
	}
	return histograms, []int{rows, cols, 2, side, side}, nil
}
