package layers_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
)

// probed builds neurons [6, 2, 2, 3] and a readout, with currents for them.
func probed(t *testing.T, dt tensor.Dtype) *layers.Build {
	t.Helper()
	x := graphtest.Random(72, 3)
	for i := range x {
		x[i] = 1 + 2*x[i]
	}
	b := layers.NewBuild(1)
	net := layers.Sequential{
		layers.Named("spiking", lif()),
		layers.Named("reading", layers.Lift(neurons.LIBoxStep, neurons.DefaultLIBoxParams())),
	}
	_, err := net.Apply(b, graphtest.Node(G.NewGraph(), dt, "x", []int{6, 2, 2, 3}, x))
	require.NoError(t, err)
	return b
}

// What a probe records stands in the nodes of the network.
func TestProbe(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for state, want := range map[string][]string{"": {"spiking", "reading"}, "V": {"spiking", "reading"}, "I": {"spiking"}, layers.Input: {"spiking", "reading"}} {
			b := probed(t, dt)
			taps, err := layers.Probe{State: state, Neurons: []int{5, 0}}.Attach(b)
			require.NoError(t, err)
			var layer []string
			for k, tap := range taps {
				layer = append(layer, tap.Layer)
				require.Equal(t, []any{state, k == 0 && state == ""}, []any{tap.State, tap.Spiking})
				m, err := machine.New(tap.Node)
				require.NoError(t, err)
				require.NoError(t, m.Run())
				all := graphtest.Floats(m.Value(0))
				require.Len(t, all, 72)

				r, err := tap.Record(m.Value(0), 1, 0)
				require.NoError(t, err)
				require.Equal(t, layers.Recording{
					Layer: tap.Layer, State: state, Spiking: tap.Spiking, Steps: 6,
					Samples: []int{1, 0}, Neurons: []int{5, 0}, Values: r.Values,
				}, r)
				require.Equal(t, 2, r.N())
				for s, sample := range r.Samples {
					for step := range 6 {
						for i, n := range r.Neurons {
							require.Equal(t, all[(step*2+sample)*6+n], r.Sample(s)[step*2+i])
						}
					}
				}
				require.Nil(t, r.Sample(2))
				require.Nil(t, r.Sample(-1))

				r, err = tap.Record(m.Value(0))
				require.NoError(t, err)
				require.Equal(t, []int{0, 1}, r.Samples)
			}
			require.Equal(t, want, layer, state)
		}
	}
}

// A graph has the nodes of a state from the moment on that a probe asks for it,
// once, however many probes ask.
func TestProbeCostsNothingWhenOff(t *testing.T) {
	b := probed(t, tensor.Float32)
	g := b.Activities[0].Out.Graph()
	before := len(g.AllNodes())
	for _, state := range []string{"", layers.Input} {
		_, err := layers.Probe{State: state}.Attach(b)
		require.NoError(t, err)
	}
	require.Len(t, g.AllNodes(), before)
	for range 2 {
		_, err := layers.Probe{State: "V"}.Attach(b)
		require.NoError(t, err)
		require.Len(t, g.AllNodes(), before+2)
	}
}

func TestProbeErrors(t *testing.T) {
	b := probed(t, tensor.Float32)
	for want, c := range map[string]struct {
		p layers.Probe
		b *layers.Build
	}{
		"layers: probe: the Build is nil, want one made by NewBuild":              {layers.Probe{}, nil},
		"layers: probe: the network has no neurons":                               {layers.Probe{}, layers.NewBuild(1)},
		`layers: probe: no layer of neurons "hidden", have ["spiking" "reading"]`: {layers.Probe{Layer: "hidden"}, b},
		`layers: probe spiking: graph: trace: no state "U", have [V I]`:           {layers.Probe{Layer: "spiking", State: "U"}, b},
		`layers: probe reading: graph: trace: no state "U", have [V]`:             {layers.Probe{State: "U"}, b},
		`layers: probe spiking: neuron is 6, want 0 to 5`:                         {layers.Probe{Neurons: []int{0, 6}}, b},
		`layers: probe spiking: neuron is -1, want 0 to 5`:                        {layers.Probe{Neurons: []int{-1}}, b},
		`layers: probe mine: no state "V"`:                                        {layers.Probe{State: "V"}, &layers.Build{Activities: []layers.Activity{{Name: "mine"}}}},
		`layers: probe mine: no state "input"`:                                    {layers.Probe{State: layers.Input}, &layers.Build{Activities: []layers.Activity{{Name: "mine"}}}},
		`layers: probe mine: state "" has shape [2 3], want [T batch … n]`:        {layers.Probe{}, &layers.Build{Activities: []layers.Activity{{Name: "mine", Out: input(tensor.Float32, 2, 3)}}}},
	} {
		_, err := c.p.Attach(c.b)
		require.EqualError(t, err, want)
	}

	taps, err := layers.Probe{Layer: "spiking"}.Attach(b)
	require.NoError(t, err)
	value := func(shape ...int) G.Value { return tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(shape...)) }
	for want, c := range map[string]struct {
		tap     layers.Tap
		v       G.Value
		samples []int
	}{
		"layers: tap : the value is nil, or the tap was not made by Attach":                {layers.Tap{}, value(6, 2, 2, 3), nil},
		"layers: tap spiking: the value is nil, or the tap was not made by Attach":         {taps[0], nil, nil},
		"layers: tap spiking: the value has shape [6 2 6], want [6 2 2 3]":                 {taps[0], value(6, 2, 6), nil},
		"layers: tap spiking: sample is 2, want 0 to 1":                                    {taps[0], value(6, 2, 2, 3), []int{2}},
		"layers: tap spiking: the value has elements of type int, want float32 or float64": {taps[0], tensor.New(tensor.Of(tensor.Int), tensor.WithShape(6, 2, 2, 3)), nil},
	} {
		_, err := c.tap.Record(c.v, c.samples...)
		require.EqualError(t, err, want)
	}
	// A view is read as what it shows.
	whole := tensor.New(tensor.WithShape(2, 6, 2, 3), tensor.WithBacking(tensor.Range(tensor.Float32, 0, 72)))
	require.NoError(t, whole.T(1, 0, 2, 3))
	r, err := taps[0].Record(whole, 1)
	require.NoError(t, err)
	for i, v := range r.Values {
		require.Equal(t, float64(36+i), v)
	}
}
