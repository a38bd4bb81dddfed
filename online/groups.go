package online

import (
	"fmt"
	"hash"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// One scan runs the neurons of a layer several times side by side, in groups that are the samples of
// one large batch: backward, the first group has the learning signal, and each of the others one
// state of the neurons, whose derivatives by what came before are asked for.

// groupsOp gives x [steps, batch, n] to each of the groups, [steps, groups·batch, n], or to the first
// alone.
type groupsOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	steps, groups int
	first         bool
}

// grouped returns x [steps, batch, n], or a state [batch, n], in groups.
func grouped(b *graph.Builder, x *G.Node, groups int, first bool) *G.Node {
	if !b.Check("groups", x) {
		return nil
	}
	op := &groupsOp{steps: 1, groups: groups, first: first}
	shape := x.Shape().Clone()
	if len(shape) == 3 {
		op.steps = shape[0]
	}
	shape[len(shape)-2] *= groups
	op.Signature = ops.SignatureOf(G.Nodes{x}, x.Dtype(), shape)
	return b.Apply(op, x)
}

func (op *groupsOp) String() string        { return fmt.Sprintf("%d groups", op.groups) }
func (op *groupsOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad groups %p", op) }
func (op *groupsOp) Hashcode() uint32      { return ops.Hashcode(op) }

// SymDiff is asked where the gradient by its result is wanted, which goes no further.
func (op *groupsOp) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) { return G.Nodes{grad}, nil }
func (op *groupsOp) DiffWRT(int) []bool                                  { return []bool{false} }

// Along: they are for what learns, and no part of the network.
func (op *groupsOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Statistic(), nil }

func (op *groupsOp) Do(vs ...G.Value) (G.Value, error) {
	y := op.Result(op.Of, op.Shape)
	if op.Of == tensor.Float32 {
		return y, group[float32](op, y, vs[0])
	}
	return y, group[float64](op, y, vs[0])
}

func group[F vec.Float](op *groupsOp, y *tensor.Dense, v G.Value) error {
	x, err := ops.FloatsIn[F](op, v)
	if err != nil {
		return err
	}
	dst, n := ops.Elems[F](y), len(x)/op.steps
	for t := range op.steps {
		for g := range op.groups {
			if g == 0 || !op.first {
				copy(dst[(t*op.groups+g)*n:][:n], x[t*n:])
			}
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
	_ G.SDOp       = (*groupsOp)(nil)
	_ G.Op         = (*beforeOp)(nil)
)
