package readout

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/timing"
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
func LastStep(x *G.Node) (*G.Node, error) { return Window{}.LastStep(x) }

// MaxOverTime returns the largest value over time of x [T, batch, …], as
// [batch, …]. The gradient goes to the first time step that has it.
func MaxOverTime(x *G.Node) (*G.Node, error) { return Window{}.MaxOverTime(x) }

// MeanOverTime returns the mean over time of x [T, batch, …], as [batch, …].
func MeanOverTime(x *G.Node) (*G.Node, error) { return Window{}.readOver(meanOverTime, x) }

// SumOverTime returns the sum over time of x [T, batch, …], as [batch, …]; of
// spikes that is their number.
func SumOverTime(x *G.Node) (*G.Node, error) { return Window{}.SumOverTime(x) }

func (w Window) readOver(kind overTime, x *G.Node) (*G.Node, error) {
	in, err := w.inputs(kind.String(), x)
	if err != nil {
		return nil, err
	}
	s := x.Shape()
	var b graph.Builder
	y := b.Apply(&overTimeOp{
		Signature: ops.SignatureOf(in, x.Dtype(), s[1:]), window: w.layout(s), kind: kind,
	}, in...)
	return y, b.Err()
}

// overTimeOp is a readout over time. With grad it is the gradient of x: from that
// of the output, and for the maximum also from x and the output; then come what
// the window has.
type overTimeOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	window layout
	kind   overTime
	grad   bool
}

func (op *overTimeOp) String() string {
	if op.grad {
		return "gradient of " + op.kind.String()
	}
	return op.kind.String()
}
func (op *overTimeOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %p", op, op.In, op) }
func (op *overTimeOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op *overTimeOp) DiffWRT(n int) []bool  { return op.window.differentiable(n, !op.grad) }

// SymDiff: the last step, the largest, or all steps get the gradient, of a mean
// divided by their number.
func (op *overTimeOp) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	if op.grad {
		return nil, fmt.Errorf("readout: %v has no gradient", op)
	}
	from := G.Nodes{grad}
	if op.kind == maxOverTime {
		from = G.Nodes{grad, in[0], out}
	}
	from = append(from, in[1:]...)
	var b graph.Builder
	d := b.Apply(&overTimeOp{
		Signature: ops.SignatureOf(from, grad.Dtype(), in[0].Shape()), window: op.window, kind: op.kind, grad: true,
	}, from...)
	ds := op.window.gradients(d, grad)
	if op.window.entered {
		enter := len(in) - 1
		switch {
		case op.kind == maxOverTime:
			ds[enter] = bySample(&b, whereLargest, in[enter], out, grad)
		case op.kind == lastStep && op.window.varied:
			ds[enter] = bySample(&b, exceptWhere, in[1], grad)
		case op.kind == lastStep:
			ds[enter] = b.Fill(grad, graph.Const(0))
		}
	}
	return ds, b.Err()
}

func (op *overTimeOp) Along(u *timing.Reading) (timing.Timing, error) {
	if op.grad {
		return u.Mixes()
	}
	return u.ReadOver(op.window.entered, op.window.varied)
}

func (op *overTimeOp) Do(vs ...G.Value) (G.Value, error) {
	if dt := vs[0].Dtype(); !ops.IsFloat(dt) {
		return nil, fmt.Errorf("readout: %v: got elements of type %v, want float32 or float64", op, dt)
	}
	dst := op.Result(vs[0].Dtype(), op.Shape)
	if ops.IsOf[float32](dst) {
		return dst, overTimeInto(op, ops.Elems[float32](dst), vs)
	}
	return dst, overTimeInto(op, ops.Elems[float64](dst), vs)
}

// timeLanes is how many values, at all time steps, are one piece of work: few
// enough that a result stays in the cache.
const timeLanes = 2048

func overTimeInto[F vec.Float](op *overTimeOp, dst []F, vs []G.Value) error {
	w := op.window
	sizes := [3]int{w.steps * w.lanes}
	if op.grad {
		sizes = [3]int{w.lanes, w.steps * w.lanes, w.lanes}
	}
	fs, length, enter, err := windowInputs[F](op, w, sizes, vs)
	if err != nil {
		return err
	}
	if !op.grad && length == nil && w.lanes <= timeLanes {
		readOverTime(op, dst, fs[0], enter, 0, w.lanes, w.steps) // one piece, without a closure
		return nil
	}
	return eachSteps(w, length, func(i0, i1, steps int) {
		switch {
		case !op.grad:
			readOverTime(op, dst[i0:i1], fs[0], enter, i0, i1, steps)
		case op.kind == maxOverTime:
			gradOfMax(w, dst, fs[0], fs[1], fs[2], enter, i0, i1, steps)
		default:
			gradOverTime(op, dst, fs[0], i0, i1, steps)
		}
	})
}

// readOverTime computes lanes i0 to i1, which have so many steps.
func readOverTime[F vec.Float](op *overTimeOp, y, x, enter []F, i0, i1, steps int) {
	k := vec.For[F]()
	lanes := op.window.lanes
	at := func(t int) []F { return x[t*lanes+i0 : t*lanes+i1] }
	t := 0
	if op.kind == lastStep {
		t = max(0, steps-1)
	}
	if enter != nil && (op.kind != lastStep || steps == 0) {
		copy(y, enter[i0:i1])
	} else {
		copy(y, at(t))
		t++
	}
	for ; t < steps; t++ {
		if op.kind == maxOverTime {
			k.Max(y, y, at(t))
		} else {
			k.Add(y, y, at(t))
		}
	}
	if op.kind == meanOverTime {
		k.MulC(y, y, 1/F(steps))
	}
}

// gradOverTime computes lanes i0 to i1 of dx.
func gradOverTime[F vec.Float](op *overTimeOp, dx, dy []F, i0, i1, steps int) {
	k := vec.For[F]()
	lanes := op.window.lanes
	for t := range op.window.steps {
		d := dx[t*lanes+i0 : t*lanes+i1]
		switch {
		case t >= steps, op.kind == lastStep && t < steps-1:
			clear(d)
		case op.kind == meanOverTime:
			k.MulC(d, dy[i0:i1], 1/F(steps))
		default:
			copy(d, dy[i0:i1])
		}
	}
}

// gradOfMax computes lanes i0 to i1 of dx. What entered the window comes first.
func gradOfMax[F vec.Float](w layout, dx, dy, x, y, enter []F, i0, i1, steps int) {
	for t := range w.steps {
		clear(dx[t*w.lanes+i0 : t*w.lanes+i1])
	}
	for i := i0; i < i1; i++ {
		if enter != nil && isLargest(enter[i], y[i]) {
			continue
		}
		for j := i; j < steps*w.lanes; j += w.lanes {
			if isLargest(x[j], y[i]) {
				dx[j] = dy[i]
				break
			}
		}
	}
}

// isLargest reports whether x is the maximum y: one that is NaN is that of the
// first NaN.
func isLargest[F vec.Float](x, y F) bool { return x == y || x != x }

// Rate returns the mean activity of z [T, batch, …], a scalar, with a weight for
// each sample, [batch], or for each of its time steps, [T, batch], the weights
// summing to 1. Of spikes it is the number per neuron and time step. It has no
// gradient.
func Rate(z, weight *G.Node) (*G.Node, error) {
	var b graph.Builder
	if !b.Check("rate", z, weight) {
		return nil, fmt.Errorf("readout: %w", b.Err())
	}
	s := z.Shape()
	if len(s) < 2 || s.TotalSize() == 0 || !slices.Equal(weight.Shape(), s[1:2]) && !slices.Equal(weight.Shape(), s[:2]) {
		return nil, fmt.Errorf("readout: rate: z has shape %v and the weights %v, want [T batch …] and [batch] or [T batch]", []int(s), ops.ShapeOf(weight))
	}
	if !ops.IsFloat(z.Dtype()) || weight.Dtype() != z.Dtype() {
		return nil, fmt.Errorf("readout: rate: z has elements of type %v, the weights of %v, want float32 or float64", z.Dtype(), weight.Dtype())
	}
	in := G.Nodes{z, weight}
	r := b.Apply(&rateOp{Signature: ops.SignatureOf(in, z.Dtype(), nil), rows: s[0] * s[1], n: s[2:].TotalSize()}, in...)
	return r, b.Err()
}

type rateOp struct {
	ops.Pure
	ops.Final
	ops.Signature
	rows, n int       // samples over all time steps, and the elements of each
	sums    []float64 // of each row, kept from run to run
}

func (op *rateOp) String() string        { return "rate" }
func (op *rateOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad rate %v %p", op.In, op) }
func (op *rateOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op *rateOp) OverTime() bool        { return true }
func (op *rateOp) Do(vs ...G.Value) (G.Value, error) {
	if vs[0].Dtype() == tensor.Float32 {
		return rate[float32](op, vs)
	}
	return rate[float64](op, vs)
}

func rate[F vec.Float](op *rateOp, vs []G.Value) (G.Value, error) {
	z, err := ops.FloatsIn[F](op, vs[0])
	if err != nil {
		return nil, err
	}
	weight, err := ops.FloatsIn[F](op, vs[1])
	if err != nil {
		return nil, err
	}
	if len(z) != op.rows*op.n || op.rows%len(weight) != 0 {
		return nil, fmt.Errorf("readout: %v: got shapes %v and %v, which are not what the graph was built for", op, []int(vs[0].Shape()), []int(vs[1].Shape()))
	}
	if op.sums == nil {
		op.sums = make([]float64, op.rows)
	}
	sum := vec.For[F]().Sum
	par.Chunks(op.rows, par.Rows, func(r0, r1 int) {
		for r := r0; r < r1; r++ {
			op.sums[r] = float64(sum(z[r*op.n : (r+1)*op.n]))
		}
	})
	var total float64
	for r, s := range op.sums {
		if w := weight[r%len(weight)]; w != 0 { // else whatever the sum is
			total += s * float64(w)
		}
	}
	steps := op.rows / len(weight)
	return ops.Scalar(vs[0].Dtype(), total/float64(op.n*steps)), nil
}

var (
	_ G.SDOp = (*overTimeOp)(nil)
	_ G.Op   = (*rateOp)(nil)
)
