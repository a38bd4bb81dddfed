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

// The gradients of Gorgonia's element-wise functions are those of finite
// differences, or refused. The refusal holds where a step has such a function, and
// only for what it stands before.
func TestGorgoniaGradients(t *testing.T) {
	x := []float64{0.3, 0.5, 1.2, 0.9}
	for name, f := range map[string]func(x *G.Node) (*G.Node, error){
		"abs": G.Abs, "sin": G.Sin, "cos": G.Cos, "exp": G.Exp, "ln": G.Log, "log2": G.Log2, "neg": G.Neg, "square": G.Square,
		"sqrt": G.Sqrt, "inv": G.Inverse, "invSqrt": G.InverseSqrt, "cube": G.Cube, "tanh": G.Tanh, "sigmoid": G.Sigmoid,
		"log1p": G.Log1p, "expm1": G.Expm1, "softplus": G.Softplus,
		"power":    func(x *G.Node) (*G.Node, error) { return G.Pow(x, G.NewConstant(2.5)) },
		"itself":   func(x *G.Node) (*G.Node, error) { return G.Pow(x, x) },
		"exponent": func(x *G.Node) (*G.Node, error) { return G.Pow(G.NewConstant(2.0), x) },
		"quotient": func(x *G.Node) (*G.Node, error) { return G.HadamardDiv(G.Must(G.Sin(x)), x) },
	} {
		sum := func(x []float64) (cost, in *G.Node) {
			in = G.NewVector(G.NewGraph(), tensor.Float64, G.WithName("x"), G.WithShape(len(x)),
				G.WithValue(tensor.New(tensor.WithBacking(append([]float64{}, x...)))))
			y, err := f(in)
			require.NoError(t, err)
			cost, err = G.Sum(y)
			require.NoError(t, err)
			return cost, in
		}
		value := func(n *G.Node) []float64 {
			m, err := NewMachine(n)
			require.NoError(t, err)
			require.NoError(t, m.Run())
			if v, ok := m.Value(0).Data().(float64); ok {
				return []float64{v}
			}
			return m.Value(0).Data().([]float64)
		}
		cost, in := sum(x)
		ds, _, err := Grad(cost, in)
		if _, wrong := gorgoniaWrong[name]; wrong {
			require.ErrorContains(t, err, "gorgonia's gradient of "+name+" is wrong")
			continue
		}
		require.NoError(t, err)
		d := value(ds[0])
		for i := range x {
			const h = 1e-5
			at := func(xi float64) float64 {
				moved := append([]float64{}, x...)
				moved[i] = xi
				cost, _ := sum(moved)
				return value(cost)[0]
			}
			require.InDelta(t, (at(x[i]+h)-at(x[i]-h))/(2*h), d[i], 1e-7, name)
		}
	}

	step := func(x *G.Node, s expState, _ expParams) (*G.Node, expState, error) {
		b := NewBuilder(x, &s)
		y, err := G.Log2(b.Exp(s.V))
		b.Fail(err)
		return b.Add(x, y), expState{b.Add(s.V, x)}, b.Err()
	}
	g := G.NewGraph()
	xs := G.NewTensor(g, G.Float64, 3, G.WithName("xs"), G.WithShape(3, 2, 3))
	r, err := Scan(step, xs, nil, expParams{})
	require.NoError(t, err)
	loss, err := G.Sum(r.Out)
	require.NoError(t, err)
	_, _, err = Grad(loss, xs)
	require.ErrorContains(t, err, "graph: gradient of scan: gorgonia's gradient of log2 is wrong; take gorgonia.Log and scale it by 1/ln 2")
}
