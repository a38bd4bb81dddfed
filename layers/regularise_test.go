package layers_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/readout"
	"github.com/spikegrad/spikegrad/surrogate"
)

// Two samples of two neurons over four steps, with 3 and 0 spikes, and 1 and 3.
func TestRateByHand(t *testing.T) {
	spikes := []float64{ // sample 0, sample 1
		1, 0, 1, 1,
		1, 0, 0, 1,
		0, 0, 0, 1,
		1, 0, 0, 0,
	}
	for _, c := range []struct {
		name   string
		rate   layers.Rate
		weight []float64 // of the samples
		want   float64
	}{
		// Rates 0.5 and 0.375: 2 · (0.05² + 0.025²)/2.
		{"both bounds", layers.Rate{Lower: 0.4, Upper: 0.45, Weight: 2}, nil, 0.003125},
		{"upper", layers.Rate{Upper: 0.45, Weight: 2}, nil, 0.0025},
		{"lower", layers.Rate{Lower: 0.4, Weight: 2}, nil, 0.000625},
		{"inside", layers.Rate{Lower: 0.3, Upper: 0.6, Weight: 2}, nil, 0},
		// Rates 0.625 and 0.1875: 2 · (0.175² + 0.2125²)/2.
		{"weighted", layers.Rate{Lower: 0.4, Upper: 0.45, Weight: 2}, []float64{0.75, 0.25}, 0.07578125},
		// Padding: rates 0.75 and 0.
		{"padded", layers.Rate{Upper: 0.5, Weight: 2}, []float64{1, 0}, 0.0625},
		// Rate of the layer 0.4375: 2 · 0.0375².
		{"layer", layers.Rate{Upper: 0.4, Weight: 2, Layer: true}, nil, 0.0028125},
	} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			t.Run(c.name+"/"+dt.String(), func(t *testing.T) {
				g := G.NewGraph()
				b := layers.NewBuild(1)
				if c.weight != nil {
					b.SampleWeight = graphtest.Node(g, dt, "w", []int{2}, c.weight)
				}
				z := graphtest.Node(g, dt, "z", []int{4, 2, 2}, spikes)
				p, err := c.rate.Penalise(b, layers.Activity{Out: z, Spiking: true})
				require.NoError(t, err)
				require.Equal(t, "rate", p.Name)
				require.InDelta(t, c.want, graphtest.Eval(t, p.Node)[0][0], 1e-8)
			})
		}
	}
}

// Two steps of two samples of one neuron at the potentials −2, 0.5, 3 and 1.
func TestVoltageByHand(t *testing.T) {
	for _, c := range []struct {
		name    string
		voltage layers.Voltage
		weight  []float64
		want    float64
	}{
		// 3 · (1² + 0 + 2² + 0)/4
		{"both bounds", layers.Voltage{Lower: -1, Upper: 1, Weight: 3}, nil, 3.75},
		{"upper", layers.Voltage{Lower: -inf, Upper: 1, Weight: 3}, nil, 3},
		{"lower", layers.Voltage{Lower: -1, Upper: inf, Weight: 3}, nil, 0.75},
		// Sample 0 is at −2 and 3, sample 1 at 0.5 and 1.
		{"weighted", layers.Voltage{Lower: -1, Upper: 1, Weight: 3}, []float64{0.2, 0.8}, 1.5},
		{"padded", layers.Voltage{Lower: -1, Upper: 0.5, Weight: 3}, []float64{0, 1}, 0.375},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := G.NewGraph()
			b := layers.NewBuild(1)
			if c.weight != nil {
				b.SampleWeight = graphtest.Node(g, tensor.Float64, "w", []int{2}, c.weight)
			}
			v := graphtest.Node(g, tensor.Float64, "v", []int{2, 2, 1}, []float64{-2, 0.5, 3, 1})
			trace := func(string) (*G.Node, error) { return v, nil }
			p, err := c.voltage.Penalise(b, layers.Activity{Out: v, Trace: trace})
			require.NoError(t, err)
			require.Equal(t, "voltage", p.Name)
			require.InDelta(t, c.want, graphtest.Eval(t, p.Node)[0][0], 1e-12)
		})
	}
}

// The gradient of each regulariser, back through the neurons to their input,
// against finite differences.
func TestRegulariserGradients(t *testing.T) {
	p := neurons.DefaultLIFParams()
	p.Spike = surrogate.Smooth(surrogate.SuperSpike{Alpha: 2})
	shape := []int{6, 3, 4}
	x0 := graphtest.Random(72, 7)
	for i := range x0 {
		x0[i] = 3 + 4*x0[i]
	}
	for name, r := range map[string]layers.Regulariser{
		"rate":            layers.Rate{Lower: 0.05, Upper: 0.1, Weight: 100},
		"rate of layer":   layers.Rate{Upper: 0.01, Weight: 100, Layer: true},
		"voltage":         layers.Voltage{Lower: -0.1, Upper: 0.5, Weight: 10},
		"state by name":   layers.Voltage{Upper: 1, Weight: 1, State: "I"},
		"one of our own":  meanPotential{},
		"neurons at rest": layers.Voltage{Lower: -1e3, Upper: 1e3, Weight: 1},
	} {
		for kind, layer := range map[string]layers.Layer{
			"feed-forward": layers.Lift(neurons.LIFStep, p, layers.Regularise(r)),
			"recurrent":    layers.Recurrent(neurons.LIFStep, p, layers.Regularise(r)),
		} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				value := func(x []float64, grad bool) (float64, []float64) {
					g := G.NewGraph()
					xs := graphtest.Node(g, tensor.Float64, "x", shape, x)
					b := layers.NewBuild(1)
					b.SampleWeight = graphtest.Node(g, tensor.Float64, "w", []int{3}, []float64{0.5, 0.5, 0})
					_, err := layer.Apply(b, xs)
					require.NoError(t, err)
					cost := b.Penalties[0].Node
					if !grad {
						return graphtest.Eval(t, cost)[0][0], nil
					}
					ds, vs := graphtest.Grads(t, cost, []*G.Node{xs}, []*G.Node{cost})
					return vs[0][0], ds[0]
				}
				cost, d := value(x0, true)
				if name != "neurons at rest" {
					require.Greater(t, cost, 0.01, "the penalty is not at work")
				}
				graphtest.CheckDirection(t, func(x []float64) float64 { v, _ := value(x, false); return v }, x0, d, 1e-6)
			})
		}
	}
}

// meanPotential is a regulariser as a user would write one: the square of the
// mean potential after the last step.
type meanPotential struct{}

func (meanPotential) Penalise(b *layers.Build, a layers.Activity) (layers.Penalty, error) {
	v, err := a.Trace("V")
	if err != nil {
		return layers.Penalty{}, err
	}
	if v, err = readout.LastStep(v); err != nil {
		return layers.Penalty{}, err
	}
	if v, err = b.BatchMean(v); err != nil {
		return layers.Penalty{}, err
	}
	var g graph.Builder
	p := g.Square(g.Reduce(v, nil))
	return layers.Penalty{Name: b.Name("mean potential"), Node: p}, g.Err()
}

func TestRegulariserErrors(t *testing.T) {
	g := G.NewGraph()
	z := graphtest.Node(g, tensor.Float64, "z", []int{2, 1, 1}, []float64{0, 1})
	spiking := layers.Activity{Out: z, Spiking: true}
	for _, c := range []struct {
		r    layers.Regulariser
		want string
	}{
		{layers.Rate{Lower: nan}, "rate regulariser: bounds are NaN and 0, want 0 ≤ lower ≤ upper"},
		{layers.Rate{Upper: -1}, "rate regulariser: bounds are 0 and -1, want 0 ≤ lower ≤ upper"},
		{layers.Rate{Lower: inf, Upper: inf}, "rate regulariser: bounds are +Inf and +Inf, want 0 ≤ lower ≤ upper"},
		{layers.Rate{Weight: nan}, "rate regulariser: weight is NaN, want a finite number of at least 0"},
		{layers.Voltage{Upper: 1, Weight: inf}, "voltage regulariser: weight is +Inf, want a finite number of at least 0"},
		{layers.Voltage{Lower: -inf, Upper: inf}, "voltage regulariser: bounds are -Inf and +Inf, want lower < upper and one of them finite"},
		{layers.Voltage{Lower: nan}, "voltage regulariser: bounds are NaN and 0, want lower < upper and one of them finite"},
		{layers.Voltage{Upper: 1}, "voltage regulariser: the activity has no traces"},
	} {
		_, err := c.r.Penalise(layers.NewBuild(1), spiking)
		require.EqualError(t, err, c.want)
	}
	_, err := layers.Rate{}.Penalise(nil, layers.Activity{Spiking: true})
	require.ErrorContains(t, err, "the Build or x is nil")

	b := layers.NewBuild(1)
	_, err = lif(layers.Regularise(notScalar{})).Apply(b, input(tensor.Float32, 2, 2, 2))
	require.EqualError(t, err, `layers: neurons: the penalty "p" of layers_test.notScalar is no scalar`)
}

type notScalar struct{}

func (notScalar) Penalise(_ *layers.Build, a layers.Activity) (layers.Penalty, error) {
	return layers.Penalty{Name: "p", Node: a.Out}, nil
}
