package nir

import (
	"fmt"
	"math"
	"reflect"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
	"github.com/spikegrad/spikegrad/surrogate"
)

// A modelled layer is one of the models that the format has: its parameters by the names
// of the arrays, and what is around it.
type modelled struct {
	kind    string
	dt      float64
	w       *G.Node // recurrent weights
	inverse map[string]graph.Param
	plain   map[string]graph.Param
	firing  *neurons.Firing
}

// same reports whether a step is the given function.
func same(step, f any) bool {
	a, b := reflect.ValueOf(step), reflect.ValueOf(f)
	return a.Kind() == reflect.Func && b.Kind() == reflect.Func && a.Pointer() == b.Pointer()
}

// modelOf returns which model of the format a layer is; nil if it is none.
func modelOf(act layers.Activity) *modelled {
	params, w := act.Params, (*G.Node)(nil)
	switch p := params.(type) {
	case *wrap.RecurrentParams[neurons.LIFState, neurons.LIFParams]:
		params, w = &p.Inner, p.W
	case *wrap.RecurrentParams[neurons.BoxState, neurons.LIFBoxParams]:
		params, w = &p.Inner, p.W
	case *wrap.RecurrentParams[neurons.BoxState, neurons.IAFParams]:
		params, w = &p.Inner, p.W
	}
	type ps = map[string]graph.Param
	switch p := params.(type) {
	case *neurons.LIFParams:
		if same(act.Step, neurons.LIFStep) {
			return &modelled{"CubaLIF", p.Dt, w, ps{"tau_syn": p.TauSynInv, "tau_mem": p.TauMemInv}, ps{"v_leak": p.VLeak}, &p.Firing}
		}
	case *neurons.LIParams:
		if same(act.Step, neurons.LIStep) {
			return &modelled{"CubaLI", p.Dt, w, ps{"tau_syn": p.TauSynInv, "tau_mem": p.TauMemInv}, ps{"v_leak": p.VLeak}, nil}
		}
	case *neurons.LIFBoxParams:
		if same(act.Step, neurons.LIFBoxStep) {
			return &modelled{"LIF", p.Dt, w, ps{"tau": p.TauMemInv}, ps{"v_leak": p.VLeak}, &p.Firing}
		}
	case *neurons.LIBoxParams:
		if same(act.Step, neurons.LIBoxStep) {
			return &modelled{"LI", p.Dt, w, ps{"tau": p.TauMemInv}, ps{"v_leak": p.VLeak}, nil}
		}
	case *neurons.IAFParams:
		if same(act.Step, neurons.IAFStep) {
			return &modelled{"IF", 0, w, ps{}, ps{}, &p.Firing}
		}
	}
	return nil
}

// timeStep returns the time step of the neurons, which is one for all, or that of the
// options.
func (e *exporting) timeStep() float64 {
	for _, act := range e.act {
		if m := modelOf(act); m != nil && m.dt > 0 {
			return m.dt
		}
	}
	return e.Dt
}

// neurons adds the node of neurons, and that of their recurrent weights.
func (e *exporting) neurons(a applied, act layers.Activity) error {
	m := modelOf(act)
	if m == nil {
		return refusal(a, "the format has leaky and perfect integrators, with or without a synapse and a threshold, and no other neurons: %s", nodesOfNeurons)
	}
	if name := besides(act.Params); name != "" {
		return refusal(a, "its parameter %s is not in the format", name)
	}
	if m.dt > 0 && m.dt != e.dt {
		return refusal(a, "its time step is %v s, that of others %v s; the format has none, and one is given when it is imported", m.dt, e.dt)
	}
	shape := slices.Clone(a.y.Shape()[2:])
	n := &Node{Type: m.kind, Params: map[string]Array{}}
	w := writing{n: n, shape: shape, dt: m.dt}
	for _, name := range []string{"tau", "tau_syn", "tau_mem"} {
		if p, ok := m.inverse[name]; ok {
			w.inverse(name, p)
		}
	}
	w.param("v_leak", m.plain)
	if err := e.fires(a, m, &w); err != nil {
		return err
	}
	w.gain(m.kind, e.dt)
	if w.err != nil {
		return refusal(a, "%v", w.err)
	}
	if len(w.nodes) > 0 {
		tell(&n.Metadata, "nodes", Of(w.nodes, len(w.nodes)))
	}
	if m.w == nil {
		return e.enter(a, a.x, n)
	}
	if err := e.enter(a, a.x, n); err != nil {
		return err
	}
	back, err := matrix(m.w)
	if err != nil {
		return err
	}
	rec := a.name + ".rec"
	if e.g.Nodes[rec] != nil {
		return refusal(a, "there is a node %s already", rec)
	}
	e.g.Nodes[rec] = &Node{Type: "Linear", Params: map[string]Array{"weight": back}}
	e.g.Edges = append(e.g.Edges, Edge{a.name, rec}, Edge{rec, a.name})
	return nil
}

// said are the parameters that the format has, that say how time steps are taken, or
// that change gradients alone.
var said = []string{
	"TauSynInv", "TauMemInv", "VLeak", "VTh", "VReset", "ResetMethod",
	"Dt", "Integration", "Spike", "DetachReset", "W", "SparseGrad",
}

// besides returns the name of a parameter that is set and not among these, "" if there
// is none.
func besides(params any) string {
	v := reflect.ValueOf(params)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch inside := f.Anonymous || f.Name == "Inner"; {
		case slices.Contains(said, f.Name) || v.Field(i).IsZero():
		case inside && f.Type.Kind() == reflect.Struct:
			if name := besides(v.Field(i).Interface()); name != "" {
				return name
			}
		default:
			return f.Name
		}
	}
	return ""
}

const nodesOfNeurons = "I, IF, LI, LIF, CubaLI, CubaLIF"

// fires writes threshold and reset.
func (e *exporting) fires(a applied, m *modelled, w *writing) error {
	if m.firing == nil {
		return nil
	}
	f := m.firing
	if _, random := f.Spike.(surrogate.Random); random || !stepwise(f.Spike) {
		return refusal(a, "its spike function %T is no step from 0 to 1 at the threshold", f.Spike)
	}
	w.set("v_threshold", f.VTh, false)
	w.set("v_reset", f.VReset, false)
	if f.ResetMethod == neurons.ResetValue {
		return nil
	}
	if !e.Metadata {
		return refusal(a, "a spike moves the potential by the threshold (%v), and in the format it goes to v_reset; ask for Metadata, in which that is kept for our own import", f.ResetMethod)
	}
	tell(&w.n.Metadata, "reset", Of([]string{f.ResetMethod.String()}))
	return nil
}

// stepwise reports whether a spike function is a step.
func stepwise(f graph.Func) bool {
	if _, ok := f.(interface{ Heaviside() }); ok {
		return true
	}
	for x, want := range map[float64]float64{-10: 0, -1e-3: 0, 0: 0, 1e-3: 1, 10: 1} {
		if f == nil || f.Eval(x) != want {
			return false
		}
	}
	return true
}

// A writing is a node of neurons in the making.
type writing struct {
	n     *Node
	shape []int
	dt    float64
	nodes []string
	err   error
}

func (w *writing) param(name string, of map[string]graph.Param) {
	if p, ok := of[name]; ok {
		w.set(name, p, false)
	}
}

func (w *writing) inverse(name string, p graph.Param) { w.set(name, p, true) }

// set writes a parameter, or one divided by it, with a value for each neuron.
func (w *writing) set(name string, p graph.Param, inverse bool) {
	vs, err := valuesOf(p, w.shape)
	if err != nil {
		w.fail(fmt.Errorf("%s: %w", name, err))
		return
	}
	if p.Node() != nil {
		w.nodes = append(w.nodes, name)
	}
	if inverse {
		inv, rounded := make([]float64, len(vs)), false
		for i, v := range vs {
			if inv[i] = 1 / v; !(v > 0) || math.IsInf(inv[i], 0) {
				w.fail(fmt.Errorf("1/%s is %v, want more than 0", name, v))
				return
			}
			rounded = rounded || 1/inv[i] != v
		}
		if rounded {
			tell(&w.n.Metadata, name+"_inv", Of(vs, len(vs)))
		}
		vs = inv
	}
	w.n.Params[name] = Of(vs, w.shape...)
}

// valuesOf returns the values of a parameter for neurons of a shape: those of a node as its
// graph computes them, within its constraint and in its precision.
func valuesOf(p graph.Param, shape []int) ([]float64, error) {
	if p.Node() == nil {
		vs, err := p.Values()
		return slices.Repeat(vs, size(shape)), err
	}
	var b graph.Builder
	y := b.Scale(b.Constant(p.Node(), 1, append([]int{1}, shape...)...), p)
	if err := b.Err(); err != nil {
		return nil, err
	}
	a, err := arrayOf(y, shape...)
	if err != nil {
		return nil, err
	}
	return a.Floats()
}

// gain writes by what the input is multiplied, such that it comes in as it is.
func (w *writing) gain(kind string, dt float64) {
	n := size(w.shape)
	r := 1.0
	switch kind {
	case "IF":
		if dt > 0 {
			r = 1 / dt
		}
	case "CubaLI", "CubaLIF":
		taus, err := w.n.Params["tau_syn"].Floats()
		if err != nil {
			return // set has said so
		}
		in := make([]float64, n)
		for i := range min(n, len(taus)) {
			in[i] = taus[i] / w.dt
		}
		w.n.Params["w_in"] = Of(in, w.shape...)
	}
	w.n.Params["r"] = Of(slices.Repeat([]float64{r}, n), w.shape...)
}

func (w *writing) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}
