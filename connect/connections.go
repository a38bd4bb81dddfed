package connect

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	ops "github.com/spikegrad/spikegrad/internal/op"
)

// A Connection is a place where values meet weights: a Linear, a Conv2D, or a matrix
// product in the step of a scan, as of recurrent weights.
type Connection struct {
	Weights string // name of the node of the weights

	// X is what meets the weights, [T, batch, …]: at time step t that of step
	// t − Delay, and zeros before. Nil where it is a state that no node shows.
	X     *G.Node
	Delay int

	// FanOut says of each element of a sample, at one time step, how many elements
	// of the result it is added to: what a spike there sets in motion. Margins
	// of images meet no weights and are not counted.
	FanOut []int
}

// Connections lists the connections that out is computed by, as they are computed, and
// says how many values per sample the scans among them carry from each time step
// to the next. Maps of Gorgonia's own operations are not listed.
func Connections(out *G.Node) (ps []Connection, states int, err error) {
	if out == nil {
		return nil, 0, fmt.Errorf("connect: connections: the node is nil")
	}
	var nodes G.Nodes
	ops.Upstream(out, map[*G.Node]bool{}, &nodes)
	for _, n := range nodes {
		switch op := n.Op().(type) {
		case ops.Loop:
			inner, err := op.Joints(ops.Children(n))
			if err != nil {
				return nil, 0, fmt.Errorf("connect: connections: %w", err)
			}
			for _, j := range inner {
				ps = append(ps, Connection(j))
			}
			states += op.Carried()
		case ops.Connection:
			if x, w, fan := op.Connects(ops.Children(n)); fan != nil {
				ps = append(ps, Connection{Weights: weightsOf(w), X: x, FanOut: fan})
			}
		}
	}
	return ps, states, nil
}

// TotalFanOut returns the sum of the fan-out: the multiply-accumulates of the
// dense product, for one sample at one time step.
func (p Connection) TotalFanOut() int {
	n := 0
	for _, f := range p.FanOut {
		n += f
	}
	return n
}

// Events counts the elements of the first so many time steps of x, a value of X,
// that are not zero in one of the samples, and the additions that they set in
// motion: their fan-outs summed. value is what all of them are, or NaN if they
// differ; 0 if there is none.
func (p Connection) Events(x *tensor.Dense, sample, steps int) (events, operations int, value float64, err error) {
	if x == nil {
		return 0, 0, 0, fmt.Errorf("connect: events: x is nil")
	}
	shape := x.Shape()
	n := len(p.FanOut)
	if len(shape) < 2 || sample < 0 || sample >= shape[1] || steps < 0 || steps > shape[0] || shape.TotalSize() != shape[0]*shape[1]*n {
		return 0, 0, 0, fmt.Errorf("connect: events: x has shape %v, want [T batch …] with %d elements a sample, with a sample %d and %d time steps", []int(shape), n, sample, steps)
	}
	switch d := x.Data().(type) {
	case []float32:
		events, operations, value = eventsOf(p.FanOut, d, steps, shape[1], sample)
	case []float64:
		events, operations, value = eventsOf(p.FanOut, d, steps, shape[1], sample)
	default:
		return 0, 0, 0, fmt.Errorf("connect: events: x has elements of type %v, want float32 or float64", x.Dtype())
	}
	return events, operations, value, nil
}

func eventsOf[F float32 | float64](fan []int, x []F, steps, batch, sample int) (events, operations int, value float64) {
	var one F
	same := true
	for t := range steps {
		for i, v := range x[(t*batch+sample)*len(fan):][:len(fan)] {
			if v == 0 {
				continue
			}
			if events == 0 {
				one = v
			}
			same = same && v == one
			events++
			operations += fan[i]
		}
	}
	if !same {
		return events, operations, math.NaN()
	}
	return events, operations, float64(one)
}

// weightsOf returns the name of weights, which may have been reshaped or have noise added.
func weightsOf(w *G.Node) string {
	for w.Op() != nil {
		in := ops.Children(w)
		if len(in) == 0 {
			break
		}
		w = in[0]
	}
	return w.Name()
}
