package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/machine"
)

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
			m, err := machine.New(n)
			require.NoError(t, err)
			require.NoError(t, m.Run())
			if v, ok := m.Value(0).Data().(float64); ok {
				return []float64{v}
			}
			return m.Value(0).Data().([]float64)
		}
		cost, in := sum(x)
		ds, _, err := graph.Grad(cost, in)
		if name == "invSqrt" || name == "log2" {
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

	step := func(x *G.Node, s leakyState, _ leaky) (*G.Node, leakyState, error) {
		b := graph.NewBuilder(x, &s)
		y, err := G.Log2(b.Exp(s.V))
		b.Fail(err)
		return b.Add(x, y), leakyState{b.Add(s.V, x)}, b.Err()
	}
	g := G.NewGraph()
	xs := G.NewTensor(g, G.Float64, 3, G.WithName("xs"), G.WithShape(3, 2, 3))
	r, err := graph.Scan(step, xs, nil, leaky{})
	require.NoError(t, err)
	loss, err := G.Sum(r.Out)
	require.NoError(t, err)
	_, _, err = graph.Grad(loss, xs)
	require.ErrorContains(t, err, "graph: gradient of scan: gorgonia's gradient of log2 is wrong; take gorgonia.Log and scale it by 1/ln 2")
}
