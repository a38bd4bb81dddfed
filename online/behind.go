package online

import (
	"fmt"
	"hash"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/timing"
)

// behindOp stands behind the neurons of a layer: of their outputs and their currents it gives the
// outputs. The gradient goes to the currents: within a time step; of a readout, whose filter is among the traces, as it is.
type behindOp struct {
	ops.Pure
	ops.Same
	ops.Signature
	of *cell
}

func (op *behindOp) String() string        { return "outputs of " + op.of.name }
func (op *behindOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad behind %p", op.of) }
func (op *behindOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op *behindOp) DiffWRT(int) []bool    { return []bool{false, op.of.passes()} }
func (op *behindOp) Follows(k int) bool    { return k == 1 }

// Along: a step is what it was.
func (op *behindOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Each() }

// SymDiff is asked when the network is known, and with it the readout.
func (op *behindOp) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.of.readout {
		return G.Nodes{nil, grad}, nil
	}
	// Not by graph.Grad: whoever asks may be Gorgonia's own, which takes nodes that have a gradient for done.
	var b graph.Builder
	g, err := (&lifted{out: op.of.fired}).back(&b, op.of.fired, grad)
	return G.Nodes{nil, g.dx}, err
}

// passes reports whether a gradient of the outputs goes on to neurons below.
func (c *cell) passes() bool { return c.above && (c.readout || c.flows) }

// onwardOp is what the next layer reads of a layer of neurons. Where feedback is not symmetric no
// gradient comes back through it.
type onwardOp struct {
	ops.Pure
	ops.Same
	ops.Signature
	of  *cell
	cut bool
}

func (op *onwardOp) String() string        { return "onward from " + op.of.name }
func (op *onwardOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad onward %p", op.of) }
func (op *onwardOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op *onwardOp) DiffWRT(int) []bool    { return []bool{!op.cut} }

// Along: a step is what it was.
func (op *onwardOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Each() }

func (op *onwardOp) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	return G.Nodes{grad}, nil
}
