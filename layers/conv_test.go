package layers_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
)

// A convolution along one axis is what its definition says.
func TestConv1D(t *testing.T) {
	x := input(tensor.Float64, 2, 1, 2, 5)
	b := layers.NewBuild(1)
	y, err := layers.Conv1D{Out: 3, Kernel: 3, Conv: connect.Conv{Pad: 1, Stride: 2, Width: &connect.Axis{Pad: 9}}}.Apply(b, x)
	require.NoError(t, err)
	v, w := graphtest.Floats(x.Value()), graphtest.Floats(b.Params[0].Value())
	require.NoError(t, setFloats(b.Params[1], []float64{1, 2, 3}))
	var want []float64
	for step := range 2 {
		for o := range 3 {
			for i := range 3 {
				sum := float64(1 + o)
				for c := range 2 {
					for k := range 3 {
						if at := 2*i + k - 1; at >= 0 && at < 5 {
							sum += w[(o*2+c)*3+k] * v[(step*2+c)*5+at]
						}
					}
				}
				want = append(want, sum)
			}
		}
	}
	graphtest.Close(t, "y", want, graphtest.Eval(t, y)[0], 1e-13)
}

// Noise on currents and weights is there in training alone, and as a seed draws it; dropped
// channels are whole.
func TestNoise(t *testing.T) {
	for name, l := range map[string]layers.Layer{
		"currents": layers.Noise{Std: 0.5}, "weights": layers.Linear{Out: 4, Noise: 0.5}, "kernels": layers.Conv2D{Out: 4, Kernel: 1, Noise: 0.5},
		"channels": layers.Dropout{P: 0.5, Channels: true},
	} {
		x := input(tensor.Float64, 3, 2, 4, 4, 4)
		b := layers.NewBuild(1)
		y, err := l.Apply(b, x)
		require.NoError(t, err)
		require.Len(t, b.Masks, 1)
		rest := graphtest.Eval(t, y)[0]
		draw := func(seed uint64) []float64 {
			require.NoError(t, b.Masks[0].Draw(rand.New(rand.NewPCG(seed, 1))))
			return append([]float64{}, graphtest.Eval(t, y)[0]...)
		}
		one := draw(1)
		require.NotEqual(t, rest, one, name)
		require.NotEqual(t, one, draw(2), name)
		require.Equal(t, one, draw(1), name)
		noise := graphtest.Floats(b.Masks[0].Node.Value())
		if name == "channels" {
			for i, v := range rest {
				require.Equal(t, v*noise[i/16%8], one[i])
			}
		} else {
			var squares float64
			for _, v := range noise {
				squares += v * v
			}
			// χ² with n degrees of freedom, within five standard deviations √(2n).
			n := float64(len(noise))
			require.InDelta(t, n*0.25, squares, 5*0.25*math.Sqrt(2*n), name)
		}
		require.NoError(t, b.Masks[0].Draw(nil))
		require.Equal(t, rest, graphtest.Eval(t, y)[0], name)
	}
	x := input(tensor.Float32, 3, 2, 4)
	_, err := layers.Noise{Std: -1}.Apply(layers.NewBuild(1), x)
	require.EqualError(t, err, "layers: noise: the standard deviation is -1, want a finite number of at least 0")
	_, err = layers.Linear{Out: 1, Noise: -1}.Apply(layers.NewBuild(1), x)
	require.EqualError(t, err, "layers: noise: the standard deviation is -1, want a finite number of at least 0")
}

func TestConvErrors(t *testing.T) {
	x := input(tensor.Float32, 3, 2, 4, 5, 5)
	for want, l := range map[string]layers.Layer{
		"layers: conv2d: 3 groups of 4 channels to 6, want a number that divides both":                   layers.Conv2D{Out: 6, Kernel: 1, Conv: connect.Conv{Groups: 3}},
		"layers: conv2d: 1 output channels and a kernel of -2 pixels, want at least 1 of both":           layers.Conv2D{Out: 1, Kernel: 1, Width: -2},
		"layers: transposed conv2d: 0 output channels and a kernel of 1 pixels, want at least 1 of both": layers.ConvTranspose2D{Kernel: 1},
		"layers: pool: it has Max and Sum, want one of them or none":                                     layers.Pool{Size: 2, Max: true, Sum: true},
		"layers: conv1d: x has shape [3 2 4 5 5], want [T batch c n]":                                    layers.Conv1D{Out: 1, Kernel: 1},
		"layers: upsample: connect: upsample: 0×0 times, want 1 to 65536":                                layers.Upsample{},
	} {
		_, err := l.Apply(layers.NewBuild(1), x)
		require.EqualError(t, err, want)
	}
}
