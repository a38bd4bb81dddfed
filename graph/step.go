package graph

import (
	"fmt"
	"reflect"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/guard"
)

// Params is the parameter struct of a model with state S: fields of type Param,
// nodes of weights, and whatever else its step needs. Rest returns the state to
// start from, for a time step of the shape of x; the values of x it must not
// read.
type Params[S any] interface {
	Rest(x *G.Node) (S, error)
}

// A Step builds the nodes of one time step: from the input x, the state s and
// the parameters p it makes an output and the state after the step. It uses no
// node that did not come in through these three.
type Step[S any, P Params[S]] func(x *G.Node, s S, p P) (out *G.Node, next S, err error)

// model is a step with its state and parameters taken apart: what Unroll and
// Scan have in common. Types are forgotten, or each neuron would be a copy of the code.
type model struct {
	step   func(x *G.Node, s, p any) (out *G.Node, next any, err error)
	named  any // the step as it was given, for errors
	xs     *G.Node
	s, p   any
	states []slot // of s
	params []slot // of p, those that hold a node
}

// newModel checks the input and the state, which p.Rest gives where the caller did not.
func newModel[S any, P Params[S]](step Step[S, P], xs *G.Node, s *S, p P) (*model, error) {
	m := &model{xs: xs, p: p, named: step}
	if step != nil {
		m.step = func(x *G.Node, s, p any) (*G.Node, any, error) { return step(x, s.(S), p.(P)) }
	}
	if s != nil {
		m.s = *s
	}
	return m, m.init(reflect.TypeFor[S](), func() (any, error) { return rest[S](xs, p) })
}

func (m *model) init(state reflect.Type, rest func() (any, error)) error {
	xs := m.xs
	if m.step == nil {
		return fmt.Errorf("the step is nil")
	}
	if xs == nil {
		return fmt.Errorf("xs is nil")
	}
	if !isFloat(xs.Dtype()) {
		return fmt.Errorf("xs has elements of type %v, want float32 or float64", xs.Dtype())
	}
	if shape := xs.Shape(); len(shape) < 2 || shape.TotalSize() <= 0 {
		return fmt.Errorf("xs has shape %v, want [T batch …] with no axis of length 0", []int(shape))
	}
	var err error
	if m.states, err = slotsOf(state); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	all, err := slotsOf(reflect.TypeOf(m.p))
	if err != nil {
		return fmt.Errorf("parameters: %w", err)
	}
	for i, n := range nodesOf(m.p, all) {
		if n == nil {
			continue
		}
		if n.Graph() != xs.Graph() {
			return fmt.Errorf("parameter %s is of another graph than xs", all[i].name)
		}
		m.params = append(m.params, all[i])
	}
	if m.s == nil {
		if m.s, err = rest(); err != nil {
			return err
		}
	}
	for i, n := range nodesOf(m.s, m.states) {
		if n == nil {
			return fmt.Errorf("state %s is nil", m.states[i].name)
		}
		if n.Graph() != xs.Graph() {
			return fmt.Errorf("state %s is of another graph than xs", m.states[i].name)
		}
		if n.IsScalar() {
			return fmt.Errorf("state %s is a scalar, want at least one axis (of length 1)", m.states[i].name)
		}
		if n.Dtype() != xs.Dtype() {
			return fmt.Errorf("xs has elements of type %v, state %s of %v", xs.Dtype(), m.states[i].name, n.Dtype())
		}
	}
	return nil
}

// apply runs the step and checks that the state keeps its shape.
func (m *model) apply(x *G.Node, s, p any) (out *G.Node, next any, err error) {
	done, err := nest(m.xs.Graph(), x.Graph())
	if err != nil {
		return nil, nil, err
	}
	defer done()
	err = guard.Call("", "step", m.named, func() (err error) { out, next, err = m.step(x, s, p); return err })
	if err != nil {
		return nil, next, err
	}
	if out == nil {
		return nil, next, fmt.Errorf("the step returned no output")
	}
	before := nodesOf(s, m.states)
	for i, n := range nodesOf(next, m.states) {
		if n == nil {
			return nil, next, fmt.Errorf("the step returned no state %s", m.states[i].name)
		}
		if a, b := shapeOf(before[i]), shapeOf(n); fmt.Sprint(a) != fmt.Sprint(b) {
			return nil, next, fmt.Errorf("the step changed the shape of state %s from %v to %v", m.states[i].name, a, b)
		}
	}
	return out, next, nil
}

// stateIndex returns the position of the named state. A field of a nested struct
// goes by its path, or by its own name where no outer field has that.
func (m *model) stateIndex(name string) (int, error) {
	var names []string
	found, depth := -1, 0
	for i, s := range m.states {
		names = append(names, s.name)
		d := strings.Count(s.name, ".")
		if (s.name == name || strings.HasSuffix(s.name, "."+name)) && (found < 0 || d < depth) {
			found, depth = i, d
		}
	}
	if found < 0 {
		return 0, fmt.Errorf("no state %q, have %v", name, names)
	}
	return found, nil
}
