package graph

import (
	"fmt"
	"hash"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
	"github.com/spikegrad/spikegrad/internal/matfunc"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// insertOp puts a value into a submatrix of matrices that are 0 elsewhere; extractOp, its
// transpose, takes the value of a submatrix.
type insertOp struct {
	pure
	signature
	to matfunc.Submatrix
}

type extractOp struct {
	pure
	signature
	from matfunc.Submatrix
}

// insert returns matrices with x in a submatrix, and zeros elsewhere.
func (b *Builder) insert(x *G.Node, to matfunc.Submatrix) *G.Node {
	if !b.Check("insert", x) {
		return nil
	}
	return b.apply(insertOp{signature: signatureOf(G.Nodes{x}, x.Dtype(), to.Matrices()), to: to}, x)
}

// extract returns what stands in a submatrix of the matrices x, in the given shape.
func (b *Builder) extract(x *G.Node, from matfunc.Submatrix, shape tensor.Shape) *G.Node {
	if !b.Check("extract", x) {
		return nil
	}
	return b.apply(extractOp{signature: signatureOf(G.Nodes{x}, x.Dtype(), shape), from: from}, x)
}

func (op insertOp) String() string        { return fmt.Sprintf("insert%+v", op.to) }
func (op insertOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v", op, op.In) }
func (op insertOp) Form() lower.Form      { return lower.Form{Linear: ir.A} }
func (op insertOp) Hashcode() uint32      { return hashcode(op) }
func (op insertOp) DiffWRT(int) []bool    { return []bool{true} }
func (op insertOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b Builder
	return G.Nodes{b.extract(grad, op.to, in[0].Shape())}, b.Err()
}
func (op insertOp) Do(vs ...G.Value) (G.Value, error) { return move(op, op.Shape, op.to, true, vs[0]) }

func (op extractOp) String() string        { return fmt.Sprintf("extract%+v", op.from) }
func (op extractOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v", op, op.Shape) }
func (op extractOp) Form() lower.Form      { return lower.Form{Linear: ir.A} }
func (op extractOp) Hashcode() uint32      { return hashcode(op) }
func (op extractOp) DiffWRT(int) []bool    { return []bool{true} }
func (op extractOp) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b Builder
	return G.Nodes{b.insert(grad, op.from)}, b.Err()
}
func (op extractOp) Do(vs ...G.Value) (G.Value, error) {
	return move(op, op.Shape, op.from, false, vs[0])
}

// move returns a value of the given shape, filled from v into the submatrix or out of it.
func move(where fmt.Stringer, shape tensor.Shape, p matfunc.Submatrix, in bool, v G.Value) (G.Value, error) {
	switch v.Dtype() {
	case tensor.Float32:
		return moveFloats[float32](where, shape, p, in, v)
	case tensor.Float64:
		return moveFloats[float64](where, shape, p, in, v)
	}
	return nil, fmt.Errorf("graph: %v: got elements of type %v, want float32 or float64", where, v.Dtype())
}

func moveFloats[F vec.Float](where fmt.Stringer, shape tensor.Shape, p matfunc.Submatrix, in bool, v G.Value) (G.Value, error) {
	src, err := floats[F](where, v)
	if err != nil {
		return nil, err
	}
	want := p.Size()
	if !in {
		want = tensor.Shape(p.Matrices()).TotalSize()
	}
	if len(src) != want {
		return nil, fmt.Errorf("graph: %v: got %d elements, want %d", where, len(src), want)
	}
	if shape.IsScalar() {
		return scalarValue(v.Dtype(), float64(src[p.At(0)])), nil
	}
	dst := newDense(v.Dtype(), shape)
	matfunc.Move(p, elems[F](dst), src, in)
	return dst, nil
}

var (
	_ G.SDOp = insertOp{}
	_ G.SDOp = extractOp{}
)
