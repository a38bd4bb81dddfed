package nir

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
	"github.com/spikegrad/spikegrad/layers"
)

// A loop are vertices of which each is reached from each: recurrent neurons. They are one
// scan. Its step takes the neurons in the order of the loop; what comes from a neuron to
// one before it, or to itself, is what that had one time step before.
type loop struct {
	of      []int
	vs      []*vertex
	rank    map[int]int
	neurons []int // in their order
	entries []int // vertices that are reached from outside
}

// loopOf returns the loop of a component, or nil for a vertex that is in none.
func (im *importing) loopOf(vs []*vertex, c []int) (*loop, error) {
	if len(c) == 1 && !slices.Contains(vs[c[0]].to, c[0]) {
		return nil, nil
	}
	l := &loop{of: c, vs: vs, rank: map[int]int{}}
	for i, v := range c {
		l.rank[v] = i
	}
	var names []string
	for _, i := range c {
		v := vs[i]
		names = append(names, v.name)
		if v.cell != nil {
			l.neurons = append(l.neurons, i)
		} else if v.node.Type == "Delay" || v.node.Type == "Input" && len(v.from) == 0 {
			return nil, fmt.Errorf("node %s: a node of type %s in a loop is not imported", v.name, v.node.Type)
		}
		if slices.ContainsFunc(v.from, l.outside) {
			l.entries = append(l.entries, i)
		}
	}
	if cycle := l.stateless(); cycle != nil {
		return nil, fmt.Errorf("the nodes %q are a loop without a neuron in it, which has no first value", cycle)
	}
	if len(l.entries) == 0 {
		return nil, fmt.Errorf("the nodes %q are a loop into which nothing goes", names)
	}
	for _, u := range l.neurons {
		for _, w := range l.reached(u) {
			if l.rank[w] <= l.rank[u] {
				im.note(vs[u].name+" → "+vs[w].name, "delay", "spikes come there one time step later; before the first step there were none")
			}
		}
	}
	return l, nil
}

func (l *loop) outside(v int) bool { _, in := l.rank[v]; return !in }

// stateless returns the names of vertices that are a loop without a neuron, nil if there
// are none.
func (l *loop) stateless() []string {
	state := map[int]int{} // 1: being looked at, 2: fine
	var cycle []string
	var visit func(v int) bool
	visit = func(v int) bool {
		if l.outside(v) || l.vs[v].cell != nil || state[v] == 2 {
			return false
		}
		if state[v] == 1 {
			return true
		}
		state[v] = 1
		if slices.ContainsFunc(l.vs[v].from, visit) {
			cycle = append(cycle, l.vs[v].name)
			return true
		}
		state[v] = 2
		return false
	}
	for _, v := range l.of {
		if visit(v) {
			return cycle
		}
	}
	return nil
}

// reached returns the neurons of the loop that are reached from one through vertices
// without a state.
func (l *loop) reached(u int) (ws []int) {
	seen := map[int]bool{}
	var visit func(v int)
	visit = func(v int) {
		for _, w := range l.vs[v].to {
			if l.outside(w) || seen[w] {
				continue
			}
			seen[w] = true
			if l.vs[w].cell != nil {
				ws = append(ws, w)
			} else {
				visit(w)
			}
		}
	}
	visit(u)
	slices.Sort(ws)
	return ws
}

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
	states  map[int]int // of a neuron: the first of its states; its last output comes behind them
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

// loop adds a loop to the graph.
func (a *applying) loop(l *loop) error {
	r := &running{loop: l, weights: map[int][]int{}, spreads: map[int][]int{}, states: map[int]int{}, picks: map[int]int{}}
	var params []*G.Node
	enter := func(into map[int][]int, i int, ns []*G.Node) {
		for _, n := range ns {
			into[i] = append(into[i], len(params))
			params = append(params, n)
		}
	}
	for _, i := range l.of {
		v := a.vs[i]
		err := a.b.In(v.name, func() error {
			ws, err := a.weightsOf(v)
			if err != nil || v.cell == nil {
				enter(r.weights, i, ws)
				return err
			}
			r.states[i] = r.count
			r.count += len(v.cell.states()) + 1
			ps, err := a.spread(v)
			enter(r.spreads, i, ps)
			return err
		})
		if err != nil {
			return fmt.Errorf("nir: node %s: %w", v.name, err)
		}
	}
	x, err := a.sideBySide(r, &params)
	if err != nil {
		return err
	}
	if len(params) > mostParams {
		return fmt.Errorf("nir: the loop of %s has %d weights and parameters, want at most %d", a.vs[l.of[0]].name, len(params), mostParams)
	}
	nodes := make([]*G.Node, mostParams)
	copy(nodes, params)
	p := upTo256{}
	for i, at := range places(&p) {
		*at = nodes[i]
	}
	switch {
	case r.count <= 4:
		err = scanLoop(a, x, loopParams[upTo4]{p, r})
	case r.count <= 16:
		err = scanLoop(a, x, loopParams[upTo16]{p, r})
	case r.count <= 64:
		err = scanLoop(a, x, loopParams[upTo64]{p, r})
	case r.count <= 256:
		err = scanLoop(a, x, loopParams[upTo256]{p, r})
	default:
		err = fmt.Errorf("%d states, want at most 256", r.count)
	}
	if err != nil {
		return fmt.Errorf("nir: the loop of %s: %w", a.vs[l.of[0]].name, err)
	}
	return a.behind(l)
}

// spread adds the parameters of neurons in a loop that have a value for each.
func (a *applying) spread(v *vertex) (ns []*G.Node, err error) {
	for _, s := range v.cell.spread() {
		name := a.b.Name(s.name)
		t := dense(a.x.Dtype(), s.values, v.In)
		if a.b.Values != nil {
			if got := a.b.Values(name); got != nil && got.Dtype() == t.Dtype() && got.Shape().Eq(t.Shape()) {
				t = got
			}
		}
		n, err := graph.Input(a.x.Graph(), name, t)
		if err != nil {
			return nil, err
		}
		a.b.Fixed = append(a.b.Fixed, n)
		ns = append(ns, n)
	}
	return ns, nil
}

// sideBySide returns what goes into the loop from outside: what goes into the entry, or
// what goes into several, side by side.
func (a *applying) sideBySide(r *running, params *[]*G.Node) (*G.Node, error) {
	var b graph.Builder
	var xs G.Nodes
	total := 0
	for _, i := range r.entries {
		var sum *G.Node
		if i == a.in && len(a.vs[i].from) == 0 {
			sum = a.x
		}
		for _, u := range a.vs[i].from {
			switch {
			case !r.outside(u):
			case sum == nil:
				sum = a.out[u]
			default:
				sum = b.Add(sum, a.out[u])
			}
		}
		xs = append(xs, sum)
		total += size(a.vs[i].In)
	}
	if len(xs) == 1 {
		return xs[0], b.Err()
	}
	var all *G.Node
	at := 0
	for k, i := range r.entries {
		n := size(a.vs[i].In)
		name := a.vs[i].name
		to, err := a.constant(name+".beside", shifted(n, total, at), []int{n, total})
		if err != nil {
			return nil, err
		}
		from, err := a.constant(name+".pick", transposed(shifted(n, total, at), n, total), []int{total, n})
		if err != nil {
			return nil, err
		}
		r.picks[i] = len(*params)
		*params = append(*params, from)
		shape := xs[k].Shape()
		y := b.MatMul(b.Reshape(xs[k], shape[0]*shape[1], n), to)
		y = b.Reshape(y, shape[0], shape[1], total)
		if all == nil {
			all = y
		} else {
			all = b.Add(all, y)
		}
		at += n
	}
	return all, b.Err()
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// scanLoop adds the scan, with states that the network carries, and enters the neurons
// into the Build.
func scanLoop[S any](a *applying, x *G.Node, p loopParams[S]) error {
	r := p.plan
	s, err := graph.Rest[S](x, p)
	if err != nil {
		return err
	}
	ns := nodesIn(s)[:r.count]
	carried := make([]*layers.State, r.count)
	for _, i := range r.neurons {
		v := a.vs[i]
		err := a.b.In(v.name, func() (err error) {
			for k, name := range append(v.cell.states(), "Z") {
				at := r.states[i] + k
				if carried[at], err = a.b.Enter(name, ns[at]); err != nil {
					return err
				}
				ns[at] = carried[at].From()
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	s = holding[S](ns)
	run, err := graph.Scan(loopStep[S], x, &s, p)
	if err != nil {
		return err
	}
	if a.b.Carry != nil {
		final, err := run.Final()
		if err != nil {
			return err
		}
		for i, n := range nodesIn(final)[:r.count] {
			carried[i].Out = n
		}
	}
	paths := fields.Nodes(s)
	for k, i := range r.neurons {
		v, at := a.vs[i], r.states[i]
		names := v.cell.states()
		if k == 0 {
			a.out[i] = run.Out
		} else if a.out[i], err = run.Trace(paths[at+len(names)]); err != nil {
			return err
		}
		ps, err := v.cell.params(pick(nodesIn(p.Nodes), r.spreads[i]))
		if err != nil {
			return err
		}
		a.b.Activities = append(a.b.Activities, layers.Activity{
			Name: a.b.Name(v.name), In: x, Out: a.out[i], Spiking: v.cell.spiking(), Params: ps,
			Trace: func(name string) (*G.Node, error) {
				if k := slices.Index(names, name); k >= 0 {
					return run.Trace(paths[at+k])
				}
				return nil, fmt.Errorf("no state %q, have %q", name, names)
			},
		})
	}
	return nil
}

// behind computes the outputs of the vertices without a state of a loop, of those of its
// neurons at the same time steps, where something outside of the loop needs them.
func (a *applying) behind(l *loop) error {
	var need func(i int) error
	need = func(i int) error {
		if a.out[i] != nil {
			return nil
		}
		for _, u := range a.vs[i].from {
			if err := need(u); err != nil {
				return err
			}
		}
		v := a.vs[i]
		return a.b.In(v.name, func() error {
			in, err := a.into(i)
			if err == nil {
				a.out[i], err = a.sequence(v, in)
			}
			if err != nil {
				return fmt.Errorf("nir: node %s: %w", v.name, err)
			}
			return nil
		})
	}
	for _, i := range l.of {
		if i == a.Network.out || slices.ContainsFunc(a.vs[i].to, l.outside) {
			if err := need(i); err != nil {
				return err
			}
		}
	}
	return nil
}
