package op

import (
	"slices"

	"gorgonia.org/tensor"
)

// Broadcasts reports whether a parameter of shape p broadcasts to shape to, as NumPy broadcasts.
func Broadcasts(p, to tensor.Shape) bool {
	if len(p) > len(to) {
		return false
	}
	for i, d := range p {
		if d != 1 && d != to[len(to)-len(p)+i] {
			return false
		}
	}
	return true
}

// EachBroadcast calls f(i, j) for each position j of a tensor of the given
// shape, in order, with the position i that broadcasts to it.
func EachBroadcast(from, shape tensor.Shape, f func(i, j int)) {
	n := shape.TotalSize()
	if m := from.TotalSize(); m == 1 || suffix(from, shape) {
		for j := 0; j < n; j += m {
			for i := range m {
				f(i, j+i)
			}
		}
		return
	}
	stride := make([]int, len(shape)) // of from, 0 where it is repeated
	for k, s := len(from)-1, 1; k >= 0; k-- {
		if from[k] != 1 {
			stride[len(shape)-len(from)+k] = s
		}
		s *= from[k]
	}
	at := make([]int, len(shape))
	for i, j := 0, 0; j < n; j++ {
		f(i, j)
		for k := len(shape) - 1; k >= 0; k-- {
			at[k]++
			i += stride[k]
			if at[k] < shape[k] {
				break
			}
			i -= stride[k] * shape[k]
			at[k] = 0
		}
	}
}

// suffix reports whether from, without leading ones, ends the shape.
func suffix(from, shape tensor.Shape) bool {
	for len(from) > 0 && from[0] == 1 {
		from = from[1:]
	}
	return len(from) <= len(shape) && slices.Equal(from, shape[len(shape)-len(from):])
}
