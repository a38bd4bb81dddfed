package main

import (
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
)

// A trace is what a neuron did.
type trace struct {
	times  []float64 // ms
	input  []float64
	v      []float64 // mV
	spikes []float64 // those of the times at which it fired
}

// simulate runs the neuron of a panel on its input.
func simulate(p panel) (trace, error) {
	params := p.neuron.Params()
	if p.dt > 0 {
		params.Dt = p.dt
	}
	// The equations count in ms, and τ⁻¹ dt is how far one step of Euler's method
	// takes them.
	perSecond, _ := params.TauInv.Value()
	ms := perSecond * params.Dt
	settle, shown := int(p.settle/ms), int(p.length/ms)

	var tr trace
	xs := slices.Repeat([]float64{p.input(0)}, settle)
	for i := range shown {
		// The input of a step is that of its middle: there no pulse begins or ends.
		xs = append(xs, p.input((float64(i)+0.5)*ms))
		tr.times = append(tr.times, float64(i)*ms)
	}
	tr.input = xs[settle:]

	g := gorgonia.NewGraph()
	x, err := graph.Input(g, "input", tensor.New(tensor.WithShape(len(xs), 1, 1), tensor.WithBacking(xs)))
	if err != nil {
		return trace{}, err
	}
	run, err := graph.Scan(neurons.IzhikevichStep, x, nil, params)
	if err != nil {
		return trace{}, err
	}
	v, err := run.Trace("V")
	if err != nil {
		return trace{}, err
	}
	m, err := machine.New(run.Out, v)
	if err != nil {
		return trace{}, err
	}
	if err := m.Run(); err != nil {
		return trace{}, err
	}
	zs, vs := m.Value(0).Data().([]float64), m.Value(1).Data().([]float64)
	tr.v = slices.Clone(vs[settle:])
	for i, z := range zs[settle:] {
		if z == 1 {
			tr.spikes = append(tr.spikes, tr.times[i])
		}
	}
	return tr, nil
}
