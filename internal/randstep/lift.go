package randstep

import (
	"fmt"
	"reflect"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
)

// The states of steps, by their number of nodes; some have them in a struct inside.
type (
	s0 struct{}
	s1 struct{ A *G.Node }
	s2 struct{ A, B *G.Node }
	s3 struct {
		A     *G.Node
		Inner s2
	}
	s4 struct {
		S2
		C, D *G.Node
	}
	s5 struct {
		First  s1
		B      *G.Node
		Second struct {
			C    *G.Node
			Last s2
		}
	}
	s6 struct {
		A, B  *G.Node
		Inner struct{ C, D, E, F *G.Node }
	}
)

// S2 is exported, as a struct of nodes that is embedded has to be.
type S2 struct{ P, Q *G.Node }

// fields returns where the nodes of the state that s points to are.
func fieldsOf(s any) []**G.Node {
	var all []**G.Node
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		if n, ok := v.Addr().Interface().(**G.Node); ok {
			all = append(all, n)
			return
		}
		for i := range v.NumField() {
			walk(v.Field(i))
		}
	}
	walk(reflect.ValueOf(s).Elem())
	return all
}

// params is the parameter struct of all steps.
type params[S any] struct {
	P0, P1 graph.Param
	More   struct{ P2, P3 graph.Param }

	W, U, Which, Count *G.Node

	c *Case
}

// param returns where parameter i is.
func (p *params[S]) param(i int) *graph.Param {
	return []*graph.Param{&p.P0, &p.P1, &p.More.P2, &p.More.P3}[i]
}

// Rest returns the states to start from.
func (p params[S]) Rest(x *G.Node) (S, error) {
	var b graph.Builder
	var ns []*G.Node
	for _, s := range p.c.states {
		var n *G.Node
		if s.restParam < 0 {
			n = b.Constant(x, s.rest, s.shape...)
		} else {
			n = b.Fill(b.Constant(x, 0, s.shape...), *p.param(s.restParam))
		}
		ns = append(ns, n)
	}
	return stateOf[S](ns), b.Err()
}

// stateOf returns a state that has the nodes.
func stateOf[S any](ns []*G.Node) S {
	var s S
	for i, f := range fieldsOf(&s) {
		*f = ns[i]
	}
	return s
}

// step is the step of the case that is in the parameters.
func step[S any](near func(*G.Node)) graph.Step[S, params[S]] {
	return func(x *G.Node, s S, p params[S]) (*G.Node, S, error) {
		c := p.c
		b := graph.NewBuilder(x, nil)
		values := []*G.Node{x}
		for _, f := range fieldsOf(&s) {
			values = append(values, *f)
		}
		for _, op := range c.ops {
			e := &env{Builder: b, w: p.W, u: p.U, which: p.Which, count: p.Count, near: near}
			for _, a := range op.args {
				e.v = append(e.v, values[a])
			}
			for _, r := range op.refs {
				if r.index < 0 {
					e.p = append(e.p, graph.Const(r.c))
				} else {
					e.p = append(e.p, *p.param(r.index))
				}
			}
			n := op.build(e)
			if err := b.Err(); err != nil {
				return nil, s, fmt.Errorf("%s: %w", op.text, err)
			}
			values = append(values, n)
		}
		var next []*G.Node
		for _, n := range c.next {
			next = append(next, values[n])
		}
		return values[c.out], stateOf[S](next), nil
	}
}

// A lifted is a run with its results by number of state.
type lifted struct {
	out   *G.Node
	final []*G.Node
	trace []*G.Node // nil where it is not asked for
}

// lift lifts the case over what in holds.
func lift[S any](c *Case, scan bool, in *inputs, near func(*G.Node)) (*lifted, error) {
	p := params[S]{W: in.w, U: in.u, Which: in.which, Count: in.count, c: c}
	for i, q := range in.params {
		*p.param(i) = q
	}
	var s *S
	if c.given {
		given := stateOf[S](in.states)
		s = &given
	}
	var r *graph.Run[S]
	var err error
	if scan {
		r, err = graph.Scan(step[S](nil), in.xs, s, p, graph.ScanOptions{KeepEvery: c.every})
	} else {
		r, err = graph.Unroll(step[S](near), in.xs, s, p)
	}
	if err != nil {
		return nil, err
	}
	l := &lifted{out: r.Out, trace: make([]*G.Node, len(c.states))}
	f, err := r.Final()
	if err != nil {
		return nil, err
	}
	for _, n := range fieldsOf(&f) {
		l.final = append(l.final, *n)
	}
	for i, name := range fields.Nodes(f) {
		if c.states[i].trace {
			if l.trace[i], err = r.Trace(name); err != nil {
				return nil, err
			}
		}
	}
	return l, nil
}
