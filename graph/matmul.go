package graph

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/lower"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// matOp is the product of two matrices, op(A)·op(B), each transposed or not.
// Inside a scan, a product with a matrix that does not change over time runs
// row by row, skipping the rows of B that meet a zero.
type matOp struct {
	pure
	signature
	transA, transB bool
}

// MatMul returns the matrix product x·w of x [batch, m] and w [m, n].
func (b *Builder) MatMul(x, w *G.Node) *G.Node { return b.matmul(x, w, false, false) }

func (b *Builder) matmul(x, y *G.Node, transA, transB bool) *G.Node {
	if !b.Check("matmul", x, y) {
		return nil
	}
	xs, ys := x.Shape(), y.Shape()
	if len(xs) != 2 || len(ys) != 2 {
		b.fail("matmul: operands have shapes %v and %v, want two matrices", []int(xs), []int(ys))
		return nil
	}
	m, k := flip(xs, transA)
	k2, n := flip(ys, transB)
	if k != k2 {
		b.fail("matmul: operands have shapes %v and %v, whose inner axes differ", []int(xs), []int(ys))
		return nil
	}
	if x.Dtype() != y.Dtype() {
		b.fail("matmul: operands have elements of type %v and %v", x.Dtype(), y.Dtype())
		return nil
	}
	sig := signatureOf(G.Nodes{x, y}, x.Dtype(), tensor.Shape{m, n})
	return b.apply(matOp{signature: sig, transA: transA, transB: transB}, x, y)
}

func flip(s tensor.Shape, trans bool) (rows, cols int) {
	if trans {
		return s[1], s[0]
	}
	return s[0], s[1]
}

func (op matOp) String() string {
	return fmt.Sprintf("matmul(%t %t)", op.transA, op.transB)
}
func (op matOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v", op, op.Shape) }
func (op matOp) Hashcode() uint32      { return hashcode(op) }

// Connects: each element of x meets a row of w.
func (op matOp) Connects(in G.Nodes) (x, w *G.Node, fanOut []int) {
	if op.transA {
		return nil, nil, nil
	}
	rows, cols := flip(in[1].Shape(), op.transB)
	return in[0], in[1], slices.Repeat([]int{cols}, rows)
}

func (op matOp) Form() lower.Form {
	return lower.Form{Kind: lower.MatMul, TransA: op.transA, TransB: op.transB}
}

func (op matOp) DiffWRT(int) []bool { return []bool{true, true} }

// SymDiff: for C = A·B, dA = dC·Bᵀ and dB = Aᵀ·dC; the transposed forms follow.
func (op matOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	var b Builder
	x, y := in[0], in[1]
	var dx, dy *G.Node
	if op.transA {
		dx = b.matmul(y, grad, op.transB, true)
	} else {
		dx = b.matmul(grad, y, false, !op.transB)
	}
	if op.transB {
		dy = b.matmul(grad, x, true, op.transA)
	} else {
		dy = b.matmul(x, grad, !op.transA, false)
	}
	return G.Nodes{dx, dy}, b.Err()
}

func (op matOp) Do(vs ...G.Value) (G.Value, error) {
	dst := newDense(vs[0].Dtype(), op.Shape)
	switch d := dst.Data().(type) {
	case []float32:
		return dst, matmulInto(op, d, vs[0], vs[1])
	case []float64:
		return dst, matmulInto(op, d, vs[0], vs[1])
	}
	return nil, fmt.Errorf("graph: %v: got elements of type %v, want float32 or float64", op, vs[0].Dtype())
}

func matmulInto[F vec.Float](op matOp, dst []F, x, y G.Value) error {
	a, err := floats[F](op, x)
	if err != nil {
		return err
	}
	c, err := floats[F](op, y)
	if err != nil {
		return err
	}
	_, k := flip(x.Shape(), op.transA)
	gemm.Mul(gemm.Args[F]{
		TransA: op.transA, TransB: op.transB, M: op.Shape[0], N: op.Shape[1], K: k,
		A: a, LdA: x.Shape()[1], B: c, LdB: y.Shape()[1], C: dst,
	})
	return nil
}

var _ G.SDOp = matOp{}
