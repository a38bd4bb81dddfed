package randstep

import "math/rand/v2"

// Draws are the choices that a case is made of, one byte each. Where the given ones
// end come random ones, or zeros, which are the simplest choices.
type Draws struct {
	taken []byte
	draw  func() byte
}

// Seed returns random draws.
func Seed(seed uint64) *Draws {
	r := rand.New(rand.NewPCG(seed, 10))
	return &Draws{draw: func() byte { return byte(r.Uint32()) }}
}

// Bytes returns the draws b, and zeros behind them.
func Bytes(b []byte) *Draws {
	return &Draws{draw: func() byte {
		if len(b) == 0 {
			return 0
		}
		x := b[0]
		b = b[1:]
		return x
	}}
}

// below draws a number from 0 to n − 1, for n ≤ 256.
func (d *Draws) below(n int) int {
	x := d.draw()
	d.taken = append(d.taken, x)
	return int(x) % n
}

// onceIn draws what is true once in n times.
func (d *Draws) onceIn(n int) bool { return d.below(n) == n-1 }

// of draws one of some values.
func of[T any](d *Draws, from ...T) T { return from[d.below(len(from))] }

// Shrink returns draws for which fails still holds, fewer and smaller than b, after
// at most so many tries.
func Shrink(b []byte, tries int, fails func(b []byte) bool) []byte {
	try := func(smaller []byte) bool {
		if tries--; tries < 0 || !fails(smaller) {
			return false
		}
		b = smaller
		return true
	}
	for size := max(1, len(b)/2); ; size /= 2 {
		for at := len(b) - size; at >= 0; at -= size {
			if at+size > len(b) {
				continue
			}
			without := append(append([]byte{}, b[:at]...), b[at+size:]...)
			zeroed := append([]byte{}, b...)
			clear(zeroed[at : at+size])
			if !try(without) && string(zeroed) != string(b) {
				try(zeroed)
			}
		}
		if size == 1 {
			return b
		}
	}
}
