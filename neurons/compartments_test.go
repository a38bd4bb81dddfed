package neurons_test

import (
	"fmt"
	"math"
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
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// conductances are those of a chain of compartments, 1/s: what one loses the other
// gets, more easily one way than the other.
func conductances(n int) []float64 {
	g := make([]float64, n*n)
	for i := range n - 1 {
		to, back := 60+20*float64(i), 45+10*float64(i)
		g[i*n+i+1], g[(i+1)*n+i] = to, back
		g[i*n+i] -= to
		g[(i+1)*n+i+1] -= back
	}
	return g
}

// compartment returns a value for each of n compartments.
func compartment(n int, first, step float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = first + step*float64(i)
	}
	return x
}

// compartments runs n coupled compartments of the named model, which is wrap.Coupled inside,
// for a duration, and returns the named state of all. Inputs are given for each
// compartment at each time; parameters and states by name, one value each.
func compartments(t *testing.T, m models.Model, how graph.Integration, dt, g float64, n int, xs []float64, state string, params map[string][]float64) []float64 {
	t.Helper()
	gr := G.NewGraph()
	node := func(name string, x []float64, shape ...int) *G.Node {
		return graphtest.Node(gr, tensor.Float64, name, shape, x)
	}
	require.NoError(t, m.Set("Integration", how.String()))
	require.NoError(t, m.Set("Dt", dt))
	coupling := conductances(n)
	for i := range coupling {
		coupling[i] *= g
	}
	require.NoError(t, m.Set("Coupling", node("coupling", coupling, n, n)))
	states, err := m.Rest(node("like", make([]float64, n), 1, n))
	require.NoError(t, err)
	for name, x := range params {
		if _, ok := states[name]; ok {
			states[name] = node(name, x, 1, n)
		} else {
			require.NoError(t, m.Set(name, node(name, x, n)))
		}
	}
	l, err := m.Lift(true, node("xs", xs, len(xs)/n, 1, n), states)
	require.NoError(t, err)
	return graphtest.Eval(t, l.Final[state])[0]
}

// block adds c times the numbers of a, on the diagonal of a block, to a matrix.
func block(m [][]float64, n, row, col int, c float64, a []float64) {
	for i := range n {
		m[row*n+i][col*n+i] += c * a[i]
	}
}

func zeros(n int) [][]float64 {
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, n)
	}
	return m
}

// exchange adds the conductances to the equations of the first n states.
func exchange(m [][]float64, n int) {
	for i, g := range conductances(n) {
		m[i%n][i/n] += g // from row to column
	}
}

// Two and three compartments below the threshold have a solution in closed form, too.
func TestCompartmentsInClosedForm(t *testing.T) {
	type state = neurons.LIFState
	lif := models.Of("lif", wrap.Coupled(neurons.LIFStep), wrap.CoupledParams[state, neurons.LIFParams]{Inner: neurons.DefaultLIFParams()})
	adex := models.Of("adex", wrap.Coupled(neurons.AdExStep),
		wrap.CoupledParams[neurons.AdExState, neurons.AdExParams]{Inner: neurons.DefaultAdExParams()})
	box := models.Of("box", wrap.Coupled(neurons.LIFBoxStep),
		wrap.CoupledParams[neurons.BoxState, neurons.LIFBoxParams]{Inner: neurons.DefaultLIFBoxParams()})
	p := wrap.CoupledParams[state, neurons.LIFParams]{Inner: neurons.DefaultLIFParams(), After: true}
	after := models.Of("after", wrap.Coupled(neurons.LIFStep), p)
	refractory := models.Of("refractory", wrap.Refractory(wrap.Coupled(neurons.LIFStep)),
		wrap.RefractoryParams[state, wrap.CoupledParams[state, neurons.LIFParams]]{Inner: p})
	mc := models.Of("LIFMCRefrac", neurons.LIFMCRefracStep, neurons.DefaultLIFMCRefracParams())
	for _, n := range []int{2, 3} {
		mem, syn, ada := compartment(n, 100, 20), compartment(n, 230, -30), compartment(n, 40, 15)
		follow, leak := compartment(n, 4, -1), compartment(n, 0.1, 0.05)
		v, i, w := compartment(n, 0.3, -0.2), compartment(n, 0.2, 0.1), compartment(n, 0.1, 0.1)
		params := map[string][]float64{"TauMemInv": mem, "TauSynInv": syn, "VLeak": leak, "VTh": compartment(n, 1e3, 0), "V": v, "I": i}
		boxed := map[string][]float64{"TauMemInv": mem, "VLeak": leak, "VTh": params["VTh"], "V": v}
		refrac := map[string][]float64{"Inner.V": v, "Inner.I": i}
		adapting := map[string][]float64{"TauAdaInv": ada, "AdaptationCurrent": follow, "A": w}
		for name, x := range params {
			adapting[name] = x
			if name != "V" && name != "I" {
				refrac[name] = x
			}
		}
		ones := compartment(n, 1, 0)
		times := func(x, y []float64) []float64 {
			z := make([]float64, n)
			for i := range z {
				z[i] = x[i] * y[i]
			}
			return z
		}

		m := zeros(2 * n)
		exchange(m, n)
		block(m, n, 0, 0, -1, mem)
		block(m, n, 0, 1, 1, mem)
		block(m, n, 1, 1, -1, syn)
		constant := make([]float64, 2*n)
		copy(constant, times(mem, leak))
		silent := func(dt float64) []float64 { return make([]float64, n*int(math.Round(duration/dt))) }
		// A jump of each current at the beginning, and one of the last in the middle.
		jumps := func(dt float64) []float64 {
			xs := silent(dt)
			copy(xs, ones)
			xs[len(xs)/2+n-1] += 2
			return xs
		}
		mid := append(append([]float64{}, v...), i...)
		for j := range n {
			mid[n+j]++
		}
		mid = solution(duration/2, m, constant, mid)
		mid[2*n-1] += 2
		end := solution(duration/2, m, constant, mid)

		m3 := zeros(3 * n) // potentials, adaptations, currents
		exchange(m3, n)
		block(m3, n, 0, 0, -1, mem)
		block(m3, n, 0, 1, -1, mem)
		block(m3, n, 0, 2, 1, mem)
		block(m3, n, 1, 0, 1, times(ada, follow))
		block(m3, n, 1, 1, -1, ada)
		block(m3, n, 2, 2, -1, syn)
		constant3 := make([]float64, 3*n)
		copy(constant3, times(mem, leak))
		for j, x := range times(times(ada, follow), leak) {
			constant3[n+j] = -x
		}
		end3 := solution(duration, m3, constant3, append(append(append([]float64{}, v...), w...), i...))

		m1 := zeros(n)
		exchange(m1, n)
		block(m1, n, 0, 0, -1, mem)
		held := func(dt float64) []float64 {
			xs := silent(dt)
			for j := range xs {
				xs[j] = 0.5 + float64(j%n)
			}
			return xs
		}
		current := times(mem, leak)
		for j := range current {
			current[j] += mem[j] * (0.5 + float64(j))
		}
		end1 := solution(duration, m1, current, v)

		for _, c := range []struct {
			name, state string
			m           models.Model
			xs          func(dt float64) []float64
			params      map[string][]float64
			want        []float64
			perStep     bool // the coupling is that of a time step
		}{
			{"LIF", "V", lif, jumps, params, end[:n], false},
			{"LIF, coupled after", "V", after, jumps, params, end[:n], false},
			{"LIF, current", "I", lif, jumps, params, end[n:], false},
			{"refractory LIF", "Inner.V", refractory, jumps, refrac, end[:n], false},
			{"LIFMCRefrac", "Inner.V", mc, silent, refrac, solution(duration, m, constant, append(append([]float64{}, v...), i...))[:n], true},
			{"LIF box", "V", box, held, boxed, end1, false},
			{"AdEx", "V", adex, silent, adapting, end3[:n], false},
			{"AdEx, adaptation", "A", adex, silent, adapting, end3[n : 2*n], false},
		} {
			t.Run(fmt.Sprintf("%s/%d", c.name, n), func(t *testing.T) {
				var errs []float64
				for _, dt := range []float64{10 * ms, 5 * ms, 1 * ms, 0.5 * ms, 0.25 * ms} {
					g := 1.
					if c.perStep {
						g = dt
					}
					got := compartments(t, c.m.Clone(), graph.Exponential, dt, g, n, c.xs(dt), c.state, c.params)
					require.InDeltaSlice(t, c.want, got, 1e-12, "dt = %v", dt)
					if dt == 10*ms {
						continue // beyond 2 τ, where Euler's method is refused
					}
					got = compartments(t, c.m.Clone(), graph.Euler, dt, g, n, c.xs(dt), c.state, c.params)
					worst := 0.
					for j := range got {
						worst = math.Max(worst, math.Abs(got[j]-c.want[j]))
					}
					errs = append(errs, worst)
				}
				k := len(errs) - 1
				require.InDelta(t, 1, math.Log2(errs[k-1]/errs[k]), 0.1, "errors %v", errs)
			})
		}
	}
}

// Conductances as large as these are unstable for Euler's method, and no matter for the
// exponential one.
func TestStiffCompartments(t *testing.T) {
	const n, dt = 3, 2 * ms
	m := models.Of("box", wrap.Coupled(neurons.LIFBoxStep),
		wrap.CoupledParams[neurons.BoxState, neurons.LIFBoxParams]{Inner: neurons.DefaultLIFBoxParams()})
	for _, strength := range []float64{1e2, 1e4} {
		a := zeros(n)
		exchange(a, n)
		for i := range a {
			for j := range a[i] {
				a[i][j] *= strength
			}
		}
		block(a, n, 0, 0, -100, compartment(n, 1, 0))
		v := compartment(n, 0.3, -0.2)
		want := solution(duration, a, make([]float64, n), v)
		params := map[string][]float64{"VTh": compartment(n, 1e300, 0), "V": v}
		xs := make([]float64, n*int(math.Round(duration/dt)))
		got := compartments(t, m.Clone(), graph.Exponential, dt, strength, n, xs, "V", params)
		require.InDeltaSlice(t, want, got, 1e-12)
		got = compartments(t, m.Clone(), graph.Euler, dt, strength, n, xs, "V", params)
		require.Greater(t, math.Abs(got[0]), 1e6)
	}
}

// others are coupled models that are not registered.
func others() []models.Model {
	type (
		adEx       = wrap.CoupledParams[neurons.AdExState, neurons.AdExParams]
		coba       = wrap.CoupledParams[neurons.CobaLIFState, neurons.CobaLIFParams]
		izhikevich = wrap.CoupledParams[neurons.IzhikevichState, neurons.IzhikevichParams]
		lsnn       = wrap.CoupledParams[neurons.LSNNState, neurons.LSNNParams]
	)
	return []models.Model{
		models.Of("coupled AdEx", wrap.Coupled(neurons.AdExStep), adEx{Inner: neurons.DefaultAdExParams()}),
		models.Of("coupled LSNN", wrap.Coupled(neurons.LSNNStep), lsnn{Inner: neurons.DefaultLSNNParams()}),
		models.Of("coupled COBA", wrap.Coupled(neurons.CobaLIFStep), coba{Inner: neurons.DefaultCobaLIFParams()}),
		models.Of("coupled Izhikevich", wrap.Coupled(neurons.IzhikevichStep), izhikevich{Inner: presets.TonicSpiking.Params()}),
	}
}

// Where the equations are not linear both methods go to the same limit, as the time
// step does.
func TestCoupledConvergence(t *testing.T) {
	const n = 2
	for i, m := range others() {
		t.Run(m.Name(), func(t *testing.T) {
			at := func(how graph.Integration, dt float64) float64 {
				xs := make([]float64, n*int(math.Round(duration/dt)))
				copy(xs, []float64{1.5, -1})
				if i == 3 {
					for j := range xs {
						xs[j] = 2
					}
				}
				params := map[string][]float64{}
				if i == 2 {
					params = map[string][]float64{"CMInv": {50, 40}, "GL": {2, 1}, "TauSynExcInv": {100, 80}, "VTh": {50, 50}}
				}
				return compartments(t, m.Clone(), how, dt, 1, n, xs, "V", params)[1]
			}
			limit := 2*at(graph.Euler, ms/400) - at(graph.Euler, ms/200)
			for _, how := range ways {
				var errs []float64
				for _, dt := range []float64{0.5 * ms, 0.25 * ms, 0.125 * ms} {
					errs = append(errs, math.Abs(at(how, dt)-limit))
				}
				require.Greater(t, math.Log2(errs[1]/errs[2]), 0.85, "%v: errors %v of %v", how, errs, limit)
			}
		})
	}
}

// Scanning is unrolling, and the gradients are those of finite differences, with an
// exponential that is a matrix too.
func TestOtherCoupledModels(t *testing.T) {
	for i, m := range others() {
		t.Run(m.Name(), func(t *testing.T) {
			if i%2 == 0 { // one with a matrix of all states, one with a slope
				neurontest.Test(t, m)
			}
			require.True(t, smoothed(t, m))
			require.NoError(t, m.Set("Integration", "exponential"))
			byDifferences(t, m, 2)
		})
	}
}
