package lower

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/exec"
	"github.com/spikegrad/spikegrad/internal/ir"
	"github.com/spikegrad/spikegrad/internal/op"
)

// Every element-wise operation of Gorgonia's is recognised by its name, and the
// kernel of its ir.Op gives the numbers that it gives itself. A new Gorgonia
// that renames one fails here.
func TestGorgoniaOps(t *testing.T) {
	unary := map[ir.Op]func(*G.Node) (*G.Node, error){
		ir.OpNeg: G.Neg, ir.OpAbs: G.Abs, ir.OpSign: G.Sign, ir.OpSquare: G.Square, ir.OpCube: G.Cube, ir.OpSqrt: G.Sqrt,
		ir.OpInv: G.Inverse, ir.OpExp: G.Exp, ir.OpLog: G.Log, ir.OpLog2: G.Log2, ir.OpTanh: G.Tanh, ir.OpSigmoid: G.Sigmoid,
		ir.OpExpm1: G.Expm1, ir.OpLog1p: G.Log1p, ir.OpSoftplus: G.Softplus, ir.OpSin: G.Sin, ir.OpCos: G.Cos,
		ir.OpFloor: G.Floor, ir.OpCeil: G.Ceil,
	}
	require.Len(t, unary, len(gorgoniaUnary))
	x := []float64{0.25, 1, 1.5, 2.75}
	y := []float64{1, 0.5, 1.5, 3}
	for code, f := range unary {
		check(t, code, x, nil, func(a, _ *G.Node) (*G.Node, error) { return f(a) })
	}
	compare := func(f func(a, b *G.Node, same bool) (*G.Node, error)) func(a, b *G.Node) (*G.Node, error) {
		return func(a, b *G.Node) (*G.Node, error) { return f(a, b, true) }
	}
	binary := map[ir.Op]func(a, b *G.Node) (*G.Node, error){
		ir.OpAdd: G.Add, ir.OpSub: G.Sub, ir.OpMul: G.HadamardProd, ir.OpDiv: G.HadamardDiv, ir.OpPow: G.Pow,
		ir.OpGt: compare(G.Gt), ir.OpGe: compare(G.Gte), ir.OpLt: compare(G.Lt), ir.OpLe: compare(G.Lte),
		ir.OpEq: compare(G.Eq), ir.OpNe: compare(G.Ne),
	}
	require.Len(t, binary, len(gorgoniaBinary))
	for code, f := range binary {
		check(t, code, x, y, f)
	}
}

func check(t *testing.T, code ir.Op, x, y []float64, f func(a, b *G.Node) (*G.Node, error)) {
	t.Helper()
	g := G.NewGraph()
	input := func(name string, v []float64) *G.Node {
		return G.NewVector(g, tensor.Float64, G.WithName(name), G.WithShape(len(v)),
			G.WithValue(tensor.New(tensor.WithBacking(append([]float64{}, v...)))))
	}
	a := input("a", x)
	var b *G.Node
	if y != nil {
		b = input("b", y)
	}
	n, err := f(a, b)
	require.NoError(t, err)
	require.Equal(t, Form{Kind: Lanewise, Op: code}, FormOf(n.Op()), "%v", n.Op())
	in := []G.Value{a.Value()}
	if b != nil {
		in = append(in, b.Value())
	}
	v, err := n.Op().Do(in...)
	require.NoError(t, err)
	want := v.Data().([]float64)
	got := make([]float64, len(x))
	if y != nil {
		exec.Combine(code, got, x, y)
	} else {
		exec.Map(code, got, x, 0)
	}
	for i := range want {
		require.InDelta(t, want[i], got[i], 1e-14*math.Max(1, math.Abs(want[i])), "%v of %v", n.Op(), x[i])
	}
}

// Reshapes, sums and constants are recognised too, and an operation that only
// bears a known name is not.
func TestGorgoniaOpsOthers(t *testing.T) {
	g := G.NewGraph()
	x := G.NewMatrix(g, tensor.Float64, G.WithName("x"), G.WithShape(2, 3))
	s, err := G.Sum(x)
	require.NoError(t, err)
	require.Equal(t, Form{Linear: ir.A, Reduce: true}, FormOf(s.Op()))
	r, err := G.Reshape(x, tensor.Shape{3, 2})
	require.NoError(t, err)
	require.Equal(t, Alias, FormOf(r.Op()).Kind)
	c, err := G.Add(x, G.NewConstant(2.0))
	require.NoError(t, err)
	require.True(t, IsConstant(op.Children(c)[1]))
	require.False(t, IsConstant(x))
	gt, err := G.Gt(x, x, false)
	require.NoError(t, err)
	require.Equal(t, Form{}, FormOf(gt.Op()), "a comparison that gives booleans")
	require.Equal(t, Form{}, FormOf(imposter{r.Op()}))
}

type imposter struct{ G.Op }

func (imposter) String() string { return "neg" }
