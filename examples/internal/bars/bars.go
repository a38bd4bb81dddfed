// Package bars makes up images that stand in for handwritten digits where there
// are none: each is a bright bar at the height of its label in some noise.
package bars

import "math/rand/v2"

// Side is the height and the width of an image in pixels, as in MNIST.
const Side = 28

// Images returns n images, [n, Side, Side], and their labels, 0 to 9 in turn.
func Images(n int, seed uint64) (pixels, labels []byte) {
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range n {
		label := i % 10
		labels = append(labels, byte(label))
		for y := range Side {
			for range Side {
				v := r.IntN(60)
				if d := y - 4 - 2*label; d == 0 || d == 1 {
					v += 180
				}
				pixels = append(pixels, byte(v))
			}
		}
	}
	return pixels, labels
}
