package main

import (
	"math"
	"math/rand/v2"
)

// sets are bars to learn from, and to be judged by.
type sets struct{ learn, test moving }

func bars(seed uint64, speeds bool) sets {
	return sets{moving{1200, seed, speeds}, moving{400, seed + 1<<32, speeds}}
}

// moving are bars that move over an image [1 side side] in one of four directions, 0.3 to 1 pixel a
// time step, from some place on and over its edges. A tenth of their pixels is missing, and a hundredth
// of the others is there.
type moving struct {
	n      int
	seed   uint64
	speeds bool // are part of the targets
}

func (m moving) Len() int     { return m.n }
func (m moving) Shape() []int { return []int{steps, 1, side, side} }

// draw returns what sample i is, and the generator that draws its pixels.
func (m moving) draw(i int) (direction int, speed, from float64, r *rand.Rand) {
	r = rand.New(rand.NewPCG(m.seed, uint64(i)))
	return i % 4, 0.3 + 0.7*r.Float64(), side * r.Float64(), r
}

// Sample implements data.Dataset.
func (m moving) Sample(i int, x []float32) (int, error) {
	direction, speed, from, r := m.draw(i)
	for t := range steps {
		at := from + speed*float64(t)
		if direction%2 == 1 {
			at = from - speed*float64(t)
		}
		line := int(math.Mod(at+10*side, side))
		for k := range side * side {
			place := k / side // of a horizontal bar
			if direction >= 2 {
				place = k % side
			}
			chance := 0.01
			if place == line {
				chance = 0.9
			}
			x[t*side*side+k] = 0
			if r.Float64() < chance {
				x[t*side*side+k] = 1
			}
		}
	}
	return direction, nil
}

// Target implements data.Targeter: the direction, and the speed in pixels a time step.
func (m moving) Target(i int, y []float32) error {
	direction, speed, _, _ := m.draw(i)
	y[0] = float32(direction)
	if m.speeds {
		y[1] = float32(speed)
	}
	return nil
}
