package main

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/ranks"
)

// Messages of ring and doubling, sent one by one between n processes, take what the model says: a message is there a
// delay and its bytes later than both ends were ready.
func TestModel(t *testing.T) {
	l := link{1e-3, 1.25e9}
	const bytes = 1 << 20
	for _, n := range []int{2, 4, 8, 64} {
		send := func(ready []float64, to func(i int) int, bytes float64) []float64 {
			next := make([]float64, n)
			for i := range ready {
				next[to(i)] = math.Max(ready[i], ready[to(i)]) + l.delay + bytes/l.bandwidth
			}
			return next
		}
		ring, tree, doubling := make([]float64, n), make([]float64, n), make([]float64, n)
		for range 2 * (n - 1) {
			ring = send(ring, func(i int) int { return (i + 1) % n }, float64(bytes)/float64(n))
		}
		for k := 1; k < n; k *= 2 {
			doubling = send(doubling, func(i int) int { return i ^ k }, float64(k*bytes))
			tree = send(tree, func(i int) int { return i ^ k }, float64(bytes)/float64(2*k)) // halves, then back
			tree = send(tree, func(i int) int { return i ^ k }, float64(bytes)/float64(2*k))
		}
		require.InEpsilon(t, ring[n-1], l.sum(n, bytes), 1e-9)
		require.InEpsilon(t, doubling[0], l.gather(n, bytes), 1e-9)
		require.InEpsilon(t, tree[n/2], l.tree(n, bytes), 1e-9)
	}
	require.Zero(t, l.sum(1, bytes)+l.tree(1, bytes)+l.gather(1, bytes))
}

// A step sends the gradient once, 4 bytes a parameter, and says twice something short.
func TestTraffic(t *testing.T) {
	w := workloads["small"]
	r, took, parameters, err := measure(w, ranks.New(1)[0], 2, 4)
	require.NoError(t, err)
	require.Len(t, took, 4)
	require.Equal(t, 100*64+64*32+32*10, parameters)
	of := r.each(2)
	require.Equal(t, 3, of.calls)
	require.InDelta(t, 4*parameters, of.bytes, 700)
}
