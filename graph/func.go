package graph

import (
	"fmt"
	"hash"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/guard"
	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// Func is a spike function: its value forward, and the slope that stands in for
// its derivative backward. Both take the membrane voltage less the threshold.
// Package surrogate has the published ones; one of your own needs only these
// two methods.
type Func interface {
	Eval(x float64) float64
	Deriv(x float64) float64
}

// A Func with a Heaviside method promises that Eval(x) is 1 for x > 0 and 0
// else; its spikes then run as a vector comparison. Embedding surrogate.Step
// gives both methods.
type heaviside interface{ Heaviside() }

// Sloper is a Func that can write its slope as graph nodes. The nodes must
// compute what Deriv computes; they run as vector code, and Deriv does not.
type Sloper interface {
	Func
	Slope(b *Builder, x *G.Node) *G.Node
}

// spikeOp applies a spike function, or its slope, to each element.
type spikeOp struct {
	pure
	f     Func
	slope bool
}

func (op spikeOp) Arity() int    { return 1 }
func (op spikeOp) Type() hm.Type { return mapOp{}.Type() }
func (op spikeOp) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	return mapOp{}.InferShape(in...)
}
func (op spikeOp) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "spikegrad spike %T%#v %t", op.f, op.f, op.slope)
}
func (op spikeOp) Hashcode() uint32 { return hashcode(op) }

func (op spikeOp) String() string {
	if op.slope {
		return fmt.Sprintf("slope of %T%+v", op.f, op.f)
	}
	return fmt.Sprintf("spike %T%+v", op.f, op.f)
}

// eval returns the scalar function of op.
func (op spikeOp) eval() func(float64) float64 {
	if op.slope {
		return op.f.Deriv
	}
	return op.f.Eval
}

// DiffWRT reports a gradient for spikes, and none for slopes.
func (op spikeOp) DiffWRT(int) []bool { return []bool{!op.slope} }

// SymDiff multiplies the gradient by the surrogate slope.
func (op spikeOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.slope {
		return nil, fmt.Errorf("graph: %v has no gradient", op)
	}
	var b Builder
	var s *G.Node
	if f, ok := op.f.(Sloper); ok {
		s = f.Slope(&b, in[0])
	} else {
		s = b.apply(spikeOp{f: op.f, slope: true}, in[0])
	}
	return G.Nodes{b.Mul(grad, s)}, b.Err()
}

// Form says that spikeOp is element-wise: a comparison, or a function of each element.
func (op spikeOp) Form() lower.Form {
	if _, ok := op.f.(heaviside); ok && !op.slope {
		return lower.Form{Kind: lower.Lanewise, Op: ir.OpGtC}
	}
	f := op.eval()
	return lower.Form{Kind: lower.Lanewise, Op: ir.OpFunc, Func: &lower.Func{
		Name: op.String(),
		F32:  func(dst, a []float32) { evaluate(&op, f, dst, a) },
		F64:  func(dst, a []float64) { evaluate(&op, f, dst, a) },
	}}
}

func (op spikeOp) Do(vs ...G.Value) (G.Value, error) {
	if _, ok := op.f.(heaviside); ok && !op.slope {
		return mapOp{code: ir.OpGtC}.Do(vs...)
	}
	f := op.Form().Func
	return mapValue(op, vs[0], f.F32, f.F64)
}

// evaluate writes f, the scalar function of op, of the elements of a to dst. A panic is
// one of the spike function's.
func evaluate[F vec.Float](op *spikeOp, f func(float64) float64, dst, a []F) {
	defer func() {
		if r := recover(); r != nil {
			method := "Eval"
			if op.slope {
				method = "Deriv"
			}
			panic(guard.New(guard.Name(method, "spike function", op.f), r))
		}
	}()
	for i, x := range a {
		dst[i] = F(f(float64(x)))
	}
}

var _ G.SDOp = spikeOp{}
