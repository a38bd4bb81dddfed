package nir

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/layers"
)

// mostDelay is how many time steps a delay has at most.
const mostDelay = 1 << 12

// delays returns the delay of each element in time steps.
func (im *importing) delays(v *vertex) ([]int, error) {
	ds, err := v.node.Params["delay"].Floats()
	if err != nil {
		return nil, fmt.Errorf("delay: %w", err)
	}
	steps := make([]int, len(ds))
	off := 0.0
	for i, d := range ds {
		k := math.Round(d / im.dt)
		if !(k >= 0 && k <= mostDelay) {
			return nil, fmt.Errorf("delay: element %d is %v s, which are %v time steps of %v s, want 0 to %d", i, d, k, im.dt, mostDelay)
		}
		off = max(off, math.Abs(d/im.dt-k))
		steps[i] = int(k)
	}
	im.note(v.name, "delay", "%d to %d time steps, off by at most %.2g of one", slices.Min(steps), slices.Max(steps), off)
	v.steps = steps
	return steps, nil
}

// lineParams are those of a delay line.
type lineParams[S any] struct{ Steps int }

// Rest returns zeros.
func (p lineParams[S]) Rest(x *G.Node) (S, error) {
	var b graph.Builder
	return holding[S]([]*G.Node{b.Fill(x, graph.Const(0))}), b.Err()
}

// lineStep hands on what came in so many time steps before.
func lineStep[S any](x *G.Node, s S, p lineParams[S]) (*G.Node, S, error) {
	ns := nodesIn(s)
	next := append([]*G.Node{x}, ns[:len(ns)-1]...)
	return ns[p.Steps-1], holding[S](next), nil
}

// later returns x so many time steps later.
func (a *applying) later(x *G.Node, steps int) (*G.Node, error) {
	for steps > 0 {
		var err error
		switch {
		case steps <= 4:
			x, err = scanLine[upTo4](a, x, steps)
		case steps <= 16:
			x, err = scanLine[upTo16](a, x, steps)
		default:
			x, err = scanLine[upTo64](a, x, min(steps, 64))
		}
		if err != nil {
			return nil, err
		}
		steps -= min(steps, 64)
	}
	return x, nil
}

// scanLine adds a delay line, whose states the network carries.
func scanLine[S any](a *applying, x *G.Node, steps int) (*G.Node, error) {
	p := lineParams[S]{steps}
	s, err := graph.Rest[S](x, p)
	if err != nil {
		return nil, err
	}
	ns := nodesIn(s)
	carried := make([]*layers.State, len(ns))
	for i := range ns {
		if carried[i], err = a.b.Enter(fmt.Sprintf("delay %d", i+1), ns[i]); err != nil {
			return nil, err
		}
		ns[i] = carried[i].From()
	}
	s = holding[S](ns)
	run, err := graph.Scan(lineStep[S], x, &s, p)
	if err != nil {
		return nil, err
	}
	final, err := run.Final()
	if err != nil {
		return nil, err
	}
	for i, n := range nodesIn(final) {
		carried[i].Out = n
	}
	return run.Out, nil
}

// delayed adds a node that delays each element by its own number of time steps.
func (a *applying) delayed(v *vertex, x *G.Node) (*G.Node, error) {
	var b graph.Builder
	kinds := slices.Compact(slices.Sorted(slices.Values(v.steps)))
	if len(kinds) == 1 {
		return a.later(x, kinds[0])
	}
	var sum *G.Node
	at := 0
	for _, k := range kinds {
		var err error
		if x, err = a.later(x, k-at); err != nil {
			return nil, err
		}
		at = k
		mask := make([]float64, len(v.steps))
		for i, s := range v.steps {
			if s == k {
				mask[i] = 1
			}
		}
		m, err := a.constant(fmt.Sprintf("after %d", k), mask, v.In)
		if err != nil {
			return nil, err
		}
		y := b.Mul(x, b.Expand(m, x.Shape()))
		if sum == nil {
			sum = y
		} else {
			sum = b.Add(sum, y)
		}
	}
	return sum, b.Err()
}
