package online

import (
	"fmt"
	"hash"

	G "gorgonia.org/gorgonia"

	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/timing"
)

// behindOp stands behind the neurons of a layer: of their outputs and their currents it gives the
// outputs. The gradient goes to the outputs; of a readout, whose filter is among the traces, it goes to
// the currents as it is.
type behindOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	of *cell
}

func (op *behindOp) String() string        { return "outputs of " + op.of.name }
func (op *behindOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad behind %p", op.of) }
func (op *behindOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op *behindOp) DiffWRT(int) []bool    { return []bool{!op.of.readout, op.of.readout} }
func (op *behindOp) Follows(k int) bool    { return k == 1 }
func (op *behindOp) Do(vs ...G.Value) (G.Value, error) {
	return copied(op, &op.Memory, vs[0])
}

// Along: a step is what it was.
func (op *behindOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Each() }

// SymDiff gives the gradient to the input that DiffWRT names, which is asked when the network is known.
func (op *behindOp) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	return G.Nodes{grad, grad}, nil
}

// onwardOp is what the next layer reads of a layer of neurons. Where feedback is not symmetric no
// gradient comes back through it.
type onwardOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	of  *cell
	cut bool
}

func (op *onwardOp) String() string        { return "onward from " + op.of.name }
func (op *onwardOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad onward %p", op.of) }
func (op *onwardOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op *onwardOp) DiffWRT(int) []bool    { return []bool{!op.cut} }
func (op *onwardOp) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	return G.Nodes{grad}, nil
}
func (op *onwardOp) Do(vs ...G.Value) (G.Value, error) { return copied(op, &op.Memory, vs[0]) }

// Along: a step is what it was.
func (op *onwardOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Each() }

func copied(where fmt.Stringer, m *ops.Memory, v G.Value) (G.Value, error) {
	d, err := ops.DenseIn(where, v)
	if err != nil {
		return nil, err
	}
	y := m.Result(d.Dtype(), d.Shape())
	if ops.IsOf[float32](y) {
		copy(ops.Elems[float32](y), ops.Elems[float32](d))
	} else {
		copy(ops.Elems[float64](y), ops.Elems[float64](d))
	}
	return y, nil
}
