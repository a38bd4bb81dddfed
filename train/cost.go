package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/cost"
	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/internal/feed"
	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/machine"
)

// Cost measures the network on a data set. The synaptic operations are the spikes
// times their fan-out, counted and not estimated; inputs that are no spikes, but
// currents, count as events where they are not zero. Errors are those of Evaluate.
//
// P. Merolla et al., Science 345 (2014), 668, and M. Davies et al., IEEE Micro 38
// (2018), 82, count synaptic operations in the same way.
func (m *Model) Cost(ctx context.Context, d data.Dataset, enc encode.Encoder) (cost.Cost, error) {
	var c cost.Cost
	err := m.within(func() (err error) { c, err = m.measure(ctx, d, enc); return err })
	if err != nil {
		return cost.Cost{}, fmt.Errorf("train: cost: %w", err)
	}
	return c, nil
}

func (m *Model) measure(ctx context.Context, d data.Dataset, enc encode.Encoder) (cost.Cost, error) {
	t, err := m.newTally()
	if err != nil {
		return cost.Cost{}, err
	}
	err = m.batches(ctx, d, enc, func(feed *feed.Feeder) error {
		for b := range feed.Present {
			t.c.Samples++
			t.c.Steps += float64(feed.Steps[b])
		}
		return m.look(feed, func(k int) error { return t.add(feed, k) })
	})
	if err != nil {
		return cost.Cost{}, err
	}
	return t.cost(), nil
}

// A tally counts what happens in a network.
type tally struct {
	m        *Model
	machine  *machine.Machine
	products []connect.Connection
	at       []int     // number of the X of a product in the machine, −1 where there is none
	spikes   []int     // of the outputs of a layer
	values   []float64 // of all events of a product so far; NaN if they differ
	c        cost.Cost
}

func (m *Model) newTally() (*tally, error) {
	ps, states, err := connect.Connections(m.out)
	if err != nil {
		return nil, err
	}
	t := &tally{m: m, products: ps, values: make([]float64, len(ps))}
	t.c = cost.Cost{Bytes: int(m.net.Dtype.Size()), States: states}
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
	for _, a := range m.build.Activities {
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

// add counts what happens in segment k of the batch that is loaded.
func (t *tally) add(f *feed.Feeder, k int) error {
	if err := t.machine.Run(); err != nil {
		return err
	}
	for i, p := range t.products {
		for b := range f.Present {
			// What comes later by a delay is multiplied while the sample lasts.
			left := int(f.Steps[b]) - k*t.m.cut.Steps - p.Delay
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
				for j, v := range z[(s*t.m.net.Batch+b)*layer.Neurons:][:layer.Neurons] {
					layer.Each[j] += v
					layer.Spikes += v
				}
			}
		}
	}
	return nil
}

// product counts the events of product i in so many time steps of a sample.
func (t *tally) product(i int, p connect.Connection, sample, steps int) error {
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

// cost returns the means over the samples.
func (t *tally) cost() cost.Cost {
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
