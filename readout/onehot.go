package readout

import (
	"fmt"
	"hash"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// OneHot returns [batch, classes] with 1 at the label of each sample and else 0,
// for labels [batch] as numbers. It has no gradient.
func OneHot(labels *G.Node, classes int) (*G.Node, error) {
	var b graph.Builder
	if !b.Check("one-hot", labels) {
		return nil, fmt.Errorf("readout: %w", b.Err())
	}
	if labels.Dims() != 1 || classes < 1 {
		return nil, fmt.Errorf("readout: one-hot: labels have shape %v and there are %d classes, want [batch] and at least 1", ops.ShapeOf(labels), classes)
	}
	shape := tensor.Shape{labels.Shape()[0], classes}
	n := b.Apply(oneHotOp{Signature: ops.SignatureOf(G.Nodes{labels}, labels.Dtype(), shape)}, labels)
	return n, b.Err()
}

type oneHotOp struct {
	ops.Pure
	ops.Final
	ops.Signature
}

func (op oneHotOp) String() string        { return fmt.Sprintf("one-hot of %d", op.Shape[1]) }
func (op oneHotOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v", op) }
func (op oneHotOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op oneHotOp) OverTime() bool        { return false }
func (op oneHotOp) Do(vs ...G.Value) (G.Value, error) {
	if vs[0].Dtype() == tensor.Float32 {
		return oneHot[float32](op, vs[0])
	}
	return oneHot[float64](op, vs[0])
}

func oneHot[F vec.Float](op oneHotOp, v G.Value) (G.Value, error) {
	labels, err := ops.FloatsIn[F](op, v)
	if err != nil {
		return nil, err
	}
	classes := op.Shape[1]
	x := make([]F, len(labels)*classes)
	for b, l := range labels {
		if c := int(l); c >= 0 && c < classes && F(c) == l {
			x[b*classes+c] = 1
			continue
		}
		return nil, fmt.Errorf("readout: %v: sample %d has label %v, want a class from 0 to %d", op, b, l, classes-1)
	}
	return tensor.New(tensor.WithShape(op.Shape...), tensor.WithBacking(x)), nil
}
