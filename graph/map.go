package graph

import (
	"fmt"
	"hash"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/exec"
	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// mapOp applies an element-wise operation, with a constant where it takes one. It
// stands beside Gorgonia's own operations for the forms that those lack: a
// constant that is part of the operation needs no node and no gradient.
type mapOp struct {
	pure
	code ir.Op
	c    float64
}

func (op mapOp) Arity() int { return 1 }
func (op mapOp) Type() hm.Type {
	a := hm.TypeVariable('a')
	return hm.NewFnType(a, a)
}
func (op mapOp) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	return in[0].(tensor.Shape).Clone(), nil
}
func (op mapOp) String() string        { return fmt.Sprintf("%v(%v)", op.code, op.c) }
func (op mapOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad map %d %x", op.code, op.c) }
func (op mapOp) Hashcode() uint32      { return hashcode(op) }

// Form says that mapOp is element-wise.
func (op mapOp) Form() lower.Form {
	return lower.Form{Kind: lower.Lanewise, Op: op.code, Const: op.c}
}

func (op mapOp) DiffWRT(int) []bool { return []bool{op.code.Facts().Slope != ir.OpNone} }

// SymDiff multiplies the gradient by the slope.
func (op mapOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b Builder
	slope := op.code.Facts().Slope
	d := grad
	switch {
	case slope == ir.OpNone:
		return nil, fmt.Errorf("graph: %v has no gradient", op)
	case slope == ir.OpNeg:
		d = b.Neg(grad)
	case slope == ir.OpMulC:
		d = b.mapped(grad, ir.OpMulC, op.c)
	case slope.Facts().Compares:
		d = b.Mul(grad, b.mapped(in[0], slope, op.c))
	}
	return G.Nodes{d}, b.Err()
}

func (op mapOp) Do(vs ...G.Value) (G.Value, error) {
	return mapValue(op, vs[0],
		func(dst, a []float32) { exec.Map(op.code, dst, a, float32(op.c)) },
		func(dst, a []float64) { exec.Map(op.code, dst, a, op.c) })
}

// mapValue returns f of the elements of v, in a new value of the same shape.
func mapValue(where fmt.Stringer, v G.Value, f32 func(dst, a []float32), f64 func(dst, a []float64)) (G.Value, error) {
	switch v.Dtype() {
	case tensor.Float32:
		return mapFloats(where, v, f32)
	case tensor.Float64:
		return mapFloats(where, v, f64)
	}
	return nil, fmt.Errorf("graph: %v: got elements of type %v, want float32 or float64", where, v.Dtype())
}

func mapFloats[F vec.Float](where fmt.Stringer, v G.Value, f func(dst, a []F)) (G.Value, error) {
	a, err := floats[F](where, v)
	if err != nil {
		return nil, err
	}
	dst := make([]F, len(a))
	f(dst, a)
	if v.Shape().IsScalar() {
		return scalarValue(v.Dtype(), float64(dst[0])), nil
	}
	return tensor.New(tensor.WithShape(v.Shape()...), tensor.WithBacking(dst)), nil
}

// stopOp is the identity, with no gradient.
type stopOp struct {
	pure
	final
}

func (op stopOp) Arity() int                                        { return 1 }
func (op stopOp) Type() hm.Type                                     { return mapOp{}.Type() }
func (op stopOp) InferShape(in ...G.DimSizer) (tensor.Shape, error) { return mapOp{}.InferShape(in...) }
func (op stopOp) String() string                                    { return "detach" }
func (op stopOp) WriteHash(h hash.Hash)                             { fmt.Fprint(h, "spikegrad detach") }
func (op stopOp) Hashcode() uint32                                  { return hashcode(op) }
func (op stopOp) Form() lower.Form                                  { return lower.Form{Kind: lower.Alias} }
func (op stopOp) Do(vs ...G.Value) (G.Value, error)                 { return G.CloneValue(vs[0]) }

// mostSalts is how many hashes are tried.
const mostSalts = 16

// sameOp is the identity with a number that makes its hash another, see Builder.make.
type sameOp struct {
	stopOp
	salt int
}

func (op sameOp) DiffWRT(n int) []bool  { return ops.All(n) }
func (op sameOp) String() string        { return fmt.Sprintf("same %d", op.salt) }
func (op sameOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v", op) }
func (op sameOp) Hashcode() uint32      { return hashcode(op) }
func (op sameOp) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	return G.Nodes{grad}, nil
}

var (
	_ G.SDOp = mapOp{}
	_ G.SDOp = stopOp{}
	_ G.SDOp = sameOp{}
)
