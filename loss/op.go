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

// A kernel computes a loss of outputs [.., …] against targets, with weights [..], which are 0 for
// what does not count; and with a gradient that is not nil, that of the outputs, into it.
type kernel struct {
	single func(batch[float32]) (float64, error)
	double func(batch[float64]) (float64, error)
}

// A batch is what a kernel sees.
type batch[F vec.Float] struct {
	out, target, weight []F
	gradient            []F     // zeros; nil where the loss alone is asked for
	scale               float64 // what the gradient is to be multiplied by
	shape               tensor.Shape
}

// apply returns the loss that a kernel computes. The weights have the first axes of the outputs,
// and the targets their shape, or with labels that of the batch alone.
func apply(name string, out, target, weight *G.Node, axes int, labels bool, k kernel) (*G.Node, error) {
	var b graph.Builder
	if !b.Check(name, out, target, weight) {
		return nil, b.Err()
	}
	shape := out.Shape()
	if len(shape) <= axes {
		want := [...]string{"[batch …]", "[T batch …]"}
		return nil, fmt.Errorf("%s: outputs have shape %v, want %s", name, []int(shape), want[axes-1])
	}
	want := shape
	if labels {
		want = shape[axes-1 : axes]
	}
	if !slices.Equal(target.Shape(), want) || !slices.Equal(weight.Shape(), shape[:axes]) {
		return nil, fmt.Errorf("%s: targets have shape %v and weights %v, want %v and %v",
			name, ops.ShapeOf(target), ops.ShapeOf(weight), []int(want), []int(shape[:axes]))
	}
	if target.Dtype() != out.Dtype() || weight.Dtype() != out.Dtype() || !ops.IsFloat(out.Dtype()) {
		return nil, fmt.Errorf("%s: outputs, targets and weights have elements of type %v, %v and %v, want one of float32 and float64",
			name, out.Dtype(), target.Dtype(), weight.Dtype())
	}
	in := G.Nodes{out, target, weight}
	l := b.Apply(&kernelOp{Signature: ops.SignatureOf(in, out.Dtype(), nil), name: name, kernel: k}, in...)
	return l, b.Err()
}

// A kernelOp is the loss of a kernel, or with a fourth input, the gradient of that, the gradient of
// the outputs.
type kernelOp struct {
	ops.Pure
	ops.Signature
	kernel
	name string
	grad bool
}

func (op *kernelOp) String() string {
	if op.grad {
		return "gradient of " + op.name
	}
	return op.name
}
func (op *kernelOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %p", op, op.Shape, op) }
func (op *kernelOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op *kernelOp) OverTime() bool        { return true }
func (op *kernelOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	d[0] = !op.grad
	return d
}

// SymDiff: nothing flows to targets and weights; a gradient must stand there all the same.
func (op *kernelOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.grad {
		return nil, fmt.Errorf("loss: %v has no gradient", op)
	}
	var b graph.Builder
	all := append(slices.Clone(in), grad)
	d := b.Apply(&kernelOp{Signature: ops.SignatureOf(all, grad.Dtype(), in[0].Shape()), name: op.name, kernel: op.kernel, grad: true}, all...)
	return G.Nodes{d, grad, grad}, b.Err()
}

func (op *kernelOp) Do(vs ...G.Value) (G.Value, error) {
	if vs[0].Dtype() == tensor.Float32 {
		return run(op, op.single, vs)
	}
	return run(op, op.double, vs)
}

func run[F vec.Float](op *kernelOp, k func(batch[F]) (float64, error), vs []G.Value) (G.Value, error) {
	var fs [4][]F
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return nil, err
		}
		fs[i] = f
	}
	b := batch[F]{out: fs[0], target: fs[1], weight: fs[2], shape: vs[0].Shape()}
	if op.grad {
		b.gradient, b.scale = make([]F, len(b.out)), float64(fs[3][0])
	}
	l, err := k(b)
	switch {
	case err != nil:
		return nil, fmt.Errorf("loss: %v: %w", op, err)
	case op.grad:
		return tensor.New(tensor.WithShape(op.Shape...), tensor.WithBacking(b.gradient)), nil
	}
	return ops.Scalar(vs[0].Dtype(), l), nil
}

var _ G.SDOp = (*kernelOp)(nil)
