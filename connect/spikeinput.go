package connect

import (
	"fmt"
	"hash"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/timing"
)

// A list of spikes is not a value of Gorgonia's. So an input of spikes is two
// nodes: a token, which stands for the lists, and x, an operation on it that makes
// the dense tensor. Operations that follow spikes take the token in the place of x
// and read the lists; for all others x is a node like any other. A Machine does not
// compute x unless something reads it; a tape machine of Gorgonia's does.

// SpikeInput adds an input to g whose values are lists of spikes: a node x of the
// shape of s and element type dt. Linear and Conv2D follow the lists, with the same
// bits that they give for the dense tensor; for anything else x is that tensor,
// made when it is read. LetSpikes gives it other lists, and those of s may be
// changed in place from one run to the next.
//
// The weights have the gradients that they have for the dense tensor. The lists have
// none: to differentiate by x is an error.
func SpikeInput(g *G.ExprGraph, name string, dt tensor.Dtype, s *Spikes) (*G.Node, error) {
	switch {
	case g == nil:
		return nil, fmt.Errorf("connect: input %s: the graph is nil", name)
	case s == nil || s.rows == 0:
		return nil, fmt.Errorf("connect: input %s: the spikes are nil or were not made by NewSpikes", name)
	case !ops.IsFloat(dt):
		return nil, fmt.Errorf("connect: input %s has elements of type %v, want float32 or float64", name, dt)
	case len(g.ByName(name)) > 0:
		return nil, fmt.Errorf("connect: the graph has a node called %s already", name)
	}
	token, err := graph.Input(g, "spikes of "+name, ops.New(dt, tensor.Shape{1}))
	if err != nil {
		return nil, err
	}
	in := &spikeInput{token: token, dt: dt, now: s}
	var b graph.Builder
	in.x = b.Apply(&spikesOp{Signature: ops.SignatureOf(G.Nodes{token}, dt, s.shape), in: in}, token)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("connect: input %s: %w", name, err)
	}
	G.WithName(name)(in.x)
	return in.x, nil
}

// LetSpikes gives an input made by SpikeInput the lists of its next runs, which
// must have its shape.
func LetSpikes(x *G.Node, s *Spikes) error {
	in := spikeInputOf(x)
	switch {
	case in == nil:
		return fmt.Errorf("connect: let spikes: the node was not made by SpikeInput")
	case s == nil:
		return fmt.Errorf("connect: let spikes: the spikes of %s are nil", x.Name())
	case !s.shape.Eq(x.Shape()):
		return fmt.Errorf("connect: let spikes: %s has shape %v, the spikes have %v", x.Name(), ops.ShapeOf(x), []int(s.shape))
	}
	in.now = s
	return nil
}

// SpikesOf returns the lists that an input made by SpikeInput has at present, nil
// for any other node.
func SpikesOf(x *G.Node) *Spikes {
	if in := spikeInputOf(x); in != nil {
		return in.now
	}
	return nil
}

// A spikeInput is one use of SpikeInput: what its nodes, and those that follow its
// lists, share.
type spikeInput struct {
	token, x *G.Node
	dt       tensor.Dtype
	now      *Spikes
}

// spikeInputOf returns what stands behind x, nil if that is no input of spikes.
func spikeInputOf(x *G.Node) *spikeInput {
	if x == nil {
		return nil
	}
	op, ok := x.Op().(*spikesOp)
	if !ok {
		return nil
	}
	return op.in
}

// valuesOf returns the node of the values that an operation takes as x: in the place
// of an input of spikes it takes a token.
func valuesOf(given *spikeInput, x *G.Node) *G.Node {
	if given == nil {
		return x
	}
	return given.x
}

// listsOf returns the input that x is, if an operation can follow its lists: one
// that takes the elements of a row together, width of them.
func listsOf(x *G.Node, width int) *spikeInput {
	if in := spikeInputOf(x); in != nil && in.now.width == width {
		return in
	}
	return nil
}

// spikesOp makes the dense tensor.
type spikesOp struct {
	ops.Pure
	ops.Final
	ops.Signature
	ops.Memory
	in *spikeInput
}

func (op *spikesOp) String() string        { return "dense spikes" }
func (op *spikesOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad spikes %p", op.in) }
func (op *spikesOp) Token() *G.Node        { return op.in.token }
func (op *spikesOp) NoGradient() string {
	return "is an input of spike lists, which have none; where you need its gradient make it a dense input"
}
func (op *spikesOp) Hashcode() uint32 { return ops.Hashcode(op) }
func (op *spikesOp) OverTime() bool   { return true }
func (op *spikesOp) Do(...G.Value) (G.Value, error) {
	if err := op.in.now.dense(); err != nil {
		return nil, err
	}
	d := op.Result(op.in.dt, op.Shape)
	op.in.now.write(d)
	return d, nil
}

var _ interface {
	G.Op
	ops.Listed
	ops.Undifferentiable
	timing.OverTimer
} = (*spikesOp)(nil)
