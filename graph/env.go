package graph

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/arith"
	"github.com/spikegrad/spikegrad/internal/lower"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// An env evaluates the nodes of a step graph that do not change over time, each
// once.
type env struct {
	values map[*G.Node]G.Value
	memory map[*G.Node]*tensor.Dense // of broadcast parameters, kept from run to run
}

func newEnv() *env {
	return &env{values: map[*G.Node]G.Value{}, memory: map[*G.Node]*tensor.Dense{}}
}

// value returns the value of n.
func (e *env) value(n *G.Node) (G.Value, error) {
	if v, ok := e.values[n]; ok {
		return v, nil
	}
	v, err := e.eval(n)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", n, err)
	}
	e.values[n] = v
	return v, nil
}

func (e *env) eval(n *G.Node) (G.Value, error) {
	if lower.IsConstant(n) {
		return n.Value(), nil
	}
	switch op := n.Op().(type) {
	case nil:
		return nil, fmt.Errorf("has no value")
	case *fillOp:
		return op.value(n.Dtype())
	}
	var in []G.Value
	for _, c := range childrenOf(n) {
		v, err := e.value(c)
		if err != nil {
			return nil, err
		}
		in = append(in, v)
	}
	if op, ok := n.Op().(expandOp); ok {
		dst := e.memory[n]
		if dst == nil {
			dst = newDense(n.Dtype(), n.Shape())
			e.memory[n] = dst
		}
		return op.into(dst, in[0])
	}
	return arith.Compute(n.Op(), arith.Of(n.Op()), nil, in...)
}

// tail returns the value of a tail, given the sums of the accumulators.
func (e *env) tail(t *lower.Tail, sum func(acc int, n *G.Node) G.Value) (G.Value, error) {
	if t.Acc >= 0 {
		return sum(t.Acc, t.Node), nil
	}
	if len(t.In) == 0 {
		return e.value(t.Node)
	}
	in := make([]G.Value, len(t.In))
	for i, c := range t.In {
		var err error
		if in[i], err = e.tail(c, sum); err != nil {
			return nil, err
		}
	}
	return arith.Compute(t.Node.Op(), arith.Of(t.Node.Op()), nil, in...)
}

func envFloats[F vec.Float](e *env, n *G.Node) ([]F, error) {
	v, err := e.value(n)
	if err != nil {
		return nil, err
	}
	return floats[F](named(n.Name()), v)
}

// named is a name that messages can show.
type named string

func (n named) String() string { return string(n) }
