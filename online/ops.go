package online

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

// spreadOp gives all neurons what one of them has: of x [T, 1, 1] the shape [T, batch, n], of [1, 1] that of a state. What x is
// hardly ever changes, and while it does not there is nothing to do.
type spreadOp struct {
	ops.Pure
	ops.Final
	ops.Signature
	ops.Memory
	last *tensor.Dense
}

func spread(b *graph.Builder, x *G.Node, shape tensor.Shape) *G.Node {
	if !b.Check("spread", x) {
		return nil
	}
	if x.Shape().Eq(shape) {
		return x
	}
	return b.Apply(&spreadOp{Signature: ops.SignatureOf(G.Nodes{x}, x.Dtype(), shape)}, x)
}

func (op *spreadOp) String() string        { return "one neuron for all" }
func (op *spreadOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad spread %p", op) }
func (op *spreadOp) Hashcode() uint32      { return ops.Hashcode(op) }

// Along: they are for what learns, and no part of the network.
func (op *spreadOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Statistic(), nil }

func (op *spreadOp) Do(vs ...G.Value) (G.Value, error) {
	y := op.Result(op.Of, op.Shape)
	if op.Of == tensor.Float32 {
		return y, over[float32](op, y, vs[0])
	}
	return y, over[float64](op, y, vs[0])
}

func over[F vec.Float](op *spreadOp, y *tensor.Dense, v G.Value) error {
	x, err := ops.FloatsIn[F](op, v)
	if err != nil {
		return err
	}
	dst := ops.Elems[F](y)
	switch {
	case op.last == nil:
		op.last = ops.New(op.Of, tensor.Shape{len(x)})
	case slices.Equal(ops.Elems[F](op.last), x):
		return nil
	}
	copy(ops.Elems[F](op.last), x)
	each := len(dst) / len(x)
	for i, v := range x {
		for k := range each {
			dst[i*each+k] = v
		}
	}
	return nil
}

// beforeOp gives of x [T, batch, n] and what stood before it, [batch, n], each step in the place of the
// next one.
type beforeOp struct {
	ops.Pure
	ops.Final
	ops.Signature
	ops.Memory
}

func before(b *graph.Builder, x, first *G.Node) *G.Node {
	if !b.Check("before", x, first) {
		return nil
	}
	return b.Apply(&beforeOp{Signature: ops.SignatureOf(G.Nodes{x, first}, x.Dtype(), x.Shape())}, x, first)
}

func (op *beforeOp) String() string                                 { return "the step before" }
func (op *beforeOp) WriteHash(h hash.Hash)                          { fmt.Fprintf(h, "spikegrad before %p", op) }
func (op *beforeOp) Hashcode() uint32                               { return ops.Hashcode(op) }
func (op *beforeOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Statistic(), nil }

func (op *beforeOp) Do(vs ...G.Value) (G.Value, error) {
	y := op.Result(op.Of, op.Shape)
	if op.Of == tensor.Float32 {
		return y, shift[float32](op, y, vs)
	}
	return y, shift[float64](op, y, vs)
}

func shift[F vec.Float](op *beforeOp, y *tensor.Dense, vs []G.Value) error {
	x, err := ops.FloatsIn[F](op, vs[0])
	if err != nil {
		return err
	}
	first, err := ops.FloatsIn[F](op, vs[1])
	if err != nil {
		return err
	}
	dst := ops.Elems[F](y)
	copy(dst, first)
	copy(dst[len(first):], x)
	return nil
}

// weighOp is the sum of x by weights, as a part of a cost. Nobody computes it: it is there for its gradient, which is
// the weights themselves, without a product by 1 spread out.
type weighOp struct {
	ops.Pure
	ops.Signature
}

func weighed(b *graph.Builder, x, weights *G.Node) *G.Node {
	if !b.Check("weighed", x, weights) {
		return nil
	}
	return b.Apply(&weighOp{Signature: ops.SignatureOf(G.Nodes{x, weights}, x.Dtype(), tensor.ScalarShape())}, x, weights)
}

func (op *weighOp) String() string        { return "weighed sum" }
func (op *weighOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad weighed %p", op) }
func (op *weighOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op *weighOp) DiffWRT(int) []bool    { return []bool{true, false} }

// Along: it is for what learns, and no part of the network.
func (op *weighOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Statistic(), nil }

// SymDiff: the gradient of a cost by itself is 1, and it comes here through sums alone.
func (op *weighOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	return G.Nodes{in[1], grad}, nil
}

func (op *weighOp) Do(...G.Value) (G.Value, error) {
	return nil, fmt.Errorf("online: %v is not computed", op)
}

var (
	_ G.SDOp       = (*weighOp)(nil)
	_ G.SDOp       = (*behindOp)(nil)
	_ G.SDOp       = (*onwardOp)(nil)
	_ ops.Follower = (*behindOp)(nil)
	_ G.Op         = (*spreadOp)(nil)
	_ G.Op         = (*beforeOp)(nil)
)
