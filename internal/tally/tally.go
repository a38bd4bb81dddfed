// Package tally counts what a spiking network does for its samples: spikes, events of its
// maps, and synaptic operations, for package cost.
package tally

import (
	"errors"
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/cost"
	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/machine"
)

// A Tally counts what happens in a network.
type Tally struct {
	batch    int // samples in a batch
	segment  int // time steps in a segment
	machine  *machine.Machine
	products []connect.Connection
	at       []int     // number of the X of a product in the machine, −1 where there is none
	spikes   []int     // of the outputs of a layer
	values   []float64 // of all events of a product so far; NaN if they differ
	c        cost.Cost
}

// New returns a Tally of the network that gives out, with these layers of neurons.
func New(out *G.Node, activities []layers.Activity, dtype tensor.Dtype, batch, segment int) (*Tally, error) {
	ps, states, err := connect.Connections(out)
	if err != nil {
		return nil, err
	}
	t := &Tally{batch: batch, segment: segment, products: ps, values: make([]float64, len(ps))}
	t.c = cost.Cost{Bytes: int(dtype.Size()), States: states}
	var nodes G.Nodes
	add := func(n *G.Node) int {
		for i, k := range nodes {
			if k == n {
				return i
			}
		}
		nodes = append(nodes, n)
		return len(nodes) - 1
	}
	for _, p := range ps {
		k := -1
		if p.X != nil {
			k = add(p.X)
		}
		t.at = append(t.at, k)
		t.c.Maps = append(t.c.Maps, cost.Map{Name: p.Weights, Synapses: p.TotalFanOut()})
	}
	for _, a := range activities {
		if !a.Spiking {
			continue
		}
		n := a.Out.Shape()[2:].TotalSize()
		t.spikes = append(t.spikes, add(a.Out))
		t.c.Layers = append(t.c.Layers, cost.Layer{Name: a.Name, Neurons: n, Each: make([]float64, n)})
	}
	if len(nodes) == 0 {
		return nil, errors.New("the network has neither weights nor spiking neurons")
	}
	t.machine, err = machine.New(nodes...)
	return t, err
}

// Begin counts the samples and time steps of the batch that f has loaded.
func (t *Tally) Begin(f *feed.Feeder) {
	for b := range f.Present {
		t.c.Samples++
		t.c.Steps += float64(f.Steps[b])
	}
}

// Add counts what happens in segment k of the batch that is loaded, which the network has run.
func (t *Tally) Add(f *feed.Feeder, k int) error {
	if err := t.machine.Run(); err != nil {
		return err
	}
	for i, p := range t.products {
		for b := range f.Present {
			// What comes later by a delay is multiplied while the sample lasts.
			left := int(f.Steps[b]) - k*t.segment - p.Delay
			if err := t.product(i, p, b, min(max(left, 0), int(f.Length[b]))); err != nil {
				return err
			}
		}
	}
	for i, at := range t.spikes {
		layer := &t.c.Layers[i]
		z := flat.Float64s(t.machine.Value(at))
		for b := range f.Present {
			for s := range int(f.Length[b]) {
				for j, v := range z[(s*t.batch+b)*layer.Neurons:][:layer.Neurons] {
					layer.Each[j] += v
					layer.Spikes += v
				}
			}
		}
	}
	return nil
}

// product counts the events of product i in so many time steps of a sample.
func (t *Tally) product(i int, p connect.Connection, sample, steps int) error {
	c := &t.c.Maps[i]
	c.Dense += float64(steps * c.Synapses)
	if t.at[i] < 0 { // a voltage, say: never zero
		c.Events += float64(steps * len(p.FanOut))
		c.Ops += float64(steps * c.Synapses)
		t.values[i] = math.NaN()
		return nil
	}
	x, ok := t.machine.Value(t.at[i]).(*tensor.Dense)
	if !ok {
		return fmt.Errorf("the input of %s is no tensor", c.Name)
	}
	events, ops, value, err := p.Events(x, sample, steps)
	if err != nil {
		return err
	}
	c.Events += float64(events)
	c.Ops += float64(ops)
	switch {
	case events == 0:
	case t.values[i] == 0:
		t.values[i] = value
	case t.values[i] != value:
		t.values[i] = math.NaN()
	}
	return nil
}

// Cost returns the means over the samples.
func (t *Tally) Cost() cost.Cost {
	n := float64(t.c.Samples)
	t.c.Steps /= n
	for i := range t.c.Maps {
		t.c.Maps[i].Dense /= n
		t.c.Maps[i].Events /= n
		t.c.Maps[i].Ops /= n
		t.c.Maps[i].Additions = !math.IsNaN(t.values[i])
	}
	for i := range t.c.Layers {
		t.c.Layers[i].Spikes /= n
		for j := range t.c.Layers[i].Each {
			t.c.Layers[i].Each[j] /= n
		}
	}
	return t.c
}
