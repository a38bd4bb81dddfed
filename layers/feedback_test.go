package layers_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
)

// Neurons that are connected one to one, through a convolution of one pixel, or by all
// connections of a pattern are those connected by the matrix that says the same, in outputs and
// gradients.
func TestRecurrentThrough(t *testing.T) {
	const T, batch, n = 12, 3, 4
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.SuperSpike{Alpha: 10}
	run := func(l layers.Layer, shape ...int) (*layers.Build, [][]float64) {
		x := input(tensor.Float64, append([]int{T, batch}, shape...)...)
		v := graphtest.Random(T*batch*n, 3)
		for i := range v {
			v[i] = 0.5 + 0.5*v[i]
		}
		require.NoError(t, setFloats(x, v))
		b := layers.NewBuild(1)
		y, err := l.Apply(b, x)
		require.NoError(t, err)
		loss := graphtest.Loss(t, []*G.Node{y}, [][]float64{graphtest.Random(T*batch*n, 4)})
		grads, values := graphtest.Grads(t, loss, []*G.Node{x, b.Params[0]}, []*G.Node{y})
		return b, append(values, grads...)
	}
	dense := func(w []float64) [][]float64 {
		_, got := run(layers.Recurrent(neurons.LIFStep, p, layers.RecurrentInit(layers.Values(w))), n)
		return got
	}
	full := graphtest.Random(n*n, 8)
	diagonal := slices.Repeat([]float64{0}, n*n)
	for i := range n {
		diagonal[i*n+i] = full[i]
	}
	all := make(layers.Only, n*n)
	turned := make([]float64, n*n) // a kernel has outputs first
	for i := range full {
		all[i], turned[i%n*n+i/n] = true, full[i]
	}
	for name, c := range map[string]struct {
		back  layers.Feedback
		shape []int
		w     []float64
		at    func(k int) int // which element of the matrix weight k is
	}{
		"one to one": {layers.BackOneToOne{Init: layers.Values(full[:n])}, []int{n}, diagonal, func(k int) int { return k*n + k }},
		"conv":       {layers.BackConv2D{Kernel: 1, Init: layers.Values(turned)}, []int{n, 1, 1}, full, func(k int) int { return k%n*n + k/n }},
		"sparse":     {layers.BackSparse{Pattern: all, Init: layers.Values(full)}, []int{n}, full, func(k int) int { return k }},
	} {
		b, got := run(layers.RecurrentThrough(c.back, neurons.LIFStep, p, layers.Regularise()), c.shape...)
		want := dense(c.w)
		require.Contains(t, want[0], 1.0, "nobody fires")
		require.Equal(t, want[0], got[0], name)
		graphtest.Close(t, name+" dx", want[1], got[1], 1e-12)
		dw := make([]float64, len(got[2]))
		for k := range dw {
			dw[k] = want[2][c.at(k)]
		}
		graphtest.Close(t, name+" dw", dw, got[2], 1e-12)
		require.Equal(t, "recurrent.w", b.Params[0].Name())
	}
	x := input(tensor.Float32, 2, 3, 4)
	for want, f := range map[string]layers.Feedback{
		"layers: neurons: x has shape [2 3 4], want [T batch c h w]":                                          layers.BackConv2D{Kernel: 1},
		"layers: neurons: the pattern is nil":                                                                 layers.BackSparse{},
		"layers: neurons: the feedback is nil, want a BackOneToOne, a BackConv2D, a BackSparse or a BackLate": nil,
	} {
		_, err := layers.RecurrentThrough(f, neurons.LIFStep, p).Apply(layers.NewBuild(1), x)
		require.EqualError(t, err, want)
	}
	said := layers.Describe(layers.RecurrentThrough(layers.BackSparse{Pattern: layers.FanIn(3)}, neurons.IAFStep, neurons.IAFParams{}))
	require.Equal(t, "Recurrent through BackSparse{Pattern: FanIn(3)} IAF{}", said[0].Settings)
}

// What comes back is counted among the connections, as many as there are.
func TestFeedbackIsCounted(t *testing.T) {
	for name, c := range map[string]struct {
		back  layers.Feedback
		shape []int
		want  int
	}{
		"sparse": {layers.BackSparse{Pattern: layers.FanIn(2)}, []int{5}, 10},
		"conv":   {layers.BackConv2D{Kernel: 1}, []int{3, 2, 2}, 3 * 3 * 4},
	} {
		x := input(tensor.Float32, append([]int{4, 2}, c.shape...)...)
		y, err := layers.RecurrentThrough(c.back, neurons.LIFStep, neurons.DefaultLIFParams()).Apply(layers.NewBuild(1), x)
		require.NoError(t, err)
		ps, _, err := connect.Connections(y)
		require.NoError(t, err)
		require.Len(t, ps, 1, name)
		require.Equal(t, "recurrent.w", ps[0].Weights)
		require.Equal(t, c.want, ps[0].TotalFanOut(), name)
	}
}
