package encode

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
)

// A function is a differentiable function of tensors. It computes in float64,
// whatever the element type of the graph; what it computes is small.
type function interface {
	// String names the function with all that sets it apart from another.
	String() string
	// overTime reports whether elements of the result are made of more than those at
	// their place on the first axis.
	overTime() bool
	// value returns the elements of the result.
	value(in [][]float64) ([]float64, error)
	// gradient returns the gradient of input i, given that of the result.
	gradient(i int, in [][]float64, dy []float64) ([]float64, error)
}

// begin returns a Builder for nodes made of x, a tensor of floats that has an
// axis and none of length 0. Messages call it by the name.
func begin(name string, x *G.Node) *graph.Builder {
	b := &graph.Builder{}
	switch {
	case x == nil:
		b.Fail(fmt.Errorf("%s is nil", name))
	case !ops.IsFloat(x.Dtype()):
		b.Fail(fmt.Errorf("%s has elements of type %v, want float32 or float64", name, x.Dtype()))
	case x.IsScalar() || x.Shape().TotalSize() < 1:
		b.Fail(fmt.Errorf("%s has shape %v, want at least one axis and none of length 0", name, []int(x.Shape())))
	}
	return b
}

// apply returns the node of f, a tensor of the given shape.
func apply(b *graph.Builder, f function, shape tensor.Shape, in ...*G.Node) *G.Node {
	if b.Err() != nil {
		return nil
	}
	for i, x := range in {
		if x == nil {
			b.Fail(fmt.Errorf("%v: input %d is nil", f, i))
			return nil
		}
		if x.Dtype() != in[0].Dtype() {
			b.Fail(fmt.Errorf("%v: inputs have elements of type %v and %v", f, in[0].Dtype(), x.Dtype()))
			return nil
		}
	}
	return b.Apply(functionOp{f: f, Signature: ops.SignatureOf(in, in[0].Dtype(), shape)}, in...)
}

// functionOp is a function as an operation of Gorgonia's; gradientOp, of the
// same inputs and the gradient of the result, is the gradient of input i.
type functionOp struct {
	ops.Pure
	ops.Signature
	f function
}

type gradientOp struct {
	ops.Pure
	ops.Final
	ops.Signature
	f function
	i int
}

func (op functionOp) String() string        { return op.f.String() }
func (op functionOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "encode %v %v %v", op, op.In, op.Shape) }
func (op functionOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op functionOp) DiffWRT(n int) []bool  { return ops.All(n) }
func (op functionOp) OverTime() bool        { return op.f.overTime() }

func (op functionOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b graph.Builder
	ds := make(G.Nodes, len(in))
	all := append(slices.Clone(in), grad)
	for i, x := range in {
		ds[i] = b.Apply(gradientOp{f: op.f, i: i, Signature: ops.SignatureOf(all, x.Dtype(), x.Shape())}, all...)
	}
	return ds, b.Err()
}

func (op functionOp) Do(vs ...G.Value) (G.Value, error) {
	in, err := read(vs)
	if err != nil {
		return nil, fmt.Errorf("encode: %v: %w", op, err)
	}
	y, err := op.f.value(in)
	if err != nil {
		return nil, fmt.Errorf("encode: %v: %w", op, err)
	}
	return write(op.Signature, y), nil
}

func (op gradientOp) String() string        { return fmt.Sprintf("gradient %d of %v", op.i, op.f) }
func (op gradientOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "encode %v %v %v", op, op.In, op.Shape) }
func (op gradientOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op gradientOp) OverTime() bool        { return true }

func (op gradientOp) Do(vs ...G.Value) (G.Value, error) {
	in, err := read(vs)
	if err != nil {
		return nil, fmt.Errorf("encode: %v: %w", op, err)
	}
	last := len(in) - 1
	d, err := op.f.gradient(op.i, in[:last], in[last])
	if err != nil {
		return nil, fmt.Errorf("encode: %v: %w", op, err)
	}
	return write(op.Signature, d), nil
}

// read returns the elements of the inputs, in order. They may share memory with
// the values.
func read(vs []G.Value) ([][]float64, error) {
	in := make([][]float64, len(vs))
	for i, v := range vs {
		var err error
		if v.Dtype() == tensor.Float32 {
			var f []float32
			if f, err = ops.Floats[float32](v); err == nil {
				in[i] = make([]float64, len(f))
				for j, x := range f {
					in[i][j] = float64(x)
				}
			}
		} else {
			in[i], err = ops.Floats[float64](v)
		}
		if err != nil {
			return nil, fmt.Errorf("input %d: %w", i, err)
		}
	}
	return in, nil
}

// write returns the value with the elements y of an operation's result.
func write(s ops.Signature, y []float64) G.Value {
	if len(s.Shape) == 0 {
		return ops.Scalar(s.Of, y[0])
	}
	if s.Of == tensor.Float64 {
		return tensor.New(tensor.WithShape(s.Shape...), tensor.WithBacking(y))
	}
	f := make([]float32, len(y))
	for i, v := range y {
		f[i] = float32(v)
	}
	return tensor.New(tensor.WithShape(s.Shape...), tensor.WithBacking(f))
}

var (
	_ G.SDOp = functionOp{}
	_ G.SDOp = gradientOp{}
)
