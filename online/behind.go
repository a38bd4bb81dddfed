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
	ds, _, err := op.of.instant(grad)
	return append(G.Nodes{nil}, ds...), err
}

// passes reports whether a gradient of the outputs goes on to neurons below.
func (c *cell) passes() bool {
	if !c.above || c.readout {
		return c.above
	}
	if !c.looked {
		c.looked, c.flows = true, true // to look is to be asked again
		_, unused, err := c.instant(c.fired)
		c.flows = err != nil || len(unused) == 0
	}
	return c.flows
}

// instant returns what the gradient of the outputs is for the currents, within a time step.
func (c *cell) instant(grad *G.Node) (ds G.Nodes, unused []int, err error) {
	var b graph.Builder
	cost := weighed(&b, c.fired, grad)
	if b.Err() != nil {
		return nil, nil, b.Err()
	}
	return graph.Grad(cost, c.act.In)
}

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
