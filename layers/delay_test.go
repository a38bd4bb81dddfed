package layers_test

import (
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
)

// An impulse shows over which steps a delay is spread: by a Gaussian that shrinks from batch to
// batch in training, and as whole steps in evaluation and at the end.
func TestDelayShrinks(t *testing.T) {
	const steps, most, over = 12, 8, 4
	at := 3.2
	gauss := func(sigma float64) []float64 {
		y, sum := make([]float64, steps), 0.0
		for k := range most + 1 {
			y[k] = math.Exp(-math.Pow((float64(k)-at)/sigma, 2) / 2)
			sum += y[k]
		}
		for k := range y {
			y[k] /= sum
		}
		return y
	}
	whole, between := make([]float64, steps), make([]float64, steps)
	whole[3], between[3], between[4] = 1, 0.8, 0.2
	at5 := layers.Values{at}
	for name, c := range map[string]struct {
		l        layers.Delay
		training func(n int) []float64 // in batch n
		other    func(n int) []float64 // in evaluation
	}{
		"Gaussian": {layers.Delay{Max: most, Init: at5, Over: over}, func(n int) []float64 {
			if n >= over {
				return whole
			}
			return gauss(4 * math.Pow(0.125, float64(n)/over)) // 4 to 1/2
		}, func(int) []float64 { return whole }},
		"narrow": {layers.Delay{Max: most, Init: at5, Over: over, Width: 0.3}, func(n int) []float64 {
			if n >= over {
				return whole
			}
			return gauss(0.3)
		}, func(int) []float64 { return whole }},
		"between": {layers.Delay{Max: most, Init: at5, Interpolate: true}, func(int) []float64 { return between }, func(int) []float64 { return between }},
		"between, whole at last": {layers.Delay{Max: most, Init: at5, Interpolate: true, Over: 2}, func(n int) []float64 {
			if n >= 2 {
				return whole
			}
			return between
		}, func(n int) []float64 {
			if n >= 2 {
				return whole
			}
			return between
		}},
		"fixed": {layers.Delay{Max: most, Init: at5, Fixed: true}, func(int) []float64 { return whole }, func(int) []float64 { return whole }},
	} {
		x := input(tensor.Float64, steps, 1, 1)
		impulse := make([]float64, steps)
		impulse[0] = 1
		require.NoError(t, setFloats(x, impulse))
		b := layers.NewBuild(1)
		y, err := c.l.Apply(b, x)
		require.NoError(t, err)
		require.Equal(t, c.l.Fixed, len(b.Params) == 0, name)
		m, err := machine.New(append(G.Nodes{y}, b.Moving()...)...)
		require.NoError(t, err)
		for n := range 6 {
			for _, training := range []bool{false, true} {
				for _, k := range b.Masks {
					var r *rand.Rand
					if training {
						r = rand.New(rand.NewPCG(1, 1))
					}
					require.NoError(t, k.Draw(r))
				}
				require.NoError(t, m.Run())
				want := c.other(n)
				if training {
					want = c.training(n)
				}
				graphtest.Close(t, fmt.Sprint(name, n, training), want, graphtest.Floats(m.Value(0)), 1e-12)
			}
			if len(b.Buffers) > 0 {
				require.NoError(t, b.TakeBuffers([]G.Value{m.Value(1)}, true))
				require.NoError(t, b.KeepBuffers())
			}
		}
	}
}

// Positions are drawn evenly; images have a delay for each channel.
func TestDelayInit(t *testing.T) {
	x := input(tensor.Float32, 3, 2, 4000, 1, 2)
	b := layers.NewBuild(1)
	y, err := layers.Delay{Max: 20, Interpolate: true}.Apply(b, x)
	require.NoError(t, err)
	require.Equal(t, x.Shape(), y.Shape())
	at := graphtest.Floats(b.Params[0].Value())
	require.Len(t, at, 4000)
	var mean, square float64
	for _, p := range at {
		require.True(t, p >= 0 && p <= 20)
		mean, square = mean+p/4000, square+p*p/4000
	}
	require.InDelta(t, 10, mean, 0.4)        // the error of the mean is 0.09
	require.InDelta(t, 400.0/3, square, 8.0) // that of the mean square 1.9
}

func TestDelayErrors(t *testing.T) {
	x := input(tensor.Float32, 4, 2, 3)
	for want, l := range map[string]layers.Layer{
		"layers: delay: Max is 0, want 1 to 4096 time steps":                         layers.Delay{},
		"layers: delay: Max is 4097, want 1 to 4096 time steps":                      layers.Delay{Max: 4097},
		"layers: delay: Width is -1, want 0 for Max/2, or 0.001 to 4096 time steps":  layers.Delay{Max: 3, Width: -1, Over: 1},
		"layers: delay: Width is NaN, want 0 for Max/2, or 0.001 to 4096 time steps": layers.Delay{Max: 3, Width: math.NaN(), Over: 1},
		"layers: delay: Over is -1, want 0 to 16777216 batches":                      layers.Delay{Max: 3, Over: -1},
		"layers: delayed linear: width of the output is 0, want at least 1":          layers.DelayedLinear{Delay: layers.Delay{Max: 3, Interpolate: true}},
		"layers: delay: Over is 0, want the number of training batches in which the Gaussian shrinks to whole steps: most of those that there will be; or set Interpolate, or Fixed": layers.Delay{Max: 3},
	} {
		_, err := l.Apply(layers.NewBuild(1), x)
		require.EqualError(t, err, want)
	}
	_, err := layers.DelayedLinear{Out: 2, Delay: layers.Delay{Max: 3, Interpolate: true}}.Apply(layers.NewBuild(1), input(tensor.Float32, 4, 2, 3, 3))
	require.EqualError(t, err, "layers: delayed linear: x has shape [4 2 3 3], want [T batch in]")
	_, err = layers.Delay{Max: 3, Interpolate: true}.Apply(nil, x)
	require.Error(t, err)
}

// Each connection between two populations has its own delay of up to 25 time steps.
func ExampleDelayedLinear() {
	net := layers.Sequential{
		layers.DelayedLinear{Out: 128, Delay: layers.Delay{Max: 25, Over: 2000}},
		layers.Named("hidden", layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams())),
		layers.Linear{Out: 10},
		layers.Lift(neurons.LIStep, neurons.DefaultLIParams()),
		layers.MaxOverTime,
	}
	g := G.NewGraph()
	x := G.NewTensor(g, tensor.Float32, 3, G.WithName("x"), G.WithShape(100, 32, 700)) // [T, batch, features]
	b := layers.NewBuild(42)
	if _, err := net.Apply(b, x); err != nil {
		log.Fatal(err)
	}
	for _, p := range b.Params {
		fmt.Println(p.Name(), p.Shape())
	}
	// Output:
	// 0.linear.w (700, 128)
	// 0.linear.b (128)
	// 0.delay.at (700, 128)
	// 2.linear.w (128, 10)
	// 2.linear.b (10)
}
