package nir

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/fields"
	"github.com/spikegrad/spikegrad/layers"
)

// A cell is a model of neurons with the parameters of a node.
type cell interface {
	// layer returns the neurons as a layer.
	layer() layers.Layer
	// spread lists the parameters that have a value of their own for each neuron.
	spread() []spread
	// states returns the names of the states.
	states() []string
	// rest returns the states to start from, for a time step of the shape of x.
	rest(x *G.Node, spread []*G.Node) ([]*G.Node, error)
	// step adds a time step. The nodes of spread are those of the parameters.
	step(x *G.Node, states, spread []*G.Node) (z *G.Node, next []*G.Node, err error)
	// params returns a pointer to the parameters with these nodes.
	params(spread []*G.Node) (any, error)
	spiking() bool
}

// A spread is a parameter with a value for each neuron.
type spread struct {
	name   string
	values []float64
	node   bool // has a node also if all values are the same
}

type cellOf[S any, P graph.Params[S]] struct {
	of graph.Step[S, P]
	p  P
	at []spread
}

func (c *cellOf[S, P]) spread() []spread { return c.at }
func (c *cellOf[S, P]) states() []string {
	var s S
	return fields.Nodes(s)
}

func (c *cellOf[S, P]) spiking() bool {
	_, err := fields.Field(&c.p, "Spike")
	return err == nil
}

func (c *cellOf[S, P]) layer() layers.Layer {
	var opts []layers.LiftOption
	for _, s := range c.at {
		opts = append(opts, layers.Each(layers.Values(s.values), s.name))
	}
	return layers.Lift(c.of, c.p, opts...)
}

// set gives a parameter its values: one for all if they are the same.
func (c *cellOf[S, P]) set(s spread) error {
	f, err := fields.Field(&c.p, s.name)
	if err != nil {
		return err
	}
	p, ok := f.(*graph.Param)
	if !ok || len(s.values) == 0 {
		return fmt.Errorf("%s is no parameter, or has no values", s.name)
	}
	*p = graph.Const(s.values[0])
	if s.node || slices.ContainsFunc(s.values, func(v float64) bool { return v != s.values[0] }) {
		c.at = append(c.at, s)
	}
	return nil
}

func (c *cellOf[S, P]) params(nodes []*G.Node) (any, error) {
	p, err := c.with(nodes)
	return &p, err
}

// with returns the parameters with nodes for those that are spread.
func (c *cellOf[S, P]) with(nodes []*G.Node) (P, error) {
	p := c.p
	for i, s := range c.at {
		f, err := fields.Field(&p, s.name)
		if err != nil {
			return p, err
		}
		*f.(*graph.Param) = graph.Learn(nodes[i])
	}
	return p, nil
}

func (c *cellOf[S, P]) rest(x *G.Node, nodes []*G.Node) ([]*G.Node, error) {
	p, err := c.with(nodes)
	if err != nil {
		return nil, err
	}
	s, err := p.Rest(x)
	if err != nil {
		return nil, err
	}
	return c.list(&s)
}

// list returns the nodes of a state in the order of the names.
func (c *cellOf[S, P]) list(s *S) (ns []*G.Node, err error) {
	for _, name := range c.states() {
		f, err := fields.Field(s, name)
		if err != nil {
			return nil, err
		}
		ns = append(ns, *f.(**G.Node))
	}
	return ns, nil
}

func (c *cellOf[S, P]) step(x *G.Node, states, nodes []*G.Node) (*G.Node, []*G.Node, error) {
	p, err := c.with(nodes)
	if err != nil {
		return nil, nil, err
	}
	var s S
	for i, name := range c.states() {
		f, err := fields.Field(&s, name)
		if err != nil {
			return nil, nil, err
		}
		*f.(**G.Node) = states[i]
	}
	z, next, err := c.of(x, s, p)
	if err != nil {
		return nil, nil, err
	}
	ns, err := c.list(&next)
	return z, ns, err
}

// gainedParams are the parameters of neurons whose input is multiplied by a gain.
type gainedParams[S any, P graph.Params[S]] struct {
	Inner P
	Gain  graph.Param
}

// Rest returns the neurons at rest.
func (p gainedParams[S, P]) Rest(x *G.Node) (S, error) { return p.Inner.Rest(x) }

// gained returns the step of neurons whose input is multiplied by a gain first.
func gained[S any, P graph.Params[S]](step graph.Step[S, P]) graph.Step[S, gainedParams[S, P]] {
	return func(x *G.Node, s S, p gainedParams[S, P]) (*G.Node, S, error) {
		var b graph.Builder
		x = b.Scale(x, p.Gain)
		if err := b.Err(); err != nil {
			var none S
			return nil, none, err
		}
		return step(x, s, p.Inner)
	}
}
