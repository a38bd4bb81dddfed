package plasticity_test

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/models"
	"github.com/spikegrad/spikegrad/plasticity"
	"github.com/spikegrad/spikegrad/surrogate"
)

// owned are the functions of the reference values that this package answers for.
var owned = map[string]func(*testing.T, graphtest.Case){
	"stdp_step_linear":         steps,
	"stdp_step_conv2d":         steps,
	"stdp_sensor_step":         steps,
	"correlation_sensor_step":  steps,
	"lif_correlation_step":     steps,
	"stp_step":                 steps,
	"correlation_based_update": correlationUpdate,
	"default_parameters":       defaults,
}

func TestReference(t *testing.T) {
	const ours = "testdata/reference"
	dir := cmp.Or(os.Getenv("REFERENCE_DIR"), ours)
	seen := map[string]bool{}
	for _, c := range graphtest.Cases(t, dir) {
		check, ok := owned[c.Function]
		if c.Function == "default_parameters" {
			_, ok = classes[c.Name]
		}
		if !ok {
			// A folder with the cases of all packages has those of others.
			require.NotEqual(t, ours, dir, "no such function: %s/%s", c.Function, c.Name)
			continue
		}
		seen[c.Function] = true
		t.Run(c.Function+"/"+c.Name, func(t *testing.T) { check(t, c) })
	}
	if dir == ours {
		require.Len(t, seen, len(owned), "functions without a case")
	}
}

// Parameters that a case calls by another name than the field here, those that
// name the function or are part of another setting, and those that the function
// takes and does not use.
var (
	fieldNames = map[string]string{"stdp_algorithm": "algorithm"}
	settings   = []string{"method", "alpha", "convolutional", "stride", "padding", "dilation"}
	unused     = map[string]string{"stdp_sensor_step": "tau_ac_inv", "stp_step": "tau_s_inv"}
	dts        = map[string][]string{"lif_correlation_step": {"neurons.inner.dt", "input_correlation.dt", "recurrent_correlation.dt"}}
)

// modelOf returns the model of a case, without its parameters.
func modelOf(t *testing.T, c graphtest.Case) models.Model {
	t.Helper()
	number := func(name string) int { n, _ := c.Params[name].Any.(float64); return int(n) }
	var pre, post []int
	if _, ok := c.Inputs["z_pre"]; ok {
		pre, post = c.Inputs["z_pre"].Shape[2:], c.Inputs["z_post"].Shape[2:]
	}
	switch c.Function {
	case "stdp_step_linear", "stdp_step_conv2d":
		rule := plasticity.DefaultSTDPParams()
		rule.Conv = connect.Conv{Stride: number("stride"), Pad: number("padding"), Dilation: number("dilation")}
		return models.Of(c.Function, plasticity.RuleStep, plasticity.NewRuleParams(rule, pre, post))
	case "stdp_sensor_step":
		return models.Of(c.Function, plasticity.RuleStep, plasticity.NewRuleParams(plasticity.DefaultSTDPSensorParams(), pre, post))
	case "correlation_sensor_step":
		return models.Of(c.Function, plasticity.RuleStep,
			plasticity.NewRuleParams(plasticity.DefaultCorrelationParams(), pre[len(pre)-1:], post[len(post)-1:]))
	case "lif_correlation_step":
		p := plasticity.CorrelatedParams[neurons.LIFState, neurons.LIFParams]{
			InputCorrelation: plasticity.DefaultCorrelationParams(), RecurrentCorrelation: plasticity.DefaultCorrelationParams(),
		}
		p.Neurons.Inner = neurons.DefaultLIFParams()
		p.Neurons.Inner.DetachReset = true // as in lif_step
		return models.Of(c.Function, plasticity.Correlated(neurons.LIFStep), p)
	case "stp_step":
		return models.Of(c.Function, plasticity.STPStep, plasticity.DefaultSTPParams())
	}
	t.Fatalf("no such function: %s", c.Function)
	return nil
}

// steps checks a step: outputs, states and every gradient.
func steps(t *testing.T, c graphtest.Case) {
	for _, scan := range []bool{true, false} {
		for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-9, tensor.Float32: 1e-4} {
			name := map[bool]string{true: "scan/", false: "unroll/"}[scan]
			t.Run(name+dt.String(), func(t *testing.T) {
				r := &reference{t: t, c: c, m: modelOf(t, c), g: G.NewGraph(), dt: dt, in: map[string]*G.Node{}}
				r.setParams()
				xs := r.input()
				l, err := r.m.Lift(scan, xs, r.states())
				require.NoError(t, err)
				for name := range c.Inputs {
					require.Contains(t, r.in, name, "unknown input")
				}
				r.compare(r.outputs(l), tol)
			})
		}
	}
}

type reference struct {
	t  *testing.T
	c  graphtest.Case
	m  models.Model
	g  *G.ExprGraph
	dt tensor.Dtype
	in map[string]*G.Node // by the names of the case; "params.…" too
}

// flipped tells the matrices that the reference multiplies from the left, y = W x.
func flipped(name string, c graphtest.Case) bool {
	return strings.HasPrefix(name, "weights.") || (name == "w" || name == "trace.w") && c.Function == "stdp_step_linear"
}

func (r *reference) node(name string, a graphtest.Array) *G.Node {
	if flipped(name, r.c) {
		a = transposed(a)
	}
	r.in[name] = graphtest.Node(r.g, r.dt, name, a.Shape, a.Data)
	return r.in[name]
}

func (r *reference) setParams() {
	t, c, m := r.t, r.c, r.m
	times, ok := dts[c.Function]
	if !ok {
		times = []string{"dt"}
	}
	for _, name := range times {
		require.NoError(t, m.Set(name, *c.Dt))
	}
	for name, v := range c.Params {
		field := cmp.Or(fieldNames[name], name)
		number, isNumber := v.Any.(float64)
		_, learnt := c.Grads["params."+name]
		switch {
		case slices.Contains(settings, name):
		case unused[c.Function] == name:
			require.Zero(t, c.Grads["params."+name].Data[0])
			require.Error(t, m.Set(field, 0.0))
		case learnt:
			require.NoError(t, m.Set(field, r.node("params."+name, graphtest.Array{Data: []float64{number}})))
		case isNumber:
			require.NoError(t, m.Set(field, number))
		default:
			require.NoError(t, m.Set(field, v.Any))
		}
	}
	if method, ok := c.Params["method"]; ok {
		f, err := surrogate.ByName(method.Any.(string), c.Params["alpha"].Any.(float64))
		require.NoError(t, err)
		require.NoError(t, m.Set("spike", f))
	}
	for name, a := range c.Inputs {
		switch name {
		case "weights.input":
			require.NoError(t, m.Set("WIn", r.node(name, a)))
		case "weights.recurrent":
			require.NoError(t, m.Set("neurons.w", r.node(name, a)))
		}
	}
}

// input returns the sequence of inputs.
func (r *reference) input() *G.Node {
	t, c := r.t, r.c
	if a, ok := c.Inputs["x"]; ok {
		x := r.node("x", a)
		if !c.Lifted {
			var err error
			x, err = graph.Reshape(x, append([]int{1}, a.Shape...)...)
			require.NoError(t, err)
		}
		return x
	}
	var sides []*G.Node
	for _, name := range []string{"z_pre", "z_post"} {
		a := c.Inputs[name]
		n := 1
		for _, d := range a.Shape[2:] {
			n *= d
		}
		z, err := graph.Reshape(r.node(name, a), a.Shape[0], a.Shape[1], n)
		require.NoError(t, err)
		sides = append(sides, z)
	}
	x, err := plasticity.Join(sides...)
	require.NoError(t, err)
	return x
}

// stateNamed returns the full name of a state of the model.
func (r *reference) stateNamed(name string) string {
	r.t.Helper()
	for _, s := range r.m.States() {
		if got, want := fold(s), fold(name); got == want || strings.HasSuffix(got, "."+want) {
			return s
		}
	}
	r.t.Fatalf("no state %s, but %v", name, r.m.States())
	return ""
}

func (r *reference) states() map[string]*G.Node {
	states := map[string]*G.Node{}
	for name, a := range r.c.Inputs {
		if short, found := strings.CutPrefix(name, "state."); found || name == "w" {
			states[r.stateNamed(short)] = r.node(name, a)
		}
	}
	return states
}

func (r *reference) outputs(l *models.Lifted) map[string]*G.Node {
	outs := map[string]*G.Node{}
	for name := range r.c.Outputs {
		var err error
		kind, state, _ := strings.Cut(name, ".")
		switch {
		case name == "w":
			outs[name] = l.Final["W"]
		case kind == "state":
			outs[name] = l.Final[r.stateNamed(state)]
		case kind == "trace":
			outs[name], err = l.Trace(r.stateNamed(state))
		case name == "z":
			outs[name] = l.Out
		case name == "current":
			outs[name] = l.Out
			if !r.c.Lifted {
				outs[name], err = graph.Reshape(l.Out, r.c.Outputs[name].Shape...)
			}
		default:
			r.t.Fatalf("unknown output %s", name)
		}
		require.NoError(r.t, err)
	}
	return outs
}

// array returns a reference value as it lies here.
func (r *reference) array(name string, a graphtest.Array) []float64 {
	if flipped(name, r.c) {
		return transposed(a).Data
	}
	return a.Data
}

func (r *reference) compare(outs map[string]*G.Node, tol float64) {
	t, c := r.t, r.c
	var nodes, losses, wrt []*G.Node
	var weights [][]float64
	names := slices.Sorted(maps.Keys(outs))
	for _, name := range names {
		nodes = append(nodes, outs[name])
		if w, ok := c.Cotangents[name]; ok {
			losses, weights = append(losses, outs[name]), append(weights, r.array(name, w))
		}
	}
	require.Len(t, losses, len(c.Cotangents))
	var grads []string
	for _, name := range slices.Sorted(maps.Keys(c.Grads)) {
		if "params."+unused[c.Function] != name {
			require.Contains(t, r.in, name, "the case has a gradient of it")
			grads, wrt = append(grads, name), append(wrt, r.in[name])
		}
	}
	ds, values := graphtest.Grads(t, graphtest.Loss(t, losses, weights), wrt, nodes)
	for i, name := range names {
		if name == "z" || name == "state.z" || strings.HasSuffix(name, "post_pre") {
			require.Equal(t, c.Outputs[name].Data, values[i], name)
			continue
		}
		graphtest.Close(t, name, r.array(name, c.Outputs[name]), values[i], tol)
	}
	for i, name := range grads {
		graphtest.Close(t, "gradient of "+name, r.array(name, c.Grads[name]), ds[i], tol)
	}
}

func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// transposed swaps the last two axes.
func transposed(a graphtest.Array) graphtest.Array {
	k := len(a.Shape) - 2
	rows, cols := a.Shape[k], a.Shape[k+1]
	b := graphtest.Array{Shape: append(slices.Clone(a.Shape[:k]), cols, rows), Data: make([]float64, len(a.Data))}
	for at := 0; at < len(a.Data); at += rows * cols {
		for i := range rows * cols {
			b.Data[at+i%cols*rows+i/cols] = a.Data[at+i]
		}
	}
	return b
}
