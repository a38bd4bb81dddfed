package plasticity_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/neurons/neurontest"
	"github.com/spikegrad/spikegrad/plasticity"
	"github.com/spikegrad/spikegrad/surrogate"
)

// Scanning a step is unrolling it.
func TestScan(t *testing.T) {
	t.Run("stp", func(t *testing.T) {
		neurontest.Test(t, models.Of("stp", plasticity.STPStep, plasticity.DefaultSTPParams()))
	})
	t.Run("correlated", func(t *testing.T) {
		p := plasticity.CorrelatedParams[neurons.LIFState, neurons.LIFParams]{
			InputCorrelation: plasticity.DefaultCorrelationParams(), RecurrentCorrelation: plasticity.DefaultCorrelationParams(),
		}
		p.Neurons.Inner = neurons.DefaultLIFParams()
		p.Neurons.Inner.Spike = surrogate.SuperSpike{Alpha: 10}
		neurontest.Test(t, models.Of("correlated", plasticity.Correlated(neurons.LIFStep), p))
	})
}

// lively returns neurons that fire, and synapses that change by a lot.
func lively(rule plasticity.STDPParams) (neurons.LIFParams, plasticity.STDPParams) {
	n := neurons.DefaultLIFParams()
	n.VTh = graph.Const(0.3)
	n.Spike = surrogate.SuperSpike{Alpha: 10}
	rule.APre, rule.APost = graph.Const(20), graph.Const(30)
	rule.EtaPlus, rule.EtaMinus = graph.Const(0.2), graph.Const(0.3)
	rule.Algorithm = plasticity.MultiplicativeRelu
	return n, rule
}

// A network that learns while it runs does the same scanned and unrolled, from
// rest, with gradients through the learning.
func TestPlasticScan(t *testing.T) {
	for name, c := range map[string]struct {
		in, out, w []int
		conv       connect.Conv
	}{
		"dense":  {in: []int{5}, out: []int{3}, w: []int{5, 3}},
		"kernel": {in: []int{2, 5, 4}, out: []int{3, 3, 2}, w: []int{3, 2, 3, 3}, conv: connect.Conv{Stride: 2, Pad: 1}},
	} {
		for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 1e-4} {
			t.Run(name+"/"+dt.String(), func(t *testing.T) {
				run := func(scan bool) ([][]float64, [][]float64) {
					g := G.NewGraph()
					shape := append([]int{8, 2}, c.in...)
					size := tensor.Shape(shape).TotalSize()
					x := graphtest.Random(size, 1)
					for i := range x {
						x[i] = float64(int(x[i]+1.5) / 2) // few spikes
					}
					xs := graphtest.Node(g, dt, "xs", shape, x)
					w := graphtest.Random(tensor.Shape(c.w).TotalSize(), 2)
					for i := range w {
						w[i] = 0.5 + 0.1*w[i]
					}
					weights := graphtest.Node(g, dt, "w", c.w, w)
					eta := graphtest.Node(g, dt, "eta", nil, []float64{0.2})
					n, rule := lively(plasticity.DefaultSTDPParams())
					rule.W, rule.EtaPlus, rule.Conv = graph.Learn(weights), graph.Learn(eta), c.conv
					p := plasticity.NewPlasticParams(neurons.LIFStep, n, rule, c.out...)
					l, err := models.Of("plastic", plasticity.PlasticStep, p).Lift(scan, xs, nil)
					require.NoError(t, err)
					trace, err := l.Trace("Synapses.W")
					require.NoError(t, err)
					out := []*G.Node{l.Out, trace}
					loss := graphtest.Loss(t, out, [][]float64{
						graphtest.Random(l.Out.Shape().TotalSize(), 3), graphtest.Random(trace.Shape().TotalSize(), 4),
					})
					return graphtest.Grads(t, loss, []*G.Node{xs, weights, eta}, out)
				}
				grads, values := run(true)
				wantGrads, want := run(false)
				require.Equal(t, want[0], values[0])
				require.NotZero(t, sum(want[0]), "no neuron fires")
				graphtest.Close(t, "weights", want[1], values[1], tol)
				for i, name := range []string{"x", "w", "eta"} {
					require.NotZero(t, sum(wantGrads[i]), name)
					graphtest.Close(t, "gradient of "+name, wantGrads[i], grads[i], tol)
				}
			})
		}
	}
}

func sum(x []float64) (s float64) {
	for _, v := range x {
		s += math.Abs(v)
	}
	return s
}

// traceOf returns how a state of a rule changes with its input xs.
func traceOf[S any, R plasticity.Rule[S]](rule R, pre, post []int, state string) graphtest.Fn {
	return func(xs *G.Node) (*G.Node, error) {
		run, err := graph.Scan(plasticity.RuleStep, xs, nil, plasticity.NewRuleParams(rule, pre, post))
		if err != nil {
			return nil, err
		}
		return run.Trace(state)
	}
}

func TestGradients(t *testing.T) {
	_, smooth := lively(plasticity.DefaultSTDPParams())
	smooth.Algorithm, smooth.HardBound = plasticity.Additive, false
	pow := smooth
	pow.EtaPlus, pow.EtaMinus = graph.Const(1e-3), graph.Const(1e-3) // so that no bound is reached
	pow.Algorithm, pow.Mu = plasticity.MultiplicativePow, 0.7
	_, neuron := lively(plasticity.DefaultSTDPParams())
	for name, c := range map[string]struct {
		f     graphtest.Fn
		shape tensor.Shape
	}{
		"additive":    {traceOf(smooth, []int{3}, []int{2}, "W"), tensor.Shape{4, 2, 5}},
		"power":       {traceOf(pow, []int{3}, []int{2}, "W"), tensor.Shape{4, 2, 5}},
		"sensor":      {traceOf(plasticity.DefaultSTDPSensorParams(), []int{3}, []int{2}, "APost"), tensor.Shape{4, 2, 5}},
		"correlation": {traceOf(plasticity.DefaultCorrelationParams(), []int{3}, []int{2}, "AntiCorrelationTrace"), tensor.Shape{4, 2, 5}},
		"stp": {func(xs *G.Node) (*G.Node, error) {
			run, err := graph.Scan(plasticity.STPStep, xs, nil, plasticity.DefaultSTPParams())
			return run.Out, err
		}, tensor.Shape{4, 2, 3}},
		"kernel": {func(xs *G.Node) (*G.Node, error) {
			kernel := smooth
			kernel.W = graph.Learn(graphtest.Node(xs.Graph(), tensor.Float64, "w", []int{2, 1, 2, 2}, graphtest.Random(8, 2)))
			kernel.Conv = connect.Conv{Dilation: 2, Pad: 1}
			return traceOf(kernel, []int{1, 3, 4}, []int{2, 3, 4}, "W")(xs)
		}, tensor.Shape{3, 2, 12 + 24}},
		// Leaky integrators have no threshold: what they learn is smooth.
		"learning": {func(xs *G.Node) (*G.Node, error) {
			p := plasticity.NewPlasticParams(neurons.LIStep, neurons.DefaultLIParams(), neuron, 2)
			run, err := graph.Scan(plasticity.PlasticStep, xs, nil, p)
			return run.Out, err
		}, tensor.Shape{5, 2, 3}},
		"join": {func(x *G.Node) (*G.Node, error) {
			parts, err := plasticity.Split(x, 1, 3, 2)
			if err != nil {
				return nil, err
			}
			return plasticity.Join(parts[2], parts[0], x, parts[0])
		}, tensor.Shape{2, 3, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			graphtest.CheckGrad(t, c.f, c.shape, graphtest.Random(c.shape.TotalSize(), 1))
		})
	}
}

// One spike before a synapse and one behind it, at all distances: the weight moves
// by η (1 − dt/τ)^distance, up or down, or by η exp(−distance dt/τ).
func TestWindow(t *testing.T) {
	t.Run("euler", func(t *testing.T) { window(t, graph.Euler, 10, 1-0.1, 50, 1-0.02) })
	t.Run("exponential", func(t *testing.T) {
		pre, post := math.Exp(-0.1), math.Exp(-0.02)
		window(t, graph.Exponential, 1/(1-pre), pre, 1/(1-post), post)
	})
}

// window tests with the traces that a spike raises to 1, and what is left of them
// after a step.
func window(t *testing.T, how graph.Integration, aPre, leftPre, aPost, leftPost float64) {
	p := plasticity.DefaultSTDPParams()
	p.Integration = how
	p.TauPreInv, p.TauPostInv = graph.Const(100), graph.Const(20)
	p.APre, p.APost = graph.Const(aPre), graph.Const(aPost)
	p.EtaPlus, p.EtaMinus = graph.Const(0.01), graph.Const(0.02)
	const steps, mid = 81, 40
	// Synapse i of the diagonal sees the spike before it in step mid, that behind it
	// in step i.
	pre, post := make([]float64, steps*steps), make([]float64, steps*steps)
	for i := range steps {
		pre[mid*steps+i], post[i*steps+i] = 1, 1
	}
	g := G.NewGraph()
	node := func(name string, x []float64) *G.Node {
		return graphtest.Node(g, tensor.Float64, name, []int{steps, 1, steps}, x)
	}
	xs, err := plasticity.Join(node("pre", pre), node("post", post))
	require.NoError(t, err)
	run, err := graph.Scan(plasticity.RuleStep, xs, nil, plasticity.NewRuleParams(p, []int{steps}, []int{steps}))
	require.NoError(t, err)
	final, err := run.Final()
	require.NoError(t, err)
	w := graphtest.Eval(t, final.W)[0]
	for i := range steps {
		lag, want := i-mid, 0.0
		if lag >= 0 {
			want = 0.01 * math.Pow(leftPre, float64(lag))
		}
		if lag <= 0 { // both at once do both
			want -= 0.02 * math.Pow(leftPost, float64(-lag))
		}
		require.InDelta(t, want, w[i*steps+i]-0.5, 1e-12, "lag %d", lag)
	}
}

// A spike on either side of a synapse leaves traces that decay, by Euler's method or
// exactly; that of the anti-correlation only after a spike behind the synapse.
func TestTracesDecay(t *testing.T) {
	for how, left := range map[graph.Integration]func(x float64) float64{
		graph.Euler:       func(x float64) float64 { return 1 - x },
		graph.Exponential: func(x float64) float64 { return math.Exp(-x) },
	} {
		g := G.NewGraph()
		node := func(name string, x ...float64) *G.Node {
			return graphtest.Node(g, tensor.Float64, name, []int{6, 1, 1}, x)
		}
		xs, err := plasticity.Join(node("pre", 1, 0, 0, 0, 0, 0), node("post", 0, 0, 0, 1, 0, 0))
		require.NoError(t, err)
		p := plasticity.STDPSensorParams{EtaP: graph.Const(2), EtaM: graph.Const(3), TauCInv: graph.Const(100), Dt: 1e-3, Integration: how}
		run, err := graph.Scan(plasticity.RuleStep, xs, nil, plasticity.NewRuleParams(p, []int{1}, []int{1}))
		require.NoError(t, err)
		sensor, err := run.Final()
		require.NoError(t, err)
		q := plasticity.CorrelationParams{
			EtaP: graph.Const(2), EtaM: graph.Const(3), TauCInv: graph.Const(100), TauACInv: graph.Const(30), Dt: 1e-3, Integration: how,
		}
		run2, err := graph.Scan(plasticity.RuleStep, xs, nil, plasticity.NewRuleParams(q, []int{1}, []int{1}))
		require.NoError(t, err)
		correlation, err := run2.Final()
		require.NoError(t, err)
		vs := graphtest.Eval(t, sensor.APre, sensor.APost, correlation.CorrelationTrace, correlation.AntiCorrelationTrace)
		for i, want := range []float64{
			2 * math.Pow(left(0.1), 5), 3 * math.Pow(left(0.1), 2), 2 * math.Pow(left(0.1), 3), 3 * math.Pow(left(0.03), 2),
		} {
			require.InEpsilon(t, want, vs[i][0], 1e-13, "%v, trace %d", how, i)
		}
	}
}

// finalWeights returns what a rule makes of random spikes.
func finalWeights(t *testing.T, p plasticity.STDPParams) []float64 {
	t.Helper()
	z := graphtest.Random(60*2*7, 5)
	for i := range z {
		z[i] = float64(int(z[i]+2) / 2)
	}
	xs := graphtest.Node(G.NewGraph(), tensor.Float64, "xs", []int{60, 2, 7}, z)
	run, err := graph.Scan(plasticity.RuleStep, xs, nil, plasticity.NewRuleParams(p, []int{4}, []int{3}))
	require.NoError(t, err)
	final, err := run.Final()
	require.NoError(t, err)
	return graphtest.Eval(t, final.W)[0]
}

// The algorithms are each other's special cases.
func TestAlgorithms(t *testing.T) {
	p := plasticity.DefaultSTDPParams()
	p.EtaPlus, p.EtaMinus = graph.Const(0.1), graph.Const(0.2)
	p.WMin, p.WMax = -1, 2
	with := func(a plasticity.Algorithm, mu float64) []float64 {
		p := p
		p.Algorithm, p.Mu = a, mu
		return finalWeights(t, p)
	}
	require.NotEqual(t, with(plasticity.Additive, 0), with(plasticity.MultiplicativeRelu, 0))
	graphtest.Close(t, "power 0", with(plasticity.Additive, 0), with(plasticity.MultiplicativePow, 0), 1e-12)
	graphtest.Close(t, "power 1", with(plasticity.MultiplicativeRelu, 0), with(plasticity.MultiplicativePow, 1), 1e-12)
	p.WMin, p.WMax = -100, 100 // away from its bounds, a step does nothing
	require.Equal(t, with(plasticity.Additive, 0), with(plasticity.AdditiveStep, 0))
	p.WMin, p.WMax = 0.5, 0.5
	require.Equal(t, []float64{0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5}, with(plasticity.Additive, 0))
	p.HardBound = false // at their bounds, they do not move without it either
	require.Equal(t, with(plasticity.MultiplicativeRelu, 0), with(plasticity.AdditiveStep, 0))
	require.NotEqual(t, with(plasticity.Additive, 0), with(plasticity.AdditiveStep, 0))
}

// A train of period n steps ends in the fixed point of the map from spike to spike:
// with a = 1 − dt/τ_f and r = 1 − dt/τ_d, or their exponentials, u = U / (1 − aⁿ + U aⁿ⁻¹), and what is
// there before a spike is x = (1 − rⁿ) / (1 − rⁿ + u rⁿ⁻¹).
func TestSTPFixedPoint(t *testing.T) {
	t.Run("euler", func(t *testing.T) { fixedPoint(t, graph.Euler, 1-4e-3, 1-10e-3) })
	t.Run("exponential", func(t *testing.T) { fixedPoint(t, graph.Exponential, math.Exp(-4e-3), math.Exp(-10e-3)) })
}

func fixedPoint(t *testing.T, how graph.Integration, a, r float64) {
	p := plasticity.STPParams{TauFInv: graph.Const(4), TauDInv: graph.Const(10), U: graph.Const(0.2), Dt: 1e-3, Integration: how}
	const period = 30
	z := make([]float64, 200*period+1)
	for i := 0; i < len(z); i += period {
		z[i] = 1
	}
	xs := graphtest.Node(G.NewGraph(), tensor.Float64, "xs", []int{len(z), 1, 1}, z)
	run, err := graph.Scan(plasticity.STPStep, xs, nil, p)
	require.NoError(t, err)
	y := graphtest.Eval(t, run.Out)[0]
	u := 0.2 / (1 - math.Pow(a, period) + 0.2*math.Pow(a, period-1))
	x := (1 - math.Pow(r, period)) / (1 - math.Pow(r, period) + u*math.Pow(r, period-1))
	require.InDelta(t, 0.2, y[0], 1e-15)
	require.InDelta(t, u*x, y[len(y)-1], 1e-12)
}

// An update adds to the weights, and its gradient stops there.
func TestCorrelationUpdateGradient(t *testing.T) {
	g := G.NewGraph()
	node := func(name string, shape ...int) *G.Node {
		return graphtest.Node(g, tensor.Float64, name, shape, graphtest.Random(tensor.Shape(shape).TotalSize(), 1))
	}
	u := plasticity.CorrelationUpdate{Map: node("map", 12, 6), LearningRate: 0.1, Every: 1}
	w, c := node("w", 2, 3), node("c", 1, 2, 3)
	next, _, err := u.Apply(0, w, plasticity.CorrelationState{PostPre: node("o", 1, 2, 3), CorrelationTrace: c, AntiCorrelationTrace: c})
	require.NoError(t, err)
	weights := graphtest.Random(6, 2)
	grads, _ := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{next}, [][]float64{weights}), []*G.Node{w, c, u.Map}, []*G.Node{next})
	require.Equal(t, weights, grads[0])
	require.Zero(t, sum(grads[1]))
	require.Zero(t, sum(grads[2]))
}

func TestAlgorithmText(t *testing.T) {
	for _, a := range []plasticity.Algorithm{
		plasticity.Additive, plasticity.AdditiveStep, plasticity.MultiplicativePow, plasticity.MultiplicativeRelu,
	} {
		text, err := a.MarshalText()
		require.NoError(t, err)
		require.Equal(t, a.String(), string(text))
		var b plasticity.Algorithm
		require.NoError(t, b.UnmarshalText(text))
		require.Equal(t, a, b)
	}
	var a plasticity.Algorithm
	const names = "[additive additive_step multiplicative_pow multiplicative_relu]"
	require.EqualError(t, a.UnmarshalText([]byte("hebb")), `plasticity: got algorithm "hebb", want one of `+names)
	_, err := plasticity.Algorithm(7).MarshalText()
	require.EqualError(t, err, "plasticity: got algorithm 7, want one of "+names)
	require.Equal(t, "Algorithm(7)", plasticity.Algorithm(7).String())
}
