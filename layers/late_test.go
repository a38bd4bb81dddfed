package layers_test

import (
	"fmt"
	"log"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
)

// With delays of 0 spikes come back as by Recurrent: in outputs and gradients. With another, the
// same for all, a spike comes back so many steps later.
func TestBackLate(t *testing.T) {
	const T, batch, n = 14, 3, 4
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	w := layers.Values(graphtest.Random(n*n, 8))
	run := func(l layers.Layer) [][]float64 {
		x := input(tensor.Float64, T, batch, n)
		v := graphtest.Random(T*batch*n, 3)
		for i := range v {
			v[i] = 0.5 + 0.5*v[i]
		}
		require.NoError(t, setFloats(x, v))
		b := layers.NewBuild(1)
		y, err := l.Apply(b, x)
		require.NoError(t, err)
		require.Equal(t, "recurrent.w", b.Params[0].Name())
		loss := graphtest.Loss(t, []*G.Node{y}, [][]float64{graphtest.Random(T*batch*n, 4)})
		grads, values := graphtest.Grads(t, loss, []*G.Node{x, b.Params[0]}, []*G.Node{y})
		return append(values, grads...)
	}
	want := run(layers.Recurrent(neurons.LIFStep, p, layers.RecurrentInit(w)))
	require.Contains(t, want[0], 1.0, "nobody fires")
	for _, channels := range []bool{false, true} {
		back := layers.BackLate{Init: w, Channels: channels, Delay: layers.Delay{Max: 3, Init: layers.Constant(0), Fixed: true}}
		got := run(layers.RecurrentThrough(back, neurons.LIFStep, p))
		require.Equal(t, want[0], got[0])
		graphtest.Close(t, "dx", want[1], got[1], 1e-12)
		graphtest.Close(t, "dw", want[2], got[2], 1e-12)
		back.Delay.Init = layers.Constant(2)
		require.NotEqual(t, want[0], run(layers.RecurrentThrough(back, neurons.LIFStep, p))[0])
	}
	_, err := layers.RecurrentThrough(layers.BackLate{}, neurons.LIFStep, p).Apply(layers.NewBuild(1), input(tensor.Float32, 2, 3, 4))
	require.EqualError(t, err, "layers: delay: Max is 0, want 1 to 4096 time steps")
}

// Neurons are connected among themselves, each connection with its own delay of 1 to 26 time steps.
func ExampleBackLate() {
	back := layers.BackLate{Delay: layers.Delay{Max: 25, Interpolate: true}}
	net := layers.Sequential{
		layers.Linear{Out: 64},
		layers.Named("hidden", layers.RecurrentThrough(back, neurons.LIFStep, neurons.DefaultLIFParams())),
	}
	x := G.NewTensor(G.NewGraph(), tensor.Float32, 3, G.WithName("x"), G.WithShape(100, 32, 700)) // [T, batch, features]
	b := layers.NewBuild(42)
	if _, err := net.Apply(b, x); err != nil {
		log.Fatal(err)
	}
	for _, p := range b.Params {
		fmt.Println(p.Name(), p.Shape())
	}
	// Output:
	// 0.linear.w (700, 64)
	// 0.linear.b (64)
	// hidden.recurrent.w (64, 64)
	// hidden.delay.at (64, 64)
}
