package graph

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// overTime names a way to turn a sequence into one value.
type overTime uint8

const (
	lastStep overTime = iota
	maxOverTime
	meanOverTime
	sumOverTime
)

func (k overTime) String() string {
	return [...]string{"last step", "max over time", "mean over time", "sum over time"}[k]
}

// LastStep returns the values at the last time step of x [T, batch, …], as
// [batch, …].
func LastStep(x *G.Node) (*G.Node, error) { return readOver(lastStep, x) }

// MaxOverTime returns the largest value over time of x [T, batch, …], as
// [batch, …]. The gradient goes to the first time step that has it.
func MaxOverTime(x *G.Node) (*G.Node, error) { return readOver(maxOverTime, x) }

// MeanOverTime returns the mean over time of x [T, batch, …], as [batch, …].
func MeanOverTime(x *G.Node) (*G.Node, error) { return readOver(meanOverTime, x) }

// SumOverTime returns the sum over time of x [T, batch, …], as [batch, …]; of
// spikes that is their number.
func SumOverTime(x *G.Node) (*G.Node, error) { return readOver(sumOverTime, x) }

func readOver(kind overTime, x *G.Node) (*G.Node, error) {
	var b Builder
	if !b.ok(kind.String(), x) {
		return nil, fmt.Errorf("graph: %w", b.Err())
	}
	s := x.Shape()
	if len(s) < 2 || s.TotalSize() == 0 {
		return nil, fmt.Errorf("graph: %v: x has shape %v, want [T batch …]", kind, []int(s))
	}
	if !isFloat(x.Dtype()) {
		return nil, fmt.Errorf("graph: %v: x has elements of type %v, want float32 or float64", kind, x.Dtype())
	}
	y := b.apply(&overTimeOp{
		signature: signatureOf(G.Nodes{x}, x.Dtype(), s[1:]), kind: kind, steps: s[0], lanes: s[1:].TotalSize(),
	}, x)
	return y, b.Err()
}

// overTimeOp is a readout over time, or with grad the gradient of x: from that of
// the output, and for the maximum also from x and the output.
type overTimeOp struct {
	pure
	signature
	memory
	kind         overTime
	grad         bool
	steps, lanes int // of x
}

func (op *overTimeOp) String() string {
	if op.grad {
		return "gradient of " + op.kind.String()
	}
	return op.kind.String()
}
func (op *overTimeOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %p", op, op.in, op) }
func (op *overTimeOp) Hashcode() uint32      { return hashcode(op) }
func (op *overTimeOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	d[0] = !op.grad
	return d
}

// SymDiff: the last step, the largest, or all steps get the gradient, of a mean
// divided by their number.
func (op *overTimeOp) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	if op.grad {
		return nil, fmt.Errorf("graph: %v has no gradient", op)
	}
	from := G.Nodes{grad}
	if op.kind == maxOverTime {
		from = G.Nodes{grad, in[0], out}
	}
	var b Builder
	d := b.apply(&overTimeOp{
		signature: signatureOf(from, grad.Dtype(), in[0].Shape()), kind: op.kind, grad: true, steps: op.steps, lanes: op.lanes,
	}, from...)
	return G.Nodes{d}, b.Err()
}

func (op *overTimeOp) Do(vs ...G.Value) (G.Value, error) {
	dst := op.result(vs[0].Dtype(), op.shape)
	switch d := dst.Data().(type) {
	case []float32:
		return dst, overTimeInto(op, d, vs)
	case []float64:
		return dst, overTimeInto(op, d, vs)
	}
	return nil, fmt.Errorf("graph: %v: got elements of type %v, want float32 or float64", op, vs[0].Dtype())
}

// timeLanes is how many values, at all time steps, are one piece of work: few
// enough that a result stays in the cache.
const timeLanes = 2048

func overTimeInto[F vec.Float](op *overTimeOp, dst []F, vs []G.Value) error {
	sizes := [3]int{op.steps * op.lanes}
	if op.grad {
		sizes = [3]int{op.lanes, op.steps * op.lanes, op.lanes}
	}
	var fs [3][]F
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
	none := func(int) struct{} { return struct{}{} }
	return eachBlock(op.lanes, timeLanes, none, func(_ struct{}, i0, i1 int) error {
		if op.grad {
			gradOverTime(op, dst, fs[0], fs[1], fs[2], i0, i1)
		} else {
			readOverTime(op, dst[i0:i1], fs[0], i0, i1)
		}
		return nil
	})
}

// readOverTime computes lanes i0 to i1.
func readOverTime[F vec.Float](op *overTimeOp, y, x []F, i0, i1 int) {
	k := vec.For[F]()
	t := 0
	if op.kind == lastStep {
		t = op.steps - 1
	}
	copy(y, x[t*op.lanes+i0:t*op.lanes+i1])
	for t++; t < op.steps; t++ {
		xt := x[t*op.lanes+i0 : t*op.lanes+i1]
		if op.kind == maxOverTime {
			k.Max(y, y, xt)
		} else {
			k.Add(y, y, xt)
		}
	}
	if op.kind == meanOverTime {
		k.MulC(y, y, 1/F(op.steps))
	}
}

// gradOverTime computes lanes i0 to i1 of dx.
func gradOverTime[F vec.Float](op *overTimeOp, dx, dy, x, y []F, i0, i1 int) {
	k := vec.For[F]()
	for t := range op.steps {
		d := dx[t*op.lanes+i0 : t*op.lanes+i1]
		switch op.kind {
		case meanOverTime:
			k.MulC(d, dy[i0:i1], 1/F(op.steps))
		case lastStep, maxOverTime:
			clear(d)
		}
		if op.kind == sumOverTime || op.kind == lastStep && t == op.steps-1 {
			copy(d, dy[i0:i1])
		}
	}
	if op.kind != maxOverTime {
		return
	}
	for i := i0; i < i1; i++ {
		for j := i; j < len(x); j += op.lanes {
			if x[j] == y[i] || x[j] != x[j] { // a maximum that is NaN is that of the first NaN
				dx[j] = dy[i]
				break
			}
		}
	}
}

// Rate returns the mean activity of z [T, batch, …], a scalar, with a weight for
// each sample, [batch], the weights summing to 1. Of spikes it is the number per
// neuron and time step. It has no gradient.
func Rate(z, weight *G.Node) (*G.Node, error) {
	var b Builder
	if !b.ok("rate", z, weight) {
		return nil, fmt.Errorf("graph: %w", b.Err())
	}
	s := z.Shape()
	if len(s) < 2 || s.TotalSize() == 0 || !slices.Equal(weight.Shape(), s[1:2]) {
		return nil, fmt.Errorf("graph: rate: z has shape %v and the weights %v, want [T batch …] and [batch]", []int(s), shapeOf(weight))
	}
	if !isFloat(z.Dtype()) || weight.Dtype() != z.Dtype() {
		return nil, fmt.Errorf("graph: rate: z has elements of type %v, the weights of %v, want float32 or float64", z.Dtype(), weight.Dtype())
	}
	in := G.Nodes{z, weight}
	r := b.apply(&rateOp{signature: signatureOf(in, z.Dtype(), nil), rows: s[0] * s[1], n: s[2:].TotalSize()}, in...)
	return r, b.Err()
}

type rateOp struct {
	pure
	final
	signature
	rows, n int       // samples over all time steps, and the elements of each
	sums    []float64 // of each row, kept from run to run
}

func (op *rateOp) String() string        { return "rate" }
func (op *rateOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad rate %v %p", op.in, op) }
func (op *rateOp) Hashcode() uint32      { return hashcode(op) }
func (op *rateOp) Do(vs ...G.Value) (G.Value, error) {
	if vs[0].Dtype() == tensor.Float32 {
		return rate[float32](op, vs)
	}
	return rate[float64](op, vs)
}

func rate[F vec.Float](op *rateOp, vs []G.Value) (G.Value, error) {
	z, err := floats[F](op, vs[0])
	if err != nil {
		return nil, err
	}
	weight, err := floats[F](op, vs[1])
	if err != nil {
		return nil, err
	}
	if len(z) != op.rows*op.n || op.rows%len(weight) != 0 {
		return nil, fmt.Errorf("graph: %v: got shapes %v and %v, which are not what the graph was built for", op, []int(vs[0].Shape()), []int(vs[1].Shape()))
	}
	if op.sums == nil {
		op.sums = make([]float64, op.rows)
	}
	sum := vec.For[F]().Sum
	eachChunk(op.rows, func(r0, r1 int) {
		for r := r0; r < r1; r++ {
			op.sums[r] = float64(sum(z[r*op.n : (r+1)*op.n]))
		}
	})
	var total float64
	for r, s := range op.sums {
		total += s * float64(weight[r%len(weight)])
	}
	steps := op.rows / len(weight)
	return scalarValue(vs[0].Dtype(), total/float64(op.n*steps)), nil
}

var (
	_ G.SDOp = (*overTimeOp)(nil)
	_ G.Op   = (*rateOp)(nil)
)
