package connect_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/cpu"
)

// Delays and their gradients have the same bits on processors of different kinds, by frequencies or by spikes: those that AVX2
// and AVX-512 gave.
func TestSameEverywhere(t *testing.T) {
	if cpu.Kernels() == cpu.Go {
		t.Skip("plain Go rounds exponentials in its own way")
	}
	h := sha256.New()
	// The ends of a normal distribution are drawn by logarithms, whose last digits differ, too.
	round := func(xs ...[]float64) [][]float64 {
		for _, x := range xs {
			for i, v := range x {
				x[i] = float64(float32(v))
			}
		}
		return xs
	}
	for _, c := range []delayed{
		{steps: 36, batch: 15, in: 49, places: 1, out: 50, max: 11, width: 1.3, share: 0.3, ones: true}, // by frequencies
		{steps: 21, batch: 5, in: 31, places: 1, out: 20, max: 12, width: 6, share: 0.9, entered: true},
		{steps: 20, batch: 9, in: 30, places: 1, out: 40, max: 6, width: 1.5, share: 0.1},
		{steps: 20, batch: 9, in: 30, places: 1, out: 40, max: 6, width: 1, interpolate: true, share: 0.1},
		{steps: 20, batch: 9, in: 30, places: 1, out: 40, max: 6, share: 0.1},
		{steps: 20, batch: 4, in: 7, places: 2, max: 6, width: 1.5, share: 0.2},
	} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			in := c.inputs()
			round(in[:]...)
			nodes, y, leave := c.nodes(t, dt, in, false)
			cs := round(graphtest.Random(c.steps*c.batch*c.n(), 6), graphtest.Random(c.batch*c.max*c.n(), 7))
			ds, vs := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{y, leave}, cs), nodes, []*G.Node{y, leave})
			for _, v := range append(ds, vs...) {
				fmt.Fprintf(h, "%x\n", v)
			}
		}
	}
	require.Equal(t, "a93fec5545d4f296786531d96cc709ef46704ca74feebfeca04fdcbb3037b7f7", fmt.Sprintf("%x", h.Sum(nil)))
}
