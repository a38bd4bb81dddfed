package main

import (
	"math"
	"math/rand/v2"
)

// A pole stands on a cart that is pushed to the left or to the right: the equations of motion of Barto, Sutton and
// Anderson (1983), without friction, by Euler's method.
type pole struct{ x, v, angle, turn float64 } // m, m/s, rad, rad/s

const (
	gravity = 9.8 // m/s²
	cart    = 1.0 // kg
	mass    = 0.1 // of the pole, kg
	half    = 0.5 // length of it, m
	force   = 10. // N
	tick    = 0.02
	edge    = 2.4                // |x| at which it is lost, m
	tilt    = 12 * math.Pi / 180 // and |angle|
	longest = 200                // ticks of an episode
)

// newPole returns one near the middle and nearly upright.
func newPole(r *rand.Rand) pole {
	draw := func() float64 { return 0.1*r.Float64() - 0.05 }
	return pole{draw(), draw(), draw(), draw()}
}

// push goes on by a tick.
func (p pole) push(right bool) pole {
	f := -force
	if right {
		f = force
	}
	sin, cos := math.Sincos(p.angle)
	all := cart + mass
	pull := (f + mass*half*p.turn*p.turn*sin) / all
	bend := (gravity*sin - cos*pull) / (half * (4./3 - mass*cos*cos/all))
	slide := pull - mass*half*bend*cos/all
	return pole{p.x + tick*p.v, p.v + tick*slide, p.angle + tick*p.turn, p.turn + tick*bend}
}

// lost reports whether it has fallen, or left the track.
func (p pole) lost() bool { return math.Abs(p.x) > edge || math.Abs(p.angle) > tilt }

const perValue = 10 // inputs for each of the four numbers

// see writes the inputs of the network: for each number a row of bells over its range, the currents of as many
// sensors.
func (p pole) see(x []float32) {
	for k, v := range []float64{p.x / edge, p.v / 2, p.angle / tilt, p.turn / 2} {
		for i := range perValue {
			centre := 2.4*float64(i)/(perValue-1) - 1.2
			d := (v - centre) / 0.27
			x[k*perValue+i] = float32(math.Exp(-d * d / 2))
		}
	}
}
