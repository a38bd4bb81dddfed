package randstep

import (
	"math"
	"slices"

	"gorgonia.org/tensor"
)

// A value is what is known of a value of the step while it is drawn.
type value struct {
	name   string
	shape  tensor.Shape
	lo, hi float64 // between what it lies
	// How far it moves at most when the states move by 1, and when the input and the
	// parameters do, too.
	byStates, byAll float64
	made, hidden    bool // by an operation; nothing may read it
}

// most is how large the values and slopes of a tame case may be.
const most = 12

// tame reports whether rounding errors stay small in v. Values as large as limit can
// be, which states can that add up.
func (v value) tame(limit float64) bool {
	return v.lo >= -limit && v.hi <= limit && v.byStates <= most && v.byAll <= 4*most
}

// over returns what is known of f of some values, from its values on a grid.
func over(f func(x []float64) float64, shape tensor.Shape, args ...value) value {
	v := value{shape: shape, lo: math.Inf(1), hi: math.Inf(-1)}
	points := []int{0, 65, 11, 5}[min(3, len(args))]
	slopes := make([]float64, len(args))
	at, x := make([]int, len(args)), make([]float64, len(args))
	coordinate := func(k, i int) float64 { return args[k].lo + (args[k].hi-args[k].lo)*float64(i)/float64(points-1) }
	for {
		for k, i := range at {
			x[k] = coordinate(k, i)
		}
		y := f(x)
		if math.IsNaN(y) {
			return value{shape: shape, lo: math.Inf(-1), hi: math.Inf(1)} // not tame
		}
		v.lo, v.hi = min(v.lo, y), max(v.hi, y)
		for k, i := range at {
			if i+1 < points && args[k].hi > args[k].lo {
				x[k] = coordinate(k, i+1)
				slopes[k] = max(slopes[k], math.Abs(f(x)-y)/(x[k]-coordinate(k, i)))
				x[k] = coordinate(k, i)
			}
		}
		k := 0
		for ; k < len(at); k++ {
			if at[k]++; at[k] < points {
				break
			}
			at[k] = 0
		}
		if k == len(at) {
			break
		}
	}
	for k, a := range args {
		// Between the points the slope can be a little larger.
		v.byStates += 1.05 * slopes[k] * a.byStates
		v.byAll += 1.05 * slopes[k] * a.byAll
	}
	return v
}

// times returns c v.
func (v value) times(c float64) value {
	v.lo, v.hi = min(c*v.lo, c*v.hi), max(c*v.lo, c*v.hi)
	v.byStates, v.byAll = math.Abs(c)*v.byStates, math.Abs(c)*v.byAll
	return v
}

// within returns v in another range and shape, moving as far.
func (v value) within(shape tensor.Shape, lo, hi float64) value {
	return value{shape: shape, lo: lo, hi: hi, byStates: v.byStates, byAll: v.byAll}
}

// flag is what is known of a value that jumps between lo and hi: no gradient flows
// through it.
func flag(shape tensor.Shape, lo, hi float64) value { return value{shape: shape, lo: lo, hi: hi} }

// aside is how far from 0 a tame value has to stay where a function has none.
const aside = 0.05

// apart reports whether v stays away from 0.
func (v value) apart() bool { return v.lo >= aside || v.hi <= -aside }

// magnitude returns the largest magnitude.
func (v value) magnitude() float64 { return max(math.Abs(v.lo), math.Abs(v.hi)) }

func same(a, b tensor.Shape) bool { return slices.Equal(a, b) }
