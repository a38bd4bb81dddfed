package layers

import (
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Input is the State of a Probe that records the currents into neurons.
const Input = "input"

// A Probe says what to record of a network: a state of neurons, over time. The
// zero Probe records the outputs of all neurons.
//
// It reads nodes that are there, or that a fused scan hands out when it is asked
// to: a network without a probe computes and keeps nothing for it. Give it to
// train.Model.Record, or attach it to a graph of your own.
type Probe struct {
	Layer   string // name of a layer of neurons, "hidden"; "" means all that have the state
	State   string // name of a state, "V" or "I"; "" means the outputs, spikes most often; or Input
	Neurons []int  // which to record; nil means all. Those on more than one axis count row by row
}

// A Tap is the place where a probe touches a layer.
type Tap struct {
	Layer   string
	State   string
	Spiking bool    // the values are spikes
	Node    *G.Node // [T, batch, …]

	neurons []int
}

// A Recording is what a Probe saw of a layer.
type Recording struct {
	Layer   string
	State   string    // as in the Probe
	Spiking bool      // the values are spikes
	Steps   int       // T
	Samples []int     // their numbers
	Neurons []int     // their numbers in the layer
	Values  []float64 // [samples, T, neurons]
}

// N returns the number of neurons.
func (r Recording) N() int { return len(r.Neurons) }

// Sample returns the values [T, neurons] of the k-th of the samples: a part of
// Values, or nil if there is no such sample.
func (r Recording) Sample(k int) []float64 {
	if k < 0 || k >= len(r.Samples) {
		return nil
	}
	n := len(r.Values) / len(r.Samples)
	if n != r.Steps*len(r.Neurons) || len(r.Values)%len(r.Samples) != 0 {
		return nil
	}
	return r.Values[k*n : (k+1)*n]
}

// Attach finds the nodes that the probe is to read, one for each layer that it
// touches, in the order of the layers. Read them by gorgonia.Read or by a
// machine.Machine. An error says that there is no such layer, no such state, or no
// such neuron; it names those that there are.
func (p Probe) Attach(b *Build) ([]Tap, error) {
	if b == nil {
		return nil, errors.New("layers: probe: the Build is nil, want one made by NewBuild")
	}
	if len(b.Activities) == 0 {
		return nil, errors.New("layers: probe: the network has no neurons")
	}
	var taps []Tap
	var names []string
	var missing error // the state, in the last layer without it
	for _, a := range b.Activities {
		names = append(names, a.Name)
		if p.Layer != "" && p.Layer != a.Name {
			continue
		}
		node, err := p.node(a)
		if err != nil {
			missing = fmt.Errorf("layers: probe %s: %w", a.Name, err)
			continue
		}
		tap := Tap{Layer: a.Name, State: p.State, Spiking: a.Spiking && p.State == "", Node: node}
		if tap.neurons, err = chosen("neuron", p.Neurons, node.Shape()[2:].TotalSize()); err != nil {
			return nil, fmt.Errorf("layers: probe %s: %w", a.Name, err)
		}
		taps = append(taps, tap)
	}
	switch {
	case len(taps) > 0:
		return taps, nil
	case missing != nil:
		return nil, missing
	}
	return nil, fmt.Errorf("layers: probe: no layer of neurons %q, have %q", p.Layer, names)
}

// node returns the node of the state.
func (p Probe) node(a Activity) (*G.Node, error) {
	var node *G.Node
	switch {
	case p.State == "":
		node = a.Out
	case p.State == Input:
		node = a.In
	case a.Trace != nil:
		var err error
		if node, err = a.Trace(p.State); err != nil {
			return nil, err
		}
	}
	if node == nil {
		return nil, fmt.Errorf("no state %q", p.State)
	}
	if node.Dims() < 3 {
		return nil, fmt.Errorf("state %q has shape %v, want [T batch … n]", p.State, []int(node.Shape()))
	}
	return node, nil
}

// chosen returns the numbers in some, or if it is nil all below n.
func chosen(what string, some []int, n int) ([]int, error) {
	if some == nil {
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	for _, i := range some {
		if i < 0 || i >= n {
			return nil, fmt.Errorf("%s is %d, want 0 to %d", what, i, n-1)
		}
	}
	return append([]int{}, some...), nil
}

// Record copies from v, the value of the node, what the probe chose: of the
// samples at the given places in the batch, or of the whole batch if none is
// given. An error says that v is not a value of the node, or that a place is not
// in the batch.
func (t Tap) Record(v G.Value, samples ...int) (Recording, error) {
	r, err := t.record(v, samples)
	if err != nil {
		return Recording{}, fmt.Errorf("layers: tap %s: %w", t.Layer, err)
	}
	return r, nil
}

func (t Tap) record(v G.Value, samples []int) (Recording, error) {
	if t.Node == nil || v == nil {
		return Recording{}, errors.New("the value is nil, or the tap was not made by Attach")
	}
	shape := t.Node.Shape()
	if !v.Shape().Eq(shape) {
		return Recording{}, fmt.Errorf("the value has shape %v, want %v", []int(v.Shape()), []int(shape))
	}
	if d, ok := v.(*tensor.Dense); ok && d.RequiresIterator() {
		v = d.Materialize().(*tensor.Dense)
	}
	if len(samples) == 0 {
		samples = nil
	}
	places, err := chosen("sample", samples, shape[1])
	if err != nil {
		return Recording{}, err
	}
	r := Recording{
		Layer: t.Layer, State: t.State, Spiking: t.Spiking, Steps: shape[0],
		Samples: places, Neurons: append([]int{}, t.neurons...),
		Values: make([]float64, 0, shape[0]*len(places)*len(t.neurons)),
	}
	switch x := v.Data().(type) {
	case []float32:
		r.Values = pick(r, x, shape)
	case []float64:
		r.Values = pick(r, x, shape)
	default:
		return Recording{}, fmt.Errorf("the value has elements of type %v, want float32 or float64", v.Dtype())
	}
	return r, nil
}

// pick appends to the values of r those of x [T, batch, …] that r names.
func pick[F float32 | float64](r Recording, x []F, shape tensor.Shape) []float64 {
	batch, n := shape[1], shape[2:].TotalSize()
	for _, b := range r.Samples {
		for t := range r.Steps {
			row := x[(t*batch+b)*n:][:n]
			for _, i := range r.Neurons {
				r.Values = append(r.Values, float64(row[i]))
			}
		}
	}
	return r.Values
}
