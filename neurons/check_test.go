package neurons_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/neurons/neurontest"
	"github.com/spikegrad/spikegrad/neurons/presets"
)

func TestBadParameters(t *testing.T) {
	for want, change := range map[string]func(p *neurons.LIFParams){
		"neurons: LIF step: Dt is 0, want a positive number":                                                                                  func(p *neurons.LIFParams) { p.Dt = 0 },
		"neurons: LIF step: Dt is -0.001, want a positive number":                                                                             func(p *neurons.LIFParams) { p.Dt = -1e-3 },
		"neurons: LIF step: Dt is NaN, want a positive number":                                                                                func(p *neurons.LIFParams) { p.Dt = math.NaN() },
		"neurons: LIF step: Dt is +Inf, want a positive number":                                                                               func(p *neurons.LIFParams) { p.Dt = math.Inf(1) },
		"neurons: LIF step: VLeak is NaN, want a finite number":                                                                               func(p *neurons.LIFParams) { p.VLeak = graph.Const(math.NaN()) },
		"neurons: LIF step: VTh is +Inf, want a finite number":                                                                                func(p *neurons.LIFParams) { p.VTh = graph.Const(math.Inf(1)) },
		"neurons: LIF step: TauMemInv is 2000, want 0 ≤ TauMemInv < 2/Dt = 2000, or Euler's method is unstable (graph.Exponential is stable)": func(p *neurons.LIFParams) { p.TauMemInv = graph.Const(2000) },
		"neurons: LIF step: TauSynInv is -1, want 0 ≤ TauSynInv < 2/Dt = 2000, or Euler's method is unstable (graph.Exponential is stable)":   func(p *neurons.LIFParams) { p.TauSynInv = graph.Const(-1) },
		"neurons: LIF step: VTh is 0, want above VReset = 0":                                                                                  func(p *neurons.LIFParams) { p.VTh = graph.Const(0) },
		"neurons: LIF step: spike: the spike function is nil":                                                                                 func(p *neurons.LIFParams) { p.Spike = nil },
		"neurons: LIF step: reset: got method 7, want one of [reset_value reset_subtract reset_shift]":                                        func(p *neurons.LIFParams) { p.ResetMethod = 7 },
	} {
		p := neurons.DefaultLIFParams()
		change(&p)
		require.Equal(t, want, neurontest.StepError(t, neurons.LIFStep, p))
	}
}

// The exponential method is stable where Euler's is not.
func TestStiffParameters(t *testing.T) {
	p := neurons.DefaultLIFParams()
	p.TauMemInv, p.Integration = graph.Const(1e6), graph.Exponential
	require.NoError(t, neurons.Check(p))
	p.TauMemInv = graph.Const(-1)
	require.EqualError(t, neurons.Check(p), "TauMemInv is -1, want 0 or more")
}

// Where a spike is cut: at VPeak if it is given, and not below the threshold or the reset.
func TestBadPeaks(t *testing.T) {
	c := graph.Const
	node := graph.Learn(G.NewVector(G.NewGraph(), tensor.Float64, G.WithName("n"), G.WithShape(1))) // without a value
	each := func(x ...float64) graph.Param {
		return graph.Learn(graphtest.Node(G.NewGraph(), tensor.Float64, "each", []int{len(x)}, x))
	}
	for _, k := range []struct{ th, peak, reset, delta graph.Param }{
		{c(-50), c(0), c(-46), c(2)},                      // bursts
		{c(-50), c(-50), c(-60), c(0)},                    // no peak in effect
		{c(-50), graph.Param{}, c(-60), c(0)},             // none
		{c(-50), node, c(-46), c(2)},                      // learnt
		{node, c(0), c(-46), c(2)},                        //
		{node, graph.Param{}, c(-46), c(2)},               //
		{c(-1), c(0), c(-2), node},                        //
		{c(-50), c(math.Nextafter(-46, 0)), c(-46), c(2)}, // just above
	} {
		p := neurons.DefaultAdExBoxParams()
		p.VTh, p.VPeak, p.VReset, p.DeltaT = k.th, k.peak, k.reset, k.delta
		require.NoError(t, neurons.Check(p), "%v", k)
	}
	for want, k := range map[string]struct{ th, peak, reset, delta graph.Param }{
		"VPeak is -60, want VTh = -50 or above": {c(-50), c(-60), c(-70), c(2)},
		"VPeak is -46, want above VReset = -46": {c(-50), c(-46), c(-46), c(2)},
		"VPeak is 0, want above VReset = 1":     {node, c(0), c(1), c(2)},
		"VPeak is NaN, want a finite number":    {c(-50), c(math.NaN()), c(-46), c(2)},
		"VTh is -50, want above VReset = -46, or a VPeak above it, where a spike is cut in the place of VTh":                            {c(-50), graph.Param{}, c(-46), c(2)},
		"VPeak is 0, above VTh = -50, and DeltaT is 0, want a DeltaT above 0: without it nothing takes the potential from VTh to VPeak": {c(-50), c(0), c(-60), c(0)},
		"VPeak[1] is -60, want VTh = -50 or above":                                                                                         {c(-50), each(0, -60), c(-70), c(2)},
		"VPeak[2] is 0, want above VReset[2] = 1":                                                                                          {node, each(0, 0, 0), each(-9, -1, 1), c(2)},
		"VTh[1] is -50, want above VReset = -46, or a VPeak above it, where a spike is cut in the place of VTh":                            {each(-40, -50), graph.Param{}, c(-46), c(2)},
		"VPeak is 0, above VTh[0] = -50, and DeltaT is 0, want a DeltaT above 0: without it nothing takes the potential from VTh to VPeak": {each(-50, -50), c(0), c(-60), c(0)},
		"DeltaT[1] is 0, want above 0: the constant 0 leaves the exponential out, and a node divides by it":                                {c(-50), c(0), c(-60), each(1, 0)},
	} {
		p := neurons.DefaultAdExParams()
		p.VTh, p.VPeak, p.VReset, p.DeltaT = k.th, k.peak, k.reset, k.delta
		require.EqualError(t, neurons.Check(p), want)
	}
	p := neurons.DefaultLIFExParams()
	p.VPeak, p.VReset, p.ResetMethod = c(2), c(3), neurons.ResetShift
	require.NoError(t, neurons.Check(p), "a reset by subtraction has no value to lie below")
}

// Every model checks its parameters, those inside wrappers too.
func TestEveryModelChecks(t *testing.T) {
	for _, m := range models.All() {
		g := G.NewGraph()
		xs := graphtest.Node(g, tensor.Float64, "xs", []int{2, 1, 1}, make([]float64, 2))
		for _, w := range m.Weights() {
			require.NoError(t, m.Set(w, graphtest.Node(g, tensor.Float64, w, []int{1, 1}, []float64{1})))
		}
		for _, name := range m.Params() {
			bad := m.Clone()
			require.NoError(t, bad.Set(name, math.NaN()))
			_, err := bad.Lift(true, xs, nil)
			require.ErrorContains(t, err, "is NaN, want a finite number", "%s of %s", name, m.Name())
		}
		if _, err := m.Get("Dt"); err != nil {
			continue // a model without time
		}
		require.NoError(t, m.Set("Dt", -1.))
		_, err := m.Lift(true, xs, nil)
		require.ErrorContains(t, err, "Dt is -1, want a positive number", m.Name())
	}
}

// What holds for constants holds for the values that nodes have when the graph is built, for
// one of all neurons or for each, in a scan and unrolled, as constraints make them.
func TestEveryModelChecksNodes(t *testing.T) {
	for _, m := range models.All() {
		g := G.NewGraph()
		xs := graphtest.Node(g, tensor.Float64, "xs", []int{2, 1, 3}, make([]float64, 6))
		for _, w := range m.Weights() {
			require.NoError(t, m.Set(w, graphtest.Node(g, tensor.Float64, w, []int{3, 3}, make([]float64, 9))))
		}
		for _, name := range m.Params() {
			field := name[strings.LastIndex(name, ".")+1:]
			param, err := m.Get(name)
			require.NoError(t, err)
			good, ok := param.(*graph.Param).Value()
			require.True(t, ok)
			for _, c := range []struct {
				bad  float64
				want string
			}{{math.NaN(), "is NaN, want a finite number"}, {-50, "is -50, want 0"}} {
				inverse := strings.HasPrefix(field, "Tau") && strings.HasSuffix(field, "Inv")
				if _, err := m.Get("Dt"); c.bad == -50 && (!inverse || err != nil) {
					continue
				}
				for i, values := range [][]float64{{c.bad}, {good, good, c.bad}} {
					node := graphtest.Node(g, tensor.Float64, fmt.Sprint(name, c.bad, i), [][]int{{}, {3}}[i], values)
					bad := m.Clone()
					require.NoError(t, bad.Set(name, node))
					want := field + []string{"", "[2]"}[i] + " " + c.want
					for _, scan := range []bool{true, false} {
						_, err := bad.Lift(scan, xs, nil)
						require.ErrorContains(t, err, want, "%s of %s", name, m.Name())
					}
				}
			}
		}
	}
}

// The values are those that a constraint gives: of −50 in the exponent that of e⁻⁵⁰, of
// 700 one that Euler's method cannot take.
func TestConstrainedValuesAreChecked(t *testing.T) {
	g := G.NewGraph()
	node := func(x ...float64) *G.Node {
		return graphtest.Node(g, tensor.Float64, fmt.Sprint(x), []int{len(x)}, x)
	}
	p := neurons.DefaultLIFParams()
	p.TauMemInv = graph.LearnIn(node(-50, 5), graph.Exp)
	require.NoError(t, neurons.Check(p))
	p.TauMemInv = graph.LearnIn(node(-50, math.Log(3000)), graph.Softplus)
	require.NoError(t, neurons.Check(p))
	p.TauMemInv = graph.LearnIn(node(5, 8), graph.Exp)
	require.ErrorContains(t, neurons.Check(p), "TauMemInv[1] is 2980.95798704172")
	p.TauMemInv = graph.LearnIn(node(-3000), graph.Clip(0, 1000))
	require.NoError(t, neurons.Check(p))
	p.TauMemInv = graph.LearnIn(node(5), graph.Clip(-70, -60))
	require.ErrorContains(t, neurons.Check(p), "TauMemInv is -60, want 0")
	p = neurons.DefaultLIFParams()
	p.VTh, p.VReset = graph.Learn(node(1, 2, 3)), graph.Learn(node(0, 2.5, 2))
	require.EqualError(t, neurons.Check(p), "VTh[1] is 2, want above VReset[1] = 2.5")
	p.VReset = graph.Const(1)
	require.EqualError(t, neurons.Check(p), "VTh[0] is 1, want above VReset = 1")
	p.VTh = graph.Learn(G.NewVector(g, tensor.Float64, G.WithName("later"), G.WithShape(3))) // values to come
	require.NoError(t, neurons.Check(p))
}

// A threshold below the reset is sound where a spike subtracts.
func TestThresholdBelowReset(t *testing.T) {
	p := neurons.DefaultLIFParams()
	p.VReset, p.ResetMethod = graph.Const(2), neurons.ResetSubtract
	require.NoError(t, neurons.Check(p))
	require.EqualError(t, neurons.Check(3), "parameters are a int, want a struct")
}

// Models that need matrices refuse to go without.
func TestMissingMatrices(t *testing.T) {
	require.Equal(t, "neurons: CobaLIF recurrent step: the weights W are nil",
		neurontest.StepError(t, neurons.CobaRecurrentStep, neurons.CobaRecurrentParams{Inner: neurons.DefaultCobaLIFParams()}))
	require.Equal(t, "neurons: LIFMCRefrac step: the conductances Coupling are nil",
		neurontest.StepError(t, neurons.LIFMCRefracStep, neurons.DefaultLIFMCRefracParams()))
}

func TestNumbersOfOtherModels(t *testing.T) {
	ex := neurons.DefaultLIFExParams()
	ex.DeltaT = graph.Const(-1)
	require.Equal(t, "neurons: LIFEx step: DeltaT is -1, want 0 or more", neurontest.StepError(t, neurons.LIFExStep, ex))
	iz := presets.TonicSpiking.Params()
	iz.U0 = math.NaN()
	require.Equal(t, "neurons: Izhikevich step: U0 is NaN, want a finite number", neurontest.StepError(t, neurons.IzhikevichStep, iz))
}

func TestShapeErrors(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float32, "x", []int{2, 3}, make([]float64, 6))
	v := graphtest.Node(g, tensor.Float32, "v", []int{2, 4}, make([]float64, 8))
	_, _, err := neurons.LIFStep(x, neurons.LIFState{V: v, I: x}, neurons.DefaultLIFParams())
	require.EqualError(t, err, "neurons: LIF step: x has shape [2 3], state V has [2 4]")
	_, _, err = neurons.LIFStep(x, neurons.LIFState{V: x}, neurons.DefaultLIFParams())
	require.EqualError(t, err, "neurons: LIF step: state I is nil")
	_, _, err = neurons.LIFStep(nil, neurons.LIFState{}, neurons.DefaultLIFParams())
	require.EqualError(t, err, "neurons: LIF step: x is nil")
	p := neurons.DefaultLIFParams()
	p.VTh = graph.Learn(graphtest.Node(g, tensor.Float32, "th", []int{2, 4}, slices.Repeat([]float64{1}, 8)))
	_, _, err = neurons.LIFStep(x, neurons.LIFState{V: x, I: x}, p)
	require.EqualError(t, err, "neurons: LIF step: parameter th has shape [2 4], which does not broadcast to [2 3]")
}

func TestNames(t *testing.T) {
	var r neurons.Reset
	require.NoError(t, r.UnmarshalText([]byte("reset_subtract")))
	require.Equal(t, neurons.ResetSubtract, r)
	require.EqualError(t, r.UnmarshalText([]byte("subtract")),
		`neurons: reset: got method "subtract", want one of [reset_value reset_subtract reset_shift]`)
	require.Equal(t, "Reset(9)", neurons.Reset(9).String())
	text, err := neurons.ResetShift.MarshalText()
	require.NoError(t, err)
	require.Equal(t, "reset_shift", string(text))
	_, err = neurons.Reset(-1).MarshalText()
	require.EqualError(t, err, "neurons: reset: got method -1, want one of [reset_value reset_subtract reset_shift]")

	require.Len(t, presets.Behaviours(), 20)
	for _, k := range presets.Behaviours() {
		var got presets.Behaviour
		require.NoError(t, got.UnmarshalText([]byte(k.String())))
		require.Equal(t, k, got)
	}
	var k presets.Behaviour
	require.ErrorContains(t, k.UnmarshalText([]byte("dancing")), `presets: behaviour: got "dancing", want one of [tonic_spiking phasic_spiking`)
	require.Equal(t, "Behaviour(20)", presets.Behaviour(20).String())
}
