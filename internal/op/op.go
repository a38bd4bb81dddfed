// Package op answers what Gorgonia asks of an operation, for all operations of the
// library. One is a struct that embeds Pure, mostly a Signature, and Final where it
// has no gradient; it adds Do, what it hashes, and its gradient.
package op

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

// Pure answers for an operation that writes to memory of its own, calls nothing
// outside Go, overwrites no input, and returns no input and no view of one.
type Pure struct{}

func (Pure) ReturnsPtr() bool     { return false }
func (Pure) CallsExtern() bool    { return false }
func (Pure) OverwritesInput() int { return -1 }

// OwnsResult marks the operation, see Owns.
func (Pure) OwnsResult() {}

// DoDiff is what a lisp machine of Gorgonia's differentiates by. It must be
// refused: without it the machine would take the gradient for zero.
func (Pure) DoDiff(_ G.ExecutionContext, _ G.Nodes, output *G.Node) error {
	var name any = "an operation"
	if output != nil && output.Op() != nil {
		name = output.Op()
	}
	return fmt.Errorf("spikegrad: %v: a LispMachine cannot differentiate this operation; ask graph.Grad or gorgonia.Grad for the gradients and run a TapeMachine", name)
}

// Owns reports whether an operation keeps the promises of Pure, so that its
// result shares no memory with what it read.
func Owns(op G.Op) bool {
	_, ok := op.(interface{ OwnsResult() })
	return ok
}

// Same, beside Pure, answers for an operation whose result is its first input, so that nothing is copied: of the promises of Pure
// it does not keep the last one, and only package machine may run it, which asks.
type Same struct{}

// Do returns the input.
func (Same) Do(vs ...G.Value) (G.Value, error) { return vs[0], nil }

// Hands marks the operation, see Shares.
func (Same) Hands() {}

// Shares reports whether the result of an operation may share memory with what it read.
func Shares(op G.Op) bool {
	_, same := op.(interface{ Hands() })
	return same || !Owns(op)
}

// Final answers for an operation that has no gradient.
type Final struct{}

// DiffWRT returns that there is a gradient for none of n inputs.
func (Final) DiffWRT(n int) []bool { return make([]bool, n) }

// SymDiff returns an error.
func (Final) SymDiff(G.Nodes, *G.Node, *G.Node) (G.Nodes, error) {
	return nil, errors.New("spikegrad: this operation has no gradient")
}

// All returns that there is a gradient for each of n inputs.
func All(n int) []bool { return slices.Repeat([]bool{true}, n) }

// Signature is the type of an operation whose inputs and result are known when
// the node is made.
type Signature struct {
	In    []hm.Type
	Of    tensor.Dtype // of the result's elements
	Shape tensor.Shape // of the result
}

// SignatureOf returns the signature from the inputs to a value of the given shape
// and element type.
func SignatureOf(in G.Nodes, dt tensor.Dtype, shape tensor.Shape) Signature {
	s := Signature{Of: dt, Shape: slices.Clone(shape)}
	for _, n := range in {
		s.In = append(s.In, n.Type())
	}
	return s
}

// Arity returns the number of inputs.
func (s Signature) Arity() int { return len(s.In) }

// Type returns the function type of the operation.
func (s Signature) Type() hm.Type {
	var out hm.Type = s.Of
	if len(s.Shape) > 0 {
		out = G.TensorType{Dims: len(s.Shape), Of: s.Of}
	}
	return hm.NewFnType(append(slices.Clone(s.In), out)...)
}

// InferShape returns the shape of the result.
func (s Signature) InferShape(...G.DimSizer) (tensor.Shape, error) {
	return slices.Clone(s.Shape), nil
}

// Hashcode returns the hash of what an operation writes.
func Hashcode(op interface{ WriteHash(hash.Hash) }) uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}
