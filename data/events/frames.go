package events

import (
	"fmt"
	"iter"
)

// A Frame is a picture of the events of a window: how many there are in every pixel.
type Frame struct {
	From, To      int64 // of its window, µs
	Label         int
	Width, Height int
	Counts        []float32 // [2, height, width]: OFF, then ON; they hold until the next frame comes
}

// At returns how many events of a polarity pixel (x, y) has.
func (f Frame) At(x, y int, on bool) float32 {
	i := y*f.Width + x
	if on {
		i += f.Width * f.Height
	}
	return f.Counts[i]
}

// Frames counts the events of windows of a recording, of which rec has the size of
// the sensor. If binary, a pixel has 1 for any number of events. Events outside of the
// sensor are left out.
//
//	for f, err := range events.Frames(rec, events.ByTime(rec, 10*time.Millisecond, 10*time.Millisecond), false) {
func Frames(rec Recording, windows Windows, binary bool) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		if err := rec.sensor("frames"); err != nil {
			yield(Frame{}, fmt.Errorf("events: %w", err))
			return
		}
		n := rec.Width * rec.Height
		counts := make([]float32, 2*n)
		for w, err := range windows {
			if err != nil {
				yield(Frame{}, err)
				return
			}
			clear(counts)
			for _, e := range w.Events {
				if int(e.X) >= rec.Width || int(e.Y) >= rec.Height {
					continue
				}
				i := int(e.Y)*rec.Width + int(e.X)
				if e.On {
					i += n
				}
				if counts[i]++; binary {
					counts[i] = 1
				}
			}
			if !yield(Frame{w.From, w.To, w.Label, rec.Width, rec.Height, counts}, nil) {
				return
			}
		}
	}
}

// Voxels spreads the polarities of events, 1 and −1, over a grid [bins, height, width]
// of space and time. An event at time t is at
//
//	τ = (bins − 1) (t − t₁) / (t_N − t₁)
//
// of the times of the first and the last event, and gives max(0, 1 − |b − τ|) of its
// polarity to bin b. If all events have one time they are in bin 0.
//
// A. Z. Zhu et al., CVPR (2019), 989.
func Voxels(rec Recording, es []Event, bins int) ([]float32, error) {
	if err := rec.sensor("voxels"); err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	n := rec.Width * rec.Height
	if bins < 1 || bins > maxVoxels/n {
		return nil, fmt.Errorf("events: voxels: %d bins of %d × %d pixels, want at least 1 and at most %d voxels", bins, rec.Width, rec.Height, maxVoxels)
	}
	grid := make([]float32, bins*n)
	if len(es) == 0 {
		return grid, nil
	}
	first, last := es[0].T, es[0].T
	for _, e := range es {
		first, last = min(first, e.T), max(last, e.T)
	}
	for _, e := range es {
		if int(e.X) >= rec.Width || int(e.Y) >= rec.Height {
			continue
		}
		tau := 0.0
		if last > first {
			tau = float64(bins-1) * (float64(e.T-first) / float64(last-first))
		}
		p := float32(1)
		if !e.On {
			p = -1
		}
		b := int(tau)
		share := float32(tau - float64(b))
		at := b*n + int(e.Y)*rec.Width + int(e.X)
		if grid[at] += p * (1 - share); share > 0 {
			grid[at+n] += p * share
		}
	}
	return grid, nil
}

// maxVoxels bounds the elements of a grid: 2²⁸ take 1 GiB.
const maxVoxels = 1 << 28
