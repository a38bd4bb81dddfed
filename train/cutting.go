package train

import (
	"cmp"
	"fmt"
)

// A cutting says how the time steps of a sample are gone through: in segments one
// after the other, the graph being that of one segment.
type cutting struct {
	steps    int  // of a segment; the last of a sample may have fewer
	segments int  // of a sample
	stride   int  // segments from one update of the weights to the next
	reach    int  // segments through which a gradient goes back
	carries  bool // states are handed from segment to segment
}

func (n Network) cutUp() (cutting, error) {
	for _, f := range []struct {
		name string
		of   int
	}{{"Segment", n.Segment}, {"Window", n.Window}, {"Stride", n.Stride}} {
		if f.of < 0 || f.of > n.Steps {
			return cutting{}, fmt.Errorf("train: %s is %d, want 0 to %d time steps", f.name, f.of, n.Steps)
		}
	}
	switch {
	case n.Stride > 0 && n.Window == 0:
		return cutting{}, fmt.Errorf("train: Stride is %d without a Window", n.Stride)
	case n.Stride > n.Window:
		return cutting{}, fmt.Errorf("train: Stride is %d and Window %d, want no stride longer than the window", n.Stride, n.Window)
	case n.Segment == 0 && n.Window == 0:
		return cutting{steps: n.Steps, segments: 1, stride: 1, reach: 1}, nil
	}
	window, stride := n.Window, cmp.Or(n.Stride, n.Window)
	// Windows end at strides and at the end of the sample. Each begins at the beginning
	// of a segment if these divide all three.
	c := cutting{steps: n.Segment, carries: true}
	if common := gcd(gcd(window, stride), n.Steps); c.steps == 0 {
		c.steps = common
	} else if window > 0 && common%c.steps != 0 {
		return cutting{}, fmt.Errorf("train: Segment is %d, want a divisor of the window of %d, the stride of %d and the %d time steps",
			c.steps, window, stride, n.Steps)
	}
	c.segments = (n.Steps + c.steps - 1) / c.steps
	c.stride, c.reach = c.segments, c.segments
	if window > 0 {
		c.stride, c.reach = stride/c.steps, window/c.steps
	}
	return c, nil
}

// warning says where segments are shorter than windows and strides alone would have
// them, "" if they are not.
func (c cutting) warning(n Network) string {
	stride := cmp.Or(n.Stride, n.Window)
	if n.Window == 0 || n.Segment > 0 || c.steps == gcd(n.Window, stride) {
		return ""
	}
	return fmt.Sprintf("the network goes through time in segments of %d, since a window of %d, a stride of %d and %d time steps have no larger common divisor: "+
		"a number of time steps that is a multiple of the stride takes less time", c.steps, n.Window, stride, n.Steps)
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}
