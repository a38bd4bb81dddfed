package sparse

import "github.com/spikegrad/spikegrad/internal/cpu"

// Below is the share of non-zero elements below which adding up the rows of a matrix
// beats the dense product; 0 where only dense products are wanted.
var Below = below()

func below() float64 {
	if cpu.DenseProducts() {
		return 0
	}
	return 0.25
}

// Probe counts the elements that are not zero in some of n rows or images of so many
// elements, always the same ones, and how many elements these have: whether it is
// worth following them is judged by that. count returns the number in one of them.
func Probe(n, size int, count func(i int) int) (nonZero, of int) {
	const probes = 64
	for i := 0; i < n; i += max(1, n/probes) {
		nonZero += count(i)
		of += size
	}
	return nonZero, of
}

// Count returns how many elements of x are not zero.
func Count[F float32 | float64](x []F) int { return kernelsFor[F]().count(x) }

// NonZero writes the positions of the elements of x that are not zero to idx, which
// has room for all, and reports whether these are all 1.
func NonZero[F float32 | float64](x []F, idx []int32) (n int, ones bool) {
	return kernelsFor[F]().nonZero(x, idx)
}
