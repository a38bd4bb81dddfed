package augment

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Flip mirrors left and right with probability P.
type Flip struct {
	P        float64 // 0 to 1
	Vertical bool    // up and down, in their place
}

// Check implements Op.
func (f Flip) Check(_, _, _ int) error { return probability("flip", f.P) }

// Draw implements Op.
func (f Flip) Draw(r *rand.Rand, _, h, w int) Change {
	if r.Float64() >= f.P {
		return Change{}
	}
	flip := func(y, x int) (int, int, bool) { return y, w - 1 - x, true }
	if f.Vertical {
		flip = func(y, x int) (int, int, bool) { return h - 1 - y, x, true }
	}
	return Change{From: flip, To: flip}
}

// Shift moves an image by −Most to Most pixels along each axis, all as likely. What comes in is 0:
// a random part of an image with a border of Most zeros is the same.
type Shift struct{ Most int }

// Check implements Op.
func (s Shift) Check(_, h, w int) error {
	if s.Most < 0 || s.Most >= min(h, w) {
		return fmt.Errorf("shift: it is by up to %d pixels, want 0 to below the %d × %d of an image", s.Most, h, w)
	}
	return nil
}

// Draw implements Op.
func (s Shift) Draw(r *rand.Rand, _, _, _ int) Change {
	dy, dx := r.IntN(2*s.Most+1)-s.Most, r.IntN(2*s.Most+1)-s.Most
	return Change{
		From: func(y, x int) (int, int, bool) { return y - dy, x - dx, true },
		To:   func(y, x int) (int, int, bool) { return y + dy, x + dx, true },
	}
}

// Crop takes a part at a random place, whose sides are a random share of those of the image, from
// Least to 1, and stretches it to the whole: each pixel becomes the nearest one of the part.
type Crop struct{ Least float64 }

// Check implements Op.
func (c Crop) Check(_, h, w int) error {
	if !(c.Least > 0 && c.Least <= 1) || c.Least*float64(min(h, w)) < 1 {
		return fmt.Errorf("crop: the least share is %v of %d × %d pixels, want a number up to 1 that leaves a pixel", c.Least, h, w)
	}
	return nil
}

// Draw implements Op.
func (c Crop) Draw(r *rand.Rand, _, h, w int) Change {
	share := c.Least + (1-c.Least)*r.Float64()
	oy, ox := (1-share)*float64(h)*r.Float64(), (1-share)*float64(w)*r.Float64()
	from := func(i int, o float64) int { return int(math.Floor(o + (float64(i)+0.5)*share)) }
	to := func(i int, o float64) int { return int(math.Floor((float64(i) + 0.5 - o) / share)) }
	return Change{
		From: func(y, x int) (int, int, bool) { return from(y, oy), from(x, ox), true },
		To:   func(y, x int) (int, int, bool) { return to(y, oy), to(x, ox), true },
	}
}

// Rotate turns an image about its centre by −Degrees to Degrees, all as likely. Each pixel becomes
// the one that is nearest to where it comes from.
type Rotate struct{ Degrees float64 }

// Check implements Op.
func (t Rotate) Check(_, _, _ int) error {
	if !(t.Degrees >= 0 && t.Degrees <= 180) {
		return fmt.Errorf("rotate: it is by up to %v degrees, want 0 to 180", t.Degrees)
	}
	return nil
}

// Draw implements Op.
func (t Rotate) Draw(r *rand.Rand, _, h, w int) Change {
	sin, cos := math.Sincos((2*r.Float64() - 1) * t.Degrees * math.Pi / 180)
	cy, cx := float64(h-1)/2, float64(w-1)/2
	turn := func(sin float64) func(y, x int) (int, int, bool) {
		return func(y, x int) (int, int, bool) {
			dy, dx := float64(y)-cy, float64(x)-cx
			return int(math.Round(cy + cos*dy + sin*dx)), int(math.Round(cx + cos*dx - sin*dy)), true
		}
	}
	return Change{From: turn(sin), To: turn(-sin)}
}

// Cutout sets a square of Size × Size pixels to 0, whose centre is any pixel: at a border it is
// smaller.
//
// T. DeVries and G. W. Taylor, Improved regularization of convolutional neural networks with
// cutout, arXiv:1708.04552 (2017).
type Cutout struct{ Size int }

// Check implements Op.
func (c Cutout) Check(_, _, _ int) error {
	if c.Size < 0 {
		return fmt.Errorf("cutout: the square has %d pixels a side, want at least 0", c.Size)
	}
	return nil
}

// Draw implements Op.
func (c Cutout) Draw(r *rand.Rand, _, h, w int) Change {
	y0, x0 := r.IntN(h)-c.Size/2, r.IntN(w)-c.Size/2
	keep := func(y, x int) (int, int, bool) {
		return y, x, y < y0 || y >= y0+c.Size || x < x0 || x >= x0+c.Size
	}
	return Change{From: keep, To: keep}
}

// Noise adds numbers of a normal distribution to the values of elements. It is not for data sets of
// spikes.
type Noise struct{ Std float64 }

// Check implements Op.
func (n Noise) Check(_, _, _ int) error {
	if !(n.Std >= 0) || math.IsInf(n.Std, 0) {
		return fmt.Errorf("noise: the standard deviation is %v, want a finite number of at least 0", n.Std)
	}
	return nil
}

// Draw implements Op.
func (n Noise) Draw(r *rand.Rand, _, _, _ int) Change {
	return Change{Value: func(v float32) float32 { return v + float32(n.Std*r.NormFloat64()) }}
}

// Drop sets each element to 0, or loses each spike, with probability P, by itself.
type Drop struct{ P float64 }

// Check implements Op.
func (d Drop) Check(_, _, _ int) error { return probability("drop", d.P) }

// Draw implements Op.
func (d Drop) Draw(r *rand.Rand, _, _, _ int) Change {
	return Change{Value: func(v float32) float32 {
		if r.Float64() < d.P {
			return 0
		}
		return v
	}}
}

// Delay lets a sequence begin 0 to Most time steps later, all as likely. What is beyond its end
// is lost.
type Delay struct{ Most int }

// Check implements Op.
func (d Delay) Check(steps, _, _ int) error {
	if d.Most < 0 || d.Most >= steps {
		return fmt.Errorf("delay: it is by up to %d time steps, want 0 to below the %d of a sample", d.Most, steps)
	}
	return nil
}

// Draw implements Op.
func (d Delay) Draw(r *rand.Rand, _, _, _ int) Change { return Change{Later: r.IntN(d.Most + 1)} }

func probability(what string, p float64) error {
	if p >= 0 && p <= 1 {
		return nil
	}
	return fmt.Errorf("%s: the probability is %v, want 0 to 1", what, p)
}
