// Package quant rounds weights to a few bits: to whole numbers below 2^(bits−1), times a
// number for each channel, the least that reaches its largest weight.
package quant

import "math"

// Most returns the largest whole number of so many bits, of which one is the sign.
func Most(bits int) float64 { return float64(int(1)<<(bits-1) - 1) }

// Scales writes to scale what the whole numbers of each channel are multiplied by: the
// largest weight over Most. channel says to which one a weight belongs.
func Scales[F float32 | float64](scale, w []F, bits int, channel func(i int) int) {
	clear(scale)
	for i, v := range w {
		c := channel(i)
		scale[c] = max(scale[c], F(math.Abs(float64(v))))
	}
	for c := range scale {
		scale[c] /= F(Most(bits))
	}
}

// Whole returns the whole number that w is rounded to, the even one of two; 0 where the scale
// is 0.
func Whole[F float32 | float64](w, scale F, bits int) float64 {
	if scale == 0 {
		return 0
	}
	most := Most(bits)
	return max(-most, min(most, math.RoundToEven(float64(w)/float64(scale))))
}
