package readout

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// What Choose and PerStep do sample by sample, and what the gradients of readouts
// need, is a few operations of one kind: a number for each sample says what becomes
// of its row. In Where a row may also be that of a sample at a time step.

// Choose returns x [batch, …] for the samples whose element of which [batch] is not
// 0, and y for the others. The gradient goes the same ways; which has none.
func Choose(b *graph.Builder, which, x, y *G.Node) *G.Node {
	if !b.Check("choose", which, x, y) {
		return nil
	}
	s := x.Shape()
	if len(s) < 1 || !slices.Equal(y.Shape(), s) || !slices.Equal(which.Shape(), s[:1]) || !ops.IsFloat(x.Dtype()) ||
		y.Dtype() != x.Dtype() || which.Dtype() != x.Dtype() {
		b.Fail(fmt.Errorf("choose: operands have shapes %v, %v and %v, want [batch] and twice [batch …], of one element type",
			ops.ShapeOf(which), []int(s), ops.ShapeOf(y)))
		return nil
	}
	return bySample(b, chosen, which, x, y)
}

// Where returns x where which is not 0, and else 0, whatever x is there: NaN and infinity
// as well, which a product with 0 would keep. The shape of which is that of the first axes
// of x: [batch], or [T batch]. The gradient is that of x where which is not 0, and else 0;
// which has none.
func Where(b *graph.Builder, which, x *G.Node) *G.Node {
	if !b.Check("where", which, x) {
		return nil
	}
	s, w := x.Shape(), which.Shape()
	if len(w) < 1 || len(w) > len(s) || !slices.Equal(w, s[:len(w)]) || !ops.IsFloat(x.Dtype()) || which.Dtype() != x.Dtype() {
		b.Fail(fmt.Errorf("where: operands have shapes %v and %v, want those of the first axes and of all, of one element type", []int(w), []int(s)))
		return nil
	}
	return bySample(b, onlyWhere, which, x)
}

// PerStep divides each sample of x [batch, …] by its number of steps, n [batch]: a
// sum over time becomes a mean. The number has no gradient.
func PerStep(b *graph.Builder, x, n *G.Node) *G.Node {
	if !b.Check("per step", x, n) {
		return nil
	}
	s := x.Shape()
	if len(s) < 1 || !slices.Equal(n.Shape(), s[:1]) || !ops.IsFloat(x.Dtype()) || n.Dtype() != x.Dtype() {
		b.Fail(fmt.Errorf("per step: x has shape %v and the numbers of steps %v, want [batch …] and [batch], of one element type", []int(s), ops.ShapeOf(n)))
		return nil
	}
	return bySample(b, perStep, n, x)
}

// StepWeights returns the weight of each time step of a window of so many steps,
// [steps, batch]: where a sample has a step
//
//	w_tb = weight_b / total_b,
//
// total being the number of steps that it has in all windows, and else 0. The
// inputs are [batch]; length is the number of steps in this window. It has no
// gradient.
func StepWeights(b *graph.Builder, steps int, weight, length, total *G.Node) *G.Node {
	if !b.Check("step weights", weight, length, total) {
		return nil
	}
	s := weight.Shape()
	if len(s) != 1 || steps < 1 || !slices.Equal(length.Shape(), s) || !slices.Equal(total.Shape(), s) || !ops.IsFloat(weight.Dtype()) ||
		length.Dtype() != weight.Dtype() || total.Dtype() != weight.Dtype() {
		b.Fail(fmt.Errorf("step weights: %d steps, and operands of shapes %v, %v and %v, want at least 1, and three times [batch], of one element type",
			steps, []int(s), ops.ShapeOf(length), ops.ShapeOf(total)))
		return nil
	}
	in := G.Nodes{weight, length, total}
	return b.Apply(&stepWeightsOp{Signature: ops.SignatureOf(in, weight.Dtype(), tensor.Shape{steps, s[0]})}, in...)
}

// A sampleKind names an operation on rows.
type sampleKind uint8

const (
	chosen       sampleKind = iota // of which, x and y: x where which is not 0, else y
	onlyWhere                      // of which and x: x where which is not 0, else 0
	exceptWhere                    // of which and x: 0 where which is not 0, else x
	perStep                        // of n and x: x/n
	whereLargest                   // of a, its maximum with others, and x: x where the maximum is a, else 0
)

func (k sampleKind) String() string {
	return [...]string{"choose", "only where", "except where", "per step", "where largest"}[k]
}

// bySampleOp does what kind says. Its last input has the shape of the result.
type bySampleOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	kind  sampleKind
	count int // of rows: elements of the first input
}

func bySample(b *graph.Builder, kind sampleKind, in ...*G.Node) *G.Node {
	x := in[len(in)-1]
	return b.Apply(&bySampleOp{Signature: ops.SignatureOf(in, x.Dtype(), x.Shape()), kind: kind, count: in[0].Shape().TotalSize()}, in...)
}

func (op *bySampleOp) String() string        { return op.kind.String() }
func (op *bySampleOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %p", op, op.In, op) }
func (op *bySampleOp) Hashcode() uint32      { return ops.Hashcode(op) }

// DiffWRT: the numbers have no gradient, and what is a gradient neither.
func (op *bySampleOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	for i := 1; i < n; i++ {
		d[i] = op.kind != whereLargest
	}
	return d
}

// SymDiff goes the ways that the values came.
func (op *bySampleOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b graph.Builder
	switch op.kind {
	case chosen:
		return G.Nodes{grad, bySample(&b, onlyWhere, in[0], grad), bySample(&b, exceptWhere, in[0], grad)}, b.Err()
	case whereLargest:
		return nil, fmt.Errorf("readout: %v has no gradient", op)
	}
	// Nothing flows to the numbers; a gradient must stand there all the same.
	return G.Nodes{grad, bySample(&b, op.kind, in[0], grad)}, b.Err()
}

// Along: a row for each element of the first axis.
func (*bySampleOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Rowwise() }

func (op *bySampleOp) Do(vs ...G.Value) (G.Value, error) {
	dst := op.Result(vs[len(vs)-1].Dtype(), op.Shape)
	if ops.IsOf[float32](dst) {
		return dst, bySampleInto(op, ops.Elems[float32](dst), vs)
	}
	return dst, bySampleInto(op, ops.Elems[float64](dst), vs)
}

func bySampleInto[F vec.Float](op *bySampleOp, dst []F, vs []G.Value) error {
	var fs [3][]F
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return err
		}
		want := len(dst)
		if i == 0 && op.kind != whereLargest {
			want = op.count
		}
		if len(f) != want {
			return fmt.Errorf("readout: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), want)
		}
		fs[i] = f
	}
	if op.kind == whereLargest {
		for i, a := range fs[0] {
			dst[i] = 0
			if isLargest(a, fs[1][i]) {
				dst[i] = fs[2][i]
			}
		}
		return nil
	}
	k := vec.For[F]()
	rows := op.count
	for r, n := range fs[0] {
		d, x := sampleOf(dst, rows, r), sampleOf(fs[1], rows, r)
		switch {
		case op.kind == perStep:
			k.MulC(d, x, 1/n)
		case op.kind == chosen && n == 0:
			copy(d, sampleOf(fs[2], rows, r))
		case op.kind != chosen && (op.kind == onlyWhere) == (n == 0):
			clear(d)
		default:
			copy(d, x)
		}
	}
	return nil
}

// sampleOf returns the elements of sample r of so many.
func sampleOf[F vec.Float](x []F, samples, r int) []F {
	w := len(x) / samples
	return x[r*w : (r+1)*w]
}

// stepWeightsOp gives a weight to every time step. Its inputs are the weight, the
// steps in the window, and the steps in all.
type stepWeightsOp struct {
	ops.Pure
	ops.Final
	ops.Signature
	ops.Memory
}

func (op *stepWeightsOp) String() string { return "step weights" }
func (op *stepWeightsOp) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "spikegrad %v %v %p", op, op.Shape, op)
}
func (op *stepWeightsOp) Hashcode() uint32 { return ops.Hashcode(op) }
func (op *stepWeightsOp) OverTime() bool   { return true }

func (op *stepWeightsOp) Do(vs ...G.Value) (G.Value, error) {
	dst := op.Result(vs[0].Dtype(), op.Shape)
	if ops.IsOf[float32](dst) {
		return dst, stepWeightsInto(op, ops.Elems[float32](dst), vs)
	}
	return dst, stepWeightsInto(op, ops.Elems[float64](dst), vs)
}

func stepWeightsInto[F vec.Float](op *stepWeightsOp, dst []F, vs []G.Value) error {
	var fs [3][]F
	batch := op.Shape[1]
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return err
		}
		if len(f) != batch {
			return fmt.Errorf("readout: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), batch)
		}
		fs[i] = f
	}
	clear(dst)
	for b, n := range fs[1] {
		for t := 0; t < op.Shape[0] && F(t) < n; t++ {
			dst[t*batch+b] = fs[0][b] / fs[2][b]
		}
	}
	return nil
}

var (
	_ G.SDOp = (*bySampleOp)(nil)
	_ G.Op   = (*stepWeightsOp)(nil)
)
