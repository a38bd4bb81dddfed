package nir

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/neurons"
)

// Options say how a network is imported where the format leaves it open. The zero value
// is good.
type Options struct {
	Integration graph.Integration // how a time step is taken; Euler's method, as in Norse and snnTorch
	Spike       graph.Func        // spike function and its surrogate; nil for that of neurons.DefaultFiring
	Steps       bool              // times in the file are in steps, as Sinabs writes them, not in seconds
	// Metadata has the notes count that Export has made for what the format cannot say:
	// other resets than to a value, a readout at the end.
	Metadata bool
}

// importing is an import that is going on.
type importing struct {
	Options
	dt     float64 // of neurons: 1 where times are in steps
	steps  bool
	report Report
}

// Import makes a layer of a network, for time steps of dt seconds: weights are learnable
// and have the names of the nodes, "fc1.linear.w". What was decided on the way is in the
// report of what it returns:
//
//	i ← i + dt/τ_syn (−i + w_in s)
//	v ← v + dt/τ_mem ((v_leak − v) + R i)
//	z = H(v − v_threshold)
//	v ← v_reset where z is 1
//
// are the steps of a CubaLIF, in this order, which are those of Norse and snnTorch; the
// other neurons are parts of it. A neuron that is reached from itself or from one behind
// it is so one time step later.
//
// Neurons without a leak whose r are all 1, in a network in which nothing has a time
// constant, are taken to count in steps: their gain is 1 a step and not dt.
//
// What goes into several nodes is one vector, their inputs side by side in the order of
// the names; and so is what comes out of several.
//
// An error names the node that cannot be imported, and why.
func Import(g *Graph, dt float64, o Options) (*Network, error) {
	if g == nil {
		return nil, errors.New("nir: import: the graph is nil")
	}
	if !(dt > 0) || math.IsInf(dt, 1) {
		return nil, fmt.Errorf("nir: import: dt is %v s, want a finite number above 0", dt)
	}
	n, err := load(g, dt, o)
	if err != nil {
		return nil, fmt.Errorf("nir: import: %w", err)
	}
	return n, nil
}

func load(g *Graph, dt float64, o Options) (*Network, error) {
	if err := g.Check(); err != nil {
		return nil, err
	}
	flat, err := g.flat()
	if err != nil {
		return nil, err
	}
	vs, err := flat.vertices()
	if err != nil {
		return nil, err
	}
	im := &importing{Options: o, dt: dt, report: Report{Dt: dt}}
	im.units(vs)
	n := &Network{flat: flat, vs: vs}
	if n.ins, n.outs, err = ends(vs); err != nil {
		return nil, err
	}
	im.sideBySide("input", vs, n.ins, func(v *vertex) []int { return v.In })
	im.sideBySide("output", vs, n.outs, func(v *vertex) []int { return v.Out })
	for _, v := range vs {
		if v.cell, err = im.cellFor(v.name, v.node); err == nil {
			err = im.fits(v)
		}
		if err != nil {
			return nil, fmt.Errorf("node %s: %w", v.name, err)
		}
	}
	for _, c := range components(vs) {
		l, err := im.loopOf(vs, c)
		if err != nil {
			return nil, err
		}
		n.parts = append(n.parts, part{c, l})
	}
	if n.readout, err = im.readoutOf(g); err != nil {
		return nil, err
	}
	n.report, n.options = im.report, o
	return n, nil
}

func (im *importing) note(node, what, format string, args ...any) {
	im.report.note(node, what, format, args...)
}

// sideBySide notes which elements belong to which of several inputs or outputs.
func (im *importing) sideBySide(what string, vs []*vertex, which []int, shape func(v *vertex) []int) {
	at := 0
	for _, i := range which {
		n := size(shape(vs[i]))
		if len(which) > 1 {
			im.note(vs[i].name, what, "its %v are elements %d to %d of the %s, which is that of %d nodes side by side", shape(vs[i]), at, at+n-1, what, len(which))
		}
		at += n
	}
}

// units decides whether times are in seconds.
func (im *importing) units(vs []*vertex) {
	same, integrators, taus := true, 0, 0
	for _, v := range vs {
		switch v.node.Type {
		case "I", "IF":
			integrators++
			rs, _ := v.node.Params["r"].Floats() // Check has read it
			same = same && !slices.ContainsFunc(rs, func(r float64) bool { return r != 1 })
		case "LI", "LIF", "CubaLI", "CubaLIF", "Delay":
			taus++
		}
	}
	switch {
	case im.Steps:
		im.steps, im.dt = true, 1
		im.note("", "units", "times are in steps, as was asked for: the time step is 1")
	case integrators > 0 && taus == 0 && same:
		im.steps = true
		im.note("", "units", "all r are 1 and there are no time constants: an input of 1 moves a potential by 1 a step, not by dt = %v", im.dt)
	default:
		im.note("", "units", "times are in seconds, a step is %v s", im.dt)
	}
}

// perStep is what r of a neuron without a leak is multiplied by.
func (im *importing) perStep() float64 {
	if im.steps {
		return 1
	}
	return im.dt
}

func (im *importing) gainOfIF() string {
	if im.steps {
		return "r"
	}
	return "r dt"
}

// gain notes by what the input is multiplied.
func (im *importing) gain(name string, n *Node, gains []float64, what string) []float64 {
	gains = plain(gains, n)
	im.note(name, "input", "gain = %s = %s", what, span(gains))
	return gains
}

// span returns a number, or from where to where numbers go.
func span(vs []float64) string {
	lo, hi := slices.Min(vs), slices.Max(vs)
	if lo == hi {
		return fmt.Sprintf("%.6g", lo)
	}
	return fmt.Sprintf("%.6g to %.6g", lo, hi)
}

func (im *importing) integrates(name, equations string, rate []float64) {
	how := "Euler's method"
	if im.Integration != graph.Euler {
		how = "exact, in the place of Euler's method"
	}
	im.note(name, "integration", "%s: %s, dt/τ = %s", how, equations, span(times(rate, ones(len(rate)), im.dt)))
	if tau := 1 / slices.Max(rate); tau >= 1 && !im.steps {
		im.note(name, "units", "a time constant is %.3g s: if the file counts in steps, as those of Sinabs do, ask for that", tau)
	}
}

// fired notes how a neuron fires.
func (im *importing) fired(name string, n *Node, f neurons.Firing) {
	to := "v ← v_reset"
	switch f.ResetMethod {
	case neurons.ResetSubtract:
		to = "v ← v − v_threshold"
	case neurons.ResetShift:
		to = "v ← v − (v_threshold − v_reset)"
	}
	if _, ok := n.Params["v_reset"]; !ok && f.ResetMethod == neurons.ResetValue {
		to = "v ← 0, as the file gives no v_reset,"
	}
	im.note(name, "reset", "a spike where v > v_threshold, then %s in the same step", to)
	if said := word(n.Metadata, "reset"); said != "" && !im.Metadata {
		im.note(name, "metadata", "they say %s, and were not asked for", said)
	}
}

// fits returns an error if a node cannot be imported.
func (im *importing) fits(v *vertex) error {
	n := v.node
	switch n.Type {
	case "Linear", "Affine":
		if w := n.Params["weight"].Shape; len(w) != 2 {
			return fmt.Errorf("weight: shape is %v, want [out in]: maps that differ along other axes are not imported", w)
		}
	case "Conv1d", "Conv2d":
		_, err := n.convolution()
		return err
	case "SumPool2d", "AvgPool2d":
		ss, err := n.window()
		if err != nil {
			return err
		}
		for _, s := range ss {
			if s.pad > s.kernel/2 {
				return fmt.Errorf("padding: %d for windows of %d, want at most half of it", s.pad, s.kernel)
			}
		}
	case "Delay":
		_, err := im.delays(v)
		return err
	}
	return nil
}
