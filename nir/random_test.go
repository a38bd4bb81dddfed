package nir_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/model"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/nir"
	"github.com/spikegrad/spikegrad/train"
)

// A drawing is a network that is drawn at random, of what the format has.
type drawing struct {
	*rand.Rand
	dt    float64
	o     nir.Options
	eo    nir.ExportOptions
	shape []int // of a sample behind what there is so far
	named int
	last  layers.Layer
}

func (d *drawing) chance(p float64) bool { return d.Float64() < p }

// rate is 1/τ of at least a time step and a half.
func (d *drawing) rate() graph.Param { return graph.Const((0.02 + 0.6*d.Float64()) / d.dt) }

func (d *drawing) firing() neurons.Firing {
	f := neurons.DefaultFiring()
	f.VTh, f.VReset = odd(d.Rand, 0.05, 0.5), odd(d.Rand, -0.3, 0.04)
	if d.eo.Metadata {
		f.ResetMethod = []neurons.Reset{neurons.ResetValue, neurons.ResetSubtract, neurons.ResetShift}[d.IntN(3)]
	}
	return f
}

// options gives some parameters a value for each neuron, or lets them be learnt.
func (d *drawing) options(rates []string, rest ...string) (opts []layers.LiftOption) {
	n := tensor.Shape(d.shape).TotalSize()
	pick := func(names []string, lo, hi float64) {
		for _, name := range names {
			switch d.IntN(6) {
			case 0:
				opts = append(opts, layers.Each(layers.Values(uniform(d.Rand, n, lo, hi)), name))
			case 1:
				opts = append(opts, layers.Learn(name))
			case 2, 3:
				opts = append(opts, layers.LearnEach(name))
				if d.chance(0.5) {
					opts = append(opts, layers.Each(layers.Values(uniform(d.Rand, n, lo, hi)), name))
				}
				if d.chance(0.5) && name != "VLeak" { // which may be below 0
					opts = append(opts, layers.Constrain(graph.Exp, name))
				}
			}
		}
	}
	pick(rates, 0.02/d.dt, 0.6/d.dt)
	pick(rest, 0.05, 0.5)
	return opts
}

// neurons is a layer of one of the models that the format has.
func (d *drawing) neurons() layers.Layer {
	back := len(d.shape) == 1 && d.chance(0.3)
	switch d.IntN(6) {
	case 0:
		p := neurons.LIParams{TauSynInv: d.rate(), TauMemInv: d.rate(), VLeak: odd(d.Rand, -0.1, 0.1), Dt: d.dt, Integration: d.o.Integration}
		return layers.Lift(neurons.LIStep, p, d.options([]string{"TauSynInv", "TauMemInv"}, "VLeak")...)
	case 1:
		p := neurons.LIBoxParams{TauMemInv: d.rate(), VLeak: odd(d.Rand, -0.1, 0.1), Dt: d.dt, Integration: d.o.Integration}
		return layers.Lift(neurons.LIBoxStep, p, d.options([]string{"TauMemInv"}, "VLeak")...)
	case 2:
		return lifted(back, neurons.IAFStep, neurons.IAFParams{Firing: d.firing()}, d.options(nil, "VTh")...)
	case 3:
		p := neurons.LIFBoxParams{TauMemInv: d.rate(), VLeak: odd(d.Rand, -0.1, 0.1), Dt: d.dt, Integration: d.o.Integration, Firing: d.firing()}
		return lifted(back, neurons.LIFBoxStep, p, d.options([]string{"TauMemInv"}, "VLeak", "VTh")...)
	}
	p := neurons.LIFParams{TauSynInv: d.rate(), TauMemInv: d.rate(), VLeak: odd(d.Rand, -0.1, 0.1), Dt: d.dt, Integration: d.o.Integration, Firing: d.firing()}
	return lifted(back, neurons.LIFStep, p, d.options([]string{"TauSynInv", "TauMemInv"}, "VLeak", "VTh")...)
}

func lifted[S any, P graph.Params[S]](back bool, step graph.Step[S, P], p P, opts ...layers.LiftOption) layers.Layer {
	if back {
		return layers.Recurrent(step, p, opts...)
	}
	return layers.Lift(step, p, opts...)
}

// window draws a kernel, a stride and a margin for n pixels, and returns how many there are then.
func (d *drawing) window(n int) (kernel int, a connect.Axis, out int) {
	kernel = 1 + d.IntN(min(3, n))
	a = connect.Axis{Stride: 1 + d.IntN(2), Pad: d.IntN(kernel/2 + 1), Dilation: 1}
	if (kernel-1)*2+1 <= n && d.chance(0.3) {
		a.Dilation = 2
	}
	return kernel, a, (n+2*a.Pad-a.Dilation*(kernel-1)-1)/a.Stride + 1
}

// convolution is a Conv2D or a Conv1D.
func (d *drawing) convolution() layers.Layer {
	groups := 1
	if d.shape[0]%2 == 0 && d.chance(0.3) {
		groups = 2
	}
	out := groups * (1 + d.IntN(3))
	kernel, down, h := d.window(d.shape[1])
	c := connect.Conv{Stride: down.Stride, Pad: down.Pad, Dilation: down.Dilation, Groups: groups}
	if len(d.shape) == 2 {
		d.shape = []int{out, h}
		return layers.Conv1D{Out: out, Kernel: kernel, Conv: c, NoBias: d.chance(0.3), Init: layers.Scaled{Gain: 2}}
	}
	width, across, w := d.window(d.shape[2])
	c.Width = &across
	d.shape = []int{out, h, w}
	return layers.Conv2D{Out: out, Kernel: kernel, Width: width, Conv: c, NoBias: d.chance(0.3), Init: layers.Scaled{Gain: 2}}
}

// pool sums or takes means of windows.
func (d *drawing) pool() layers.Layer {
	p := layers.Pool{Size: 1 + d.IntN(min(3, d.shape[1])), Width: 1 + d.IntN(min(3, d.shape[2])), Sum: d.chance(0.5)}
	if d.chance(0.5) {
		p.Stride, p.Pad = 1+d.IntN(2), d.IntN(min(p.Size, p.Width)/2+1)
	}
	size := func(n, k int) int {
		s := p.Stride
		if s == 0 {
			s = k
		}
		return (n+2*p.Pad-k)/s + 1
	}
	d.shape = []int{d.shape[0], size(d.shape[1], p.Size), size(d.shape[2], p.Width)}
	return p
}

func (d *drawing) linear(out int) layers.Layer {
	d.shape = []int{out}
	var l layers.Layer = layers.Linear{Out: out, NoBias: d.chance(0.3), Init: layers.Scaled{Gain: 2}}
	if d.chance(0.1) {
		l = layers.Quantise{Bits: 2 + d.IntN(7), Layer: l}
	}
	return l
}

// one draws a layer.
func (d *drawing) one(depth int) layers.Layer {
	if len(d.shape) > 1 {
		switch k := d.IntN(6); {
		case k < 2:
			return d.convolution()
		case k == 2 && len(d.shape) == 3:
			return d.pool()
		case k == 3:
			return d.delay()
		case k == 4:
			d.shape = []int{tensor.Shape(d.shape).TotalSize()}
			return layers.Flatten
		}
		return d.neurons()
	}
	switch k := d.IntN(10); {
	case k < 2:
		return d.linear(1 + d.IntN(9))
	case k == 2:
		return d.delay()
	case k == 3:
		return []layers.Layer{layers.Dropout{P: 0.3}, layers.Noise{Std: 0.1}, layers.Identity}[d.IntN(3)]
	case k == 4 && depth < 2: // of the same width
		n := d.shape[0]
		return layers.Residual{Body: layers.Sequential{d.linear(n), d.some(depth + 1), d.linear(n)}}
	case k == 5 && depth < 2:
		n, width := d.shape[0], 1+d.IntN(6)
		var s layers.Sum
		for range 2 + d.IntN(3)*d.IntN(4) {
			d.shape = []int{n}
			s = append(s, layers.Sequential{d.some(depth + 1), d.linear(width)})
		}
		return s
	}
	return d.neurons()
}

func (d *drawing) delay() layers.Layer {
	if d.chance(0.5) {
		return layers.Delay{Max: 1 + d.IntN(6), Fixed: true}
	}
	return layers.Delay{Max: 1 + d.IntN(6), Over: 1 + d.IntN(9)}
}

// some draws a few layers, one after the other.
func (d *drawing) some(depth int) layers.Layer {
	var s layers.Sequential
	for range 1 + d.IntN(4) {
		l := d.one(depth)
		if d.chance(0.2) {
			d.named++
			l = layers.Named(fmt.Sprintf("layer %d.x"[:8+d.IntN(2)*2], d.named), l)
		}
		s = append(s, l)
	}
	return s
}

// draw returns a network for samples of a shape.
func drawNetwork(seed uint64) (d *drawing, net layers.Layer, shape []int) {
	d = &drawing{Rand: rand.New(rand.NewPCG(seed, 31))}
	d.dt = []float64{1e-3, 1e-4, 1, 5e-4 + 1e-2*d.Float64()}[d.IntN(4)]
	d.eo = nir.ExportOptions{Metadata: d.chance(0.3), Dt: d.dt}
	d.o.Metadata = d.eo.Metadata
	if d.chance(0.3) {
		d.o.Integration = graph.Exponential
	}
	switch d.IntN(3) {
	case 0:
		d.shape = []int{1 + d.IntN(7)}
	case 1:
		d.shape = []int{1 + d.IntN(3), 3 + d.IntN(6)}
	case 2:
		d.shape = []int{1 + d.IntN(3), 3 + d.IntN(5), 3 + d.IntN(5)}
	}
	shape = d.shape
	var s layers.Sequential
	for range 1 + d.IntN(3) {
		s = append(s, d.some(0))
	}
	s = append(s, d.neurons())
	if d.eo.Metadata && d.chance(0.5) {
		s = append(s, layers.Last+layers.Readout(d.IntN(5)))
	}
	d.last = s[len(s)-1]
	return d, s, shape
}

// Networks drawn at random come back from a file with the same bits, in both precisions.
func TestRandomRoundTrips(t *testing.T) {
	count := uint64(15)
	if long.Tests() {
		count = 250
	}
	active := 0
	for seed := range count {
		d, net, shape := drawNetwork(seed)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			active += roundTrip[float32](t, d, net, shape, seed)
			active += roundTrip[float64](t, d, net, shape, seed)
		})
	}
	require.Greater(t, active, int(count), "outputs that are not all alike")
}

// Models drawn at random come back from a file with the same bits: a file of weights has
// a description of the network and not of how its weights are drawn.
func TestRandomModels(t *testing.T) {
	count := uint64(5)
	if long.Tests() {
		count = 250
	}
	for seed := range count {
		d, net, shape := drawNetwork(seed)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			if seed%2 == 0 {
				savedModel[float32](t, d, net, shape, seed)
			} else {
				savedModel[float64](t, d, net, shape, seed)
			}
		})
	}
}

func savedModel[F float32 | float64](t *testing.T, d *drawing, net layers.Layer, shape []int, seed uint64) {
	const steps, batch = 12, 2
	full := append([]int{steps, batch}, shape...)
	x := make([]F, tensor.Shape(full).TotalSize())
	for i := range x {
		x[i] = F(2 * d.Float64())
	}
	want, _ := eval(t, net, x, seed, full...)
	_, reads := d.last.(layers.Readout)
	m, err := train.Network{
		Net: net, Shape: shape, Steps: steps, Batch: batch, Seed: seed, Loss: loss.MeanSquared{Sequence: !reads}, Dtype: tensor.New(tensor.WithBacking(x)).Dtype(),
	}.Compile()
	require.NoError(t, err, "%v", layers.Describe(net))
	path := filepath.Join(t.TempDir(), "m.safetensors")
	require.NoError(t, model.Save(path, m))
	o, err := model.Load(path)
	require.NoError(t, err)
	got, _ := eval(t, layers.Given(o.Tensors(), o.Network().Net), x, seed+1, full...)
	require.Equal(t, want, got, "%v", layers.Describe(net))
}

// roundTrip returns 1 where outputs are not all the same.
func roundTrip[F float32 | float64](t *testing.T, d *drawing, net layers.Layer, shape []int, seed uint64) int {
	full := append([]int{12, 2}, shape...)
	x := make([]F, tensor.Shape(full).TotalSize())
	for i := range x {
		x[i] = F(2 * d.Float64())
	}
	want, values := eval(t, net, x, seed, full...)
	g, err := nir.Export(net, shape, values, d.eo)
	require.NoError(t, err, "%v", layers.Describe(net))
	n := back(t, g, d.dt, d.o)
	got, values := eval(t, layers.Layer(n), x, seed+1, full...)
	require.Equal(t, want, got, "%v", layers.Describe(net))
	if g.Metadata == nil { // without a readout, what was imported is exported again as it was
		h, err := nir.Export(n, shape, values, nir.ExportOptions{Metadata: d.eo.Metadata})
		require.NoError(t, err, "%v", layers.Describe(net))
		require.Equal(t, written(t, g), written(t, h), "%v", layers.Describe(net))
	}
	for _, v := range want {
		if v != want[0] {
			return 1
		}
	}
	return 0
}
