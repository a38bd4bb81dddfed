package data

import "math/rand/v2"

// Order returns the numbers 0, …, n−1 in the order in which an epoch visits
// them: a permutation drawn uniformly (Fisher–Yates, with PCG as the source).
//
// It depends on n, seed and epoch and on nothing else, whatever was drawn
// before. A run resumed at epoch 7 therefore sees the samples in the order in
// which the uninterrupted run would have. Where n is 0 or less, the order is
// empty.
func Order(n int, seed uint64, epoch int) []int {
	if n <= 0 {
		return nil
	}
	return rand.New(rand.NewPCG(seed, uint64(epoch))).Perm(n)
}
