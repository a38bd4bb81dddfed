package c_test

import (
	"math"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/export/c"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// rounded rounds weights to multiples of the largest of their channel over 2^(bits−1) − 1.
func rounded(w *tensor.Dense, axis, bits int) {
	x, s := w.Data().([]float32), w.Shape()
	channel := func(i int) int { return i / tensor.Shape(append(tensor.Shape{1}, s[axis+1:]...)).TotalSize() % s[axis] }
	largest := make([]float64, s[axis])
	for i, v := range x {
		largest[channel(i)] = max(largest[channel(i)], math.Abs(float64(v)))
	}
	most := math.Exp2(float64(bits-1)) - 1
	for i, v := range x {
		if unit := largest[channel(i)] / most; unit > 0 {
			x[i] = float32(math.Round(float64(v)/unit) * unit)
		}
	}
}

// Weights of few bits give what a network has whose weights are rounded: channel by channel, of
// maps, convolutions and what comes back to neurons. They take a byte each.
func TestBits(t *testing.T) {
	cc := compiler(t)
	lif := neurons.DefaultLIFParams()
	net := layers.Sequential{
		layers.Conv2D{Out: 4, Kernel: 3, Conv: connect.Conv{Groups: 2}, Init: layers.Scaled{Gain: 8}}, layers.Lift(neurons.LIFStep, lif), layers.Flatten,
		layers.Linear{Out: 9, Init: layers.Scaled{Gain: 20}}, layers.Recurrent(neurons.LIFStep, lif), layers.Linear{Out: 5}, layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
	}
	shape := []int{2, 6, 5}
	for _, bits := range []int{8, 3} {
		here := newStepper(t, net, 1, shape)
		spread(rand.New(rand.NewPCG(1, 2)), here.values)
		code, err := c.Export(net, shape, here.values, c.Options{Prefix: "n", Bits: bits})
		require.NoError(t, err)
		whole, err := c.Export(net, shape, here.values, c.Options{})
		require.NoError(t, err)
		weights := 0
		for name, w := range here.values {
			axis := 1
			if strings.HasSuffix(name, "conv.w") {
				axis = 0
			}
			if w.Dims() > 1 {
				rounded(w, axis, bits)
				weights += w.Shape().TotalSize()
			}
		}
		scales := 4 + 9 + 9 + 5
		require.Equal(t, whole.Constants-3*weights+4*scales, code.Constants)
		x := spikes(rand.New(rand.NewPCG(1, 2)), 2*20*code.Inputs, 0.3)
		require.Empty(t, compare(t, cc, []pair{{"bits", here, code, 20, x}}, 1e-5))
	}
}

// Clang has no warnings either, and makes the same numbers.
func TestClang(t *testing.T) {
	cc, err := exec.LookPath("clang")
	if err != nil {
		t.Skip("clang is not installed")
	}
	long.Test(t)
	compare(t, cc, pairs(t), 1e-6, "-O2")
}
