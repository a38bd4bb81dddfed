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
	memory    = op.Memory
)

func signatureOf(in G.Nodes, dt tensor.Dtype, shape tensor.Shape) signature {
	return op.SignatureOf(in, dt, shape)
}

func hashcode(o interface{ WriteHash(hash.Hash) }) uint32 { return op.Hashcode(o) }

func isFloat(dt tensor.Dtype) bool { return op.IsFloat(dt) }

func elems[F float32 | float64](d *tensor.Dense) []F { return op.Elems[F](d) }

func newDense(dt tensor.Dtype, shape tensor.Shape) *tensor.Dense { return op.New(dt, shape) }

func scalarValue(dt tensor.Dtype, x float64) G.Value { return op.Scalar(dt, x) }

// dense returns v as op.Dense does; an error says in which operation.
func dense(where fmt.Stringer, v G.Value) (*tensor.Dense, error) { return op.DenseIn(where, v) }

// floats returns the elements of v as op.Floats does; an error says in which
// operation.
func floats[F float32 | float64](where fmt.Stringer, v G.Value) ([]F, error) {
	return op.FloatsIn[F](where, v)
}

func shapeOf(n *G.Node) []int      { return op.ShapeOf(n) }
func childrenOf(n *G.Node) G.Nodes { return op.Children(n) }
