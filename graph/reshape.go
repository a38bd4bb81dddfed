package graph

import (
	"fmt"
	"hash"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/lower"
)

// Reshape returns the elements of x, in their order, with another shape of as
// many elements. An error says where the shapes do not fit.
func Reshape(x *G.Node, shape ...int) (*G.Node, error) {
	var b Builder
	if !b.Check("reshape", x) {
		return nil, fmt.Errorf("graph: %w", b.Err())
	}
	n, ok := elements(shape)
	switch {
	case !isFloat(x.Dtype()):
		return nil, fmt.Errorf("graph: reshape: x has elements of type %v, want float32 or float64", x.Dtype())
	case x.IsScalar() || len(shape) == 0:
		return nil, fmt.Errorf("graph: reshape: from shape %v to %v, want at least one axis", shapeOf(x), shape)
	case !ok || n != x.Shape().TotalSize():
		return nil, fmt.Errorf("graph: reshape: x has shape %v, want as many elements as %v has", shapeOf(x), shape)
	}
	op := &reshapeOp{signature: signatureOf(G.Nodes{x}, x.Dtype(), shape)}
	y := b.apply(op, x)
	return y, b.Err()
}

// elements returns how many elements a shape has; it has none if an axis is
// negative or the number is out of range.
func elements(shape []int) (n int, ok bool) {
	n = 1
	for _, d := range shape {
		if d < 0 || d > 0 && n*d/d != n {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// Flatten joins all axes after the first two: x of shape [T, batch, c, h, w]
// becomes [T, batch, c·h·w]. A sequence of vectors is returned as it is.
func Flatten(x *G.Node) (*G.Node, error) {
	var b Builder
	if !b.Check("flatten", x) {
		return nil, fmt.Errorf("graph: %w", b.Err())
	}
	s := x.Shape()
	if len(s) < 3 {
		return nil, fmt.Errorf("graph: flatten: x has shape %v, want [T batch …] with at least one axis more", []int(s))
	}
	if len(s) == 3 {
		return x, nil
	}
	return Reshape(x, s[0], s[1], tensor.Shape(s[2:]).TotalSize())
}

// reshapeOp copies its input to memory of its own: Gorgonia's own operation
// returns a view, whose memory is that of the input.
type reshapeOp struct {
	pure
	signature
	memory
}

func (op *reshapeOp) String() string        { return fmt.Sprintf("reshape%v", []int(op.Shape)) }
func (op *reshapeOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %p", op, op.In, op) }
func (op *reshapeOp) Form() lower.Form      { return lower.Form{Kind: lower.Alias} }
func (op *reshapeOp) Hashcode() uint32      { return hashcode(op) }
func (op *reshapeOp) DiffWRT(int) []bool    { return []bool{true} }
func (op *reshapeOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	d, err := Reshape(grad, in[0].Shape()...)
	return G.Nodes{d}, err
}
func (op *reshapeOp) Do(vs ...G.Value) (G.Value, error) {
	x, err := dense(op, vs[0])
	if err != nil {
		return nil, err
	}
	n := op.Shape.TotalSize()
	if x.DataSize() != n {
		return nil, fmt.Errorf("graph: %v: got shape %v", op, []int(x.Shape()))
	}
	y := op.Result(x.Dtype(), op.Shape)
	copyElems(y, 0, x, 0, n)
	return y, nil
}

var _ G.SDOp = (*reshapeOp)(nil)
