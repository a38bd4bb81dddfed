package readout

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// Columns returns elements from, …, to−1 along the last axis of x [.., n], in a shape of as many
// elements: parts of targets that lie side by side. It has no gradient.
func Columns(b *graph.Builder, x *G.Node, from, to int, shape ...int) *G.Node {
	if !b.Check("columns", x) {
		return nil
	}
	s := x.Shape()
	if len(s) < 1 || !ops.IsFloat(x.Dtype()) || from < 0 || from >= to || to > s[len(s)-1] ||
		tensor.Shape(shape).TotalSize() != s.TotalSize()/s[len(s)-1]*(to-from) {
		b.Fail(fmt.Errorf("columns: x has shape %v, and elements %d to %d of each row are to have shape %v", ops.ShapeOf(x), from, to, shape))
		return nil
	}
	in := G.Nodes{x}
	return b.Apply(&columnsOp{Signature: ops.SignatureOf(in, x.Dtype(), slices.Clone(shape)), from: from, to: to, width: s[len(s)-1]}, in...)
}

// A columnsOp takes some of the elements of each row.
type columnsOp struct {
	ops.Pure
	ops.Final
	ops.Signature
	ops.Memory
	from, to, width int
}

func (op *columnsOp) String() string { return fmt.Sprintf("columns %d to %d", op.from, op.to) }
func (op *columnsOp) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "spikegrad %v %v %v", op, op.In, op.Shape)
}
func (op *columnsOp) Hashcode() uint32 { return ops.Hashcode(op) }

// Along: a row for each element of the first axis.
func (*columnsOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Rowwise() }

func (op *columnsOp) Do(vs ...G.Value) (G.Value, error) {
	dst := op.Result(vs[0].Dtype(), op.Shape)
	if ops.IsOf[float32](dst) {
		return dst, columns(op, ops.Elems[float32](dst), vs[0])
	}
	return dst, columns(op, ops.Elems[float64](dst), vs[0])
}

func columns[F vec.Float](op *columnsOp, dst []F, v G.Value) error {
	x, err := ops.FloatsIn[F](op, v)
	if err != nil {
		return err
	}
	n := op.to - op.from
	if len(x)/op.width*n != len(dst) {
		return fmt.Errorf("readout: %v: got %d elements, the graph was built for %d", op, len(x), len(dst)/n*op.width)
	}
	for r := range len(x) / op.width {
		copy(dst[r*n:(r+1)*n], x[r*op.width+op.from:])
	}
	return nil
}

var _ G.Op = (*columnsOp)(nil)
