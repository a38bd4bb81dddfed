package wrap_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// A lateCase is a use of RecurrentLate of leaky integrators or of LIF neurons, that starts from some state and of which all has a gradient.
type lateCase struct {
	T, batch, n, max     int
	width                float64
	interpolate, each    bool
	fires, shared, twice bool // neurons that fire; weights that the input goes through, too; two populations, one after the other
	every                int
	seed                 uint64
	beyond               bool // some positions are beyond 0 or Max
	together             bool // neurons hold each other back within a step, so that samples are not computed one by one
}

func drawLate(seed uint64) lateCase {
	r := rand.New(rand.NewPCG(seed, 17))
	c := lateCase{
		T: 2 + r.IntN(50), batch: 1 + r.IntN(20), n: 1 + r.IntN(9), max: 1 + r.IntN(25), interpolate: r.IntN(3) == 0,
		each: r.IntN(3) == 0, fires: r.IntN(2) == 0, shared: r.IntN(4) == 0, twice: r.IntN(4) == 0, seed: seed,
	}
	if r.IntN(3) > 0 {
		c.width = 0.3 + 8*r.Float64()
	}
	c.together = r.IntN(4) == 0
	if r.IntN(3) == 0 {
		c.every = 1 + r.IntN(c.T)
	}
	return c
}

// shapes are those of xs, weights, positions, and the states V or its like, Z and Later.
func (c lateCase) shapes() [][]int {
	at := []int{c.n, c.n}
	if c.each {
		at = at[:1]
	}
	return [][]int{{c.T, c.batch, c.n}, {c.n, c.n}, at, {c.batch, c.n}, {c.batch, c.n}, {c.batch, c.max, c.n}}
}

// run returns the values of the output and of the final states, and the gradients of all inputs.
func (c lateCase) run(t *testing.T, dt tensor.Dtype, unroll bool) (values, grads [][]float64, calls []string) {
	t.Helper()
	g := G.NewGraph()
	var in G.Nodes
	for i, shape := range c.shapes() {
		v := graphtest.Random(tensor.Shape(shape).TotalSize(), c.seed+uint64(i))
		for k := range v {
			switch i {
			case 0:
				v[k] = 1.5 * v[k]
			case 1:
				v[k] /= math.Sqrt(float64(c.n))
			case 2:
				v[k] = (0.5 + 0.4*v[k]) * float64(c.max)
				if !c.beyond {
					v[k] = min(max(v[k], 0), float64(c.max))
				}
			case 4:
				if c.fires {
					v[k] = math.Round(math.Abs(v[k]))
				}
			}
		}
		in = append(in, graphtest.Node(g, dt, fmt.Sprint("in", i), shape, v))
	}
	through := wrap.LateBack{
		W: in[1], At: in[2], Max: c.max, Interpolate: c.interpolate,
		Width: graphtest.Node(g, dt, "width", []int{1}, []float64{c.width}),
	}
	xs := in[0]
	var b graph.Builder
	if c.shared {
		xs = b.Reshape(b.MatMul(b.Reshape(xs, c.T*c.batch, c.n), in[1]), c.T, c.batch, c.n)
		require.NoError(t, b.Err())
	}
	inner := neurons.DefaultLIBoxParams()
	inner.Dt, inner.TauMemInv = 1e-3, graph.Const(300)
	box := wrap.LateParams[neurons.BoxState, neurons.LIBoxParams]{Inner: inner, Through: through}
	start := wrap.LateState[neurons.BoxState]{Inner: neurons.BoxState{V: in[3]}, Z: in[4], Later: in[5]}
	var out G.Nodes
	if c.fires {
		lif := neurons.DefaultLIFBoxParams()
		lif.TauMemInv = graph.Const(400)
		p := wrap.LateParams[neurons.BoxState, neurons.LIFBoxParams]{Inner: lif, Through: through}
		out, calls = lateRun(t, c, wrap.RecurrentLate(heldBack(c, neurons.LIFBoxStep)), xs, start, p, unroll)
	} else {
		out, calls = lateRun(t, c, wrap.RecurrentLate(heldBack(c, neurons.LIBoxStep)), xs, start, box, unroll)
	}
	if c.twice {
		more, called := lateRun(t, c, wrap.RecurrentLate(neurons.LIBoxStep), out[0], start, box, unroll)
		out, calls = append(more, out[1:]...), append(calls, called...)
	}
	var weights [][]float64
	for i, n := range out {
		weights = append(weights, graphtest.Random(n.Shape().TotalSize(), c.seed+50+uint64(i)))
	}
	grads, values = graphtest.Grads(t, graphtest.Loss(t, out, weights), in, out)
	return values, grads, calls
}

// heldBack returns the step; of neurons that are together, each with the input of its sample less a share of all of them.
func heldBack[S, P any](c lateCase, step func(x *G.Node, s S, p P) (*G.Node, S, error)) func(x *G.Node, s S, p P) (*G.Node, S, error) {
	if !c.together {
		return step
	}
	return func(x *G.Node, s S, p P) (*G.Node, S, error) {
		var b graph.Builder
		all := b.Expand(b.Reduce(x, []int{c.batch, 1}), x.Shape())
		x = b.Sub(x, b.Scale(all, graph.Const(0.1)))
		if b.Err() != nil {
			return nil, s, b.Err()
		}
		return step(x, s, p)
	}
}

// lateRun lifts the step; it returns the output and the final states.
func lateRun[P graph.Params[neurons.BoxState]](t *testing.T, c lateCase, step graph.Step[wrap.LateState[neurons.BoxState], wrap.LateParams[neurons.BoxState, P]], xs *G.Node, s wrap.LateState[neurons.BoxState], p wrap.LateParams[neurons.BoxState, P], unroll bool) (out G.Nodes, calls []string) {
	t.Helper()
	var r *graph.Run[wrap.LateState[neurons.BoxState]]
	var err error
	if unroll {
		r, err = graph.Unroll(step, xs, &s, p)
	} else {
		r, err = graph.Scan(step, xs, &s, p, graph.ScanOptions{KeepEvery: c.every})
	}
	require.NoError(t, err)
	final, err := r.Final()
	require.NoError(t, err)
	return G.Nodes{r.Out, final.Inner.V, final.Z, final.Later}, r.Calls
}

// What comes back late is run as a whole beside the step: in values and gradients, those of all states at either end among
// them, it is the step at each time step, and gives the bits of another run.
func TestLateAsAWhole(t *testing.T) {
	cases := 10
	if long.Tests() {
		cases = 200
	}
	for seed := range uint64(cases) {
		c := drawLate(seed)
		name := fmt.Sprintf("%+v", c)
		values, grads, calls := c.run(t, tensor.Float64, false)
		require.NotContains(t, strings.Join(calls, "; "), "delay", name)
		wantValues, wantGrads, _ := c.run(t, tensor.Float64, true)
		for i, want := range append(wantValues, wantGrads...) {
			graphtest.Close(t, fmt.Sprintf("%s: %d", name, i), want, append(values, grads...)[i], 1e-10)
		}
		again, gradsAgain, _ := c.run(t, tensor.Float64, false)
		require.Equal(t, values, again, name)
		require.Equal(t, grads, gradsAgain, name)
		if !c.fires { // one that nearly fires may fire in another precision
			small, smallGrads, _ := c.run(t, tensor.Float32, false)
			for i, want := range append(values, grads...) {
				graphtest.Close(t, fmt.Sprintf("%s: float32 %d", name, i), want, append(small, smallGrads...)[i], 2e-3)
			}
		}
	}
}

// The gradient of a position beyond either end is that at the end if a step against it leads back, and else 0.
func TestLateBeyondTheEnds(t *testing.T) {
	for seed := range uint64(8) {
		c := drawLate(seed)
		c.twice = false
		_, want, _ := c.run(t, tensor.Float64, false)
		c.beyond = true
		_, got, _ := c.run(t, tensor.Float64, false)
		for i, v := range graphtest.Random(len(got[2]), c.seed+2) {
			if p := 0.5 + 0.4*v; p < 0 && want[2][i] > 0 || p > 1 && want[2][i] < 0 {
				want[2][i] = 0
			}
		}
		require.Equal(t, want[2], got[2], "%+v", c)
	}
}

// What is on its way can be looked at over time, if it is asked for before a gradient and a run.
func TestLateTrace(t *testing.T) {
	c := late{width: 3}
	in := c.inputs()
	trace := func(unroll bool) ([]float64, []string) {
		_, r := c.lift(t, tensor.Float64, in, unroll)
		later, err := r.Trace("Later")
		require.NoError(t, err)
		return graphtest.Eval(t, later)[0], r.Calls
	}
	want, _ := trace(true)
	got, _ := trace(false)
	graphtest.Close(t, "trace", want, got, 1e-12)

	inputs, r := c.lift(t, tensor.Float64, in, false)
	graphtest.Grads(t, graphtest.Loss(t, G.Nodes{r.Out}, [][]float64{want[:len(in[0])]}), inputs, nil)
	_, err := r.Trace("Later")
	require.EqualError(t, err, "graph: scan: the values of state Later over time are asked for after a gradient or a run; ask for them before")
}

// A width that is no number is named with the operation that has it.
func TestLateWidth(t *testing.T) {
	c := late{width: math.NaN()}
	_, r := c.lift(t, tensor.Float64, c.inputs(), false)
	m := G.NewTapeMachine(r.Out.Graph())
	defer m.Close()
	require.ErrorContains(t, m.RunAll(), "graph: scan: delayed linear by up to 4 steps: the width is NaN, want a number that is at least 0")
}
