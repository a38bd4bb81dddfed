package layers

import (
	"errors"
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
// that counts: then the buffer becomes their mean, each element over the windows that say
// something of it.
type Buffer struct {
	Node   *G.Node // what it is; an input
	Next   *G.Node // what a batch of training makes of it, of the same shape; nil as long as nothing does
	Counts *G.Node // of the same shape, 0 where Next says nothing and the buffer stays; nil counts all
	Joined bool    // Next is of the batches of all Build.Ranks, and so the same on each

	next  *tensor.Dense // sum over the windows of a batch
	count []int         // of them, by element
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

// Moving returns the Next of the buffers that have one, in order, each with its Counts
// behind it if there are any.
func (b *Build) Moving() G.Nodes {
	var ns G.Nodes
	for _, buf := range b.moving() {
		if ns = append(ns, buf.Next); buf.Counts != nil {
			ns = append(ns, buf.Counts)
		}
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
	for _, buf := range b.moving() {
		n := 1
		if buf.Counts != nil {
			n = 2
		}
		if len(vs) < n {
			return errors.New("layers: buffers: there are too few values, want one for each of Moving")
		}
		if err := buf.take(vs[:n], first); err != nil {
			return fmt.Errorf("layers: %w", err)
		}
		vs = vs[n:]
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

// take takes the value of Next, and that of Counts if there is one.
func (b *Buffer) take(vs []G.Value, first bool) error {
	if b.next == nil {
		b.next = tensor.New(tensor.Of(b.Node.Dtype()), tensor.WithShape(b.Node.Shape()...))
		b.count = make([]int, b.next.DataSize())
	}
	if first {
		clear(b.count)
	}
	to, err := flat.Of(b.next)
	var from [2]flat.Values
	for i, v := range vs {
		if err == nil {
			from[i], err = flat.Of(v)
		}
		if err == nil && (len(from[i].F32) != len(to.F32) || len(from[i].F64) != len(to.F64)) {
			err = fmt.Errorf("has shape %v of %v, want %v of %v", []int(v.Shape()), v.Dtype(), []int(b.next.Shape()), b.next.Dtype())
		}
	}
	if err != nil {
		return fmt.Errorf("what the batch makes of buffer %s %w", b.Node.Name(), err)
	}
	if !add(to.F32, from[0].F32, from[1].F32, b.count) || !add(to.F64, from[0].F64, from[1].F64, b.count) {
		return fmt.Errorf("what the batch makes of buffer %s is not finite", b.Node.Name())
	}
	return nil
}

// add adds to each sum the value that counts, and reports whether all are finite.
func add[F vec.Float](sums, vs, counts []F, n []int) bool {
	for i, v := range vs {
		switch {
		case counts != nil && counts[i] == 0:
			continue
		case n[i] > 0:
			v += sums[i]
		}
		if v-v != 0 {
			return false
		}
		sums[i], n[i] = v, n[i]+1
	}
	return true
}

func (b *Buffer) keep() error {
	if b.next == nil {
		return nil
	}
	to, err := flat.Of(b.Node.Value())
	if err != nil {
		return fmt.Errorf("buffer %s %w", b.Node.Name(), err)
	}
	from, err := flat.Of(b.next)
	if err != nil {
		return fmt.Errorf("buffer %s %w", b.Node.Name(), err)
	}
	average(to.F32, from.F32, b.count)
	average(to.F64, from.F64, b.count)
	clear(b.count)
	return nil
}

// average sets what something was said of.
func average[F vec.Float](to, sums []F, n []int) {
	for i, s := range sums {
		if n[i] > 0 {
			to[i] = s / F(n[i])
		}
	}
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
