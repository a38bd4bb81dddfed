package train

import (
	"errors"
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/segments"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/readout"
)

// assemble makes the graph and the machines that run it.
func (m *Model) assemble() error {
	g := G.NewGraph()
	if err := m.addInputs(g); err != nil {
		return err
	}
	if err := m.addNetwork(g); err != nil {
		return err
	}
	terms, total, err := m.addObjective(g)
	if err != nil {
		return fmt.Errorf("loss: %w", err)
	}
	if err := inNetwork(m.build.CheckHidden(m.out)); err != nil {
		return err
	}
	if m.carry != nil {
		if err := m.checkTime(false); err != nil {
			return err
		}
	}
	if m.replica {
		err = m.take()
	} else {
		err = m.addTraining(terms, total)
	}
	if err != nil {
		return err
	}
	if err := m.addRates(); err != nil {
		return err
	}
	m.fitAt.rates = segments.Span{From: len(m.fitNodes), N: len(m.rates)}
	var values segments.Nodes
	m.testAt = layout{terms: values.Add(terms...), out: values.Add(m.out), rates: values.Add(m.rates...), states: values.Add(m.carry.Outs()...)}
	m.test, err = machine.New(values...)
	return err
}

// addInputs adds the inputs of the network, and what each sample counts.
func (m *Model) addInputs(g *G.ExprGraph) (err error) {
	if m.x, err = m.inputNode(g); err != nil {
		return err
	}
	for _, in := range []struct {
		name string
		node **G.Node
		x    int
	}{{"sample weights", &m.w, 0}, {"length", &m.length, m.cut.Steps}, {"total length", &m.total, m.net.Steps}} {
		if *in.node, err = m.input(g, in.name, m.net.Batch); err != nil {
			return err
		}
		fill(*in.node, in.x)
	}
	return nil
}

// input adds an input of a shape.
func (m *Model) input(g *G.ExprGraph, name string, shape ...int) (*G.Node, error) {
	return graph.Input(g, name, tensor.New(tensor.Of(m.net.Dtype), tensor.WithShape(shape...)))
}

// inputNode returns the input of the network.
func (m *Model) inputNode(g *G.ExprGraph) (*G.Node, error) {
	shape := append([]int{m.cut.Steps, m.net.Batch}, m.net.Shape...)
	if !m.net.SpikeInput {
		return graph.Input(g, "x", tensor.New(tensor.Of(m.net.Dtype), tensor.WithShape(shape...)))
	}
	s, err := connect.NewSpikes(shape...)
	if err != nil {
		return nil, err
	}
	return connect.SpikeInput(g, "x", m.net.Dtype, s)
}

// addNetwork adds the layers.
func (m *Model) addNetwork(g *G.ExprGraph) (err error) {
	m.build = layers.NewBuild(m.net.Seed)
	m.build.SampleWeight, m.build.Length, m.build.Ranks = m.w, m.length, new(connect.Ranks)
	if m.cut.Carries {
		if m.carry, err = segments.New(g, m.net.Dtype, m.net.Batch); err != nil {
			return err
		}
		m.build.Carry = &layers.Carry{Starts: m.carry.Starts}
	}
	m.exam.Prepare(m.build)
	m.build.Values = m.given
	if m.learning != nil {
		err = guard.Call("Prepare", "learning", m.learning, func() (err error) { m.gradients, err = m.learning.Prepare(m.build); return err })
		if err != nil {
			return err
		}
	}
	m.out, err = m.apply(m.build, m.x)
	return err
}

// apply adds the network to the graph of x.
func (m *Model) apply(b *layers.Build, x *G.Node) (out *G.Node, err error) {
	err = guard.Call("Apply", "layer", m.net.Net, func() (err error) { out, err = m.net.Net.Apply(b, x); return err })
	if err == nil && out == nil {
		err = errors.New("it returned no output")
	}
	if err == nil {
		out, err = m.join(b, out)
	}
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	return out, nil
}

// addObjective adds the targets, and returns the loss with the penalties and what is to be
// differentiated.
func (m *Model) addObjective(g *G.ExprGraph) (terms G.Nodes, total *G.Node, err error) {
	if err := m.prepareHeads(); err != nil {
		return nil, nil, err
	}
	for _, h := range m.heads {
		if h.shape, err = m.targetShape(h); err != nil {
			if h.Output != "" {
				err = fmt.Errorf("head %s: %w", h.Output, err)
			}
			return nil, nil, err
		}
	}
	if m.y, err = m.input(g, "target", m.place()...); err != nil {
		return nil, nil, err
	}
	if err := m.splitTargets(); err != nil {
		return nil, nil, err
	}
	if err := m.prepareMetrics(); err != nil {
		return nil, nil, err
	}
	return m.cost()
}

// addRates adds the firing rates of the layers that spike.
func (m *Model) addRates() error {
	for _, a := range m.build.Activities {
		if !a.Spiking {
			continue
		}
		r, err := readout.Rate(a.Out, m.stepWeights())
		if err != nil {
			return err
		}
		m.spiking, m.rates = append(m.spiking, a.Name), append(m.rates, r)
	}
	return nil
}

// stepWeights returns the weight of each time step, [T, batch].
func (m *Model) stepWeights() *G.Node {
	if m.perStep == nil {
		var b graph.Builder
		m.perStep = readout.StepWeights(&b, m.cut.Steps, m.w, m.length, m.total)
	}
	return m.perStep
}

// addTraining adds the gradients, and makes the machine for training.
func (m *Model) addTraining(terms G.Nodes, total *G.Node) error {
	grads, err := m.differentiate(total)
	if err != nil {
		return err
	}
	params := m.build.Params
	if w := m.cut.Warning(m.net.Steps, m.net.Segment, m.net.Window, m.net.Stride); w != "" {
		m.build.Warnings = append(m.build.Warnings, w)
	}
	m.enlist()
	outs := m.carry.Outs()
	var values segments.Nodes
	m.fitAt = layout{
		terms: values.Add(terms...), out: values.Add(m.out),
		grads: values.Add(grads[:len(params)]...), lambda: values.Add(grads[len(params):]...), states: values.Add(outs...),
		exam: values.Add(m.exam.Gradients(m.build, m.out)...), next: values.Add(m.build.Moving()...),
	}
	m.fitNodes = G.Nodes(values)
	if m.fit, err = machine.New(values...); err != nil {
		return err
	}
	if len(outs) > 0 {
		m.carry.Advance, err = machine.New(outs...)
	}
	return err
}

// differentiate returns the gradients by the parameters and by the states that enter.
func (m *Model) differentiate(total *G.Node) (G.Nodes, error) {
	if m.learning != nil {
		return m.differentiateOnline(total)
	}
	params := m.build.Params
	wrt := slices.Concat(params, m.carry.Ins())
	also := m.exam.Also(m.build, m.out)
	grads, unused, err := graph.Grad(total, slices.Concat(wrt, also)...)
	if err != nil {
		return nil, err
	}
	m.exam.Take(also, grads[len(wrt):], unused, len(wrt))
	for _, i := range unused {
		if i >= len(params) {
			continue // a state that nothing flows back through
		}
		m.build.Warnings = append(m.build.Warnings,
			fmt.Sprintf("the loss does not depend on %s: its gradient is zero", params[i].Name()))
	}
	return grads[:len(wrt)], nil
}

// enlist notes the weights.
func (m *Model) enlist() {
	for _, n := range m.build.Params {
		m.params = append(m.params, &Parameter{name: n.Name(), value: n.Value().(*tensor.Dense), keep: m.build.Constraints[n]})
	}
	for _, n := range m.build.Fixed {
		m.fixed = append(m.fixed, &Parameter{name: n.Name(), value: n.Value().(*tensor.Dense)})
	}
	m.nodes = slices.Concat(m.build.Params, m.build.Fixed)
}

// fill sets all elements of an input to x.
func fill(n *G.Node, x int) {
	v := make([]float32, n.Shape().TotalSize())
	for i := range v {
		v[i] = float32(x)
	}
	flat.Set(n.Value(), v)
}
