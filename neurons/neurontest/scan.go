package neurontest

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons/models"
)

// Test checks that lifting the model by graph.Scan gives what graph.Unroll
// gives: outputs, final states and traces, and the gradients of the input, the
// initial states, the weights and every parameter, learnt as a scalar and as
// one value per neuron; in float64 within 1e-12 and in float32 within 1e-5,
// spikes equal; for several shapes, with Checkpoint, from rest, and with each
// graph.Integration where the model has a field for it. Run it on a model of your
// own with models.Of.
func Test(t *testing.T, m models.Model) {
	t.Helper()
	f64, f32 := tensor.Float64, tensor.Float32
	for _, c := range []config{
		{dt: f64, learn: "constant", steps: 1, batch: 1, n: 1},
		{dt: f64, learn: "scalar", steps: 7, batch: 3, n: 5},
		{dt: f64, learn: "neuron", steps: 12, batch: 1, n: 4, every: 5},
		{dt: f64, learn: "neuron", steps: 5, batch: 2, n: 3, rest: true},
		{dt: f32, learn: "constant", steps: 7, batch: 3, n: 5},
		{dt: f32, learn: "scalar", steps: 12, batch: 1, n: 4, every: 5},
		{dt: f32, learn: "neuron", steps: 1, batch: 1, n: 1},
		// Unrolling many steps is slow, so there is one such run, and small.
		{dt: f64, learn: "scalar", steps: 24, batch: 2, n: 3, every: 7},
		{dt: f64, learn: "constant", steps: 4, batch: 2, n: 3, exponential: true},
		{dt: f64, learn: "scalar", steps: 7, batch: 1, n: 4, every: 5, exponential: true},
		{dt: f32, learn: "constant", steps: 7, batch: 2, n: 3, rest: true, exponential: true},
		{dt: f32, learn: "neuron", steps: 4, batch: 2, n: 3, exponential: true},
	} {
		if testing.Short() && c.steps > 12 {
			continue
		}
		if _, err := m.Get("Integration"); c.exponential && err != nil {
			continue // a model with one way to move, or none
		}
		t.Run(c.String(), func(t *testing.T) { compare(t, c.run(t, m, true), c.run(t, m, false), c.dt) })
	}
}

type config struct {
	dt              tensor.Dtype
	learn           string
	steps, batch, n int
	every           int
	rest            bool // start from rest
	exponential     bool // integrate so
}

func (c config) String() string {
	how := graph.Euler
	if c.exponential {
		how = graph.Exponential
	}
	return fmt.Sprintf("%v/%s/%v/T=%d batch=%d n=%d every=%d rest=%t", c.dt, c.learn, how, c.steps, c.batch, c.n, c.every, c.rest)
}

// results are values by name; those called spikes must be equal.
type results map[string][]float64

func (c config) run(t *testing.T, m models.Model, scan bool) results {
	t.Helper()
	base, m := m, m.Clone()
	if c.exponential {
		require.NoError(t, m.Set("Integration", graph.Exponential.String()))
	}
	g := G.NewGraph()
	size, seed := c.batch*c.n, uint64(c.steps)
	xs := graphtest.Node(g, c.dt, "xs", []int{c.steps, c.batch, c.n}, scaled(graphtest.Random(c.steps*size, seed), 1.5, 1))
	wrt, names := []*G.Node{xs}, []string{"xs"}
	add := func(name string, shape []int, x []float64) *G.Node {
		n := graphtest.Node(g, c.dt, name, shape, x)
		wrt, names = append(wrt, n), append(names, name)
		return n
	}
	for i, w := range m.Weights() {
		x := scaled(graphtest.Random(c.n*c.n, seed+50+uint64(i)), 0.4, 0)
		require.NoError(t, m.Set(w, add(w, []int{c.n, c.n}, x)))
	}
	for i, p := range m.Params() {
		v, err := m.Get(p)
		require.NoError(t, err)
		value, ok := v.(*graph.Param).Value()
		require.True(t, ok, "parameter %s has a node already", p)
		noise := graphtest.Random(c.n, seed+100+uint64(i))
		switch c.learn {
		case "scalar":
			require.NoError(t, m.Set(p, add(p, nil, []float64{value})))
		case "neuron":
			require.NoError(t, m.Set(p, add(p, []int{c.n}, scaled(noise, 0.03*value, value))))
		}
	}
	var states map[string]*G.Node
	if !c.rest {
		states = map[string]*G.Node{}
		for name, r := range c.aroundRest(t, base) {
			states[name] = add("state "+name, r.shape, r.x)
		}
	}
	l, err := m.Lift(scan, xs, states, graph.ScanOptions{KeepEvery: c.every})
	require.NoError(t, err)
	outs, outNames := []*G.Node{l.Out}, []string{"out"}
	for _, s := range m.States() {
		tr, err := l.Trace(s)
		require.NoError(t, err)
		outs, outNames = append(outs, l.Final[s], tr), append(outNames, "final "+s, "trace "+s)
	}
	weights := make([][]float64, len(outs))
	for i, n := range outs {
		weights[i] = graphtest.Random(n.Shape().TotalSize(), seed+300+uint64(i))
	}
	grads, values := graphtest.Grads(t, graphtest.Loss(t, outs, weights), wrt, outs)
	r := results{}
	for i, n := range outNames {
		r[n] = values[i]
	}
	for i, n := range names {
		r["gradient of "+n] = grads[i]
	}
	return r
}

type initial struct {
	shape []int
	x     []float64
}

// aroundRest returns states near those at rest, with spikes in half of the
// neurons.
func (c config) aroundRest(t *testing.T, m models.Model) map[string]initial {
	t.Helper()
	m = m.Clone()
	g := G.NewGraph()
	size := c.batch * c.n
	x := graphtest.Node(g, c.dt, "x", []int{c.batch, c.n}, make([]float64, size))
	for _, w := range m.Weights() {
		require.NoError(t, m.Set(w, graphtest.Node(g, c.dt, w, []int{c.n, c.n}, make([]float64, c.n*c.n))))
	}
	rest, err := m.Rest(x)
	require.NoError(t, err)
	states := map[string]initial{}
	for i, name := range m.States() {
		v := graphtest.Eval(t, rest[name])[0]
		for j, noise := range graphtest.Random(len(v), uint64(c.steps)+200+uint64(i)) {
			if strings.HasSuffix(name, "Z") {
				v[j] = float64(j % 2)
			} else {
				v[j] += noise * (0.2 + 0.1*math.Abs(v[j]))
			}
		}
		states[name] = initial{rest[name].Shape(), v}
	}
	return states
}

func scaled(x []float64, by, plus float64) []float64 {
	for i := range x {
		x[i] = x[i]*by + plus
	}
	return x
}

func compare(t *testing.T, got, want results, dt tensor.Dtype) {
	t.Helper()
	require.Equal(t, len(want), len(got))
	tol := 1e-12
	if dt == tensor.Float32 {
		tol = 1e-5
	}
	for name, w := range want {
		if spikes(w) {
			require.Equal(t, w, got[name], name)
			continue
		}
		graphtest.Close(t, name, w, got[name], tol)
	}
}

// spikes reports whether all values are 0 or 1.
func spikes(x []float64) bool {
	for _, v := range x {
		if v != 0 && v != 1 {
			return false
		}
	}
	return true
}
