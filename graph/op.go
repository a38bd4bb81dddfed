package graph

import (
	"fmt"
	"hash"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/op"
)

// What Gorgonia asks of an operation is answered in internal/op. It has short names
// here, since the methods of an operation call that op.

type (
	pure      = op.Pure
	final     = op.Final
	signature = op.Signature
)

func signatureOf(in G.Nodes, dt tensor.Dtype, shape tensor.Shape) signature {
	return op.SignatureOf(in, dt, shape)
}

func hashcode(o interface{ WriteHash(hash.Hash) }) uint32 { return op.Hashcode(o) }

func isFloat(dt tensor.Dtype) bool { return op.IsFloat(dt) }

func isOf[F float32 | float64](d *tensor.Dense) bool { return op.IsOf[F](d) }

func elems[F float32 | float64](d *tensor.Dense) []F { return op.Elems[F](d) }

func newDense(dt tensor.Dtype, shape tensor.Shape) *tensor.Dense { return op.New(dt, shape) }

func scalarValue(dt tensor.Dtype, x float64) G.Value { return op.Scalar(dt, x) }

// dense returns v as op.Dense does; an error says in which operation.
func dense(where fmt.Stringer, v G.Value) (*tensor.Dense, error) {
	d, err := op.Dense(v)
	if err != nil {
		return nil, fmt.Errorf("graph: %v: %w", where, err)
	}
	return d, nil
}

// floats returns the elements of v as op.Floats does; an error says in which
// operation.
func floats[F float32 | float64](where fmt.Stringer, v G.Value) ([]F, error) {
	f, err := op.Floats[F](v)
	if err != nil {
		return nil, fmt.Errorf("graph: %v: %w", where, err)
	}
	return f, nil
}

// shapeOf returns the shape of n as a plain slice, for messages.
func shapeOf(n *G.Node) []int { return []int(n.Shape()) }

// childrenOf returns the inputs of n in order, duplicates included.
func childrenOf(n *G.Node) G.Nodes {
	it := n.Graph().From(n.ID())
	if it == nil {
		return nil
	}
	var in G.Nodes
	for it.Next() {
		in = append(in, it.Node().(*G.Node))
	}
	return in
}
