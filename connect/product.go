package connect

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/gemm"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// Product returns the products of many pairs of matrices, a [n, m, k] and b [n, k, l], as
// [n, m, l]. With transA the matrices of a are [k, m] and are transposed, and b alike.
func Product(a, b *G.Node, transA, transB bool) (*G.Node, error) {
	var g graph.Builder
	if !g.Check("product", a, b) {
		return nil, fmt.Errorf("connect: %w", g.Err())
	}
	as, bs := a.Shape(), b.Shape()
	if !ops.IsFloat(a.Dtype()) || b.Dtype() != a.Dtype() || len(as) != 3 || len(bs) != 3 || as[0] != bs[0] || min(slices.Min(as), slices.Min(bs)) < 1 {
		return nil, fmt.Errorf("connect: product: the matrices have shapes %v of %v and %v of %v, want [n m k] and [n k l] of float32 or float64", []int(as), a.Dtype(), []int(bs), b.Dtype())
	}
	op := &productOp{transA: transA, transB: transB, m: as[1], k: as[2], l: bs[2]}
	inner := bs[1]
	if transA {
		op.m, op.k = op.k, op.m
	}
	if transB {
		inner, op.l = op.l, inner
	}
	if inner != op.k {
		return nil, fmt.Errorf("connect: product: the matrices are %d×%d and %d×%d, want as many columns as rows", op.m, op.k, inner, op.l)
	}
	op.Signature = ops.SignatureOf(G.Nodes{a, b}, a.Dtype(), tensor.Shape{as[0], op.m, op.l})
	y := g.Apply(op, a, b)
	return y, g.Err()
}

type productOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	transA, transB bool
	m, k, l        int
}

func (op *productOp) String() string {
	return fmt.Sprintf("%d products of %d×%d and %d×%d", op.Shape[0], op.m, op.k, op.k, op.l)
}
func (op *productOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad product %p", op) }
func (op *productOp) Hashcode() uint32      { return ops.Hashcode(op) }
func (op *productOp) DiffWRT(n int) []bool  { return ops.All(n) }

// Lends: the result may be lent.
func (op *productOp) Lends() any { return op }

// SymDiff: of C = A B the gradients are dC Bᵀ and Aᵀ dC, or their transposes.
func (op *productOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	a, b := in[0], in[1]
	da, err := Product(grad, b, false, !op.transB)
	if op.transA {
		da, err = Product(b, grad, op.transB, true)
	}
	if err != nil {
		return nil, err
	}
	db, err := Product(a, grad, !op.transA, false)
	if op.transB {
		db, err = Product(grad, a, true, op.transA)
	}
	return G.Nodes{da, db}, err
}

// Along: pairs stay apart.
func (op *productOp) Along(u *timing.Reading) (timing.Timing, error) { return u.Rowwise() }

func (op *productOp) Do(vs ...G.Value) (G.Value, error) {
	if op.Of == tensor.Float32 {
		return doProduct(op, gemm.Float32, vs)
	}
	return doProduct(op, gemm.Float64, vs)
}

func doProduct[F vec.Float](op *productOp, product func(transA, transB bool, m, n, k int, a []F, lda int, b []F, ldb int, accumulate bool, c []F, ldc int), vs []G.Value) (G.Value, error) {
	n := op.Shape[0]
	sizes := [2]int{op.m * op.k, op.k * op.l}
	var in [2][]F
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return nil, err
		}
		if len(f) != n*sizes[i] {
			return nil, fmt.Errorf("connect: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), n*sizes[i])
		}
		in[i] = f
	}
	y := op.Result(op.Of, op.Shape)
	dst := ops.Elems[F](y)
	lda, ldb := op.k, op.l
	if op.transA {
		lda = op.m
	}
	if op.transB {
		ldb = op.k
	}
	par.Chunks(n, rowsAtOnce(sizes[0]+sizes[1]+op.m*op.l), func(i0, i1 int) {
		for i := i0; i < i1; i++ {
			product(op.transA, op.transB, op.m, op.l, op.k, in[0][i*sizes[0]:][:sizes[0]], lda, in[1][i*sizes[1]:][:sizes[1]], ldb, false, dst[i*op.m*op.l:][:op.m*op.l], op.l)
		}
	})
	return y, nil
}

var _ interface {
	G.SDOp
	ops.Lender
	ops.Taker
	timing.Timed
} = (*productOp)(nil)
