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
	y := b.apply(&overTimeOp{signature: signatureOf(G.Nodes{x}, x.Dtype(), s[1:]), kind: kind}, x)
	return y, b.Err()
}

// overTimeOp is a readout over time, or with grad its gradient: from x, the
// output and the gradient of the output to that of x.
type overTimeOp struct {
	pure
	signature
	kind overTime
	grad bool
	dst  *tensor.Dense // kept from run to run
}

func (op *overTimeOp) String() string {
	if op.grad {
		return "gradient of " + op.kind.String()
	}
	return op.kind.String()
}
func (op *overTimeOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v", op, op.in) }
func (op *overTimeOp) Hashcode() uint32      { return hashcode(op) }
func (op *overTimeOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	d[0] = !op.grad
	return d
}

func (op *overTimeOp) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	if op.grad {
		return nil, fmt.Errorf("graph: %v has no gradient", op)
	}
	var b Builder
	from := G.Nodes{in[0], out, grad}
	d := b.apply(&overTimeOp{signature: signatureOf(from, grad.Dtype(), in[0].Shape()), kind: op.kind, grad: true}, from...)
	return G.Nodes{d}, b.Err()
}

func (op *overTimeOp) Do(vs ...G.Value) (G.Value, error) {
	if op.dst == nil {
		op.dst = newDense(vs[0].Dtype(), op.shape)
	}
	if vs[0].Dtype() == tensor.Float32 {
		return op.dst, readout[float32](op, vs)
	}
	return op.dst, readout[float64](op, vs)
}

func readout[F vec.Float](op *overTimeOp, vs []G.Value) error {
	x, err := floats[F](op, vs[0])
	if err != nil {
		return err
	}
	dst := elems[F](op.dst)
	steps := vs[0].Shape()[0]
	n := len(x) / steps
	k := vec.For[F]()
	if !op.grad {
		copy(dst, x[:n])
		for t := 1; t < steps; t++ {
			xt := x[t*n : (t+1)*n]
			switch op.kind {
			case lastStep:
				copy(dst, xt)
			case maxOverTime:
				k.Max(dst, dst, xt)
			default:
				k.Add(dst, dst, xt)
			}
		}
		if op.kind == meanOverTime {
			k.MulC(dst, dst, 1/F(steps))
		}
		return nil
	}
	y, err := floats[F](op, vs[1])
	if err != nil {
		return err
	}
	d, err := floats[F](op, vs[2])
	if err != nil {
		return err
	}
	switch op.kind {
	case lastStep:
		clear(dst)
		copy(dst[(steps-1)*n:], d)
	case sumOverTime:
		for t := range steps {
			copy(dst[t*n:], d)
		}
	case meanOverTime:
		for t := range steps {
			k.MulC(dst[t*n:(t+1)*n], d, 1/F(steps))
		}
	case maxOverTime:
		clear(dst)
		for i, m := range y {
			for t := range steps {
				if x[t*n+i] == m {
					dst[t*n+i] = d[i]
					break
				}
			}
		}
	}
	return nil
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
	if len(s) < 2 || !slices.Equal(weight.Shape(), s[1:2]) {
		return nil, fmt.Errorf("graph: rate: z has shape %v and the weights %v, want [T batch …] and [batch]", []int(s), shapeOf(weight))
	}
	if !isFloat(z.Dtype()) || weight.Dtype() != z.Dtype() {
		return nil, fmt.Errorf("graph: rate: z has elements of type %v, the weights of %v, want float32 or float64", z.Dtype(), weight.Dtype())
	}
	in := G.Nodes{z, weight}
	r := b.apply(rateOp{signature: signatureOf(in, z.Dtype(), nil)}, in...)
	return r, b.Err()
}

type rateOp struct {
	pure
	final
	signature
}

func (op rateOp) String() string        { return "rate" }
func (op rateOp) WriteHash(h hash.Hash) { fmt.Fprint(h, "spikegrad rate") }
func (op rateOp) Hashcode() uint32      { return hashcode(op) }
func (op rateOp) Do(vs ...G.Value) (G.Value, error) {
	if vs[0].Dtype() == tensor.Float32 {
		return rate[float32](op, vs)
	}
	return rate[float64](op, vs)
}

func rate[F vec.Float](op rateOp, vs []G.Value) (G.Value, error) {
	z, err := floats[F](op, vs[0])
	if err != nil {
		return nil, err
	}
	weight, err := floats[F](op, vs[1])
	if err != nil {
		return nil, err
	}
	n := len(z) / (vs[0].Shape()[0] * len(weight))
	sum := vec.For[F]().Sum
	var total float64
	for i := 0; i < len(z); i += n {
		total += float64(sum(z[i:i+n])) * float64(weight[i/n%len(weight)])
	}
	return scalarValue(vs[0].Dtype(), total/float64(n*vs[0].Shape()[0])), nil
}

var _ G.SDOp = (*overTimeOp)(nil)
