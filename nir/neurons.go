package nir

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
)

// sumParams are the parameters of an integrator, v̇ = R x.
type sumParams struct {
	Dt float64 // s
}

// Rest returns v = 0.
func (sumParams) Rest(x *G.Node) (neurons.BoxState, error) {
	var b graph.Builder
	return neurons.BoxState{V: b.Fill(x, graph.Const(0))}, b.Err()
}

// sumStep adds up its input: v ← v + x.
func sumStep(x *G.Node, s neurons.BoxState, _ sumParams) (v *G.Node, next neurons.BoxState, err error) {
	b := graph.NewBuilder(x, &s)
	next.V = b.Add(s.V, x)
	return next.V, next, b.Err()
}

// values are the parameters of a node, one for each neuron.
type values struct {
	node *Node
	n    int
	err  error
}

// of returns the values of a parameter; those of one that is not there are 0.
func (v *values) of(name string) []float64 {
	a, ok := v.node.Params[name]
	if !ok {
		return make([]float64, v.n)
	}
	fs, err := a.Floats()
	if err == nil && len(fs) == 1 && v.n != 1 {
		fs = slices.Repeat(fs, v.n)
	}
	if err == nil && len(fs) != v.n {
		err = fmt.Errorf("%d values, want %d", len(fs), v.n)
	}
	if err != nil {
		v.fail(fmt.Errorf("%s: %w", name, err))
		return make([]float64, v.n)
	}
	return fs
}

// spread returns a parameter of the neurons with the values that an array gives it.
func (v *values) spread(name, array string, values []float64) spread {
	a, _ := told(v.node.Metadata, "nodes")
	had, _ := a.Data.([]string)
	return spread{name, values, slices.Contains(had, array)}
}

func (v *values) fail(err error) {
	if v.err == nil {
		v.err = err
	}
}

// inverse returns 1/τ.
func (v *values) inverse(name string) []float64 {
	taus := v.of(name)
	out := make([]float64, len(taus))
	for i, tau := range taus {
		if !(tau > 0) {
			v.fail(fmt.Errorf("%s: element %d is %v, want more than 0", name, i, tau))
			return out
		}
		out[i] = 1 / tau
	}
	return exact(v.node, name, out)
}

func times(a, b []float64, c float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] * b[i] * c
	}
	return out
}

func ones(n int) []float64 { return slices.Repeat([]float64{1}, n) }

// plain returns gains of which those that are 1 but for rounding are 1: libraries whose
// input has no factor write such ones. Numbers of float32 round more.
func plain(gains []float64, n *Node) []float64 {
	off := 1e-14
	for _, a := range n.Params {
		if _, short := a.Data.([]float32); short {
			off = 4e-7
		}
	}
	out := slices.Clone(gains)
	for i, g := range out {
		if math.Abs(g-1) <= off {
			out[i] = 1
		}
	}
	return out
}

// firing reads threshold and reset.
func (im *importing) firing(v *values) (neurons.Firing, []spread) {
	f := neurons.DefaultFiring()
	if im.Spike != nil {
		f.Spike = im.Spike
	}
	f.ResetMethod = im.resetOf(v)
	return f, []spread{v.spread("VTh", "v_threshold", v.of("v_threshold")), v.spread("VReset", "v_reset", v.of("v_reset"))}
}

// cellFor returns the neurons of a node, nil of a node that is none, and notes what was
// decided.
func (im *importing) cellFor(name string, n *Node) (cell, error) {
	first := population(n.Type)
	if first == "" || n.Type == "Scale" || n.Type == "Delay" || n.Type == "Threshold" {
		return nil, nil
	}
	v := &values{node: n, n: n.Params[first].Len()}
	if v.n == 0 {
		return nil, fmt.Errorf("it has no neurons")
	}
	c, err := im.build(name, n, v)
	if err == nil {
		err = v.err
	}
	return c, err
}

func (im *importing) build(name string, n *Node, v *values) (cell, error) {
	r := v.of("r")
	dt := im.dt
	switch n.Type {
	case "I":
		im.note(name, "integration", "v ← v + gain x, exact for an input that is held over a time step")
		return withGain(sumStep, sumParams{Dt: dt}, im.gain(name, n, times(r, ones(v.n), im.perStep()), im.gainOfIF()), nil)
	case "IF":
		im.note(name, "integration", "v ← v + gain x, exact for an input that is held over a time step")
		f, sets := im.firing(v)
		im.fired(name, n, f)
		im.note(name, "start", "v = v_reset")
		return withGain(neurons.IAFStep, neurons.IAFParams{Firing: f}, im.gain(name, n, times(r, ones(v.n), im.perStep()), im.gainOfIF()), sets)
	case "LI", "LIF":
		rate := v.inverse("tau")
		im.integrates(name, "v ← v + dt/τ ((v_leak − v) + gain x)", rate)
		sets := []spread{v.spread("TauMemInv", "tau", rate), v.spread("VLeak", "v_leak", v.of("v_leak"))}
		gain := im.gain(name, n, r, "r")
		im.note(name, "start", "v = v_leak")
		if n.Type == "LI" {
			return withGain(neurons.LIBoxStep, neurons.LIBoxParams{Dt: dt, Integration: im.Integration}, gain, sets)
		}
		f, fires := im.firing(v)
		im.fired(name, n, f)
		return withGain(neurons.LIFBoxStep, neurons.LIFBoxParams{Dt: dt, Integration: im.Integration, Firing: f}, gain, append(sets, fires...))
	}
	syn, mem := v.inverse("tau_syn"), v.inverse("tau_mem")
	im.integrates(name, "i ← i + gain x, v ← v + dt/τ_mem ((v_leak − v) + i), i ← i − dt/τ_syn i, where i is R times the current", mem)
	sets := []spread{v.spread("TauSynInv", "tau_syn", syn), v.spread("TauMemInv", "tau_mem", mem), v.spread("VLeak", "v_leak", v.of("v_leak"))}
	gain := im.gain(name, n, times(times(r, v.of("w_in"), 1), syn, dt), "r w_in dt/τ_syn")
	im.note(name, "start", "v = v_leak, i = 0")
	if n.Type == "CubaLI" {
		return withGain(neurons.LIStep, neurons.LIParams{Dt: dt, Integration: im.Integration}, gain, sets)
	}
	f, fires := im.firing(v)
	im.fired(name, n, f)
	return withGain(neurons.LIFStep, neurons.LIFParams{Dt: dt, Integration: im.Integration, Firing: f}, gain, append(sets, fires...))
}

// withGain returns the cell of a step with parameters that sets gives, and with a gain
// unless that is 1.
func withGain[S any, P graph.Params[S]](step graph.Step[S, P], p P, gain []float64, sets []spread) (cell, error) {
	if !slices.ContainsFunc(gain, func(g float64) bool { return g != 1 }) {
		return withParams(&cellOf[S, P]{of: step, p: p}, sets)
	}
	return withParams(&cellOf[S, gainedParams[S, P]]{of: gained(step), p: gainedParams[S, P]{Inner: p}}, append(sets, spread{name: "Gain", values: gain}))
}

func withParams[S any, P graph.Params[S]](c *cellOf[S, P], sets []spread) (cell, error) {
	for _, s := range sets {
		if err := c.set(s); err != nil {
			return nil, err
		}
	}
	return c, nil
}
