package graph

import (
	"fmt"
	"hash"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// atOp copies one time step out of a sequence; putOp, its transpose, is a
// sequence of zeros but for that step; stackOp joins time steps to a sequence.
type atOp struct {
	pure
	signature
	t int
}

type putOp struct {
	pure
	signature
	t int
}

type stackOp struct {
	pure
	signature
}

// At returns time step t of xs, which has shape [T, …].
func (b *Builder) At(xs *G.Node, t int) *G.Node {
	if !b.Check("at", xs) {
		return nil
	}
	shape := xs.Shape()
	if len(shape) < 2 || t < 0 || t >= shape[0] {
		b.fail("at: time step %d of a sequence of shape %v", t, []int(shape))
		return nil
	}
	return b.apply(atOp{signature: signatureOf(G.Nodes{xs}, xs.Dtype(), shape[1:]), t: t}, xs)
}

// Stack joins time steps of one shape to a sequence [T, …].
func (b *Builder) Stack(xs ...*G.Node) *G.Node {
	if len(xs) == 0 {
		b.fail("stack: no time steps")
		return nil
	}
	if !b.Check("stack", xs...) {
		return nil
	}
	shape := append(tensor.Shape{len(xs)}, xs[0].Shape()...)
	return b.apply(stackOp{signature: signatureOf(xs, xs[0].Dtype(), shape)}, xs...)
}

func (op atOp) String() string        { return fmt.Sprintf("at(%d)", op.t) }
func (op atOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %v", op, op.In, op.Shape) }
func (op atOp) Hashcode() uint32      { return hashcode(op) }
func (op atOp) DiffWRT(int) []bool    { return []bool{true} }
func (op atOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b Builder
	d := b.apply(putOp{signature: signatureOf(G.Nodes{grad}, grad.Dtype(), in[0].Shape()), t: op.t}, grad)
	return G.Nodes{d}, b.Err()
}
func (op atOp) Do(vs ...G.Value) (G.Value, error) {
	x, err := dense(op, vs[0])
	if err != nil {
		return nil, err
	}
	if x.Shape()[0] <= op.t {
		return nil, fmt.Errorf("graph: %v: got a sequence of shape %v", op, []int(x.Shape()))
	}
	y := newDense(x.Dtype(), op.Shape)
	n := op.Shape.TotalSize()
	copyElems(y, 0, x, op.t*n, n)
	return y, nil
}

func (op putOp) String() string        { return fmt.Sprintf("put(%d)", op.t) }
func (op putOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %v", op, op.In, op.Shape) }
func (op putOp) Hashcode() uint32      { return hashcode(op) }
func (op putOp) DiffWRT(int) []bool    { return []bool{true} }
func (op putOp) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b Builder
	return G.Nodes{b.At(grad, op.t)}, b.Err()
}
func (op putOp) Do(vs ...G.Value) (G.Value, error) {
	x, err := dense(op, vs[0])
	if err != nil {
		return nil, err
	}
	y := newDense(x.Dtype(), op.Shape)
	n := x.DataSize()
	copyElems(y, op.t*n, x, 0, n)
	return y, nil
}

func (op stackOp) String() string        { return fmt.Sprintf("stack%v", []int(op.Shape)) }
func (op stackOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v", op) }
func (op stackOp) Hashcode() uint32      { return hashcode(op) }
func (op stackOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	for i := range d {
		d[i] = true
	}
	return d
}
func (op stackOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b Builder
	ds := make(G.Nodes, len(in))
	for t := range in {
		ds[t] = b.At(grad, t)
	}
	return ds, b.Err()
}
func (op stackOp) Do(vs ...G.Value) (G.Value, error) {
	y := newDense(vs[0].Dtype(), op.Shape)
	n := op.Shape.TotalSize() / len(vs)
	for t, v := range vs {
		x, err := dense(op, v)
		if err != nil {
			return nil, err
		}
		copyElems(y, t*n, x, 0, n)
	}
	return y, nil
}

// copyElems copies n elements of src from position j on to dst from i on.
func copyElems(dst *tensor.Dense, i int, src *tensor.Dense, j, n int) {
	switch d := dst.Data().(type) {
	case []float32:
		copy(d[i:i+n], src.Data().([]float32)[j:j+n])
	case []float64:
		copy(d[i:i+n], src.Data().([]float64)[j:j+n])
	}
}

var (
	_ G.SDOp = atOp{}
	_ G.SDOp = putOp{}
	_ G.SDOp = stackOp{}
)
