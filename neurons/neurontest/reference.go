package neurontest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/surrogate"
)

// Reference holds a model to a reference case: outputs, states and every
// gradient, scanned and unrolled, in float64 within 1e-9 and in float32 within
// 1e-4, spikes equal. The reference multiplies weights from the left, y = x Wᵀ;
// here they stand transposed.
//
// Compiling an unrolled graph takes time that grows with the square of its
// steps, so a case of more than maxUnrolled is scanned only; that the two agree
// is what Test checks.
//
// Cases of sparse functions are scanned with lists of spikes as the input, too, which
// have no gradient. Cases of functions that keep no state, and of constants, are
// checked as well.
func Reference(t *testing.T, c graphtest.Case) {
	t.Helper()
	if _, ok := constants[c.Function]; ok {
		constantsReference(t, c)
		return
	}
	if _, ok := functions[c.Function]; ok {
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			t.Run(dt.String(), func(t *testing.T) { functionReference(t, c, dt) })
		}
		return
	}
	for _, scan := range []bool{true, false} {
		if !scan && c.Lifted && c.Inputs["x"].Shape[0] > maxUnrolled {
			continue
		}
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			name := "unroll/"
			if scan {
				name = "scan/"
			}
			t.Run(name+dt.String(), func(t *testing.T) { reference(t, c, scan, false, dt) })
		}
	}
	if !strings.HasSuffix(c.Function, "_sparse") {
		return
	}
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		t.Run("lists/"+dt.String(), func(t *testing.T) { reference(t, c, true, true, dt) })
	}
}

const maxUnrolled = 30

// Parameters that a case calls by another name than the field here, and those
// that the function takes and does not use.
var (
	fieldNames = map[string]string{"v_thresh": "v_th"}
	unusedIn   = map[string]string{
		"lif_current_encoder":      "tau_syn_inv",
		"lif_ex_current_encoder":   "tau_syn_inv",
		"lif_adex_current_encoder": "tau_syn_inv",
	}
)

// A refCase builds the graph of a case.
type refCase struct {
	t      *testing.T
	c      graphtest.Case
	m      models.Model
	g      *G.ExprGraph
	dt     tensor.Dtype
	lists  bool               // x comes as lists of spikes
	inputs map[string]*G.Node // by the names of the case; "params.…" too
}

func reference(t *testing.T, c graphtest.Case, scan, lists bool, dt tensor.Dtype) {
	r := &refCase{t: t, c: c, g: G.NewGraph(), dt: dt, lists: lists, inputs: map[string]*G.Node{}}
	name := c.Function
	for _, option := range []string{"activation", "accumulator"} {
		if v, ok := c.Params[option]; ok {
			name = fmt.Sprint(v.Any)
		}
	}
	var err error
	r.m, err = models.Named(name)
	require.NoError(t, err)
	r.setParams()
	x := r.setWeights(r.sequence())
	l, err := r.m.Lift(scan, x, r.states(x))
	require.NoError(t, err)
	r.compare(r.outputs(l))
}

// sequence returns the input [T, batch, …], as a tensor or as lists of spikes.
func (r *refCase) sequence() *G.Node {
	t, a := r.t, r.c.Inputs["x"]
	shape := tensor.Shape(a.Shape)
	if !r.c.Lifted {
		shape = append(tensor.Shape{1}, shape...)
	}
	if r.lists {
		s, err := connect.NewSpikes(shape...)
		require.NoError(t, err)
		require.NoError(t, s.SetDense(graphtest.Tensor(tensor.Float64, shape, a.Data)))
		x, err := connect.SpikeInput(r.g, "x", r.dt, s)
		require.NoError(t, err)
		return x
	}
	x := r.input("x", a)
	if r.c.Lifted {
		return x
	}
	x, err := G.Reshape(x, shape)
	require.NoError(t, err)
	return x
}

func (r *refCase) input(name string, a graphtest.Array) *G.Node {
	if strings.HasPrefix(name, "weights.") {
		a = transposed(a)
	}
	n := graphtest.Node(r.g, r.dt, name, a.Shape, a.Data)
	r.inputs[name] = n
	return n
}

// setWeights gives the model its weights, and returns what it takes in: the
// currents, unless it has input weights of its own.
func (r *refCase) setWeights(x *G.Node) *G.Node {
	t := r.t
	for name, a := range r.c.Inputs {
		kind, found := strings.CutPrefix(name, "weights.")
		if !found {
			require.True(t, name == "x" || strings.HasPrefix(name, "state."), "unknown input %s", name)
			continue
		}
		w := r.input(name, a)
		switch kind {
		case "recurrent":
			require.NoError(t, r.m.Set("W", w))
		case "coupling":
			require.NoError(t, r.m.Set("Coupling", w))
		case "input":
			if slices.Contains(r.m.Weights(), "WIn") {
				require.NoError(t, r.m.Set("WIn", w))
				continue
			}
			var err error
			if sparse, _ := r.m.Get("SparseGrad"); sparse != nil && *sparse.(*bool) {
				x, err = wrap.AtSpikes(x)
				require.NoError(t, err)
			}
			x, err = connect.Linear(x, w, nil)
			require.NoError(t, err)
		default:
			t.Fatalf("unknown input %s", name)
		}
	}
	return x
}

// states returns the states to start from, zero where the case gives none.
func (r *refCase) states(xs *G.Node) map[string]*G.Node {
	var b graph.Builder
	rest, err := r.m.Rest(b.At(xs, 0))
	require.NoError(r.t, err)
	states := map[string]*G.Node{}
	for name, n := range rest {
		states[name] = graphtest.Node(r.g, r.dt, "zero "+name, n.Shape(), make([]float64, max(1, n.Shape().TotalSize())))
	}
	for name, a := range r.c.Inputs {
		if short, found := strings.CutPrefix(name, "state."); found {
			states[r.stateNamed(short)] = r.input(name, a)
		}
	}
	return states
}

// outputs returns the nodes of the outputs that the case has.
func (r *refCase) outputs(l *models.Lifted) map[string]*G.Node {
	t, b := r.t, graph.Builder{}
	outs := map[string]*G.Node{}
	for name, a := range r.c.Outputs {
		var err error
		kind, state, found := strings.Cut(name, ".")
		switch {
		case kind == "state":
			outs[name] = l.Final[r.stateNamed(state)]
		case kind == "trace":
			outs[name], err = l.Trace(r.stateNamed(state))
		case found, name != "z" && name != "v":
			t.Fatalf("unknown output %s", name)
		case len(a.Shape) < l.Out.Dims(): // of the last step alone
			outs[name] = b.At(l.Out, l.Out.Shape()[0]-1)
		default:
			outs[name] = l.Out
		}
		require.NoError(t, err)
		require.NoError(t, b.Err())
	}
	return outs
}

// stateNamed returns the full name of a state of the model.
func (r *refCase) stateNamed(name string) string {
	r.t.Helper()
	for _, s := range r.m.States() {
		if short := s[strings.LastIndex(s, ".")+1:]; strings.EqualFold(short, strings.ReplaceAll(name, "_", "")) {
			return s
		}
	}
	r.t.Fatalf("model %s has no state %s, but %v", r.m.Name(), name, r.m.States())
	return ""
}

// setParams sets the parameters of the case. Those with a gradient in the case
// are learnt, others are constants.
func (r *refCase) setParams() {
	t, c, m := r.t, r.c, r.m
	if c.Dt != nil {
		// Models without a time step of their own take none.
		if _, err := m.Get("dt"); err == nil {
			require.NoError(t, m.Set("dt", *c.Dt))
		}
	}
	for name, v := range c.Params {
		number, isNumber := v.Any.(float64)
		_, learnt := c.Grads["params."+name]
		field := cmp.Or(fieldNames[name], name)
		switch {
		case name == "alpha", name == "activation", name == "initial_state", name == "accumulator":
		case name == "method":
			require.NoError(t, m.Set("Spike", spikeOf(t, c)))
		case unusedIn[c.Function] == name:
			a := v.Array
			if a == nil {
				a = &graphtest.Array{Data: []float64{number}}
			}
			r.input("params."+name, *a)
		case v.Array != nil:
			require.NoError(t, m.Set(field, r.input("params."+name, *v.Array)))
		case learnt:
			require.NoError(t, m.Set(field, r.input("params."+name, graphtest.Array{Data: []float64{number}})))
		case isNumber:
			require.NoError(t, m.Set(field, number))
		default:
			require.NoError(t, m.Set(field, v.Any))
		}
	}
}

// spikeOf returns the spike function of a case.
func spikeOf(t *testing.T, c graphtest.Case) graph.Func {
	t.Helper()
	var method string
	var alpha float64
	for name, v := range c.Params {
		switch name[strings.LastIndex(name, ".")+1:] { // inner parameters have a prefix
		case "method":
			method = fmt.Sprint(v.Any)
		case "alpha":
			alpha, _ = v.Any.(float64)
		}
	}
	f, err := surrogate.ByName(method, alpha)
	require.NoError(t, err)
	return f
}
