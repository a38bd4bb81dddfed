package neurontest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/surrogate"
)

// Reference holds a model to a reference case: outputs, states and every
// gradient, scanned and unrolled, in float64 within 1e-9 and in float32 within
// 1e-4, spikes equal. The reference multiplies weights from the left, y = x Wᵀ;
// here they stand transposed.
func Reference(t *testing.T, c graphtest.Case) {
	t.Helper()
	for _, scan := range []bool{true, false} {
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			name := "unroll/"
			if scan {
				name = "scan/"
			}
			t.Run(name+dt.String(), func(t *testing.T) { reference(t, c, scan, dt) })
		}
	}
}

// A refCase builds the graph of a case.
type refCase struct {
	t      *testing.T
	c      graphtest.Case
	g      *G.ExprGraph
	dt     tensor.Dtype
	inputs map[string]*G.Node // by the names of the case; "params.…" too
}

func (r *refCase) input(name string, a graphtest.Array) *G.Node {
	if strings.HasPrefix(name, "weights.") {
		a = transposed(a)
	}
	n := graphtest.Node(r.g, r.dt, name, a.Shape, a.Data)
	r.inputs[name] = n
	return n
}

func reference(t *testing.T, c graphtest.Case, scan bool, dt tensor.Dtype) {
	r := &refCase{t: t, c: c, g: G.NewGraph(), dt: dt, inputs: map[string]*G.Node{}}
	name := c.Function
	if v, ok := c.Params["activation"]; ok {
		name = fmt.Sprint(v.Any)
	}
	m, err := neurons.ModelNamed(name)
	require.NoError(t, err)
	r.setParams(m)
	x := r.input("x", c.Inputs["x"])
	if !c.Lifted {
		x, err = G.Reshape(x, append(tensor.Shape{1}, x.Shape()...))
		require.NoError(t, err)
	}
	var states map[string]*G.Node
	for name, a := range c.Inputs {
		switch {
		case name == "x":
		case name == "weights.input":
			x, err = graph.Linear(x, r.input(name, a), nil)
			require.NoError(t, err)
		case name == "weights.recurrent":
			require.NoError(t, m.Set("W", r.input(name, a)))
		case strings.HasPrefix(name, "weights."):
			require.NoError(t, m.Set(strings.TrimPrefix(name, "weights."), r.input(name, a)))
		case strings.HasPrefix(name, "state."):
			if states == nil {
				states = map[string]*G.Node{}
			}
			states[stateNamed(t, m, strings.TrimPrefix(name, "state."))] = r.input(name, a)
		default:
			t.Fatalf("unknown input %s", name)
		}
	}
	l, err := m.Lift(scan, x, states)
	require.NoError(t, err)
	outs := map[string]*G.Node{}
	for name := range c.Outputs {
		switch {
		case strings.HasPrefix(name, "state."):
			outs[name] = l.Final[stateNamed(t, m, strings.TrimPrefix(name, "state."))]
		case strings.HasPrefix(name, "trace."):
			outs[name], err = l.Trace(stateNamed(t, m, strings.TrimPrefix(name, "trace.")))
			require.NoError(t, err)
		default:
			outs[name] = l.Out
			if !c.Lifted {
				outs[name], err = G.Reshape(l.Out, l.Out.Shape()[1:])
				require.NoError(t, err)
			}
		}
	}
	r.compare(outs)
}

// stateNamed returns the full name of a state of the model.
func stateNamed(t *testing.T, m neurons.Model, name string) string {
	t.Helper()
	for _, s := range m.States() {
		if short := s[strings.LastIndex(s, ".")+1:]; strings.EqualFold(short, strings.ReplaceAll(name, "_", "")) {
			return s
		}
	}
	t.Fatalf("model %s has no state %s, but %v", m.Name(), name, m.States())
	return ""
}

func (r *refCase) setParams(m neurons.Model) {
	t, alpha := r.t, 0.0
	if a, ok := r.c.Params["alpha"].Any.(float64); ok {
		alpha = a
	}
	if r.c.Dt != nil {
		// Models without a time step of their own take none.
		if _, err := m.Get("dt"); err == nil {
			require.NoError(t, m.Set("dt", *r.c.Dt))
		}
	}
	for name, v := range r.c.Params {
		switch {
		case name == "alpha", name == "activation", name == "initial_state":
		case name == "method":
			f, err := surrogate.ByName(v.Any.(string), alpha)
			require.NoError(t, err)
			require.NoError(t, m.Set("Spike", f))
		case v.Array != nil:
			require.NoError(t, m.Set(name, r.input("params."+name, *v.Array)))
		default:
			f, isParam := v.Any.(float64)
			p, err := m.Get(name)
			require.NoError(t, err, "parameter %s of the case", name)
			if _, ok := p.(*graph.Param); !isParam || !ok {
				require.NoError(t, m.Set(name, v.Any))
				continue
			}
			// A parameter with a gradient in the case is learnt, others are constants.
			if _, learnt := r.c.Grads["params."+name]; learnt {
				require.NoError(t, m.Set(name, r.input("params."+name, graphtest.Array{Data: []float64{f}})))
			} else {
				require.NoError(t, m.Set(name, f))
			}
		}
	}
}

// compare holds the outputs and the gradients to the case.
func (r *refCase) compare(outs map[string]*G.Node) {
	t, c := r.t, r.c
	tol := 1e-9
	if r.dt == tensor.Float32 {
		tol = 1e-4
	}
	var names []string
	var nodes []*G.Node
	for name, n := range outs {
		names, nodes = append(names, name), append(nodes, n)
	}
	var lossNodes []*G.Node
	var weights [][]float64
	for name, a := range c.Cotangents {
		require.Contains(t, outs, name)
		lossNodes, weights = append(lossNodes, outs[name]), append(weights, a.Data)
	}
	var values [][]float64
	if len(c.Grads) > 0 {
		var wrt []*G.Node
		var grads []string
		for name := range c.Grads {
			require.Contains(t, r.inputs, name, "the case has a gradient of %s", name)
			wrt, grads = append(wrt, r.inputs[name]), append(grads, name)
		}
		var ds [][]float64
		ds, values = graphtest.Grads(t, graphtest.Loss(t, lossNodes, weights), wrt, nodes)
		for i, name := range grads {
			want := c.Grads[name]
			if strings.HasPrefix(name, "weights.") {
				want = transposed(want)
			}
			graphtest.Close(t, "gradient of "+name, want.Data, ds[i], tol)
		}
	} else {
		values = graphtest.Eval(t, nodes...)
	}
	for i, name := range names {
		if name == "z" || name == "state.z" {
			require.Equal(t, c.Outputs[name].Data, values[i], name)
			continue
		}
		graphtest.Close(t, name, c.Outputs[name].Data, values[i], tol)
	}
}

// transposed returns the transpose of a matrix.
func transposed(a graphtest.Array) graphtest.Array {
	rows, cols := a.Shape[0], a.Shape[1]
	b := graphtest.Array{Shape: []int{cols, rows}, Data: make([]float64, len(a.Data))}
	for i := range rows {
		for j := range cols {
			b.Data[j*rows+i] = a.Data[i*cols+j]
		}
	}
	return b
}
