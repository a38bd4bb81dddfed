package events

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Crop keeps what is within a rectangle, of which (x, y) becomes (0, 0).
func Crop(x, y, width, height int) Transform {
	return func(rec Recording) (Recording, error) {
		most := func(n int) int {
			if n == 0 {
				return 1 << 16
			}
			return n
		}
		if x < 0 || y < 0 || width < 1 || height < 1 || width > most(rec.Width)-x || height > most(rec.Height)-y {
			return rec, fmt.Errorf("crop: the rectangle of %d × %d at (%d, %d) is not within the sensor of %d × %d", width, height, x, y, rec.Width, rec.Height)
		}
		rec.Width, rec.Height = width, height
		return always(rec, func(e *Event) bool {
			i, j := int(e.X)-x, int(e.Y)-y
			e.X, e.Y = uint16(i), uint16(j)
			return i >= 0 && j >= 0 && i < width && j < height
		}), nil
	}
}

// Downsample makes one pixel of factor × factor; those at the right and lower edge
// may be of fewer. All events stay.
func Downsample(factor int) Transform {
	return func(rec Recording) (Recording, error) {
		if factor < 1 || factor > 1<<16 {
			return rec, fmt.Errorf("downsample: the factor is %d, want 1 to 65536", factor)
		}
		rec.Width, rec.Height = (rec.Width+factor-1)/factor, (rec.Height+factor-1)/factor
		return always(rec, func(e *Event) bool {
			e.X, e.Y = uint16(int(e.X)/factor), uint16(int(e.Y)/factor)
			return true
		}), nil
	}
}

// FlipX mirrors left and right.
func FlipX() Transform {
	return func(rec Recording) (Recording, error) {
		w := uint16(rec.Width - 1)
		return always(rec, func(e *Event) bool { e.X = w - e.X; return e.X <= w }), rec.sensor("flip x")
	}
}

// FlipY mirrors up and down.
func FlipY() Transform {
	return func(rec Recording) (Recording, error) {
		h := uint16(rec.Height - 1)
		return always(rec, func(e *Event) bool { e.Y = h - e.Y; return e.Y <= h }), rec.sensor("flip y")
	}
}

// FlipPolarity makes ON of OFF and OFF of ON.
func FlipPolarity() Transform {
	return func(rec Recording) (Recording, error) {
		return always(rec, func(e *Event) bool { e.On = !e.On; return true }), nil
	}
}

// Transpose swaps x and y.
func Transpose() Transform {
	return func(rec Recording) (Recording, error) {
		rec.Width, rec.Height = rec.Height, rec.Width
		return always(rec, func(e *Event) bool { e.X, e.Y = e.Y, e.X; return true }), nil
	}
}

// Rotate turns the picture by degrees, clockwise where rows are counted from the top.
// Quarter turns are exact and may change the size of the sensor; others turn about its
// middle to the nearest pixel, and drop what leaves it.
func Rotate(degrees float64) Transform {
	return func(rec Recording) (Recording, error) {
		if err := rec.sensor("rotate"); err != nil {
			return rec, err
		}
		if math.IsNaN(degrees) || math.Abs(degrees) > 1e6 {
			return rec, fmt.Errorf("rotate: the angle is %v degrees, want a finite one of at most 10⁶", degrees)
		}
		w, h := rec.Width, rec.Height
		if quarters := degrees / 90; quarters == math.Trunc(quarters) {
			k := (int(quarters)%4 + 4) % 4
			if k%2 == 1 {
				rec.Width, rec.Height = h, w
			}
			return always(rec, func(e *Event) bool {
				x, y := int(e.X), int(e.Y)
				switch k {
				case 1:
					x, y = h-1-y, x
				case 2:
					x, y = w-1-x, h-1-y
				case 3:
					x, y = y, w-1-x
				}
				return e.put(x, y, rec.Width, rec.Height)
			}), nil
		}
		sin, cos := math.Sincos(degrees * math.Pi / 180)
		cx, cy := float64(w-1)/2, float64(h-1)/2
		return always(rec, func(e *Event) bool {
			x, y := float64(e.X)-cx, float64(e.Y)-cy
			return e.put(int(math.Floor(cx+cos*x-sin*y+0.5)), int(math.Floor(cy+sin*x+cos*y+0.5)), w, h)
		}), nil
	}
}

// put moves an event, and reports whether it is within the sensor then.
func (e *Event) put(x, y, width, height int) bool {
	e.X, e.Y = uint16(x), uint16(y)
	return x >= 0 && y >= 0 && x < width && y < height
}

// JitterSpace moves each event by whole pixels, by normal deviates of sigma pixels
// that are rounded, and drops what leaves the sensor.
func JitterSpace(sigma float64, seed uint64) Transform {
	return func(rec Recording) (Recording, error) {
		if err := rec.sensor("jitter in space"); err != nil {
			return rec, err
		}
		if !(sigma >= 0 && sigma <= 1<<16) {
			return rec, fmt.Errorf("jitter in space: sigma is %v pixels, want 0 to 65536", sigma)
		}
		return seeded(rec, seed, func(r *rand.Rand) func(*Event) bool {
			return func(e *Event) bool {
				dx, dy := math.Round(sigma*r.NormFloat64()), math.Round(sigma*r.NormFloat64())
				return e.put(int(e.X)+int(dx), int(e.Y)+int(dy), rec.Width, rec.Height)
			}
		}), nil
	}
}

// Shift moves all events by whole pixels, and drops what leaves the sensor.
func Shift(dx, dy int) Transform {
	return func(rec Recording) (Recording, error) {
		if max(dx, -dx, dy, -dy) > 1<<16 {
			return rec, fmt.Errorf("shift: by (%d, %d), want at most 65536 pixels each", dx, dy)
		}
		return always(rec, func(e *Event) bool {
			return e.put(int(e.X)+dx, int(e.Y)+dy, rec.Width, rec.Height)
		}), rec.sensor("shift")
	}
}
