package feed

import (
	"cmp"
	"fmt"
)

// A Cut says how the time steps of a sample are gone through: in segments one
// after the other, the graph being that of one segment.
type Cut struct {
	Steps    int  // of a segment; the last of a sample may have fewer
	Segments int  // of a sample
	Stride   int  // segments from one update of the weights to the next
	Reach    int  // segments through which a gradient goes back
	Carries  bool // states are handed from segment to segment
}

// CutUp returns how samples of so many time steps are gone through in segments, windows and strides of
// so many, of which each may be 0.
func CutUp(steps, segment, window, stride int) (Cut, error) {
	for _, f := range []struct {
		name string
		of   int
	}{{"Segment", segment}, {"Window", window}, {"Stride", stride}} {
		if f.of < 0 || f.of > steps {
			return Cut{}, fmt.Errorf("train: %s is %d, want 0 to %d time steps", f.name, f.of, steps)
		}
	}
	switch {
	case stride > 0 && window == 0:
		return Cut{}, fmt.Errorf("train: Stride is %d without a Window", stride)
	case stride > window:
		return Cut{}, fmt.Errorf("train: Stride is %d and Window %d, want no stride longer than the window", stride, window)
	case segment == 0 && window == 0:
		return Cut{Steps: steps, Segments: 1, Stride: 1, Reach: 1}, nil
	}
	stride = cmp.Or(stride, window)
	// Windows end at strides and at the end of the sample. Each begins at the beginning
	// of a segment if these divide all three.
	c := Cut{Steps: segment, Carries: true}
	if common := gcd(gcd(window, stride), steps); c.Steps == 0 {
		c.Steps = common
	} else if window > 0 && common%c.Steps != 0 {
		return Cut{}, fmt.Errorf("train: Segment is %d, want a divisor of the window of %d, the stride of %d and the %d time steps",
			c.Steps, window, stride, steps)
	}
	c.Segments = (steps + c.Steps - 1) / c.Steps
	c.Stride, c.Reach = c.Segments, c.Segments
	if window > 0 {
		c.Stride, c.Reach = stride/c.Steps, window/c.Steps
	}
	return c, nil
}

// Warning says where segments are shorter than windows and strides alone would have
// them, "" if they are not.
func (c Cut) Warning(steps, segment, window, stride int) string {
	stride = cmp.Or(stride, window)
	if window == 0 || segment > 0 || c.Steps == gcd(window, stride) {
		return ""
	}
	return fmt.Sprintf("the network goes through time in segments of %d, since a window of %d, a stride of %d and %d time steps have no larger common divisor: "+
		"a number of time steps that is a multiple of the stride takes less time", c.Steps, window, stride, steps)
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}
