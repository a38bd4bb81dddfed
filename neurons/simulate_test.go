package neurons_test

import "slices"

// constant returns n times x.
func constant(n int, x float64) []float64 { return slices.Repeat([]float64{x}, n) }

// times returns the steps with a spike.
func times(z []float64) []int {
	var ts []int
	for t, v := range z {
		if v == 1 {
			ts = append(ts, t)
		}
	}
	return ts
}

// intervals returns the differences of successive times.
func intervals(ts []int) []int {
	var ds []int
	for i := 1; i < len(ts); i++ {
		ds = append(ds, ts[i]-ts[i-1])
	}
	return ds
}
