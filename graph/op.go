package graph

import (
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"slices"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// pure answers what Gorgonia asks of an Op that writes to memory of its own,
// calls nothing outside Go and overwrites no input.
type pure struct{}

func (pure) ReturnsPtr() bool     { return false }
func (pure) CallsExtern() bool    { return false }
func (pure) OverwritesInput() int { return -1 }

// DoDiff is what a lisp machine of Gorgonia's differentiates by. It must be
// refused: without it the machine would take the gradient for zero.
func (pure) DoDiff(G.ExecutionContext, G.Nodes, *G.Node) error {
	return errors.New("graph: a LispMachine cannot differentiate this operation; ask graph.Grad or gorgonia.Grad for the gradients and run a TapeMachine")
}

// final answers for an Op that has no gradient.
type final struct{}

func (final) DiffWRT(n int) []bool { return make([]bool, n) }
func (final) SymDiff(G.Nodes, *G.Node, *G.Node) (G.Nodes, error) {
	return nil, fmt.Errorf("graph: this operation has no gradient")
}

// signature is the type of an Op whose inputs and output are known when the
// node is made.
type signature struct {
	in    []hm.Type
	out   hm.Type
	shape tensor.Shape
}

// signatureOf returns the signature from the inputs to a value of the given
// shape and element type.
func signatureOf(in G.Nodes, dt tensor.Dtype, shape tensor.Shape) signature {
	s := signature{shape: slices.Clone(shape), out: typeOf(dt, shape)}
	for _, n := range in {
		s.in = append(s.in, n.Type())
	}
	return s
}

func typeOf(dt tensor.Dtype, shape tensor.Shape) hm.Type {
	if len(shape) == 0 {
		return dt
	}
	return G.TensorType{Dims: len(shape), Of: dt}
}

// Arity returns the number of inputs.
func (s signature) Arity() int { return len(s.in) }

// Type returns the function type of the operation.
func (s signature) Type() hm.Type {
	return hm.NewFnType(append(slices.Clone(s.in), s.out)...)
}

// InferShape returns the shape of the result.
func (s signature) InferShape(...G.DimSizer) (tensor.Shape, error) {
	return slices.Clone(s.shape), nil
}

func hashcode(op interface{ WriteHash(hash.Hash) }) uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}

// dense returns v as a dense tensor of float32 or float64 whose elements lie
// one after the other, copying it if it is a view.
func dense(where fmt.Stringer, v G.Value) (*tensor.Dense, error) {
	d, ok := v.(*tensor.Dense)
	if !ok {
		return nil, fmt.Errorf("graph: %v: got a %T, want a dense tensor", where, v)
	}
	if dt := d.Dtype(); dt != tensor.Float32 && dt != tensor.Float64 {
		return nil, fmt.Errorf("graph: %v: got elements of type %v, want float32 or float64", where, dt)
	}
	if d.DataOrder().IsColMajor() || d.RequiresIterator() || d.IsView() {
		m, ok := d.Materialize().(*tensor.Dense)
		if !ok || m.RequiresIterator() {
			return nil, fmt.Errorf("graph: %v: cannot make a view of shape %v contiguous", where, d.Shape())
		}
		d = m
	}
	return d, nil
}

// floats returns the elements of a dense tensor or scalar. The slice of a tensor
// shares its memory.
func floats[F float32 | float64](where fmt.Stringer, v G.Value) ([]F, error) {
	var want F
	if d, ok := v.(*tensor.Dense); ok && isOf[F](d) && !d.IsScalar() {
		d, err := dense(where, v)
		if err != nil {
			return nil, err
		}
		return elems[F](d), nil
	}
	if s, ok := v.Data().(F); ok {
		return []F{s}, nil
	}
	return nil, fmt.Errorf("graph: %v: got elements of type %v, want %T", where, v.Dtype(), want)
}

// isOf reports whether the elements of d are of type F.
func isOf[F float32 | float64](d *tensor.Dense) bool {
	_, single := any((*F)(nil)).(*float32)
	return single && d.Dtype() == tensor.Float32 || !single && d.Dtype() == tensor.Float64
}

// elems returns the elements of d, which are of type F. Unlike Data it allocates
// nothing.
func elems[F float32 | float64](d *tensor.Dense) []F {
	if d.Dtype() == tensor.Float32 {
		return any(d.Float32s()).([]F)
	}
	return any(d.Float64s()).([]F)
}

// newDense returns a tensor of zeros.
func newDense(dt tensor.Dtype, shape tensor.Shape) *tensor.Dense {
	return tensor.New(tensor.Of(dt), tensor.WithShape(shape...))
}

// scalarValue returns x as a Gorgonia scalar.
func scalarValue(dt tensor.Dtype, x float64) G.Value {
	if dt == tensor.Float32 {
		return G.NewF32(float32(x))
	}
	return G.NewF64(x)
}

// isFloat reports whether dt is an element type that the library computes in.
func isFloat(dt tensor.Dtype) bool { return dt == tensor.Float32 || dt == tensor.Float64 }

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
