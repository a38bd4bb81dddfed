package encode

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

// A function is a differentiable function of tensors. It computes in float64,
// whatever the element type of the graph; what it computes is small.
type function interface {
	// String names the function with all that sets it apart from another.
	String() string
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
	case x.Dtype() != tensor.Float32 && x.Dtype() != tensor.Float64:
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
	return b.Apply(functionOp{f: f, signature: signatureOf(in, shape)}, in...)
}

// functionOp is a function as an operation of Gorgonia's; gradientOp, of the
// same inputs and the gradient of the result, is the gradient of input i.
type functionOp struct {
	signature
	f function
}

type gradientOp struct {
	signature
	f function
	i int
}

// signature is what Gorgonia asks of an Op whose inputs and result are known
// when the node is made, and which writes to memory of its own.
type signature struct {
	in    []hm.Type
	dt    tensor.Dtype
	shape tensor.Shape // of the result
}

func signatureOf(in G.Nodes, shape tensor.Shape) signature {
	s := signature{dt: in[0].Dtype(), shape: slices.Clone(shape)}
	for _, n := range in {
		s.in = append(s.in, n.Type())
	}
	return s
}

func (s signature) Arity() int { return len(s.in) }
func (s signature) Type() hm.Type {
	var out hm.Type = s.dt
	if len(s.shape) > 0 {
		out = G.TensorType{Dims: len(s.shape), Of: s.dt}
	}
	return hm.NewFnType(append(slices.Clone(s.in), out)...)
}
func (s signature) InferShape(...G.DimSizer) (tensor.Shape, error) {
	return slices.Clone(s.shape), nil
}
func (signature) ReturnsPtr() bool     { return false }
func (signature) CallsExtern() bool    { return false }
func (signature) OverwritesInput() int { return -1 }

func (op functionOp) String() string        { return op.f.String() }
func (op functionOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "encode %v %v %v", op, op.in, op.shape) }
func (op functionOp) Hashcode() uint32      { return hashcode(op) }
func (op functionOp) DiffWRT(n int) []bool  { return slices.Repeat([]bool{true}, n) }

func (op functionOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b graph.Builder
	ds := make(G.Nodes, len(in))
	all := append(slices.Clone(in), grad)
	for i, x := range in {
		ds[i] = b.Apply(gradientOp{f: op.f, i: i, signature: signatureOf(all, x.Shape())}, all...)
	}
	return ds, b.Err()
}

func (op functionOp) Do(vs ...G.Value) (G.Value, error) {
	in, err := op.read(vs)
	if err != nil {
		return nil, fmt.Errorf("encode: %v: %w", op, err)
	}
	y, err := op.f.value(in)
	if err != nil {
		return nil, fmt.Errorf("encode: %v: %w", op, err)
	}
	return op.write(y), nil
}

func (op gradientOp) String() string        { return fmt.Sprintf("gradient %d of %v", op.i, op.f) }
func (op gradientOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "encode %v %v %v", op, op.in, op.shape) }
func (op gradientOp) Hashcode() uint32      { return hashcode(op) }
func (op gradientOp) DiffWRT(n int) []bool  { return make([]bool, n) }
func (op gradientOp) SymDiff(G.Nodes, *G.Node, *G.Node) (G.Nodes, error) {
	return nil, fmt.Errorf("encode: %v has no gradient", op)
}

func (op gradientOp) Do(vs ...G.Value) (G.Value, error) {
	in, err := op.read(vs)
	if err != nil {
		return nil, fmt.Errorf("encode: %v: %w", op, err)
	}
	last := len(in) - 1
	d, err := op.f.gradient(op.i, in[:last], in[last])
	if err != nil {
		return nil, fmt.Errorf("encode: %v: %w", op, err)
	}
	return op.write(d), nil
}

// read returns the elements of the inputs, in order. They may share memory with
// the values.
func (s signature) read(vs []G.Value) ([][]float64, error) {
	in := make([][]float64, len(vs))
	for i, v := range vs {
		if d, ok := v.(*tensor.Dense); ok && (d.DataOrder().IsColMajor() || d.RequiresIterator() || d.IsView()) {
			v = d.Materialize().(*tensor.Dense)
		}
		switch x := v.Data().(type) {
		case float64:
			in[i] = []float64{x}
		case float32:
			in[i] = []float64{float64(x)}
		case []float64:
			in[i] = x
		case []float32:
			in[i] = make([]float64, len(x))
			for j, f := range x {
				in[i][j] = float64(f)
			}
		default:
			return nil, fmt.Errorf("input %d has elements of type %v, want float32 or float64", i, v.Dtype())
		}
	}
	return in, nil
}

// write returns the value of the result.
func (s signature) write(y []float64) G.Value {
	if s.dt == tensor.Float64 {
		if len(s.shape) == 0 {
			return G.NewF64(y[0])
		}
		return tensor.New(tensor.WithShape(s.shape...), tensor.WithBacking(y))
	}
	f := make([]float32, len(y))
	for i, v := range y {
		f[i] = float32(v)
	}
	if len(s.shape) == 0 {
		return G.NewF32(f[0])
	}
	return tensor.New(tensor.WithShape(s.shape...), tensor.WithBacking(f))
}

func hashcode(op interface{ WriteHash(hash.Hash) }) uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}

var (
	_ G.SDOp = functionOp{}
	_ G.SDOp = gradientOp{}
)
