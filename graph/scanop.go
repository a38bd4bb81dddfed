package graph

import (
	"fmt"
	"hash"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/timing"
)

// An operation of Gorgonia's returns one value, a scan has several. So the node
// of the scan runs it, and returns a token of one element that stands for all
// the results; a resultOp on the token hands out one of them from the memory
// that the scan keeps. Results that nobody asked for have no node.
//
// Backward the same: the gradient of a result becomes a token again (gradOp),
// Gorgonia adds the tokens up, and the gradient of the scan finds behind the
// sum the gradients of its results.

// A token is the value that stands for a scan's results. What is in it does not
// matter.
type token struct{ memory }

func (t *token) value(dt tensor.Dtype) G.Value { return t.Result(dt, tokenShape) }

var tokenShape = tensor.Shape{1}

// scanOp runs a scan. Its inputs are xs, the initial states, the parameters.
type scanOp struct {
	pure
	signature
	token
	s *scan
}

func (op *scanOp) String() string        { return fmt.Sprintf("scan of %d steps", op.s.steps()) }
func (op *scanOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad scan %p", op.s) }
func (op *scanOp) Hashcode() uint32      { return hashcode(op) }

// Into says where to write the output.
func (op *scanOp) Into(dst *tensor.Dense) { op.s.out.Into(dst) }

func (op *scanOp) Do(vs ...G.Value) (G.Value, error) {
	if err := op.s.run.forward(vs); err != nil {
		return nil, fmt.Errorf("graph: scan: %w", err)
	}
	return op.value(op.s.dt), nil
}

func (op *scanOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	for i := range d {
		d[i] = true
	}
	return d
}

// SymDiff makes the node that runs the scan backward, and those that hand out
// its results.
func (op *scanOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	bw, err := newBackward(op.s, in, grad)
	if err != nil {
		return nil, fmt.Errorf("graph: gradient of scan: %w", err)
	}
	ds := make(G.Nodes, len(in))
	for i, n := range in {
		kind, j := resultX, 0
		switch states := len(op.s.states); {
		case i > states:
			kind, j = resultParam, i-1-states
		case i > 0:
			kind, j = resultState, i-1
		}
		var b Builder
		ds[i] = b.apply(&resultOp{
			signature: signatureOf(G.Nodes{bw.node}, op.s.dt, n.Shape()), s: op.s, bw: bw, kind: kind, index: j,
		}, bw.node)
		if err := b.Err(); err != nil {
			return nil, fmt.Errorf("graph: gradient of scan: %w", err)
		}
	}
	return ds, nil
}

// resultOp hands out one result of a scan, or of its gradient if bw is set.
type resultOp struct {
	pure
	signature
	s     *scan
	bw    *backward
	kind  resultKind
	index int
}

func (op *resultOp) String() string { return fmt.Sprintf("%v %d of scan", op.kind, op.index) }
func (op *resultOp) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "spikegrad %v %p %p", op, op.s, op.bw)
}
func (op *resultOp) Lends() any {
	if op.bw != nil || op.kind != resultOut {
		return nil
	}
	return op.s
}

// PlacedBy: the output is written by the scan, the gradient of xs by the scan backward.
func (op *resultOp) PlacedBy() (int, bool) {
	return 0, op.bw == nil && op.kind == resultOut || op.bw != nil && op.kind == resultX
}

func (op *resultOp) Hashcode() uint32   { return hashcode(op) }
func (op *resultOp) DiffWRT(int) []bool { return []bool{op.bw == nil} }
func (op *resultOp) SymDiff(_ G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	if op.bw != nil {
		return nil, fmt.Errorf("graph: the gradient of a scan has no gradient")
	}
	var b Builder
	d := b.apply(&gradOp{signature: signatureOf(G.Nodes{grad}, op.s.dt, tokenShape), of: op}, grad)
	return G.Nodes{d}, b.Err()
}
func (op *resultOp) Do(...G.Value) (G.Value, error) {
	if op.bw != nil {
		return op.s.run.gradient(op.bw, op.kind, op.index)
	}
	return op.s.run.result(op.kind, op.index)
}

// gradOp marks the gradient of one result of a scan.
type gradOp struct {
	pure
	final
	signature
	token
	of *resultOp
}

func (op *gradOp) String() string                 { return fmt.Sprintf("gradient of %v", op.of) }
func (op *gradOp) WriteHash(h hash.Hash)          { fmt.Fprintf(h, "spikegrad grad %p", op.of) }
func (op *gradOp) Hashcode() uint32               { return hashcode(op) }
func (op *gradOp) Do(...G.Value) (G.Value, error) { return op.value(op.of.s.dt), nil }

// backwardOp runs a scan backward. Its inputs are the token of the scan, the
// scan's inputs, and the gradients of its results.
type backwardOp struct {
	pure
	final
	signature
	token
	bw *backward
}

func (op *backwardOp) String() string {
	return fmt.Sprintf("scan of %d steps backward", op.bw.s.steps())
}
func (op *backwardOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad backward %p", op.bw) }

// Into says where to write the gradient of xs, which may be over xs itself.
func (op *backwardOp) Into(dst *tensor.Dense)  { op.bw.result.Into(dst) }
func (op *backwardOp) Overwrites() (int, bool) { return 1, op.bw.inPlace() }

func (op *backwardOp) Hashcode() uint32 { return hashcode(op) }
func (op *backwardOp) Do(vs ...G.Value) (G.Value, error) {
	if err := op.bw.s.run.backward(op.bw, vs); err != nil {
		return nil, fmt.Errorf("graph: gradient of scan: %w", err)
	}
	return op.value(op.bw.s.dt), nil
}

var (
	_ interface {
		G.SDOp
		ops.Loop
		ops.Taker
		timing.Timed
	} = (*scanOp)(nil)
	_ interface {
		G.SDOp
		ops.Lender
		ops.Placed
		timing.Timed
	} = (*resultOp)(nil)
	_ G.SDOp = (*gradOp)(nil)
	_ interface {
		G.SDOp
		ops.Taker
		ops.Overwriter
	} = (*backwardOp)(nil)
)
