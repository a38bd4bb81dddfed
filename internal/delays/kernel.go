package delays

// A kernel says with which weights a value arrives at which step: κ(k) of a position, and
// its derivative by the position.
type kernel struct {
	max         int
	width       float64
	interpolate bool
}

// taps is at how many steps, one after the other, κ is computed.
func (k kernel) taps() int {
	switch {
	case k.width == 0:
		return 1
	case k.interpolate:
		return 2
	}
	return k.max + 1
}

// at writes κ from step first on to val and its derivative to slope, if that is not nil; no Gaussian. A
// position that is NaN makes all of it NaN.
func (k kernel) at(p float64, val, slope []float64) (first int) {
	inside := min(max(p, 0), float64(k.max)) // NaN if p is
	switch {
	case p != p:
		for i := range val {
			val[i] = p
		}
		for i := range slope {
			slope[i] = p
		}
		return 0
	case k.width == 0:
		val[0] = 1
		if slope != nil {
			slope[0] = 0
		}
		return int(inside + 0.5)
	}
	first = min(int(inside), k.max-1)
	val[1] = inside - float64(first)
	val[0] = 1 - val[1]
	if slope != nil {
		slope[0], slope[1] = -1, 1
	}
	return first
}

// outward reports whether a step against a gradient would lead from a position beyond the
// range further out.
func (k kernel) outward(p, gradient float64) bool {
	return p < 0 && gradient > 0 || p > float64(k.max) && gradient < 0
}
