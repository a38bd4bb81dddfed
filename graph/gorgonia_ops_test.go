package graph

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Every element-wise operation of Gorgonia's is recognised by its name, and the
// kernel of its opcode gives the numbers that it gives itself. A new Gorgonia
// that renames one fails here.
func TestGorgoniaOps(t *testing.T) {
	unary := map[opcode]func(*G.Node) (*G.Node, error){
		opNeg: G.Neg, opAbs: G.Abs, opSign: G.Sign, opSquare: G.Square, opCube: G.Cube, opSqrt: G.Sqrt,
		opInv: G.Inverse, opExp: G.Exp, opLog: G.Log, opLog2: G.Log2, opTanh: G.Tanh, opSigmoid: G.Sigmoid,
		opExpm1: G.Expm1, opLog1p: G.Log1p, opSoftplus: G.Softplus, opSin: G.Sin, opCos: G.Cos,
		opFloor: G.Floor, opCeil: G.Ceil,
	}
	require.Len(t, unary, len(gorgoniaUnary))
	x := []float64{0.25, 1, 1.5, 2.75}
	y := []float64{1, 0.5, 1.5, 3}
	k := kernelsFor[float64]()
	for code, f := range unary {
		check(t, code, k, x, nil, func(a, _ *G.Node) (*G.Node, error) { return f(a) })
	}
	compare := func(f func(a, b *G.Node, same bool) (*G.Node, error)) func(a, b *G.Node) (*G.Node, error) {
		return func(a, b *G.Node) (*G.Node, error) { return f(a, b, true) }
	}
	binary := map[opcode]func(a, b *G.Node) (*G.Node, error){
		opAdd: G.Add, opSub: G.Sub, opMul: G.HadamardProd, opDiv: G.HadamardDiv, opPow: G.Pow,
		opGt: compare(G.Gt), opGe: compare(G.Gte), opLt: compare(G.Lt), opLe: compare(G.Lte),
		opEq: compare(G.Eq), opNe: compare(G.Ne),
	}
	require.Len(t, binary, len(gorgoniaBinary))
	for code, f := range binary {
		check(t, code, k, x, y, f)
	}
}

func check(t *testing.T, code opcode, k *kernelTable[float64], x, y []float64, f func(a, b *G.Node) (*G.Node, error)) {
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
	require.Equal(t, code, elementwise(n.Op()), "%v", n.Op())
	in := []G.Value{a.Value()}
	if b != nil {
		in = append(in, b.Value())
	}
	v, err := n.Op().Do(in...)
	require.NoError(t, err)
	want := v.Data().([]float64)
	got := make([]float64, len(x))
	if y != nil {
		k[code].binary(got, x, y)
	} else {
		k[code].unary(got, x)
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
	require.True(t, isSum(s.Op()))
	r, err := G.Reshape(x, tensor.Shape{3, 2})
	require.NoError(t, err)
	require.True(t, isReshape(r.Op()))
	own, err := Reshape(x, 3, 2)
	require.NoError(t, err)
	require.True(t, isReshape(own.Op()))
	c, err := G.Add(x, G.NewConstant(2.0))
	require.NoError(t, err)
	require.True(t, isConstant(childrenOf(c)[1]))
	require.False(t, isConstant(x))
	gt, err := G.Gt(x, x, false)
	require.NoError(t, err)
	require.Equal(t, opNone, elementwise(gt.Op()), "a comparison that gives booleans")
	require.Equal(t, opNone, elementwise(imposter{}))
}

type imposter struct{ mapOp }

func (imposter) String() string { return "neg" }
