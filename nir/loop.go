package nir

import (
	"fmt"
	"slices"
)

// A loop are vertices of which each is reached from each: recurrent neurons. They are one
// scan. Its step takes the neurons in the order of the loop; what comes from a neuron to
// one before it, or to itself, is what that had one time step before, or as many as a delay
// on the way says if these are more than none.
type loop struct {
	of      []int
	vs      []*vertex
	rank    map[int]int
	neurons []int // in their order
	delays  []int // vertices that delay
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
		} else if v.node.Type == "Delay" {
			l.delays = append(l.delays, i)
		}
		if slices.ContainsFunc(v.from, l.outside) {
			l.entries = append(l.entries, i)
		}
	}
	if cycle := l.stateless(); cycle != nil {
		return nil, fmt.Errorf("the nodes %q are a loop without a neuron in it, which is not imported", cycle)
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
// without a state, and through delays of no time steps.
func (l *loop) reached(u int) (ws []int) {
	seen := map[int]bool{}
	var visit func(v int)
	visit = func(v int) {
		for _, w := range l.vs[v].to {
			if l.outside(w) || seen[w] {
				continue
			}
			seen[w] = true
			switch v := l.vs[w]; {
			case v.cell != nil:
				ws = append(ws, w)
			case v.steps == nil || slices.Min(v.steps) == 0:
				visit(w)
			}
		}
	}
	visit(u)
	slices.Sort(ws)
	return ws
}
