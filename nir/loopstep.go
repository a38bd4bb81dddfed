package nir

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
)

// mostParams is how many weights and parameters a loop has room for.
const mostParams = 256

// loopParams are the parameters of the scan of a loop.
type loopParams[S any] struct {
	Nodes upTo256
	plan  *running
}

// A running loop is a loop in a graph.
type running struct {
	*loop
	weights map[int][]int // of a vertex: numbers among the parameters
	spreads map[int][]int
	states  map[int]int // of a neuron: the first of its states; its last output comes behind them. Of a delay: what came in one step before, two, …
	count   int         // of the states
	picks   map[int]int // of an entry: the matrix that picks its part of x, among the parameters
}

// Rest returns the neurons at rest.
func (p loopParams[S]) Rest(x *G.Node) (S, error) {
	var none S
	ns, params := make([]*G.Node, p.plan.count), nodesIn(p.Nodes)
	for _, i := range p.plan.neurons {
		v := p.plan.vs[i]
		var b graph.Builder
		like := b.Constant(x, 0, append([]int{x.Shape()[0]}, v.In...)...)
		if err := b.Err(); err != nil {
			return none, err
		}
		rest, err := v.cell.rest(like, pick(params, p.plan.spreads[i]))
		if err != nil {
			return none, fmt.Errorf("node %s: %w", v.name, err)
		}
		at := p.plan.states[i]
		copy(ns[at:], append(rest, like))
	}
	for _, i := range p.plan.delays {
		v := p.plan.vs[i]
		var b graph.Builder
		for k := range slices.Max(v.steps) {
			ns[p.plan.states[i]+k] = b.Constant(x, 0, append([]int{x.Shape()[0]}, v.In...)...)
		}
		if err := b.Err(); err != nil {
			return none, err
		}
	}
	return holding[S](ns), nil
}

func pick(ns []*G.Node, which []int) (out []*G.Node) {
	for _, i := range which {
		out = append(out, ns[i])
	}
	return out
}

// loopStep adds a time step of the loop; x has what comes from outside, side by side.
func loopStep[S any](x *G.Node, s S, p loopParams[S]) (*G.Node, S, error) {
	t := &tick{running: p.plan, x: x, before: nodesIn(s), params: nodesIn(p.Nodes), now: map[int]*G.Node{}}
	next := slices.Clone(t.before)
	var none S
	var first *G.Node
	for _, i := range p.plan.neurons {
		v := p.plan.vs[i]
		in, err := t.into(i, p.plan.rank[i])
		if err != nil {
			return nil, none, err
		}
		at, n := p.plan.states[i], len(v.cell.states())
		z, states, err := v.cell.step(in, t.before[at:at+n], pick(t.params, p.plan.spreads[i]))
		if err != nil {
			return nil, none, fmt.Errorf("node %s: %w", v.name, err)
		}
		copy(next[at:], append(states, z))
		t.now[i] = z
		if first == nil {
			first = z
		}
	}
	for _, i := range p.plan.delays {
		at, most := p.plan.states[i], slices.Max(p.plan.vs[i].steps)
		if most == 0 {
			continue
		}
		in, err := t.into(i, math.MaxInt) // behind all neurons
		if err != nil {
			return nil, none, err
		}
		copy(next[at+1:at+most], t.before[at:])
		next[at] = in
	}
	return first, holding[S](next[:p.plan.count]), nil
}

// A tick is a time step of a loop in the making.
type tick struct {
	*running
	x              *G.Node
	before, params []*G.Node
	now            map[int]*G.Node // outputs of neurons in this time step
}

// into returns what goes into a vertex, as a neuron of the given rank sees it.
func (t *tick) into(i, rank int) (*G.Node, error) {
	var b graph.Builder
	var sum *G.Node
	add := func(n *G.Node) {
		if sum == nil {
			sum = n
		} else {
			sum = b.Add(sum, n)
		}
	}
	if slices.Contains(t.entries, i) {
		x := t.x
		if m, several := t.picks[i]; several {
			shape := append([]int{x.Shape()[0]}, t.vs[i].In...)
			x = b.Reshape(b.MatMul(x, t.params[m]), shape...)
		}
		add(x)
	}
	for _, u := range t.vs[i].from {
		if t.outside(u) {
			continue
		}
		n, err := t.out(u, rank)
		if err != nil {
			return nil, err
		}
		add(n)
	}
	return sum, b.Err()
}

// out returns the output of a vertex, as a neuron of the given rank sees it.
func (t *tick) out(u, rank int) (*G.Node, error) {
	v := t.vs[u]
	if v.cell != nil {
		if t.rank[u] < rank {
			return t.now[u], nil
		}
		return t.before[t.states[u]+len(v.cell.states())], nil
	}
	if v.steps != nil {
		return t.delayed(u, rank)
	}
	in, err := t.into(u, rank)
	if err != nil {
		return nil, err
	}
	y, err := v.compute(in, pick(t.params, t.weights[u]), true)
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", v.name, err)
	}
	return y, nil
}

// delayed returns the output of a vertex that delays each element by its own number of time
// steps: for each number, what came in as long ago, where that is the number of the element.
func (t *tick) delayed(u, rank int) (*G.Node, error) {
	var b graph.Builder
	var sum *G.Node
	for i, k := range t.vs[u].lengths() {
		var x *G.Node
		if k > 0 {
			x = t.before[t.states[u]+k-1]
		} else {
			var err error
			if x, err = t.into(u, rank); err != nil {
				return nil, err
			}
		}
		if masks := t.weights[u]; len(masks) > 0 {
			x = b.Mul(x, b.Expand(t.params[masks[i]], x.Shape()))
		}
		if sum == nil {
			sum = x
		} else {
			sum = b.Add(sum, x)
		}
	}
	return sum, b.Err()
}
