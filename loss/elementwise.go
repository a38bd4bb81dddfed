package loss

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// An element is the loss of output i of a row and its derivative, for an output and a target.
type element func(i int, y, target float64) (loss, derivative float64)

// elementwise returns the mean over samples, and of a sequence over time, of the mean over
// outputs of a loss of each by itself.
func elementwise(name string, out, target, weight *G.Node, sequence bool, f element) (*G.Node, error) {
	var b graph.Builder
	if !b.Check(name, out, target, weight) {
		return nil, b.Err()
	}
	n, err := axes(name, out, sequence)
	if err != nil {
		return nil, err
	}
	shape := out.Shape()
	if !slices.Equal(target.Shape(), shape) || !slices.Equal(weight.Shape(), shape[:n]) {
		return nil, fmt.Errorf("%s: targets have shape %v and weights %v, want %v and %v",
			name, ops.ShapeOf(target), ops.ShapeOf(weight), []int(shape), []int(shape[:n]))
	}
	if target.Dtype() != out.Dtype() || weight.Dtype() != out.Dtype() || !ops.IsFloat(out.Dtype()) {
		return nil, fmt.Errorf("%s: outputs, targets and weights have elements of type %v, %v and %v, want one of float32 and float64",
			name, out.Dtype(), target.Dtype(), weight.Dtype())
	}
	in := G.Nodes{out, target, weight}
	l := b.Apply(&elementOp{Signature: ops.SignatureOf(in, out.Dtype(), nil), name: name, f: f}, in...)
	return l, b.Err()
}

// An elementOp is the weighted sum of f over outputs and targets [.., …], with weights [..], or
// with a fourth input, the gradient of the result, the gradient of the outputs.
type elementOp struct {
	ops.Pure
	ops.Signature
	name string
	f    element
	grad bool
}

func (op *elementOp) String() string {
	if op.grad {
		return "gradient of " + op.name
	}
	return op.name
}
func (op *elementOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %p", op, op.Shape, op) }
func (op *elementOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op *elementOp) OverTime() bool        { return true }
func (op *elementOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	d[0] = !op.grad
	return d
}

// SymDiff: a row's gradient is its weight times the derivatives.
func (op *elementOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.grad {
		return nil, fmt.Errorf("loss: %v has no gradient", op)
	}
	var b graph.Builder
	all := append(slices.Clone(in), grad)
	d := b.Apply(&elementOp{Signature: ops.SignatureOf(all, grad.Dtype(), in[0].Shape()), name: op.name, f: op.f, grad: true}, all...)
	return G.Nodes{d, grad, grad}, b.Err() // a gradient must stand there for targets and weights, too
}

func (op *elementOp) Do(vs ...G.Value) (G.Value, error) {
	if vs[0].Dtype() == tensor.Float32 {
		return elements[float32](op, vs)
	}
	return elements[float64](op, vs)
}

func elements[F vec.Float](op *elementOp, vs []G.Value) (G.Value, error) {
	var fs [4][]F
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return nil, err
		}
		fs[i] = f
	}
	out, target, weight := fs[0], fs[1], fs[2]
	n := len(out) / len(weight)
	var d []F
	scale := 1 / float64(n)
	if op.grad {
		d = make([]F, len(out))
		scale *= float64(fs[3][0])
	}
	var loss float64
	for r, w := range weight {
		if w == 0 {
			continue
		}
		for i := range n {
			at := r*n + i
			l, slope := op.f(i, float64(out[at]), float64(target[at]))
			if op.grad {
				d[at] = F(scale * float64(w) * slope)
			} else {
				loss += scale * float64(w) * l
			}
		}
	}
	if op.grad {
		return tensor.New(tensor.WithShape(op.Shape...), tensor.WithBacking(d)), nil
	}
	return ops.Scalar(vs[0].Dtype(), loss), nil
}

var _ G.SDOp = (*elementOp)(nil)
