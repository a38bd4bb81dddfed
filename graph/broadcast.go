package graph

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// expandOp repeats a parameter over the axes that it lacks, as NumPy
// broadcasts; reduceOp, its transpose, sums over them.
type expandOp struct {
	pure
	signature
}

type reduceOp struct {
	pure
	signature
}

// expand returns p broadcast to the shape.
func (b *Builder) expand(p *G.Node, to tensor.Shape) *G.Node {
	if b.err != nil {
		return nil
	}
	if slices.Equal(p.Shape(), to) {
		return p
	}
	if !ops.Broadcasts(p.Shape(), to) {
		b.fail("parameter %s has shape %v, which does not broadcast to %v", p.Name(), shapeOf(p), []int(to))
		return nil
	}
	return b.apply(expandOp{signature: signatureOf(G.Nodes{p}, p.Dtype(), to)}, p)
}

func (op expandOp) String() string        { return fmt.Sprintf("expand%v", []int(op.Shape)) }
func (op expandOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v", op, op.In) }
func (op expandOp) Form() lower.Form      { return lower.Form{Kind: lower.Expand} }
func (op expandOp) Hashcode() uint32      { return hashcode(op) }
func (op expandOp) DiffWRT(int) []bool    { return []bool{true} }
func (op expandOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b Builder
	d := b.apply(reduceOp{signature: signatureOf(G.Nodes{grad}, grad.Dtype(), in[0].Shape())}, grad)
	return G.Nodes{d}, b.Err()
}

func (op expandOp) Do(vs ...G.Value) (G.Value, error) {
	return op.into(newDense(vs[0].Dtype(), op.Shape), vs[0])
}

// into broadcasts v into dst, which has the shape of op.
func (op expandOp) into(dst *tensor.Dense, v G.Value) (G.Value, error) {
	switch dst.Dtype() {
	case tensor.Float32:
		return dst, expandInto(op, elems[float32](dst), op.Shape, v)
	case tensor.Float64:
		return dst, expandInto(op, elems[float64](dst), op.Shape, v)
	}
	return nil, fmt.Errorf("graph: %v: got elements of type %v, want float32 or float64", op, v.Dtype())
}

func expandInto[F vec.Float](where fmt.Stringer, dst []F, shape tensor.Shape, v G.Value) error {
	src, err := floats[F](where, v)
	if err != nil {
		return err
	}
	ops.EachBroadcast(v.Shape(), shape, func(i, j int) { dst[j] = src[i] })
	return nil
}

func (op reduceOp) String() string        { return fmt.Sprintf("reduce%v", []int(op.Shape)) }
func (op reduceOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v", op, op.In) }
func (op reduceOp) Form() lower.Form      { return lower.Form{Linear: ir.A, Reduce: true} }
func (op reduceOp) Hashcode() uint32      { return hashcode(op) }
func (op reduceOp) DiffWRT(int) []bool    { return []bool{true} }
func (op reduceOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b Builder
	return G.Nodes{b.expand(grad, in[0].Shape())}, b.Err()
}

func (op reduceOp) Do(vs ...G.Value) (G.Value, error) {
	switch vs[0].Dtype() {
	case tensor.Float32:
		return reduce[float32](op, vs[0])
	case tensor.Float64:
		return reduce[float64](op, vs[0])
	}
	return nil, fmt.Errorf("graph: %v: got elements of type %v, want float32 or float64", op, vs[0].Dtype())
}

// reduce sums in float64, in the order of the elements.
func reduce[F vec.Float](op reduceOp, v G.Value) (G.Value, error) {
	src, err := floats[F](op, v)
	if err != nil {
		return nil, err
	}
	sums := make([]float64, op.Shape.TotalSize())
	ops.EachBroadcast(op.Shape, v.Shape(), func(i, j int) { sums[i] += float64(src[j]) })
	if op.Shape.IsScalar() {
		return scalarValue(v.Dtype(), sums[0]), nil
	}
	dst := newDense(v.Dtype(), op.Shape)
	to := elems[F](dst)
	for i, s := range sums {
		to[i] = F(s)
	}
	return dst, nil
}

// fillOp is a constant tensor of a given shape. It does not read its input, which
// only says in which graph it is and after what it runs.
type fillOp struct {
	pure
	final
	signature
	c   float64
	dst *tensor.Dense // kept from run to run
}

func (op *fillOp) String() string        { return fmt.Sprintf("fill%v(%v)", []int(op.Shape), op.c) }
func (op *fillOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v", op) }
func (op *fillOp) Form() lower.Form      { return lower.Form{Kind: lower.Fill, Const: op.c} }
func (op *fillOp) Hashcode() uint32      { return hashcode(op) }

func (op *fillOp) Do(vs ...G.Value) (G.Value, error) { return op.value(vs[0].Dtype()) }

// value fills anew, as an operation of Gorgonia's may have worked in the memory.
func (op *fillOp) value(dt tensor.Dtype) (G.Value, error) {
	if op.dst == nil {
		op.dst = newDense(dt, op.Shape)
	}
	if dt == tensor.Float32 {
		vec.For[float32]().Fill(elems[float32](op.dst), float32(op.c))
	} else {
		vec.For[float64]().Fill(elems[float64](op.dst), op.c)
	}
	return op.dst, nil
}

var (
	_ G.SDOp = expandOp{}
	_ G.SDOp = reduceOp{}
	_ G.SDOp = (*fillOp)(nil)
)

// Expand returns p broadcast to the given shape, as NumPy broadcasts.
func (b *Builder) Expand(p *G.Node, shape []int) *G.Node {
	if !b.Check("expand", p) {
		return nil
	}
	return b.expand(p, shape)
}

// Reduce sums x down to the given shape, which must broadcast to that of x; no
// axes means the sum of all elements. It is the transpose of Expand.
func (b *Builder) Reduce(x *G.Node, shape []int) *G.Node {
	if !b.Check("reduce", x) {
		return nil
	}
	if !ops.Broadcasts(shape, x.Shape()) {
		b.fail("reduce: x has shape %v, to which %v does not broadcast", shapeOf(x), shape)
		return nil
	}
	return b.apply(reduceOp{signature: signatureOf(G.Nodes{x}, x.Dtype(), shape)}, x)
}

// Reshape returns x with another shape of as many elements.
func (b *Builder) Reshape(x *G.Node, shape ...int) *G.Node {
	if !b.Check("reshape", x) {
		return nil
	}
	y, err := Reshape(x, shape...)
	if err != nil {
		b.fail("reshape: %w", err)
	}
	return y
}
