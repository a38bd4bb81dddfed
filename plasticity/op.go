package plasticity

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
)

// A kernel computes one tensor from others, and is linear in each of them.
type kernel interface {
	// String names the kernel with all that sets it apart from another.
	String() string
	// overTime reports whether elements of the result are made of more than those at
	// their place on the first axis.
	overTime() bool
	// run32 and run64 write the result to dst, which is zero.
	run32(dst []float32, in [][]float32)
	run64(dst []float64, in [][]float64)
	// gradients returns those of the inputs, given that of the result.
	gradients(b *graph.Builder, in G.Nodes, grad *G.Node) G.Nodes
}

// apply returns the node of a kernel, a tensor of the given shape.
func apply(b *graph.Builder, k kernel, shape tensor.Shape, in ...*G.Node) *G.Node {
	if b.Err() != nil {
		return nil
	}
	op := kernelOp{kernel: k, Signature: ops.SignatureOf(in, in[0].Dtype(), shape)}
	for _, x := range in {
		if x.Dtype() != op.Of {
			b.Fail(fmt.Errorf("%v: inputs have elements of type %v and %v", k, op.Of, x.Dtype()))
			return nil
		}
		op.shapes = append(op.shapes, x.Shape().Clone())
	}
	return b.Apply(op, in...)
}

// kernelOp is a kernel as an operation of Gorgonia's.
type kernelOp struct {
	ops.Pure
	ops.Signature
	kernel
	shapes []tensor.Shape // of the inputs
}

func (op kernelOp) DiffWRT(n int) []bool { return ops.All(n) }
func (op kernelOp) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "plasticity %v %v %v %v", op.kernel, op.Of, op.shapes, op.Shape)
}
func (op kernelOp) Hashcode() uint32 { return ops.Hashcode(op) }
func (op kernelOp) OverTime() bool   { return op.overTime() }
func (op kernelOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b graph.Builder
	ds := op.gradients(&b, in, grad)
	return ds, b.Err()
}

func (op kernelOp) Do(vs ...G.Value) (G.Value, error) {
	dst := ops.New(op.Of, op.Shape)
	var err error
	switch d := dst.Data().(type) {
	case []float32:
		err = run(op, op.run32, d, vs)
	case []float64:
		err = run(op, op.run64, d, vs)
	default:
		err = fmt.Errorf("elements are of type %v, want float32 or float64", op.Of)
	}
	if err != nil {
		return nil, fmt.Errorf("plasticity: %v: %w", op.kernel, err)
	}
	return dst, nil
}

func run[F float32 | float64](op kernelOp, f func(dst []F, in [][]F), dst []F, vs []G.Value) error {
	in := make([][]F, len(vs))
	for i, v := range vs {
		if !slices.Equal(v.Shape(), op.shapes[i]) {
			return fmt.Errorf("input %d has shape %v, the graph was built for %v", i, []int(v.Shape()), []int(op.shapes[i]))
		}
		x, err := ops.Floats[F](v)
		if err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
		in[i] = x
	}
	f(dst, in)
	return nil
}

var _ G.SDOp = kernelOp{}
