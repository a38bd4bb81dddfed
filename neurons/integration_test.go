package neurons_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/surrogate"
)

// integrated returns the named state of one neuron after the inputs xs, with the
// parameters given by name; "v0" is the state v to start from. Parameters are
// learnt, which takes them through the nodes that constants do without.
func integrated(t *testing.T, model string, how graph.Integration, dt float64, xs []float64, state string, params map[string]float64) float64 {
	t.Helper()
	m, err := models.Named(model)
	require.NoError(t, err)
	g := G.NewGraph()
	node := func(name string, x float64) *G.Node {
		return graphtest.Node(g, tensor.Float64, name, []int{1, 1}, []float64{x})
	}
	require.NoError(t, m.Set("Integration", how.String()))
	require.NoError(t, m.Set("Dt", dt))
	for _, w := range m.Weights() {
		require.NoError(t, m.Set(w, node(w, 0)))
	}
	x := graphtest.Node(g, tensor.Float64, "xs", []int{len(xs), 1, 1}, xs)
	states, err := m.Rest(node("like", 0))
	require.NoError(t, err)
	for name, v := range params {
		if short, ok := strings.CutSuffix(name, "0"); ok {
			for s := range states {
				if s == short || strings.HasSuffix(s, "."+short) {
					states[s] = node(name, v)
				}
			}
			continue
		}
		require.NoError(t, m.Set(name, graphtest.Node(g, tensor.Float64, name, nil, []float64{v})))
	}
	l, err := m.Lift(true, x, states)
	require.NoError(t, err)
	for s, n := range l.Final {
		if s == state || strings.HasSuffix(s, "."+state) {
			return graphtest.Eval(t, n)[0][0]
		}
	}
	t.Fatalf("no state %s", state)
	return 0
}

// psp is the response at time t of a membrane with rate a to a current that
// jumps to 1 at time 0 and decays with rate b.
func psp(t, a, b float64) float64 {
	if a == b {
		return a * t * math.Exp(-a*t) // the alpha function
	}
	return a / (a - b) * (math.Exp(-b*t) - math.Exp(-a*t))
}

// solution returns s at time t of ds/dt = m s + b, from the exponential of the matrix
// ((m, b), (0, 0)) t.
func solution(t float64, m [][]float64, b, s []float64) []float64 {
	n := len(s)
	a, from := mat.NewDense(n+1, n+1, nil), mat.NewVecDense(n+1, append(slices.Clone(s), 1))
	for i := range m {
		a.SetRow(i, append(slices.Clone(m[i]), b[i]))
	}
	var e mat.Dense
	var to mat.VecDense
	a.Scale(t, a)
	e.Exp(a)
	to.MulVec(&e, from)
	return to.RawVector().Data[:n]
}

const ms = 1e-3

// jumps are inputs at times that are multiples of every dt that is tested.
var jumps = map[float64]float64{0: 0.5, 4 * ms: -0.3, 12 * ms: 0.8}

const duration = 20 * ms

func inputsOf(dt float64) []float64 {
	xs := make([]float64, int(math.Round(duration/dt)))
	for t, x := range jumps {
		xs[int(math.Round(t/dt))] = x
	}
	return xs
}

func respond(f func(t float64) float64) (v float64) {
	for t, x := range jumps {
		v += x * f(duration-t)
	}
	return v
}

// Where the equations are linear their solution is known. The exponential method
// gives it to the last digits for every time step, Euler's with an error that
// falls as the time step.
func TestOrderOfConvergence(t *testing.T) {
	const a, b, c = 100, 230, 40 // 1/τ_m, 1/τ_s, 1/τ_adapt, 1/s
	held := func(dt float64) []float64 { return constant(int(math.Round(duration/dt)), 0.6) }
	decayed := func(rate float64) float64 { return math.Exp(-rate * duration) }
	leaky := map[string]float64{"TauMemInv": a, "TauSynInv": b, "VLeak": 0.1, "V0": 0.3, "I0": 0.2}
	alpha := map[string]float64{"TauMemInv": a, "TauSynInv": a}
	adaptive := map[string]float64{"TauMemInv": a, "TauSynInv": b, "TauAdaptInv": c, "V0": 0.3, "I0": 0.2, "B0": 2, "VTh": 1}
	adEx := func(follow float64) map[string]float64 {
		return map[string]float64{"TauMemInv": a, "TauSynInv": b, "TauAdaInv": c, "AdaptationCurrent": follow, "VLeak": 0.1, "VTh": 1e3,
			"V0": 0.3, "I0": 0.2, "A0": 0.1}
	}
	after := func(p map[string]float64, state int) float64 { // after a time of silence, and the responses to the jumps
		m := [][]float64{{-a, a, -a}, {0, -b, 0}, {c * p["AdaptationCurrent"], 0, -c}}
		rest := []float64{a * 0.1, 0, -c * p["AdaptationCurrent"] * 0.1}
		return solution(duration, m, rest, []float64{0.3, 0.2, 0.1})[state] +
			respond(func(t float64) float64 { return solution(t, m, make([]float64, 3), []float64{0, 1, 0})[state] })
	}
	adExBox := map[string]float64{"TauMemInv": a, "TauAdaInv": c, "AdaptationCurrent": 4, "VTh": 1e3, "V0": 0.3, "A0": 0.1}
	boxAfter := solution(duration, [][]float64{{-a, -a}, {4 * c, -c}}, []float64{0.6 * a, 0}, []float64{0.3, 0.1})
	alphas := [][]float64{{-a, a, 0}, {0, -b, b * math.E}, {0, 0, -b}}
	membrane := 0.1 + (0.3-0.1)*decayed(a) + 0.2*psp(duration, a, b)
	response := respond(func(t float64) float64 { return psp(t, a, b) })
	for _, c := range []struct {
		name, model, state string
		xs                 func(dt float64) []float64
		params             map[string]float64
		want               float64
	}{
		{"LI", "li_feed_forward_step", "V", inputsOf, leaky, membrane + response},
		{"LIF", "lif_feed_forward_step", "V", inputsOf, leaky, membrane + response},
		{"current", "lif_feed_forward_step", "I", inputsOf, leaky, 0.2*decayed(b) + respond(func(t float64) float64 { return math.Exp(-b * t) })},
		{"alpha", "li_feed_forward_step", "V", inputsOf, alpha, respond(func(t float64) float64 { return psp(t, a, a) })},
		{"refractory", "lif_refrac_feed_forward_step", "V", inputsOf, leaky, membrane + response},
		{"recurrent", "lif_step", "V", inputsOf, leaky, membrane + response},
		{"LI box", "li_box_feed_forward_step", "V", held, map[string]float64{"TauMemInv": a, "V0": 0.3}, 0.6 + (0.3-0.6)*decayed(a)},
		{"LIF box", "lif_box_feed_forward_step", "V", held, map[string]float64{"TauMemInv": a, "V0": 0.3}, 0.6 + (0.3-0.6)*decayed(a)},
		// The input of these acts from the end of its step on, so they get none.
		{"LSNN", "lsnn_feed_forward_step", "V", silence, adaptive, 0.3*decayed(a) + 0.2*psp(duration, a, b)},
		{"threshold", "lsnn_feed_forward_step", "B", silence, adaptive, 1 + (2-1)*decayed(c)},
		{"AdaLIF", "ada_lif_step", "V", silence, adaptive, 0.3*decayed(a) + 0.2*psp(duration, a, b) - 2*psp(duration, a, c)},
		{"compartments", "lif_mc_refrac_feed_forward_step", "V", silence, leaky, membrane},
		{"conductance", "coba_lif_feed_forward_step", "GE", inputsOf,
			map[string]float64{"TauSynExcInv": b}, 0.5*decayed(b) + 0.8*math.Exp(-b*8*ms)},
		{"constant conductances", "coba_lif_feed_forward_step", "V", silence, map[string]float64{
			"TauSynExcInv": 0, "TauSynInhInv": 0, "CMInv": 50, "GL": 0.5, "GE0": 0.7, "GI0": 0.3, "V0": -20, "VTh": 1000,
		}, 4./3 + (-20-4./3)*math.Exp(-50*1.5*duration)}, // (0.5 · −20 + 0.7 · 60 + 0.3 · −100) / 1.5 = 4/3
		{"Izhikevich's recovery", "izhikevich_feed_forward_step", "U", silence,
			map[string]float64{"A": 0.3, "B": 0, "U0": -14}, -14 * math.Exp(-0.3*250*duration)},
		{"adaptation", "lif_adex_feed_forward_step", "A", silence,
			map[string]float64{"AdaptationCurrent": 0, "TauAdaInv": c, "A0": 0.7}, 0.7 * decayed(c)},
		// Far below the threshold the upstroke of the exponential is 0. The eigenvalues
		// of potential and adaptation are real, one, and complex.
		{"AdEx, real", "lif_adex_feed_forward_step", "V", inputsOf, adEx(0.05), after(adEx(0.05), 0)},
		{"AdEx, one", "lif_adex_feed_forward_step", "V", inputsOf, adEx(0.225), after(adEx(0.225), 0)},
		{"AdEx, complex", "lif_adex_feed_forward_step", "V", inputsOf, adEx(4), after(adEx(4), 0)},
		{"AdEx, adaptation", "lif_adex_feed_forward_step", "A", inputsOf, adEx(4), after(adEx(4), 2)},
		{"AdEx box", "lif_adex_box_step", "V", held, adExBox, boxAfter[0]},
		{"alpha synapse", "lif_alpha_step", "V", inputsOf, map[string]float64{"TauMemInv": a, "TauSynInv": b, "VTh": 1e3, "V0": 0.3, "I0": 0.2},
			solution(duration, alphas, make([]float64, 3), []float64{0.3, 0.2, 0})[0] +
				respond(func(t float64) float64 { return solution(t, alphas, make([]float64, 3), []float64{0, 0, 1})[0] })},
		{"GLIF3", "glif3_step", "V", held, map[string]float64{"TauMemInv": a, "Tau1Inv": b, "Tau2Inv": c, "VTh": 1e3, "V0": 0.3, "I10": 0.2, "I20": -0.4},
			solution(duration, [][]float64{{-a, a, a}, {0, -b, 0}, {0, 0, -c}}, []float64{0.6 * a, 0, 0}, []float64{0.3, 0.2, -0.4})[0]},
		{"AdEx box, adaptation", "lif_adex_box_step", "A", held, adExBox, boxAfter[1]},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Greater(t, math.Abs(c.want), 1e-3)
			var errs []float64
			for _, dt := range []float64{4 * ms, 2 * ms, 1 * ms, 0.5 * ms, 0.25 * ms} {
				v := integrated(t, c.model, graph.Exponential, dt, c.xs(dt), c.state, c.params)
				require.InEpsilon(t, c.want, v, 1e-13, "dt = %v", dt)
				v = integrated(t, c.model, graph.Euler, dt, c.xs(dt), c.state, c.params)
				errs = append(errs, math.Abs(v-c.want))
			}
			n := len(errs) - 1
			require.InDelta(t, 1, math.Log2(errs[n-1]/errs[n]), 0.1, "errors %v", errs)
		})
	}
}

// A step of Izhikevich's equations, linearised about the potential.
func TestIzhikevichExponentialStep(t *testing.T) {
	const v, u, x, h = -58., -11., 7., 250 * 2 * ms
	slope := 2*0.04*v + 5
	want := v + math.Expm1(h*slope)/slope*(0.04*v*v+5*v+140-u+x)
	params := map[string]float64{"V0": v, "U0": u}
	require.InEpsilon(t, want, integrated(t, "izhikevich_feed_forward_step", graph.Exponential, 2*ms, []float64{x}, "V", params), 1e-13)
}

func silence(dt float64) []float64 { return constant(int(math.Round(duration/dt)), 0) }

// Where the equations are not linear both methods go to the same solution, here
// extrapolated from very short steps of Euler's, and neither is of an order below
// the first. What is held over a time step has an error that falls as dt.
func TestNonlinearConvergence(t *testing.T) {
	input := func(x float64) func(dt float64) []float64 {
		return func(dt float64) []float64 { return constant(int(math.Round(duration/dt)), x) }
	}
	first := func(x float64) func(dt float64) []float64 {
		return func(dt float64) []float64 {
			return append([]float64{x}, constant(int(math.Round(duration/dt))-1, 0)...)
		}
	}
	for _, c := range []struct {
		name, model string
		xs          func(dt float64) []float64
		params      map[string]float64
		closer      float64 // by which factor the exponential method is, at dt = 1/2 ms
	}{
		{"LIFEx", "lif_ex_feed_forward_step", first(1), nil, 50},
		{"LIFEx box", "lif_ex_current_encoder", input(0.5), nil, 2},
		{"AdEx", "lif_adex_feed_forward_step", first(1), map[string]float64{"TauAdaInv": 40}, 15},
		{"AdEx box", "lif_adex_box_step", input(0.5), map[string]float64{"TauAdaInv": 40}, 1},
		{"COBA", "coba_lif_feed_forward_step", first(3), map[string]float64{"TauSynExcInv": 300, "CMInv": 50, "GL": 2, "VTh": 50}, 2},
		{"Izhikevich", "izhikevich_feed_forward_step", input(2), nil, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := func(how graph.Integration, dt float64) float64 {
				return integrated(t, c.model, how, dt, c.xs(dt), "V", c.params)
			}
			limit := 2*at(graph.Euler, ms/400) - at(graph.Euler, ms/200)
			var errs [2][]float64
			for _, dt := range []float64{0.5 * ms, 0.25 * ms, 0.125 * ms} {
				for how := range errs {
					errs[how] = append(errs[how], math.Abs(at(ways[how], dt)-limit))
				}
			}
			for how, e := range errs {
				require.Greater(t, math.Log2(e[1]/e[2]), 0.85, "%v: errors %v", ways[how], e)
			}
			require.Greater(t, errs[0][0], c.closer*errs[1][0])
		})
	}
}

// The gradients of EventProp are those of its own equations in time: where nothing
// fires, that of an input is the response of λ_i to λ_v.
func TestAdjointConvergence(t *testing.T) {
	const a, b = 100, 230
	at := func(how graph.Integration, dt float64) float64 {
		g := G.NewGraph()
		xs := graphtest.Node(g, tensor.Float64, "xs", []int{int(math.Round(duration / dt)), 1, 1}, silence(dt))
		p := neurons.DefaultLIFParams()
		p.Dt, p.Integration, p.TauMemInv, p.TauSynInv = dt, how, graph.Const(a), graph.Const(b)
		run, err := graph.Scan(neurons.LIFAdjointStep, xs, nil, p)
		require.NoError(t, err)
		end, err := run.Final()
		require.NoError(t, err)
		ds, _ := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{end.V}, [][]float64{{1}}), []*G.Node{xs}, nil)
		return ds[0][0]
	}
	want := psp(duration, b, a) // λ_v decays with a, λ_i follows with b
	var errs []float64
	for _, dt := range []float64{1 * ms, 0.5 * ms, 0.25 * ms} {
		require.InEpsilon(t, want, at(graph.Exponential, dt), 1e-13)
		errs = append(errs, math.Abs(at(graph.Euler, dt)-want))
	}
	require.InDelta(t, 1, math.Log2(errs[1]/errs[2]), 0.1, "errors %v", errs)
}

// The exponential method is stable for every time step, and finite in float32.
func TestExponentialIsStable(t *testing.T) {
	for _, rates := range [][2]float64{{1e5, 100}, {100, 1e5}, {1e6, 1e6}, {0, 100}, {100, 0}, {0, 0}, {3e38, 1}} {
		for _, learnt := range []bool{false, true} {
			g := G.NewGraph()
			p := neurons.DefaultLIParams()
			p.Integration = graph.Exponential
			p.TauMemInv, p.TauSynInv = graph.Const(rates[0]), graph.Const(rates[1])
			if learnt {
				p.TauMemInv = graph.Learn(graphtest.Node(g, tensor.Float32, "m", []int{3}, constant(3, rates[0])))
				p.TauSynInv = graph.Learn(graphtest.Node(g, tensor.Float32, "s", nil, rates[1:]))
			}
			xs := graphtest.Node(g, tensor.Float32, "xs", []int{4, 2, 3}, constant(24, 1))
			run, err := graph.Scan(neurons.LIStep, xs, nil, p)
			require.NoError(t, err)
			wrt := []*G.Node{xs}
			if learnt {
				wrt = append(wrt, p.TauMemInv.Node(), p.TauSynInv.Node())
			}
			ds, vs := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{run.Out}, [][]float64{constant(24, 1)}), wrt, []*G.Node{run.Out})
			for _, x := range append(ds, vs...) {
				for _, v := range x {
					require.False(t, math.IsNaN(v) || math.IsInf(v, 0), "rates %v", rates)
				}
			}
			// Rates per step are rates/1000: the current of a stiff membrane is its potential.
			if rates[0] == 1e5 {
				require.InEpsilon(t, math.Exp(-0.1), vs[0][0], 2e-3)
			}
			if rates[0] == 0 {
				require.Equal(t, constant(24, 0), vs[0])
			}
		}
	}
}

// smoothed returns the model with a spike function that is differentiable, and no
// gradient that is cut, so that finite differences give its gradient; false for a
// model whose gradient is another by design.
func smoothed(t *testing.T, m models.Model) bool {
	if strings.Contains(m.Name(), "adjoint") {
		return false
	}
	for name, v := range map[string]any{
		"Spike": surrogate.Smooth(surrogate.Sigmoid{Alpha: 2}), "DetachReset": false, "SparseGrad": false,
	} {
		if _, err := m.Get(name); err == nil {
			require.NoError(t, m.Set(name, v))
		}
	}
	return true
}

// With smooth spikes the gradient of every parameter, scalar or one for each
// neuron, of the states, the weights and the input is that of finite differences.
func TestGradientsByDifferences(t *testing.T) {
	for i, m := range append(models.All(), peaked(t)...) {
		if i%4 != 0 && !long.Tests() || !smoothed(t, m) {
			continue
		}
		for _, how := range ways {
			if _, err := m.Get("Integration"); err == nil {
				require.NoError(t, m.Set("Integration", how.String()))
			} else if how != graph.Euler {
				continue
			}
			for _, n := range []int{1, 2} {
				t.Run(fmt.Sprintf("%s/%v/%d", m.Name(), how, n), func(t *testing.T) { byDifferences(t, m.Clone(), n) })
			}
		}
	}
}

// byDifferences compares the gradients of n neurons; a single one has parameters
// that are scalars.
func byDifferences(t *testing.T, m models.Model, n int) {
	const steps, batch = 4, 2
	g := G.NewGraph()
	var inputs []*G.Node
	input := func(name string, shape []int, x []float64) *G.Node {
		node := graphtest.Node(g, tensor.Float64, name, shape, x)
		inputs = append(inputs, node)
		return node
	}
	xs := input("xs", []int{steps, batch, n}, graphtest.Random(steps*batch*n, 1))
	for i, w := range m.Weights() {
		require.NoError(t, m.Set(w, input(w, []int{n, n}, graphtest.Random(n*n, uint64(2+i)))))
	}
	states, err := m.Rest(graphtest.Node(g, tensor.Float64, "like", []int{batch, n}, make([]float64, batch*n)))
	require.NoError(t, err)
	for name, r := range states {
		x := graphtest.Eval(t, r)[0]
		for i, noise := range graphtest.Random(len(x), 40) {
			x[i] += 0.3 * noise
			if strings.HasSuffix(name, "Rho") {
				x[i] = 2.5 + 0.2*noise // away from the corner of max(ρ − m, 0)
			}
		}
		states[name] = input("state "+name, r.Shape(), x)
	}
	for i, p := range m.Params() {
		f, err := m.Get(p)
		require.NoError(t, err)
		v, _ := f.(*graph.Param).Value()
		if v == 0 {
			v = 0.1
		}
		shape, x := []int{}, []float64{v}
		if n > 1 {
			shape, x = []int{n}, graphtest.Random(n, uint64(60+i))
			for j := range x {
				x[j] = v * (1 + 0.05*x[j])
			}
		}
		require.NoError(t, m.Set(p, input(p, shape, x)))
	}
	l, err := m.Lift(true, xs, states)
	require.NoError(t, err)
	outs := []*G.Node{l.Out}
	for _, s := range m.States() {
		outs = append(outs, l.Final[s])
	}
	var weights [][]float64
	for i, o := range outs {
		weights = append(weights, graphtest.Random(o.Shape().TotalSize(), uint64(80+i)))
	}
	loss := graphtest.Loss(t, outs, weights)
	ds, _, err := graph.Grad(loss, inputs...)
	require.NoError(t, err)
	machine, err := machine.New(append(G.Nodes{loss}, ds...)...)
	require.NoError(t, err)
	value := func() float64 {
		require.NoError(t, machine.Run())
		return graphtest.Floats(machine.Value(0))[0]
	}
	value()
	var grads [][]float64
	for i := range inputs {
		grads = append(grads, graphtest.Floats(machine.Value(i+1)))
	}
	for i, in := range inputs {
		x := graphtest.Floats(in.Value())
		for j := range x {
			at := func(v float64) float64 {
				y := append([]float64{}, x...)
				y[j] = v
				if in.IsScalar() {
					require.NoError(t, G.Let(in, v))
				} else {
					require.NoError(t, G.Let(in, graphtest.Tensor(tensor.Float64, in.Shape(), y)))
				}
				return value()
			}
			h := 1e-5 * math.Max(1, math.Abs(x[j]))
			want := (at(x[j]+h) - at(x[j]-h)) / (2 * h)
			at(x[j])
			require.InDelta(t, want, grads[i][j], 2e-6*math.Max(1, math.Abs(want)), "%s, element %d", in.Name(), j)
		}
	}
}
