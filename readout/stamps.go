package readout

import (
	"fmt"
	"hash"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// SpikeStamps returns minus the time at each spike of z [T, batch, …], an element that
// is not 0, and −Inf elsewhere, in the shape of z. The largest over time is then minus
// the time of the first spike. Times are steps from 0, on top of those that have gone
// before, [batch], which is nil for whole sequences. They are exact up to 2²⁴ steps in
// float32.
//
// The gradient of z is that of the result at the spikes, and else 0: a spike with
// more weight comes earlier. The steps before have none. An error says what is wrong
// with the shapes.
func SpikeStamps(z, before *G.Node) (*G.Node, error) {
	var b graph.Builder
	if !b.Check("spike stamps", z) {
		return nil, fmt.Errorf("readout: %w", b.Err())
	}
	s := z.Shape()
	if len(s) < 2 || s.TotalSize() == 0 || !ops.IsFloat(z.Dtype()) {
		return nil, fmt.Errorf("readout: spike stamps: z has shape %v of %v, want [T batch …] of float32 or float64", []int(s), z.Dtype())
	}
	in := G.Nodes{z}
	if before != nil {
		if !slices.Equal(before.Shape(), s[1:2]) || before.Dtype() != z.Dtype() {
			return nil, fmt.Errorf("readout: spike stamps: the steps before have shape %v of %v, want %v of %v",
				ops.ShapeOf(before), before.Dtype(), []int(s[1:2]), z.Dtype())
		}
		in = append(in, before)
	}
	y := b.Apply(&stampOp{Signature: ops.SignatureOf(in, z.Dtype(), s), batch: s[1]}, in...)
	return y, b.Err()
}

// stampOp makes the stamps, or with grad the gradient of z: from z and that of the
// result.
type stampOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	batch int
	grad  bool
}

func (op *stampOp) String() string {
	if op.grad {
		return "gradient of spike stamps"
	}
	return "spike stamps"
}
func (op *stampOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %p", op, op.In, op) }
func (op *stampOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op *stampOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	d[0] = !op.grad
	return d
}

// SymDiff: nothing flows to the steps before, for which a gradient must stand there
// all the same.
func (op *stampOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.grad {
		return nil, fmt.Errorf("readout: %v has no gradient", op)
	}
	var b graph.Builder
	from := G.Nodes{in[0], grad}
	d := b.Apply(&stampOp{Signature: ops.SignatureOf(from, grad.Dtype(), in[0].Shape()), batch: op.batch, grad: true}, from...)
	return G.Nodes{d, grad}[:len(in)], b.Err()
}

// Along: in windows the time of a spike is not known without the steps before.
func (op *stampOp) Along(u *timing.Reading) (timing.Timing, error) {
	if op.grad || !u.Leads(0) || u.Windows && len(u.From) < 2 {
		return u.Mixes()
	}
	return u.Each()
}

func (op *stampOp) Do(vs ...G.Value) (G.Value, error) {
	dst := op.Result(vs[0].Dtype(), op.Shape)
	if ops.IsOf[float32](dst) {
		return dst, stamp(op, ops.Elems[float32](dst), vs)
	}
	return dst, stamp(op, ops.Elems[float64](dst), vs)
}

func stamp[F vec.Float](op *stampOp, dst []F, vs []G.Value) error {
	var fs [2][]F
	for i, v := range vs {
		var err error
		if fs[i], err = ops.FloatsIn[F](op, v); err != nil {
			return err
		}
	}
	z, more := fs[0], fs[1]
	if want := op.batch; len(z) != len(dst) || more != nil && len(more) != want && len(more) != len(z) {
		return fmt.Errorf("readout: %v: got %d and %d elements, the graph was built for %v", op, len(z), len(more), []int(op.Shape))
	}
	n := op.Shape[2:].TotalSize()
	none := F(math.Inf(-1))
	par.Chunks(len(dst)/n, par.Rows, func(r0, r1 int) {
		for r := r0; r < r1; r++ {
			at := F(r / op.batch)
			if more != nil && !op.grad {
				at += more[r%op.batch]
			}
			for i := r * n; i < (r+1)*n; i++ {
				switch {
				case op.grad && z[i] != 0:
					dst[i] = more[i]
				case op.grad:
					dst[i] = 0
				case z[i] != 0:
					dst[i] = -at
				default:
					dst[i] = none
				}
			}
		}
	})
	return nil
}

var _ G.SDOp = (*stampOp)(nil)
