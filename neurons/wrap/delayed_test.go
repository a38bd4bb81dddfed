package wrap_test

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
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// A late is a use of RecurrentLate by leaky integrators, whose output is their potential, so that all is smooth.
type late struct {
	width       float64
	interpolate bool
	each        bool // a delay for each neuron
}

const (
	lateT, lateBatch, lateN, lateMax = 11, 2, 3, 4
	lateLeak                         = 0.3
)

func (c late) String() string {
	return fmt.Sprintf("width %v interpolate %t of each neuron %t", c.width, c.interpolate, c.each)
}

// inputs are xs, w, positions.
func (c late) inputs() [3][]float64 {
	n := lateN * lateN
	if c.each {
		n = lateN
	}
	in := [3][]float64{graphtest.Random(lateT*lateBatch*lateN, 1), graphtest.Random(lateN*lateN, 2), graphtest.Random(n, 3)}
	for i := range in[2] { // inside, and at no step or halfway
		in[2][i] = lateMax/2 + 0.77*in[2][i]
		in[2][i] = math.Min(math.Max(in[2][i], 0.3), lateMax-0.3)
	}
	return in
}

// kappa is the definition of the weights of a delay.
func (c late) kappa(k int, p float64) float64 {
	switch {
	case c.width == 0 && float64(k) == math.Floor(p+0.5):
		return 1
	case c.width == 0:
		return 0
	case c.interpolate:
		return math.Max(0, 1-math.Abs(float64(k)-p))
	}
	var sum float64
	of := func(j int) float64 { return math.Exp(-math.Pow(float64(j)-p, 2) / (2 * c.width * c.width)) }
	for j := range lateMax + 1 {
		sum += of(j)
	}
	return of(k) / sum
}

// slow is the definition: v ← v + leak (x + Σ w κ(k) v(t − 1 − k) − v).
func (c late) slow(in [3][]float64) []float64 {
	v := make([]float64, len(in[0]))
	at := func(t, b, j int) int { return (t*lateBatch+b)*lateN + j }
	for t := range lateT {
		for b := range lateBatch {
			for j := range lateN {
				x := in[0][at(t, b, j)]
				for i := range lateN {
					p := in[2][i%len(in[2])]
					if !c.each {
						p = in[2][i*lateN+j]
					}
					for k := range min(t, lateMax+1) {
						x += in[1][i*lateN+j] * c.kappa(k, p) * v[at(t-1-k, b, i)]
					}
				}
				var before float64
				if t > 0 {
					before = v[at(t-1, b, j)]
				}
				v[at(t, b, j)] = before + lateLeak*(x-before)
			}
		}
	}
	return v
}

// nodes makes the neurons in a new graph.
func (c late) nodes(t *testing.T, dt tensor.Dtype, in [3][]float64, unroll bool) (inputs G.Nodes, out *G.Node) {
	t.Helper()
	inputs, r := c.lift(t, dt, in, unroll)
	return inputs, r.Out
}

func (c late) lift(t *testing.T, dt tensor.Dtype, in [3][]float64, unroll bool) (inputs G.Nodes, r *graph.Run[wrap.LateState[neurons.BoxState]]) {
	t.Helper()
	g := G.NewGraph()
	at := []int{lateN, lateN}
	if c.each {
		at = at[:1]
	}
	inputs = G.Nodes{
		graphtest.Node(g, dt, "xs", []int{len(in[0]) / lateBatch / lateN, lateBatch, lateN}, in[0]),
		graphtest.Node(g, dt, "w", []int{lateN, lateN}, in[1]), graphtest.Node(g, dt, "at", at, in[2]),
	}
	inner := neurons.DefaultLIBoxParams()
	inner.Dt, inner.TauMemInv = 1e-3, graph.Const(lateLeak*1e3)
	p := wrap.LateParams[neurons.BoxState, neurons.LIBoxParams]{Inner: inner, Through: wrap.LateBack{
		W: inputs[1], At: inputs[2], Max: lateMax, Interpolate: c.interpolate,
		Width: graphtest.Node(g, dt, "width", []int{1}, []float64{c.width}),
	}}
	step := wrap.RecurrentLate(neurons.LIBoxStep)
	var err error
	if unroll {
		r, err = graph.Unroll(step, inputs[0], nil, p)
	} else {
		r, err = graph.Scan(step, inputs[0], nil, p)
	}
	require.NoError(t, err)
	return inputs, r
}

// Neurons to which all comes back late are the sum that defines them, as one node and unrolled, and
// their gradients those of finite differences of it: of the input, the weights and the positions.
func TestRecurrentLate(t *testing.T) {
	for _, each := range []bool{false, true} {
		for _, c := range []late{{0, false, each}, {1, true, each}, {0.8, false, each}, {3, false, each}} {
			in := c.inputs()
			want := c.slow(in)
			weights := graphtest.Random(len(want), 5)
			cost := func(in [3][]float64) (sum float64) {
				for i, v := range c.slow(in) {
					sum += weights[i] * v
				}
				return sum
			}
			for _, unroll := range []bool{false, true} {
				nodes, out := c.nodes(t, tensor.Float64, in, unroll)
				ds, vs := graphtest.Grads(t, graphtest.Loss(t, G.Nodes{out}, [][]float64{weights}), nodes, G.Nodes{out})
				graphtest.Close(t, c.String(), want, vs[0], 1e-12)
				for k := range nodes {
					graphtest.CheckDirection(t, func(v []float64) float64 {
						moved := in
						moved[k] = v
						return cost(moved)
					}, in[k], ds[k], 2e-6)
				}
				if c.width == 0 {
					require.Equal(t, make([]float64, len(in[2])), ds[2])
				} else {
					require.NotZero(t, ds[2][0], "%v", c)
				}
			}
			nodes, out := c.nodes(t, tensor.Float32, in, false)
			_, vs := graphtest.Grads(t, graphtest.Loss(t, G.Nodes{out}, [][]float64{weights}), nodes, G.Nodes{out})
			graphtest.Close(t, c.String(), want, vs[0], 1e-5)
		}
	}
}

// Without weights there is an error.
func TestRecurrentLateErrors(t *testing.T) {
	g := G.NewGraph()
	xs := graphtest.Node(g, tensor.Float64, "xs", []int{2, 1, 1}, []float64{1, 1})
	p := wrap.LateParams[neurons.BoxState, neurons.LIBoxParams]{Inner: neurons.DefaultLIBoxParams(), Through: wrap.LateBack{Max: 2}}
	_, err := graph.Scan(wrap.RecurrentLate(neurons.LIBoxStep), xs, nil, p)
	require.ErrorContains(t, err, "wrap: recurrent step: the weights W are nil")
	p.Through.W = graphtest.Node(g, tensor.Float64, "w", []int{1, 1}, []float64{1})
	_, err = graph.Scan(wrap.RecurrentLate(neurons.LIBoxStep), xs, nil, p)
	require.ErrorContains(t, err, "wrap: recurrent step: connect: delayed linear: operand")
}
