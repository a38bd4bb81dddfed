package graph

import (
	"fmt"
	"hash"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// Excursion returns how far x [T, batch, …] strays from the range lo to hi, as
// [batch, …]:
//
//	y = Σ_t max(0, x_t − hi)² + max(0, lo − x_t)²
//
// One bound may be infinite, which means none. An error says that lo is above hi,
// that a bound is NaN, or that the shape does not fit.
func Excursion(x *G.Node, lo, hi float64) (*G.Node, error) {
	var b Builder
	if !b.ok("excursion", x) {
		return nil, fmt.Errorf("graph: %w", b.Err())
	}
	s := x.Shape()
	switch {
	case !isFloat(x.Dtype()):
		return nil, fmt.Errorf("graph: excursion: x has elements of type %v, want float32 or float64", x.Dtype())
	case len(s) < 2 || s.TotalSize() == 0:
		return nil, fmt.Errorf("graph: excursion: x has shape %v, want [T batch …]", []int(s))
	case !(lo <= hi) || math.IsInf(lo, 1) || math.IsInf(hi, -1):
		return nil, fmt.Errorf("graph: excursion: bounds are %v and %v, want lower ≤ upper", lo, hi)
	}
	y := b.apply(&excursionOp{
		signature: signatureOf(G.Nodes{x}, x.Dtype(), s[1:]), lo: lo, hi: hi, steps: s[0], lanes: s[1:].TotalSize(),
	}, x)
	return y, b.Err()
}

// excursionOp is an Excursion, or with grad the gradient of x: from x and that of
// the result.
type excursionOp struct {
	pure
	signature
	memory
	lo, hi       float64
	grad         bool
	steps, lanes int
}

func (op *excursionOp) String() string {
	if op.grad {
		return fmt.Sprintf("gradient of excursion(%v %v)", op.lo, op.hi)
	}
	return fmt.Sprintf("excursion(%v %v)", op.lo, op.hi)
}
func (op *excursionOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %p", op, op.in, op) }
func (op *excursionOp) Hashcode() uint32      { return hashcode(op) }
func (op *excursionOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	d[0] = !op.grad
	return d
}

// SymDiff: dx_t = 2 (max(0, x_t − hi) − max(0, lo − x_t)) dy.
func (op *excursionOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.grad {
		return nil, fmt.Errorf("graph: %v has no gradient", op)
	}
	from := G.Nodes{in[0], grad}
	var b Builder
	d := b.apply(&excursionOp{
		signature: signatureOf(from, grad.Dtype(), in[0].Shape()), lo: op.lo, hi: op.hi, grad: true, steps: op.steps, lanes: op.lanes,
	}, from...)
	return G.Nodes{d}, b.Err()
}

func (op *excursionOp) Do(vs ...G.Value) (G.Value, error) {
	dst := op.result(vs[0].Dtype(), op.shape)
	switch d := dst.Data().(type) {
	case []float32:
		return dst, excursionInto(op, d, vs)
	case []float64:
		return dst, excursionInto(op, d, vs)
	}
	return nil, fmt.Errorf("graph: %v: got elements of type %v, want float32 or float64", op, vs[0].Dtype())
}

func excursionInto[F vec.Float](op *excursionOp, dst []F, vs []G.Value) error {
	sizes := [2]int{op.steps * op.lanes, op.lanes}
	var fs [2][]F
	for i, v := range vs {
		f, err := floats[F](op, v)
		if err != nil {
			return err
		}
		if len(f) != sizes[i] {
			return fmt.Errorf("graph: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), sizes[i])
		}
		fs[i] = f
	}
	lo, hi := F(op.lo), F(op.hi)
	none := func(int) struct{} { return struct{}{} }
	return eachBlock(op.lanes, timeLanes, none, func(_ struct{}, i0, i1 int) error {
		for t := range op.steps {
			x := fs[0][t*op.lanes+i0 : t*op.lanes+i1]
			if op.grad {
				gradOfExcursion(dst[t*op.lanes+i0:t*op.lanes+i1], x, fs[1][i0:i1], lo, hi)
				continue
			}
			if t == 0 {
				clear(dst[i0:i1])
			}
			addExcursion(dst[i0:i1], x, lo, hi)
		}
		return nil
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
