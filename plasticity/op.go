package plasticity

import (
	"fmt"
	"hash"
	"hash/fnv"
	"slices"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// A kernel computes one tensor from others, and is linear in each of them.
type kernel interface {
	// String names the kernel with all that sets it apart from another.
	String() string
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
	op := kernelOp{kernel: k, dt: in[0].Dtype(), shape: slices.Clone(shape)}
	for _, x := range in {
		if x.Dtype() != op.dt {
			b.Fail(fmt.Errorf("%v: inputs have elements of type %v and %v", k, op.dt, x.Dtype()))
			return nil
		}
		op.in = append(op.in, x.Shape().Clone())
	}
	return b.Apply(op, in...)
}

// kernelOp is a kernel as an operation of Gorgonia's.
type kernelOp struct {
	kernel
	dt    tensor.Dtype
	in    []tensor.Shape
	shape tensor.Shape // of the result
}

func (op kernelOp) Arity() int { return len(op.in) }
func (op kernelOp) Type() hm.Type {
	var ts []hm.Type
	for _, s := range append(slices.Clone(op.in), op.shape) {
		ts = append(ts, G.TensorType{Dims: len(s), Of: op.dt})
	}
	return hm.NewFnType(ts...)
}
func (op kernelOp) InferShape(...G.DimSizer) (tensor.Shape, error) { return op.shape.Clone(), nil }
func (op kernelOp) ReturnsPtr() bool                               { return false }
func (op kernelOp) CallsExtern() bool                              { return false }
func (op kernelOp) OverwritesInput() int                           { return -1 }
func (op kernelOp) DiffWRT(n int) []bool                           { return slices.Repeat([]bool{true}, n) }
func (op kernelOp) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "plasticity %v %v %v %v", op.kernel, op.dt, op.in, op.shape)
}
func (op kernelOp) Hashcode() uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}

func (op kernelOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b graph.Builder
	ds := op.gradients(&b, in, grad)
	return ds, b.Err()
}

func (op kernelOp) Do(vs ...G.Value) (G.Value, error) {
	dst := tensor.New(tensor.Of(op.dt), tensor.WithShape(op.shape...))
	var err error
	switch d := dst.Data().(type) {
	case []float32:
		err = run(op, op.run32, d, vs)
	case []float64:
		err = run(op, op.run64, d, vs)
	default:
		err = fmt.Errorf("elements are of type %v, want float32 or float64", op.dt)
	}
	if err != nil {
		return nil, fmt.Errorf("plasticity: %v: %w", op.kernel, err)
	}
	return dst, nil
}

func run[F float32 | float64](op kernelOp, f func(dst []F, in [][]F), dst []F, vs []G.Value) error {
	in := make([][]F, len(vs))
	for i, v := range vs {
		if !slices.Equal(v.Shape(), op.in[i]) {
			return fmt.Errorf("input %d has shape %v, the graph was built for %v", i, []int(v.Shape()), []int(op.in[i]))
		}
		if d, ok := v.(*tensor.Dense); ok && (d.DataOrder().IsColMajor() || d.RequiresIterator() || d.IsView()) {
			v = d.Materialize().(*tensor.Dense)
		}
		x, ok := v.Data().([]F)
		if !ok {
			return fmt.Errorf("input %d has elements of type %v, the graph was built for %v", i, v.Dtype(), op.dt)
		}
		in[i] = x
	}
	f(dst, in)
	return nil
}

var _ G.SDOp = kernelOp{}
