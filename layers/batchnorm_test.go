package layers_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
)

// What training makes of the buffers, and what evaluation does with them, for the layer as
// PyTorch has it and for its options, against the formulas.
func TestBatchNorm(t *testing.T) {
	const T, batch, c, places = 3, 2, 2, 4
	x := graphtest.Random(T*batch*c*places, 3)
	// moments returns mean and variance of channel k in steps t0 ≤ t < t1, the second
	// divided by n and by n − 1.
	moments := func(k, t0, t1 int) (mean, biased, unbiased float64) {
		var n float64
		each := func(do func(v float64)) {
			for t := t0; t < t1; t++ {
				for b := range batch {
					for p := range places {
						do(x[((t*batch+b)*c+k)*places+p])
					}
				}
			}
		}
		each(func(v float64) { mean, n = mean+v, n+1 })
		mean /= n
		each(func(v float64) { biased += (v - mean) * (v - mean) })
		return mean, biased / n, biased / (n - 1)
	}
	for name, l := range map[string]layers.BatchNorm{
		"PyTorch": {}, "tdBN": {Scale: 0.3}, "BNTT": {PerStep: T, NoBias: true}, "TEBN": {StepGain: T}, "other": {Eps: 0.1, Momentum: 0.5, NoGain: true, NoBias: true},
	} {
		xn := input(tensor.Float64, T, batch, c, 2, 2)
		require.NoError(t, setFloats(xn, x))
		b := layers.NewBuild(1)
		y, err := l.Apply(b, xn)
		require.NoError(t, err)
		require.Len(t, b.Buffers, 2)
		m, err := machine.New(append(G.Nodes{y}, b.Moving()...)...)
		require.NoError(t, err)
		for _, p := range b.Params { // other values than 0 and 1
			require.NoError(t, setFloats(p, graphtest.Random(p.Shape().TotalSize(), uint64(len(p.Name())))))
		}
		param := func(name string, start float64, i int) float64 {
			for _, p := range b.Params {
				if p.Name() == name {
					return graphtest.Floats(p.Value())[i]
				}
			}
			return start
		}
		momentum, eps, scale := l.Momentum, l.Eps, l.Scale
		if momentum == 0 {
			momentum = 0.1
		}
		if eps == 0 {
			eps = 1e-5
		}
		if scale == 0 {
			scale = 1
		}
		for _, training := range []bool{false, true, false} {
			running := [2][]float64{slices.Clone(graphtest.Floats(b.Buffers[0].Node.Value())), slices.Clone(graphtest.Floats(b.Buffers[1].Node.Value()))}
			for _, k := range b.Masks {
				var r *rand.Rand
				if training {
					r = rand.New(rand.NewPCG(1, 1))
				}
				require.NoError(t, k.Draw(r))
			}
			require.NoError(t, m.Run())
			require.NoError(t, b.TakeBuffers([]G.Value{m.Value(1), m.Value(2), m.Value(3), m.Value(4)}, true))
			require.NoError(t, b.KeepBuffers())
			want := make([]float64, len(x))
			for i := range x {
				step, k := i/(batch*c*places), i/places%c
				t0, t1, at := 0, T, k
				if l.PerStep > 0 {
					t0, t1, at = step, step+1, step*c+k
				}
				mean, biased := running[0][at], running[1][at]
				if training {
					var unbiased float64
					mean, biased, unbiased = moments(k, t0, t1)
					require.InDelta(t, (1-momentum)*running[0][at]+momentum*mean, graphtest.Floats(b.Buffers[0].Node.Value())[at], 1e-12, name)
					require.InDelta(t, (1-momentum)*running[1][at]+momentum*unbiased, graphtest.Floats(b.Buffers[1].Node.Value())[at], 1e-12, name)
				}
				want[i] = param("norm.w", 1, at)*scale*(x[i]-mean)/math.Sqrt(biased+eps) + param("norm.b", 0, at)
				if l.StepGain > 0 {
					want[i] *= param("norm.step", 0, step)
				}
			}
			graphtest.Close(t, name, want, graphtest.Floats(m.Value(0)), 1e-12)
			if !training {
				require.Equal(t, running[0], graphtest.Floats(b.Buffers[0].Node.Value()), "evaluation leaves the buffers")
				require.Equal(t, running[1], graphtest.Floats(b.Buffers[1].Node.Value()))
			}
		}
	}

	x3 := input(tensor.Float64, T, batch, c)
	for want, l := range map[string]layers.BatchNorm{
		"layers: batch norm: Momentum is 2, want 0 to 1":                                        {Momentum: 2},
		"layers: batch norm: there are statistics of 2 time steps, and 3 steps":                 {PerStep: 2},
		"layers: batch norm: PerStep is 2 and StepGain 2, want one of them or none, at least 0": {PerStep: 2, StepGain: 2},
	} {
		_, err := l.Apply(layers.NewBuild(1), x3)
		require.EqualError(t, err, want)
	}
	_, err := layers.BatchNorm{}.Apply(layers.NewBuild(1), input(tensor.Float64, 2, 2))
	require.EqualError(t, err, "layers: batch norm: x has shape [2 2], want [T batch c …]")
}

// The mean over the windows of a batch is what a buffer becomes, and nothing that is not
// finite.
func TestTakeBuffers(t *testing.T) {
	b := layers.NewBuild(1)
	x := input(tensor.Float32, 2, 2, 3)
	buf, err := b.Buffer(x, "sum", layers.Constant(0), 2)
	require.NoError(t, err)
	require.Same(t, buf.Node, buf.Now())
	require.Empty(t, b.Moving())
	buf.Next = x
	v := func(a, c float64) []G.Value {
		return []G.Value{graphtest.Tensor(tensor.Float32, []int{2}, []float64{a, c})}
	}
	require.NoError(t, b.TakeBuffers(v(7, 7), true)) // of a batch that failed
	require.NoError(t, b.TakeBuffers(v(1, 2), true))
	require.NoError(t, b.TakeBuffers(v(3, 8), false))
	require.Equal(t, []float64{0, 0}, graphtest.Floats(buf.Node.Value()))
	require.NoError(t, b.KeepBuffers())
	require.Equal(t, []float64{2, 5}, graphtest.Floats(buf.Node.Value()))
	require.NoError(t, b.KeepBuffers(), "twice")
	require.Equal(t, []float64{2, 5}, graphtest.Floats(buf.Node.Value()))
	require.EqualError(t, b.TakeBuffers(v(1, math.NaN()), true), "layers: what the batch makes of buffer sum is not finite")
	require.ErrorContains(t, b.TakeBuffers(nil, true), "want one for each of Moving")
	require.EqualError(t, b.TakeBuffers([]G.Value{x.Value()}, true), "layers: what the batch makes of buffer sum has shape [2 2 3] of float32, want [2] of float32")

	buf.Counts = x // each element is the mean over the windows that say something of it
	require.NoError(t, b.TakeBuffers(append(v(1, 9), v(0, 5)...), true))
	require.NoError(t, b.TakeBuffers(append(v(math.NaN(), 4), v(0, 1)...), false))
	require.NoError(t, b.KeepBuffers())
	require.Equal(t, []float64{2, 6.5}, graphtest.Floats(buf.Node.Value()))
}

// Every kind of map takes in what normalises it, also through a max pool; what cannot be folded
// stays.
func TestFoldKinds(t *testing.T) {
	norm := layers.BatchNorm{Scale: 1.5, Eps: 1e-3}
	fire := layers.Lift(neurons.LIFBoxStep, neurons.DefaultLIFBoxParams())
	pool := layers.Pool{Size: 2, Max: true}
	grouped := connect.Conv{Stride: 2, Groups: 2}
	for name, c := range map[string]struct {
		net      layers.Layer
		shape    []int
		negative bool // gains are
		left     int  // normalisations
	}{
		"linear":                        {layers.Sequential{layers.Linear{Out: 3}, norm}, []int{5}, true, 0},
		"delayed linear":                {layers.Sequential{layers.DelayedLinear{Out: 3, NoBias: true, Delay: layers.Delay{Max: 2, Interpolate: true}}, norm}, []int{5}, true, 0},
		"conv2d in groups":              {layers.Sequential{layers.Conv2D{Out: 6, Kernel: 2, Conv: grouped}, norm}, []int{4, 5, 5}, true, 0},
		"conv1d":                        {layers.Sequential{layers.Conv1D{Out: 6, Kernel: 3, Conv: grouped}, norm, fire}, []int{4, 7}, true, 0},
		"transposed":                    {layers.Sequential{layers.ConvTranspose2D{Out: 5, Kernel: 3}, norm}, []int{2, 3, 4}, true, 0},
		"transposed in groups":          {layers.Sequential{layers.ConvTranspose2D{Out: 6, Kernel: 3, Conv: grouped}, norm}, []int{4, 3, 4}, true, 0},
		"max pool":                      {layers.Sequential{layers.Conv2D{Out: 3, Kernel: 2}, pool, pool, norm}, []int{2, 9, 9}, false, 0},
		"max pool and a negative gain":  {layers.Sequential{layers.Conv2D{Out: 3, Kernel: 2}, norm, pool, norm}, []int{2, 5, 5}, true, 1},
		"mean pool":                     {layers.Sequential{layers.Conv2D{Out: 3, Kernel: 2}, norm, layers.Pool{Size: 2, Pad: 1}, norm}, []int{2, 5, 5}, false, 1},
		"attention":                     {layers.Sequential{layers.SelfAttention{Neurons: fire, Heads: 2, Scale: 1}}, []int{4, 3}, true, 0},
		"attention in a shared residue": {layers.Shared("one", layers.Residual{Body: layers.SelfAttention{Neurons: fire}}), []int{4, 3}, true, 0},
	} {
		b := layers.NewBuild(3)
		_, err := c.net.Apply(b, input(tensor.Float64, append([]int{3, 2}, c.shape...)...))
		require.NoError(t, err, name)
		values := map[string]*tensor.Dense{}
		for i, n := range slices.Concat(b.Params, b.Fixed) {
			v := graphtest.Random(n.Shape().TotalSize(), uint64(i))
			for j := range v {
				if strings.HasSuffix(n.Name(), "norm.var") || !c.negative && strings.HasSuffix(n.Name(), "norm.w") {
					v[j] = 0.3 + math.Abs(v[j])
				}
			}
			values[n.Name()] = graphtest.Tensor(tensor.Float64, n.Shape(), v)
		}
		folded, err := layers.Fold(c.net, c.shape, values)
		require.NoError(t, err, name)
		var out [2][]float64
		for i, l := range []layers.Layer{layers.Given(values, c.net), folded} {
			x := input(tensor.Float64, append([]int{3, 2}, c.shape...)...)
			require.NoError(t, setFloats(x, graphtest.Random(x.Shape().TotalSize(), 9)))
			b = layers.NewBuild(7)
			y, err := l.Apply(b, x)
			require.NoError(t, err, name)
			out[i] = graphtest.Eval(t, y)[0]
		}
		graphtest.Close(t, name, out[0], out[1], 1e-12)
		require.Len(t, b.Fixed, 2*c.left, name)
	}
}

// A folded network gives in evaluation what the whole one gives.
func TestFold(t *testing.T) {
	norm := layers.BatchNorm{Scale: 0.7}
	eye := layers.Shared("eye", layers.Sequential{layers.Conv2D{Out: 4, Kernel: 1, NoBias: true}, norm})
	net := layers.Sequential{
		layers.Named("conv", layers.Conv2D{Out: 4, Kernel: 3}), layers.Named("norm", norm),
		layers.Lift(neurons.LIFBoxStep, neurons.DefaultLIFBoxParams()),
		layers.Residual{Body: layers.Sequential{eye, eye}, Shortcut: layers.Sequential{layers.BatchNorm{}}},
		layers.Flatten, layers.Concat{layers.Sequential{layers.Linear{Out: 5, NoBias: true}, layers.BatchNorm{NoGain: true}}, layers.Linear{Out: 2}},
	}
	shape := []int{2, 5, 5}
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		run := func(l layers.Layer) (*layers.Build, []float64) {
			x := input(dt, append([]int{3, 2}, shape...)...)
			require.NoError(t, setFloats(x, graphtest.Random(3*2*50, 9)))
			b := layers.NewBuild(3)
			y, err := l.Apply(b, x)
			require.NoError(t, err)
			return b, graphtest.Eval(t, y)[0]
		}
		b, _ := run(net)
		values := map[string]*tensor.Dense{}
		for i, n := range slices.Concat(b.Params, b.Fixed) {
			v := graphtest.Random(n.Shape().TotalSize(), uint64(i))
			for j := range v {
				v[j] = 0.3 + math.Abs(v[j])/3
			}
			values[n.Name()] = graphtest.Tensor(dt, n.Shape(), v)
		}
		_, want := run(layers.Given(values, net))
		folded, err := layers.Fold(net, shape, maps.Clone(values))
		require.NoError(t, err)
		fb, got := run(folded)
		require.Equal(t, []string{"conv.w", "conv.b", "eye.0.conv.w", "eye.0.conv.b", "3.shortcut.0.norm.w", "3.shortcut.0.norm.b", "5.0.0.linear.w", "5.0.0.linear.b", "5.1.linear.w", "5.1.linear.b"}, names(fb.Params))
		require.Equal(t, []string{"3.shortcut.0.norm.mean", "3.shortcut.0.norm.var"}, names(fb.Fixed), "behind no map")
		graphtest.Close(t, dt.String(), want, got, 1e-5)

		delete(values, "conv.b")
		_, err = layers.Fold(net, shape, values)
		require.EqualError(t, err, "layers: fold: the value of conv.b is missing")
	}
	_, err := layers.Fold(layers.Linear{Out: 1, NoBias: true}, []int{3}, map[string]*tensor.Dense{"linear.w": graphtest.Tensor(tensor.Float32, []int{3, 1}, []float64{1, 2, 3})})
	require.EqualError(t, err, "layers: fold: there is no BatchNorm straight behind a linear map or a convolution")
	_, err = layers.Fold(net, nil, nil)
	require.ErrorContains(t, err, "layers: fold: there are 0 weights")
}
