package layers_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/fields"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
)

// lively returns currents [12, 2, 3] that make default neurons fire.
func lively() *G.Node {
	x := graphtest.Random(72, 3)
	for i := range x {
		x[i] = 1 + 2*x[i]
	}
	return graphtest.Node(G.NewGraph(), tensor.Float64, "x", []int{12, 2, 3}, x)
}

// outputs applies a layer to lively currents, lets change alter the weights, and
// returns the outputs.
func outputs(t *testing.T, l layers.Layer, change func(*layers.Build)) []float64 {
	t.Helper()
	b := layers.NewBuild(1)
	y, err := l.Apply(b, lively())
	require.NoError(t, err)
	if change != nil {
		change(b)
	}
	out := graphtest.Eval(t, y)[0]
	return out
}

func sum(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}

// simulate is a network of leaky integrate-and-fire neurons as plain loops, with
// the weights w [3, 3] from row to column.
func simulate(x []float64, w []float64, tauMemInv, th func(neuron int) float64) []float64 {
	z := make([]float64, len(x))
	for b := range 2 {
		var v, i, before [3]float64
		for t := range 12 {
			var now [3]float64
			for n := range 3 {
				in := x[(t*2+b)*3+n]
				for m := range 3 {
					in += before[m] * w[m*3+n]
				}
				i[n] += in
				v[n] += 1e-3 * tauMemInv(n) * (i[n] - v[n])
				i[n] -= 1e-3 * 200 * i[n]
				if v[n] > th(n) {
					now[n], v[n] = 1, 0
				}
				z[(t*2+b)*3+n] = now[n]
			}
			before = now
		}
	}
	return z
}

func always(v float64) func(int) float64 { return func(int) float64 { return v } }

func TestLearntParameters(t *testing.T) {
	x := graphtest.Floats(lively().Value())
	none := make([]float64, 9)
	plain := outputs(t, lif(), nil)
	require.Equal(t, simulate(x, none, always(100), always(1)), plain)
	require.Greater(t, sum(plain), 5.)

	// A learnt parameter starts at the constant it was.
	require.Equal(t, plain, outputs(t, lif(layers.Learn("TauMemInv", "tau_syn_inv"), layers.LearnEach("VTh")), nil))
	b := layers.NewBuild(1)
	_, err := lif(layers.Learn("TauMemInv", "tau_syn_inv"), layers.LearnEach("VTh")).Apply(b, lively())
	require.NoError(t, err)
	require.Equal(t, []string{"TauMemInv", "tau_syn_inv", "VTh"}, names(b.Params))
	for i, want := range [][]float64{{100}, {200}, {1, 1, 1}} {
		require.Equal(t, want, graphtest.Floats(b.Params[i].Value()))
	}

	// And its value is used: one for the layer, one for each neuron.
	require.Equal(t, simulate(x, none, always(150), always(1)), outputs(t, lif(layers.Learn("TauMemInv")),
		func(b *layers.Build) { require.NoError(t, setFloats(b.Params[0], []float64{150})) }))
	require.Equal(t, simulate(x, none, always(100), func(n int) float64 { return 0.5 + float64(n) }), outputs(t, lif(layers.LearnEach("VTh")),
		func(b *layers.Build) { require.NoError(t, setFloats(b.Params[0], []float64{0.5, 1.5, 2.5})) }))

	// A constraint acts on the node: exp of log 100.
	near := outputs(t, lif(layers.Learn("TauMemInv"), layers.Constrain(graph.Exp, "TauMemInv")),
		func(b *layers.Build) { require.InDelta(t, 4.605170186, graphtest.Floats(b.Params[0].Value())[0], 1e-9) })
	require.Equal(t, plain, near)
}

// A parameter that stands for another one is learnt from the constant of that one.
func TestLearntDefault(t *testing.T) {
	p := neurons.DefaultLIFExParams()
	p.VTh = graph.Const(0.8)
	start := func(p neurons.LIFExParams, opts ...layers.LiftOption) ([]float64, error) {
		b := layers.NewBuild(1)
		_, err := layers.Lift(neurons.LIFExStep, p, opts...).Apply(b, lively())
		if err != nil {
			return nil, err
		}
		return graphtest.Floats(b.Params[len(b.Params)-1].Value()), nil
	}
	got, err := start(p, layers.LearnEach("VPeak"))
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{0.8, 0.8, 0.8}, got, 1e-6)
	got, err = start(p, layers.Learn("VTh", "VPeak"))
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{0.8}, got, 1e-6)
	given := p
	given.VPeak = graph.Const(3)
	got, err = start(given, layers.Learn("VTh", "VPeak"))
	require.NoError(t, err)
	require.Equal(t, []float64{3}, got)
	x := lively()
	p.VTh = graph.Learn(graphtest.Node(x.Graph(), x.Dtype(), "th", []int{1}, []float64{1}))
	_, err = layers.Lift(neurons.LIFExStep, p, layers.Learn("VPeak")).Apply(layers.NewBuild(1), x)
	require.EqualError(t, err, "layers: neurons: VPeak is not given, and what it stands for has a node; give it the value to start from")
}

// First values are checked as constants are: those that are learnt and those that are
// drawn, one for all neurons or one for each, and as their constraint makes them.
func TestFirstValuesAreChecked(t *testing.T) {
	start := func(name string, v float64) neurons.LIFParams {
		p := neurons.DefaultLIFParams()
		f, err := fields.Field(&p, name)
		require.NoError(t, err)
		*f.(*graph.Param) = graph.Const(v)
		return p
	}
	const unstable = ", want 0 ≤ TauMemInv < 2/Dt = 2000, or Euler's method is unstable (graph.Exponential is stable)"
	const where = "layers: neurons: graph: scan: neurons: LIF step: "
	bad := start("TauMemInv", -50)
	each := layers.Each(layers.Values{100, -50, 100}, "TauMemInv")
	for want, l := range map[string]layers.Layer{
		"TauMemInv is -50" + unstable:           layers.Lift(neurons.LIFStep, bad),
		"TauMemInv is -50 " + unstable:          layers.Lift(neurons.LIFStep, bad, layers.Learn("TauMemInv")),
		"TauMemInv[0] is -50" + unstable:        layers.Lift(neurons.LIFStep, bad, layers.LearnEach("TauMemInv")),
		"TauMemInv[0] is -50 " + unstable:       layers.Lift(neurons.LIFStep, bad, layers.LearnEach("TauMemInv"), layers.Constrain(graph.Clip(-100, 0), "TauMemInv")),
		"TauMemInv[1] is -50" + unstable:        layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(), each),
		"TauMemInv[1] is -50 " + unstable:       layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(), each, layers.LearnEach("TauMemInv")),
		"TauMemInv is 2048" + unstable:          layers.Lift(neurons.LIFStep, start("TauMemInv", 2048), layers.Learn("TauMemInv")),
		"VTh is 0, want above VReset = 0":       layers.Lift(neurons.LIFStep, start("VTh", 0), layers.Learn("VTh")),
		"VTh[0] is 1, want above VReset[0] = 1": layers.Lift(neurons.LIFStep, start("VReset", 1), layers.LearnEach("VTh", "VReset")),
		"VTh[0] is 1, want above VReset = 1":    layers.Lift(neurons.LIFStep, start("VReset", 1), layers.LearnEach("VTh")),
	} {
		_, err := l.Apply(layers.NewBuild(1), lively())
		require.EqualError(t, err, where+strings.ReplaceAll(want, " ,", ","))
	}
	// Drawn at random, some of them below 0.
	_, err := layers.Lift(neurons.LIFStep, neurons.DefaultLIFParams(), layers.Each(layers.Scaled{Gain: 100}, "TauMemInv")).Apply(layers.NewBuild(1), lively())
	require.ErrorContains(t, err, where+"TauMemInv[")
	for _, l := range []layers.Layer{
		layers.Lift(neurons.LIFStep, start("TauMemInv", 1999), layers.LearnEach("TauMemInv"), layers.Constrain(graph.Exp, "TauMemInv")),
		layers.Lift(neurons.LIFStep, start("TauMemInv", 0), layers.Learn("TauMemInv")),
	} {
		_, err := l.Apply(layers.NewBuild(1), lively())
		require.NoError(t, err)
	}
}

// Values that differ from neuron to neuron are used; with LearnEach they are where
// learning starts, and without it nothing is learnt.
func TestEach(t *testing.T) {
	x, none := graphtest.Floats(lively().Value()), make([]float64, 9)
	taus := layers.Values{50, 100, 250}
	want := simulate(x, none, func(n int) float64 { return taus[n] }, always(1))
	each := layers.Each(taus, "TauMemInv")
	require.Equal(t, want, outputs(t, lif(each), func(b *layers.Build) { require.Empty(t, b.Params) }))
	require.Equal(t, want, outputs(t, lif(layers.LearnEach("TauMemInv"), each), func(b *layers.Build) {
		require.Equal(t, []float64(taus), graphtest.Floats(b.Params[0].Value()))
	}))
	require.Equal(t, want, outputs(t, lif(each, layers.LearnEach("TauMemInv"), layers.Constrain(graph.Exp, "TauMemInv")), func(b *layers.Build) {
		require.InDeltaSlice(t, []float64{math.Log(50), math.Log(100), math.Log(250)}, graphtest.Floats(b.Params[0].Value()), 1e-12)
	}))

	// A constant for all is the constant, also inside of a wrapper; what is drawn
	// depends on the seed and the name.
	recurrent := func(opts ...layers.LiftOption) layers.Layer {
		return layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams(), opts...)
	}
	require.Equal(t, outputs(t, recurrent(), nil), outputs(t, recurrent(layers.Each(layers.Constant(1), "VTh")), nil))
	random := lif(layers.Each(layers.Scaled{Gain: 1}, "VTh"))
	require.Equal(t, outputs(t, random, nil), outputs(t, random, nil))
	require.NotEqual(t, outputs(t, lif(), nil), outputs(t, random, nil))
}

func TestRecurrent(t *testing.T) {
	x := graphtest.Floats(lively().Value())
	p := neurons.DefaultLIFParams()
	recurrent := layers.Recurrent(neurons.LIFStep, p, layers.RecurrentInit(layers.Scaled{Gain: 3}))
	var w []float64
	got := outputs(t, recurrent, func(b *layers.Build) { w = graphtest.Floats(b.Params[0].Value()) })
	require.Equal(t, simulate(x, w, always(100), always(1)), got)
	require.NotEqual(t, simulate(x, make([]float64, 9), always(100), always(1)), got, "the weights do nothing")
	require.Equal(t, outputs(t, lif(), nil), outputs(t, layers.Recurrent(neurons.LIFStep, p, layers.RecurrentInit(layers.Constant(0))), nil))

	// The parameters of the neurons inside are learnt by their names.
	b := layers.NewBuild(1)
	_, err := layers.Recurrent(neurons.LIFStep, p, layers.Learn("TauMemInv"), layers.LearnEach("inner.v_th")).Apply(b, lively())
	require.NoError(t, err)
	require.Equal(t, []string{"TauMemInv", "inner.v_th", "recurrent.w"}, names(b.Params))

	// Options given as a slice stay the caller's.
	opts := append(make([]layers.LiftOption, 0, 4), layers.Learn("VTh"))
	layers.Recurrent(neurons.LIFStep, p, opts...)
	require.Nil(t, opts[:2][1])
	require.Equal(t, outputs(t, lif(), nil), outputs(t, layers.Lift(neurons.LIFStep, p, opts...), nil))
}

// Checkpoint changes memory, not numbers.
func TestCheckpoint(t *testing.T) {
	grads := func(l layers.Layer) []float64 {
		x := lively()
		b := layers.NewBuild(1)
		y, err := l.Apply(b, x)
		require.NoError(t, err)
		loss := graphtest.Loss(t, []*G.Node{y}, [][]float64{graphtest.Random(72, 4)})
		ds, _ := graphtest.Grads(t, loss, append(G.Nodes{x}, b.Params...), nil)
		return append(ds[0], ds[1]...)
	}
	p := neurons.DefaultLIFParams()
	want := grads(layers.Recurrent(neurons.LIFStep, p))
	for _, k := range []int{1, 5, 100} {
		graphtest.Close(t, "gradients", want, grads(layers.Recurrent(neurons.LIFStep, p, layers.KeepEvery(k))), 1e-12)
	}
}

// A learnt parameter that changes nothing is worth a warning, and gets zeros for
// a gradient.
func TestWarnings(t *testing.T) {
	p := neurons.DefaultLIFParams()
	p.ResetMethod = neurons.ResetSubtract
	b := layers.NewBuild(1)
	y, err := layers.Named("hidden", layers.Lift(neurons.LIFStep, p, layers.Learn("VTh", "VReset"))).Apply(b, lively())
	require.NoError(t, err)
	require.Equal(t, []string{"the neurons do not depend on hidden.VReset: its gradient is zero"}, b.Warnings)
	loss := graphtest.Loss(t, []*G.Node{y}, [][]float64{graphtest.Random(72, 4)})
	ds, _ := graphtest.Grads(t, loss, b.Params, nil)
	require.NotZero(t, ds[0][0])
	require.Equal(t, []float64{0}, ds[1])
}

// What a layer says of itself: spikes or not, and states by name.
func TestActivity(t *testing.T) {
	b := layers.NewBuild(1)
	net := layers.Sequential{
		layers.Named("a", layers.Recurrent(neurons.LIFStep, neurons.DefaultLIFParams())),
		layers.Named("b", layers.Lift(neurons.LIStep, neurons.DefaultLIParams())),
	}
	y, err := net.Apply(b, lively())
	require.NoError(t, err)
	require.Len(t, b.Activities, 2)
	require.True(t, b.Activities[0].Spiking)
	require.False(t, b.Activities[1].Spiking)
	require.Same(t, y, b.Activities[1].Out)
	v, err := b.Activities[0].Trace("V")
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{12, 2, 3}, v.Shape())
	same, err := b.Activities[1].Trace("V")
	require.NoError(t, err)
	got := graphtest.Eval(t, y, same)
	require.Equal(t, got[0], got[1], "the output of an integrator is its potential")
	_, err = b.Activities[0].Trace("U")
	require.EqualError(t, err, `graph: trace: no state "U", have [Inner.V Inner.I Z]`)
}
