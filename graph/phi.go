package graph

import (
	"fmt"
	"hash"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/lower"
	"github.com/spikegrad/spikegrad/internal/matfunc"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// φ(x) = (eˣ − 1)/x, 1 at 0, is how far a state goes in a time step in which its
// slope is f at the beginning and grows by x: φ(x) f. Here it is for numbers and for
// matrices.

// phi is φ of numbers. It stands where a spike function does: a function of
// numbers with its derivative.
type phi struct{}

func (b *Builder) phi(x *G.Node) *G.Node { return b.apply(spikeOp{f: phi{}}, x) }

func (phi) Eval(x float64) float64 {
	if math.Abs(x) < 1e-8 {
		return 1 + x/2
	}
	return math.Expm1(x) / x
}

// Deriv returns (eˣ − φ(x))/x, near 0 as a series, where the difference would lose
// its digits.
func (phi) Deriv(x float64) float64 {
	if math.Abs(x) > 1 {
		return (math.Exp(x) - math.Expm1(x)/x) / x
	}
	sum, term := 0., 0.5 // term: xᵏ/(k + 2)!
	for k := range 18 {
		sum += float64(k+1) * term
		term *= x / float64(k+3)
	}
	return sum
}

// phiOp is φ of matrices: of those in a tensor [count, m, m] to which it adds base,
// diagonal blocks of which each repeats one number. It computes in float64.
type phiOp struct {
	pure
	signature
	base []float64 // k×k
}

// phiMatrices returns φ(z + base) of each matrix of z.
func (b *Builder) phiMatrices(z *G.Node, base []float64) *G.Node {
	if !b.Check("phi", z) {
		return nil
	}
	return b.apply(phiOp{signature: signatureOf(G.Nodes{z}, z.Dtype(), z.Shape()), base: base}, z)
}

func (op phiOp) String() string        { return "phi of matrices" }
func (op phiOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %x", op, op.Shape, op.base) }
func (op phiOp) Hashcode() uint32      { return hashcode(op) }
func (op phiOp) DiffWRT(int) []bool    { return []bool{true} }

// SymDiff returns the gradient, the derivative at zᵀ in the direction of grad.
func (op phiOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b Builder
	g := phiGradOp{phiOp: op}
	g.signature = signatureOf(G.Nodes{in[0], grad}, grad.Dtype(), op.Shape)
	return G.Nodes{b.apply(g, in[0], grad)}, b.Err()
}

func (op phiOp) Do(vs ...G.Value) (G.Value, error) { return op.each(vs...) }

// phiGradOp is the gradient of phiOp. Its inputs are those of phiOp and the gradient
// of the result, in which it is linear.
type phiGradOp struct {
	phiOp
	final
}

func (op phiGradOp) String() string        { return "gradient of phi of matrices" }
func (op phiGradOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "%v", op); op.phiOp.WriteHash(h) }
func (op phiGradOp) Form() lower.Form      { return lower.Form{Linear: ir.B} }
func (op phiGradOp) Hashcode() uint32      { return hashcode(op) }
func (op phiGradOp) DiffWRT(n int) []bool  { return op.final.DiffWRT(n) }
func (op phiGradOp) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return op.final.SymDiff(in, out, grad)
}

// each returns φ of each matrix in the first value, or its gradient for that of φ in
// the second.
func (op phiOp) each(vs ...G.Value) (G.Value, error) {
	switch vs[0].Dtype() {
	case tensor.Float32:
		return eachPhi[float32](op, vs)
	case tensor.Float64:
		return eachPhi[float64](op, vs)
	}
	return nil, fmt.Errorf("graph: %v: got elements of type %v, want float32 or float64", op, vs[0].Dtype())
}

func eachPhi[F vec.Float](op phiOp, vs []G.Value) (G.Value, error) {
	var fs [2][]F
	for i, v := range vs {
		f, err := floats[F](op, v)
		if err != nil {
			return nil, err
		}
		if len(f) != op.Shape.TotalSize() {
			return nil, fmt.Errorf("graph: %v: input %d has %d elements, the graph was built for %v", op, i, len(f), []int(op.Shape))
		}
		fs[i] = f
	}
	dst := newDense(vs[0].Dtype(), op.Shape)
	return dst, matfunc.Each(elems[F](dst), fs[0], fs[1], op.Shape[1], op.base)
}

var (
	_ G.SDOp = phiOp{}
	_ G.SDOp = phiGradOp{}
)
