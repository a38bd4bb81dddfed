package nir

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
	"github.com/spikegrad/spikegrad/layers"
)

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
			if v.steps != nil {
				r.states[i] = r.count
				r.count += slices.Max(v.steps)
				ms, err := a.masks(v)
				enter(r.weights, i, ms)
				return err
			}
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
		err = fmt.Errorf("%d states, a delay having one for each of its time steps, want at most 256", r.count)
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
		sum := addUp(&b, a.vs[i].terms(r.outside), func(u int) *G.Node { return a.out[u] })
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
	for _, i := range r.delays {
		err := a.b.In(a.vs[i].name, func() (err error) {
			for k := range slices.Max(a.vs[i].steps) {
				at := r.states[i] + k
				if carried[at], err = a.b.Enter(fmt.Sprintf("past %d", k+1), ns[at]); err != nil {
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
		return a.vertex(i)
	}
	for _, i := range l.of {
		if slices.Contains(a.outs, i) || slices.ContainsFunc(a.vs[i].to, l.outside) {
			if err := need(i); err != nil {
				return err
			}
		}
	}
	return nil
}
