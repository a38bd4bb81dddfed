package cost

import (
	"fmt"
	"strings"

	"github.com/spikegrad/spikegrad/internal/describe"
)

// A Cost says what a network does for one sample, on average: the figures by which
// spiking networks are compared. Dropout is off.
type Cost struct {
	Samples int     // measured
	Steps   float64 // time steps
	Bytes   int     // of one number
	Maps    []Map
	Layers  []Layer // those that spike
	States  int     // numbers that the neurons carry from each time step to the next
}

// A Map is that of one product of values and weights: a linear map, a
// convolution, recurrent weights.
type Map struct {
	Name      string  // of the weights
	Synapses  int     // the fan-outs of all inputs, summed: multiply-accumulates of the dense product at one time step
	Dense     float64 // and at all time steps in which there is something to multiply
	Events    float64 // inputs that are not zero, over all time steps
	Ops       float64 // synaptic operations: over the events, their fan-outs summed
	Additions bool    // all events are of one value, so that an operation is an addition and not a multiply-accumulate
}

// A Layer is that of a layer of spiking neurons.
type Layer struct {
	Name    string
	Neurons int
	Spikes  float64   // over all neurons and time steps
	Each    []float64 // spikes of each neuron
}

// SynOps returns the synaptic operations a sample.
func (c Cost) SynOps() float64 {
	n := 0.0
	for _, m := range c.Maps {
		n += m.Ops
	}
	return n
}

// MACs returns the multiply-accumulates a sample of the same network without
// spikes, all of whose products are dense: over the same time steps, and in a
// single one, as of a network without time.
func (c Cost) MACs() (overTime, once float64) {
	for _, m := range c.Maps {
		overTime += m.Dense
		once += float64(m.Synapses)
	}
	return overTime, once
}

// Spikes returns the spikes a sample, of all layers and for each neuron.
func (c Cost) Spikes() (all, perNeuron float64) {
	n := 0
	for _, l := range c.Layers {
		all += l.Spikes
		n += l.Neurons
	}
	return all, all / float64(max(n, 1))
}

// Traffic returns the bytes a sample that go to and from memory on a machine
// without caches, with spikes and in the same network without them:
//
//	Bytes · (3 · operations + 2 · Steps · States)
//
// since an operation reads a weight and the sum that it adds to, and writes that
// sum, and a time step reads and writes each state. The operations are SynOps
// with spikes, and MACs over time without.
func (c Cost) Traffic() (spiking, dense float64) {
	states := 2 * c.Steps * float64(c.States)
	macs, _ := c.MACs()
	return float64(c.Bytes) * (3*c.SynOps() + states), float64(c.Bytes) * (3*macs + states)
}

// Energy is what operations take, J.
type Energy struct {
	Add    float64 // an addition
	MulAdd float64 // a multiplication and an addition
}

// CMOS45 is the energy of float32 arithmetic at 45 nm and 0.9 V: 0.9 pJ for an
// addition, and 3.7 pJ more for a multiplication. Memory takes more than that, and
// depends on the machine.
//
// M. Horowitz, Computing's energy problem (and what we can do about it), ISSCC
// (2014), figure 1.1.9.
var CMOS45 = Energy{Add: 0.9e-12, MulAdd: 4.6e-12}

// Energy returns the energy of the arithmetic a sample, J: of the synaptic
// operations, each an addition where all events are of one value and otherwise a
// multiply-accumulate; and of the multiply-accumulates of the same network without
// spikes, over the same time steps and in a single one. Neither counts the
// updates of neurons.
func (c Cost) Energy(e Energy) (spiking, overTime, once float64) {
	for _, m := range c.Maps {
		if m.Additions {
			spiking += e.Add * m.Ops
		} else {
			spiking += e.MulAdd * m.Ops
		}
	}
	overTime, once = c.MACs()
	return spiking, e.MulAdd * overTime, e.MulAdd * once
}

// String returns the figures in a few lines of text.
func (c Cost) String() string {
	var b strings.Builder
	macs, once := c.MACs()
	all, each := c.Spikes()
	bytes, dense := c.Traffic()
	energy, overTime, single := c.Energy(CMOS45)
	fmt.Fprintf(&b, "synaptic operations %s a sample; multiply-accumulates without spikes %s, of one time step %s\n",
		describe.SI(c.SynOps(), ""), describe.SI(macs, ""), describe.SI(once, ""))
	fmt.Fprintf(&b, "spikes %s a sample, %.3g a neuron\n", describe.SI(all, ""), each)
	fmt.Fprintf(&b, "memory traffic %s a sample; without spikes %s\n", describe.SI(bytes, "B"), describe.SI(dense, "B"))
	fmt.Fprintf(&b, "energy of the arithmetic at 45 nm %s a sample; without spikes %s, of one time step %s",
		describe.SI(energy, "J"), describe.SI(overTime, "J"), describe.SI(single, "J"))
	return b.String()
}
