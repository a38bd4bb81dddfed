package data

import (
	"fmt"
	"math/rand/v2"

	"github.com/spikegrad/spikegrad/internal/limit"
)

// Order returns the numbers 0, …, n−1 in the order in which an epoch visits
// them: a permutation drawn uniformly (Fisher–Yates, with PCG as the source).
//
// It depends on n, seed and epoch and on nothing else, whatever was drawn
// before. A run resumed at epoch 7 therefore sees the samples in the order in
// which the uninterrupted run would have. Where n is 0 or less, the order is
// empty. An error says that n is above 2³¹.
func Order(n int, seed uint64, epoch int) ([]int, error) {
	if n > limit.Most {
		return nil, fmt.Errorf("data: order: %d samples, want at most %d", n, limit.Most)
	}
	if n <= 0 {
		return nil, nil
	}
	return rand.New(rand.NewPCG(seed, uint64(epoch))).Perm(n), nil
}
