// Package limit bounds what is allocated at somebody's word: a number of time
// steps, of neurons, of samples, or what a file says. A product of such numbers
// that is beyond all memory, or beyond what an int holds, is an error before
// anything is allocated.
package limit

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/spikegrad/spikegrad/internal/describe"
)

// Most is how many elements a tensor may have, and how many samples a data set:
// 2³¹ are 8 GiB of float32, and what an int holds where ints have 32 bits.
const Most = min(1<<31, math.MaxInt)

// Elements returns how many elements a tensor of this shape has, if it is at most
// Most. An error says how many there would be.
func Elements(shape ...int) (int, error) { return Within(Most, shape...) }

// Within is Elements with another limit.
func Within(most int, shape ...int) (int, error) {
	n, high := uint64(1), uint64(0)
	for _, d := range shape {
		switch {
		case d < 0:
			return 0, fmt.Errorf("shape %s has an axis below 0", describe.Numbers(shape))
		case d == 0:
			return 0, nil
		}
		var h uint64
		if h, n = bits.Mul64(n, uint64(d)); h != 0 {
			high = h
		}
	}
	switch {
	case high != 0 || n > math.MaxInt:
		return 0, fmt.Errorf("shape %s has more elements than can be counted, want at most %d", describe.Numbers(shape), most)
	case n > uint64(most):
		return 0, fmt.Errorf("shape %s has %d elements, want at most %d", describe.Numbers(shape), n, most)
	}
	return int(n), nil
}
