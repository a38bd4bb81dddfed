package readout

import (
	"fmt"
	"hash"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// Excursion returns how far x [T, batch, …] strays from the range lo to hi, as
// [batch, …]:
//
//	y = Σ_t max(0, x_t − hi)² + max(0, lo − x_t)²
//
// One bound may be infinite, which means none. An error says that lo is above hi,
// that a bound is NaN, or that the shape does not fit.
func Excursion(x *G.Node, lo, hi float64) (*G.Node, error) { return Window{}.Excursion(x, lo, hi) }

// Excursion is the Excursion of the steps of the window, added to what entered it.
func (w Window) Excursion(x *G.Node, lo, hi float64) (*G.Node, error) {
	in, err := w.inputs("excursion", x)
	if err != nil {
		return nil, err
	}
	if !(lo <= hi) || math.IsInf(lo, 1) || math.IsInf(hi, -1) {
		return nil, fmt.Errorf("readout: excursion: bounds are %v and %v, want lower ≤ upper", lo, hi)
	}
	s := x.Shape()
	var b graph.Builder
	y := b.Apply(&excursionOp{
		Signature: ops.SignatureOf(in, x.Dtype(), s[1:]), window: w.layout(s), lo: lo, hi: hi,
	}, in...)
	return y, b.Err()
}

// excursionOp is an Excursion, or with grad the gradient of x: from x and that of
// the result. Then come what the window has.
type excursionOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	window layout
	lo, hi float64
	grad   bool
}

func (op *excursionOp) String() string {
	if op.grad {
		return fmt.Sprintf("gradient of excursion(%v %v)", op.lo, op.hi)
	}
	return fmt.Sprintf("excursion(%v %v)", op.lo, op.hi)
}
func (op *excursionOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %p", op, op.In, op) }
func (op *excursionOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op *excursionOp) DiffWRT(n int) []bool  { return op.window.differentiable(n, !op.grad) }

// SymDiff: dx_t = 2 (max(0, x_t − hi) − max(0, lo − x_t)) dy.
func (op *excursionOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.grad {
		return nil, fmt.Errorf("readout: %v has no gradient", op)
	}
	from := append(G.Nodes{in[0], grad}, in[1:]...)
	var b graph.Builder
	d := b.Apply(&excursionOp{
		Signature: ops.SignatureOf(from, grad.Dtype(), in[0].Shape()), window: op.window, lo: op.lo, hi: op.hi, grad: true,
	}, from...)
	return op.window.gradients(d, grad), b.Err()
}

func (op *excursionOp) Along(u *timing.Reading) (timing.Timing, error) {
	if op.grad {
		return u.Mixes()
	}
	return u.ReadOver(op.window.entered, op.window.varied)
}

func (op *excursionOp) Do(vs ...G.Value) (G.Value, error) {
	dst := op.Result(vs[0].Dtype(), op.Shape)
	switch d := dst.Data().(type) {
	case []float32:
		return dst, excursionInto(op, d, vs)
	case []float64:
		return dst, excursionInto(op, d, vs)
	}
	return nil, fmt.Errorf("readout: %v: got elements of type %v, want float32 or float64", op, vs[0].Dtype())
}

func excursionInto[F vec.Float](op *excursionOp, dst []F, vs []G.Value) error {
	w := op.window
	fs, length, enter, err := windowInputs[F](op, w, [3]int{w.steps * w.lanes, w.lanes}, vs)
	if err != nil {
		return err
	}
	lo, hi := F(op.lo), F(op.hi)
	return eachSteps(w, length, func(i0, i1, steps int) {
		x := func(t int) []F { return fs[0][t*w.lanes+i0 : t*w.lanes+i1] }
		if op.grad {
			for t := range w.steps {
				d := dst[t*w.lanes+i0 : t*w.lanes+i1]
				if t < steps {
					gradOfExcursion(d, x(t), fs[1][i0:i1], lo, hi)
				} else {
					clear(d)
				}
			}
			return
		}
		if enter != nil {
			copy(dst[i0:i1], enter[i0:i1])
		} else {
			clear(dst[i0:i1])
		}
		for t := range steps {
			addExcursion(dst[i0:i1], x(t), lo, hi)
		}
	})
}

// outside returns how far x is above hi, or, as a negative number, below lo.
func outside[F vec.Float](x, lo, hi F) F { return x - min(max(x, lo), hi) }

func addExcursion[F vec.Float](y, x []F, lo, hi F) {
	y = y[:len(x)]
	for i, v := range x {
		d := outside(v, lo, hi)
		y[i] += d * d
	}
}

func gradOfExcursion[F vec.Float](dx, x, dy []F, lo, hi F) {
	dx, dy = dx[:len(x)], dy[:len(x)]
	for i, v := range x {
		dx[i] = 2 * outside(v, lo, hi) * dy[i]
	}
}

var _ G.SDOp = (*excursionOp)(nil)
