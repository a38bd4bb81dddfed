package plasticity_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/plasticity"
)

// input returns an input of a fresh name on g.
func input(g *G.ExprGraph, dt tensor.Dtype, shape ...int) *G.Node {
	name := string(rune('a' + len(g.AllNodes())))
	return G.NewTensor(g, dt, len(shape), G.WithShape(shape...), G.WithName(name))
}

func TestErrors(t *testing.T) {
	g := G.NewGraph()
	f := func(shape ...int) *G.Node { return input(g, tensor.Float32, shape...) }
	stdp := func(change func(p *plasticity.STDPParams)) plasticity.STDPParams {
		p := plasticity.DefaultSTDPParams()
		change(&p)
		return p
	}
	same := stdp(func(*plasticity.STDPParams) {})
	update := func(p plasticity.STDPParams, pre, post *G.Node, s plasticity.STDPState) error {
		_, err := p.Update(pre, post, s)
		return err
	}
	good := plasticity.STDPState{W: f(4, 3), TPre: f(2, 4), TPost: f(2, 3)}
	without := func(change func(s *plasticity.STDPState)) plasticity.STDPState {
		s := good
		change(&s)
		return s
	}
	rest := func(p plasticity.STDPParams, pre, post *G.Node) error {
		_, err := p.Rest(pre, post)
		return err
	}
	ruleStep := func(x *G.Node, pre, post []int) error {
		_, _, err := plasticity.RuleStep(x, good, plasticity.NewRuleParams(same, pre, post))
		return err
	}
	correlated := func(p plasticity.CorrelatedParams[neurons.LIFState, neurons.LIFParams]) error {
		_, _, err := plasticity.Correlated(neurons.LIFStep)(f(1, 2), plasticity.CorrelatedState[neurons.LIFState]{}, p)
		return err
	}
	plastic := func(x *G.Node, step graph.Step[neurons.LIFState, neurons.LIFParams], shape ...int) error {
		_, err := graph.Scan(plasticity.PlasticStep, x, nil, plasticity.NewPlasticParams(step, neurons.DefaultLIFParams(), same, shape...))
		return err
	}
	sensors := plasticity.CorrelationState{PostPre: f(1, 4, 3), CorrelationTrace: f(1, 4, 3), AntiCorrelationTrace: f(1, 4, 3)}
	apply := func(u plasticity.CorrelationUpdate, t int, w *G.Node, s plasticity.CorrelationState) error {
		_, _, err := u.Apply(t, w, s)
		return err
	}
	join := func(xs ...*G.Node) error { _, err := plasticity.Join(xs...); return err }
	split := func(x *G.Node, sizes ...int) error { _, err := plasticity.Split(x, sizes...); return err }
	stp := func(x *G.Node, p plasticity.STPParams) error {
		_, _, err := plasticity.STPStep(x, plasticity.STPState{U: f(2, 4), X: f(2, 4)}, p)
		return err
	}
	for _, c := range []struct {
		got  error
		want string
	}{
		{join(), "plasticity: join: no inputs"},
		{join(f(2, 3), nil), "plasticity: join: input 1 is nil"},
		{join(f(2, 3), input(g, tensor.Int, 2, 3)), "plasticity: join: input 1 has elements of type int, want float32 or float64"},
		{join(f(2, 3), f(3, 3)), "plasticity: join: inputs 0 and 1 have shapes [2 3] and [3 3], which differ before the last axis"},
		{join(f(2, 3), input(g, tensor.Float64, 2, 3)), "plasticity: join: join[3 3]: inputs have elements of type float32 and float64"},
		{split(nil, 1), "plasticity: split: x is nil"},
		{split(f(2, 3), 1, 1), "plasticity: split: x has shape [2 3], its last axis does not fall into parts of [1 1]"},
		{split(f(2, 3), 4, -1), "plasticity: split: x has shape [2 3], its last axis does not fall into parts of [4 -1]"},
		{split(f(2, 3), 2, math.MaxInt), "plasticity: split: x has shape [2 3], its last axis does not fall into parts of [2 9223372036854775807]"},

		{update(same, nil, f(2, 3), good), "plasticity: STDP: z_pre is nil"},
		{update(same, f(2, 4), f(2), good), "plasticity: STDP: z_post has shape [2], want at least 2 axes and none of length 0"},
		{update(same, f(2, 4), input(g, tensor.Float64, 2, 3), good), "plasticity: STDP: z_pre has elements of type float32, z_post of float64"},
		{update(same, f(2, 4), f(2, 3), plasticity.STDPState{}), "plasticity: STDP: state W is nil"},
		{update(same, f(2, 4), f(2, 3), without(func(s *plasticity.STDPState) { s.TPre = nil })), "plasticity: STDP: state TPre is nil"},
		{update(same, f(2, 4), f(2, 3), without(func(s *plasticity.STDPState) { s.TPost = f(2, 4) })),
			"plasticity: STDP: z_post has shape [2 3], state TPost has [2 4]"},
		{update(same, f(2, 4), f(2, 3), without(func(s *plasticity.STDPState) { s.W = f(3, 4) })),
			"plasticity: STDP: z_pre has shape [2 4], the weights [3 4], want [batch n_pre] and [n_pre n_post], or [batch in h w] and [out in kh kw]"},
		{update(same, f(2, 4), f(2, 3), without(func(s *plasticity.STDPState) { s.W = f(4, 4) })),
			"plasticity: STDP: z_post has shape [2 3], want [2 4] for z_pre of shape [2 4] and weights of shape [4 4]"},
		{update(same, f(2, 1, 5, 5), f(2, 2, 4, 3), plasticity.STDPState{W: f(2, 1, 3, 3), TPre: f(2, 1, 5, 5), TPost: f(2, 2, 4, 3)}),
			"plasticity: STDP: z_post has shape [2 2 4 3], want [2 2 3 3] for z_pre of shape [2 1 5 5] and weights of shape [2 1 3 3]"},
		{update(stdp(func(p *plasticity.STDPParams) { p.Conv.Stride = -1 }), f(2, 1, 5, 5), f(2, 2, 4, 3),
			plasticity.STDPState{W: f(2, 1, 3, 3), TPre: f(2, 1, 5, 5), TPost: f(2, 2, 4, 3)}),
			"plasticity: STDP: stride -1, padding 0 and dilation 1, want them from 1, 0 and 1 to 1048576"},
		{update(stdp(func(p *plasticity.STDPParams) { p.WMin = 2 }), f(2, 4), f(2, 3), good), "plasticity: STDP: the bounds WMin and WMax are 2 and 1, want the lower one first"},
		{update(stdp(func(p *plasticity.STDPParams) { p.Mu = -1 }), f(2, 4), f(2, 3), good), "plasticity: STDP: the exponent Mu is -1, want 0 or more"},
		{update(stdp(func(p *plasticity.STDPParams) { p.Dt = math.NaN() }), f(2, 4), f(2, 3), good), "plasticity: STDP: Dt is NaN, want a positive number"},
		{update(stdp(func(p *plasticity.STDPParams) { p.TauPreInv = graph.Const(3000) }), f(2, 4), f(2, 3), good),
			"plasticity: STDP: TauPreInv is 3000, want 0 ≤ TauPreInv < 2/Dt = 2000, or Euler's method is unstable (graph.Exponential is stable)"},
		{update(stdp(func(p *plasticity.STDPParams) { p.Algorithm = 9 }), f(2, 4), f(2, 3), good),
			"plasticity: STDP: got algorithm 9, want one of [additive additive_step multiplicative_pow multiplicative_relu]"},
		{rest(same, f(2, 1, 5, 5), f(2, 2, 3, 3)), "plasticity: STDP: the weights W are 0.5, want a node of the shape of the kernel, [out in kh kw]"},
		{rest(same, f(2, 4), f(3, 3)), "plasticity: STDP: z_pre has shape [2 4], z_post [3 3], want the same batch first"},

		{ruleStep(nil, []int{4}, []int{3}), "plasticity: rule step: x is nil"},
		{ruleStep(f(2, 8), []int{4}, []int{3}), "plasticity: rule step: x has shape [2 8], want [batch 7] for [4] before the synapses and [3] behind them"},
		{ruleStep(f(2, 7), nil, []int{3}), "plasticity: rule step: the input before the synapses has shape [], want at least one axis and none of length 0"},
		{ruleStep(f(2, 7), []int{4}, []int{-3}), "plasticity: rule step: the input behind the synapses has shape [-3], want at least one axis and none of length 0"},

		{correlated(plasticity.CorrelatedParams[neurons.LIFState, neurons.LIFParams]{}), "plasticity: correlated step: the input weights WIn are nil"},
		{plastic(f(5, 2, 4), nil, 3), "graph: scan: plasticity: plastic step: the step of the neurons is nil"},
		{plastic(f(5, 2, 4), neurons.LIFStep), "graph: scan: rest: the neurons have shape [], want at least one axis and none of length 0"},

		{apply(plasticity.CorrelationUpdate{Every: 1}, -1, f(4, 3), sensors), "plasticity: correlation update: step -1, want 0 or more"},
		{apply(plasticity.CorrelationUpdate{}, 0, f(4, 3), sensors), "plasticity: correlation update: an update every 0 steps, want at least 1"},
		{apply(plasticity.CorrelationUpdate{Every: 2}, 1, f(4, 3), sensors), "plasticity: correlation update: Map is nil"},
		{apply(plasticity.CorrelationUpdate{Every: 2, Map: f(12, 12)}, 1, f(4, 3), sensors),
			"plasticity: correlation update: Map has shape [12 12], want [24 12] for weights of shape [4 3]"},
		{apply(plasticity.CorrelationUpdate{Every: 2, Map: f(24, 12)}, 1, f(3, 4), sensors),
			"plasticity: correlation update: CorrelationTrace has shape [1 4 3], want [1 3 4] for weights of shape [3 4]"},

		{stp(f(2, 3), plasticity.DefaultSTPParams()), "plasticity: STP: x has shape [2 3], state U has [2 4]"},
		{stp(f(2, 4), plasticity.STPParams{Dt: -1}), "plasticity: STP: Dt is -1, want a positive number"},
	} {
		require.EqualError(t, c.got, c.want)
	}
	_, err := plasticity.DefaultCorrelationParams().Update(f(2, 1, 4), f(2, 3), sensors)
	require.EqualError(t, err, "plasticity: correlation sensor: z_pre has shape [2 1 4], z_post [2 3], want [batch n_pre] and [batch n_post]")
	_, err = plasticity.DefaultCorrelationParams().Update(f(2, 4), f(2, 3), sensors)
	require.EqualError(t, err, "plasticity: correlation sensor: the grid of z_pre and z_post has shape [2 4 3], state PostPre has [1 4 3]")
	_, err = plasticity.DefaultSTDPSensorParams().Update(f(2, 4), f(2, 3), plasticity.STDPSensorState{APre: f(2, 4)})
	require.EqualError(t, err, "plasticity: STDP sensor: state APost is nil")
	_, err = same.Current(nil, good)
	require.ErrorContains(t, err, "plasticity: STDP: matmul")
}
