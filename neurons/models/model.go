package models

import (
	"fmt"
	"reflect"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
)

// A Model is a step with parameters, its types forgotten: what tests,
// benchmarks and tables need in order to treat all models alike.
type Model interface {
	// Name returns the name under which the model is registered.
	Name() string
	// Set changes a parameter: any field of the parameter struct by its name,
	// "tau_mem_inv" or "TauMemInv". A Param takes a number, or a node, which is
	// then learnt.
	Set(name string, value any) error
	// Get returns the value of a field of the parameter struct.
	Get(name string) (any, error)
	// Params lists the names of the parameters that can be learnt, without those that
	// are not given and stand for another one.
	Params() []string
	// Weights lists the names of the matrices [n, n] that the parameters hold.
	Weights() []string
	// States lists the names of the states.
	States() []string
	// Rest returns the states to start from, by name, for a time step of the
	// shape of x.
	Rest(x *G.Node) (map[string]*G.Node, error)
	// Lift lifts the step over xs, from the given states (by name; nil for
	// rest), by Scan or else by Unroll.
	Lift(scan bool, xs *G.Node, states map[string]*G.Node, opts ...graph.ScanOptions) (*Lifted, error)
	// Clone returns a model to change without changing this one.
	Clone() Model
}

// Lifted is a model lifted in time.
type Lifted struct {
	Out    *G.Node                       // the outputs [T, …]
	Final  map[string]*G.Node            // the states after the last step
	Trace  func(string) (*G.Node, error) // a state after every step, [T, …]
	Unused []string                      // learnable parameters on which nothing depends
}

// Of returns the model of a step with the parameters p.
func Of[S any, P graph.Params[S]](name string, step graph.Step[S, P], p P) Model {
	return &model{name: name, typed: types[S, P](step), p: &p}
}

// A model forgets the types of its step, or each neuron would be a copy of the code.
type model struct {
	name  string
	typed typed
	p     any // a *P
}

// typed is what needs the types of a step. Parameters are a *P, states an *S.
type typed interface {
	clone(p any) any
	state() any
	rest(x *G.Node, p any) (any, error)
	lift(scan bool, xs *G.Node, s, p any, opts []graph.ScanOptions) (*Lifted, any, error)
}

type types[S any, P graph.Params[S]] graph.Step[S, P]

func (types[S, P]) clone(p any) any { c := *p.(*P); return &c }
func (types[S, P]) state() any      { return new(S) }

func (types[S, P]) rest(x *G.Node, p any) (any, error) {
	s, err := (*p.(*P)).Rest(x)
	return &s, err
}

func (t types[S, P]) lift(scan bool, xs *G.Node, s, p any, opts []graph.ScanOptions) (l *Lifted, final any, err error) {
	s0, _ := s.(*S)
	var run *graph.Run[S]
	if scan {
		run, err = graph.Scan(graph.Step[S, P](t), xs, s0, *p.(*P), opts...)
	} else {
		run, err = graph.Unroll(graph.Step[S, P](t), xs, s0, *p.(*P))
	}
	if err != nil {
		return nil, nil, err
	}
	end, err := run.Final()
	return &Lifted{Out: run.Out, Trace: run.Trace, Unused: run.Unused}, &end, err
}

// at returns what a pointer points to.
func at(p any) any { return reflect.ValueOf(p).Elem().Interface() }

func (m *model) Name() string { return m.name }
func (m *model) Clone() Model { return &model{m.name, m.typed, m.typed.clone(m.p)} }

func (m *model) Params() []string {
	return slices.DeleteFunc(fields.Params(at(m.p)), func(name string) bool {
		p, err := fields.Default(m.p, name)
		own, _ := fields.Field(m.p, name)
		return err == nil && own != p // another one counts
	})
}
func (m *model) Weights() []string { return fields.Nodes(at(m.p)) }
func (m *model) States() []string {
	return fields.Nodes(at(m.typed.state()))
}

func (m *model) Get(name string) (any, error) {
	f, err := fields.Field(m.p, name)
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", m.name, err)
	}
	return f, nil
}

func (m *model) Set(name string, value any) error {
	if err := m.set(name, value); err != nil {
		return fmt.Errorf("models: %s: %s: %w", m.name, name, err)
	}
	return nil
}

func (m *model) set(name string, value any) error {
	f, err := fields.Field(m.p, name)
	if err != nil {
		return err
	}
	switch f := f.(type) {
	case *graph.Param:
		switch v := value.(type) {
		case float64:
			*f = graph.Const(v)
			return nil
		case *G.Node:
			*f = graph.Learn(v)
			return nil
		}
	case **G.Node:
		if v, ok := value.(*G.Node); ok {
			*f = v
			return nil
		}
	case *float64:
		if v, ok := value.(float64); ok {
			*f = v
			return nil
		}
	case *bool:
		if v, ok := value.(bool); ok {
			*f = v
			return nil
		}
	case *graph.Func:
		if v, ok := value.(graph.Func); ok {
			*f = v
			return nil
		}
	case interface{ UnmarshalText([]byte) error }:
		if v, ok := value.(string); ok {
			return f.UnmarshalText([]byte(v))
		}
	}
	return fmt.Errorf("got a %T, which the field cannot take", value)
}

func (m *model) Rest(x *G.Node) (map[string]*G.Node, error) {
	s, err := m.typed.rest(x, m.p)
	if err != nil {
		return nil, fmt.Errorf("models: %s: rest: %w", m.name, err)
	}
	return m.byName(s)
}

// byName returns the nodes of a state by their names.
func (m *model) byName(s any) (map[string]*G.Node, error) {
	nodes := map[string]*G.Node{}
	for _, name := range m.States() {
		f, err := fields.Field(s, name)
		if err != nil {
			return nil, fmt.Errorf("models: %s: %w", m.name, err)
		}
		nodes[name] = *f.(**G.Node)
	}
	return nodes, nil
}

func (m *model) Lift(scan bool, xs *G.Node, states map[string]*G.Node, opts ...graph.ScanOptions) (*Lifted, error) {
	var s0 any
	if states != nil {
		s0 = m.typed.state()
		for _, name := range m.States() {
			n, ok := states[name]
			if !ok {
				return nil, fmt.Errorf("models: %s: no initial state %s", m.name, name)
			}
			f, err := fields.Field(s0, name)
			if err != nil {
				return nil, fmt.Errorf("models: %s: %w", m.name, err)
			}
			*f.(**G.Node) = n
		}
	}
	l, final, err := m.typed.lift(scan, xs, s0, m.p, opts)
	if err != nil {
		return nil, err
	}
	l.Final, err = m.byName(final)
	return l, err
}
