package layers

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/flat"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A Buffer is a value of a layer that training changes, though no gradient does: a running
// mean, say. It is saved with the weights and part of checkpoints. A batch of training
// makes it Next; evaluation leaves it as it is.
//
// A network that goes through a batch in several windows has one Next for each of them
// that counts: then the buffer becomes their mean.
type Buffer struct {
	Node *G.Node // what it is; an input
	Next *G.Node // what a batch of training makes of it, of the same shape; nil as long as nothing does

	next  *tensor.Dense // sum over the windows of a batch
	count int           // of them
}

// Buffer adds a buffer of the given shape to the graph of x, with values drawn by init as
// those of a Weight are. The layer sets its Next.
func (b *Build) Buffer(x *G.Node, name string, init Init, shape ...int) (*Buffer, error) {
	n, fresh, err := b.input(x, name, init, shape...)
	if err != nil {
		return nil, err
	}
	if !fresh { // a layer that is shared has added it at another place
		for _, buf := range b.Buffers {
			if buf.Node == n {
				return buf, nil
			}
		}
		return nil, b.errorf("buffer", "%s is a weight at another place", name)
	}
	buf := &Buffer{Node: n}
	b.Fixed, b.Buffers = append(b.Fixed, n), append(b.Buffers, buf)
	return buf, nil
}

// Now returns what the buffer is at this place of the network: its Next, if a layer before
// this one has changed it already, as one that is shared does.
func (b *Buffer) Now() *G.Node {
	if b.Next != nil {
		return b.Next
	}
	return b.Node
}

// Moving returns the Next of the buffers that have one, in order.
func (b *Build) Moving() G.Nodes {
	var ns G.Nodes
	for _, buf := range b.moving() {
		ns = append(ns, buf.Next)
	}
	return ns
}

func (b *Build) moving() (bs []*Buffer) {
	for _, buf := range b.Buffers {
		if buf != nil && buf.Next != nil {
			bs = append(bs, buf)
		}
	}
	return bs
}

// TakeBuffers takes the values of the nodes Moving, which is what a batch makes of the
// buffers; where it is called several times for a batch, their mean. first says that it is
// the first time. An error says that a value is not finite. It is for those who train a
// network; so is KeepBuffers.
func (b *Build) TakeBuffers(vs []G.Value, first bool) error {
	for i, buf := range b.moving() {
		if i >= len(vs) {
			return fmt.Errorf("layers: buffers: got %d values, want one for each of Moving", len(vs))
		}
		if err := buf.take(vs[i], first); err != nil {
			return fmt.Errorf("layers: %w", err)
		}
	}
	return nil
}

// KeepBuffers makes the buffers what the last batch has made of them, at its end.
func (b *Build) KeepBuffers() error {
	for _, buf := range b.moving() {
		if err := buf.keep(); err != nil {
			return fmt.Errorf("layers: %w", err)
		}
	}
	return nil
}

func (b *Buffer) take(v G.Value, first bool) error {
	if b.next == nil {
		b.next = tensor.New(tensor.Of(b.Node.Dtype()), tensor.WithShape(b.Node.Shape()...))
	}
	take := flat.Add
	if first {
		take, b.count = flat.Copy, 0
	}
	b.count++
	if err := take(b.next, v); err != nil {
		return fmt.Errorf("what the batch makes of buffer %s %w", b.Node.Name(), err)
	}
	if !finite(b.next) {
		return fmt.Errorf("what the batch makes of buffer %s is not finite", b.Node.Name())
	}
	return nil
}

func (b *Buffer) keep() error {
	if b.count == 0 {
		return nil
	}
	switch x := b.next.Data().(type) {
	case []float32:
		vec.For[float32]().DivC(x, x, float32(b.count))
	case []float64:
		vec.For[float64]().DivC(x, x, float64(b.count))
	}
	b.count = 0
	to, ok := b.Node.Value().(*tensor.Dense)
	if !ok {
		return fmt.Errorf("buffer %s has no tensor", b.Node.Name())
	}
	return flat.Copy(to, b.next)
}

func finite(v *tensor.Dense) bool {
	if x, ok := v.Data().([]float32); ok {
		return vec.For[float32]().Finite(x)
	}
	return vec.For[float64]().Finite(v.Float64s())
}

// Training returns an input [1] that is 1 while the network is trained and 0 in evaluation,
// for layers that act differently; before anybody has said which, it is 0. All of a network
// have one.
func (b *Build) Training(x *G.Node) (*G.Node, error) {
	if b != nil && b.training != nil {
		return b.training, nil
	}
	if b == nil || x == nil {
		return nil, fmt.Errorf("layers: training: the Build or x is nil")
	}
	path := b.path
	b.path = nil
	defer func() { b.path = path }()
	n, err := b.Mask(x, "training", 0, always, 1)
	b.training = n
	return n, err
}
