package docs_test

import (
	"fmt"
	"hash"
	"math"
	"testing"

	"github.com/chewxy/hm"
	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/loss"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/optim"
)

// The tests here show what docs/gorgonia.md says of Gorgonia, and what stands in
// its place. One that fails with a new Gorgonia means that it has been mended,
// and that a paragraph can go.

// vector returns an input of float64.
func vector(g *G.ExprGraph, name string, x ...float64) *G.Node {
	return graphtest.Node(g, tensor.Float64, name, []int{len(x)}, x)
}

// tape runs a whole graph on a tape machine and returns the values of nodes.
func tape(t *testing.T, nodes ...*G.Node) [][]float64 { return graphtest.Eval(t, nodes...) }

// machined runs a machine.Machine for nodes and returns their values.
func machined(t *testing.T, nodes ...*G.Node) [][]float64 {
	m, err := machine.New(nodes...)
	require.NoError(t, err)
	require.NoError(t, m.Run())
	var vs [][]float64
	for i := range nodes {
		vs = append(vs, graphtest.Floats(m.Value(i)))
	}
	return vs
}

func TestNamesMerge(t *testing.T) {
	g := G.NewGraph()
	a, b := vector(g, "w", 1, 2), vector(g, "w", 10, 20)
	require.Same(t, a, b)
	require.Equal(t, []float64{2, 4}, tape(t, G.Must(G.Add(a, b)))[0], "a + a")

	_, err := graph.Input(g, "w", graphtest.Tensor(tensor.Float64, []int{2}, []float64{10, 20}))
	require.EqualError(t, err, "graph: the graph has a node called w already")
}

// times multiplies by k, and writes a hash that does not tell by which.
type times struct{ k float64 }

func (times) Arity() int                                       { return 1 }
func (times) Type() hm.Type                                    { return hm.NewFnType(hm.TypeVariable('a'), hm.TypeVariable('a')) }
func (times) InferShape(s ...G.DimSizer) (tensor.Shape, error) { return s[0].(tensor.Shape), nil }
func (times) ReturnsPtr() bool                                 { return false }
func (times) CallsExtern() bool                                { return false }
func (times) OverwritesInput() int                             { return -1 }
func (times) WriteHash(h hash.Hash)                            { fmt.Fprint(h, "times") }
func (op times) Hashcode() uint32                              { return uint32(op.k) }
func (op times) String() string                                { return fmt.Sprintf("times %v", op.k) }
func (op times) Do(vs ...G.Value) (G.Value, error) {
	return tensor.Mul(vs[0].(*tensor.Dense), op.k)
}

func TestHashesCollide(t *testing.T) {
	g := G.NewGraph()
	x := vector(g, "x", 1, 2)
	y, z := G.Must(G.ApplyOp(times{3}, x)), G.Must(G.ApplyOp(times{5}, x))
	require.NotSame(t, y, z)
	require.Equal(t, y.Hashcode(), z.Hashcode())
	right := [][]float64{{3, 6}, {5, 10}}
	require.Equal(t, right, machined(t, y, z))
	require.Equal(t, right, tape(t, y, z), "no tape machine is used")

	var vs [2]G.Value
	G.Read(y, &vs[0])
	G.Read(z, &vs[1])
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	require.NoError(t, vm.RunAll())
	require.NotEqual(t, right, [][]float64{graphtest.Floats(vs[0]), graphtest.Floats(vs[1])})
}

func TestInputsOfOneHash(t *testing.T) {
	inputs := func() (x, y *G.Node) {
		g := G.NewGraph()
		return vector(g, "cvkywt", 1, 2), vector(g, "lyaokn", 3, 4)
	}
	x, y := inputs()
	require.NotSame(t, x, y)
	require.Same(t, G.Must(G.Square(x)), G.Must(G.Square(y)))

	for name, c := range map[string]struct {
		f    func(b *graph.Builder, x *G.Node) *G.Node
		x, y []float64
	}{
		"square":  {(*graph.Builder).Square, []float64{1, 4}, []float64{9, 16}},
		"shift":   {func(b *graph.Builder, x *G.Node) *G.Node { return b.Shift(x, graph.Const(2)) }, []float64{3, 4}, []float64{5, 6}},
		"product": {func(b *graph.Builder, v *G.Node) *G.Node { return b.Mul(v, v) }, []float64{1, 4}, []float64{9, 16}},
		"twice":   {func(b *graph.Builder, v *G.Node) *G.Node { return b.Square(b.Square(v)) }, []float64{1, 16}, []float64{81, 256}},
	} {
		t.Run(name, func(t *testing.T) {
			x, y := inputs()
			var b graph.Builder
			fx, fy := c.f(&b, x), c.f(&b, y)
			require.NoError(t, b.Err())
			require.Equal(t, [][]float64{c.x, c.y}, tape(t, fx, fy))
			require.Same(t, fy, c.f(&b, y), "what is one operation stays one node")
		})
	}
}

// In xa + ay both derivatives by a are made of nodes of one hash.
func TestGradientsOfOneHash(t *testing.T) {
	cost := func() (sum, a *G.Node) {
		g := G.NewGraph()
		x, y, a := vector(g, "cvkywt", 1, 2), vector(g, "lyaokn", 3, 4), vector(g, "a", 5, 6)
		return G.Must(G.Sum(G.Must(G.Add(G.Must(G.HadamardProd(x, a)), G.Must(G.HadamardProd(a, y)))))), a
	}
	sum, a := cost()
	wrong, err := G.Grad(sum, a)
	require.NoError(t, err)
	require.Equal(t, [][]float64{{6, 8}}, tape(t, wrong[0]), "gorgonia.Grad gives 2y")

	sum, a = cost()
	ds, _, err := graph.Grad(sum, a)
	require.NoError(t, err)
	require.Equal(t, [][]float64{{4, 6}}, tape(t, ds[0]))
	require.Same(t, ds[0], a.Deriv(), "Node.Grad finds it")
}

func TestConstantsMerge(t *testing.T) {
	g := G.NewGraph()
	zeros, spike := make([]float64, 2000), make([]float64, 2000)
	spike[1000] = 5 // in the middle, which is not printed
	x := vector(g, "x", zeros...)
	c, d := G.NewConstant(tensor.New(tensor.WithBacking(zeros))), G.NewConstant(tensor.New(tensor.WithBacking(spike)))
	y := G.Must(G.Add(G.Must(G.Add(x, c)), d))
	require.Equal(t, 0., tape(t, y)[0][1000])
}

func TestRandomNodesMerge(t *testing.T) {
	g := G.NewGraph()
	a := G.UniformRandomNode(g, tensor.Float64, 0, 1, 3)
	b := G.UniformRandomNode(g, tensor.Float64, 0, 1, 3)
	require.Equal(t, []float64{0, 0, 0}, tape(t, G.Must(G.Sub(a, b)))[0])
	x := vector(g, "x", 1, 1, 1)
	require.Same(t, G.Must(G.Dropout(x, 0.5)), G.Must(G.Dropout(x, 0.5)))

	b1 := layers.NewBuild(1)
	xs := graphtest.Node(g, tensor.Float64, "xs", []int{2, 3, 4}, make([]float64, 24))
	_, err := layers.Sequential{layers.Dropout{P: 0.5}, layers.Dropout{P: 0.5}}.Apply(b1, xs)
	require.NoError(t, err)
	require.Len(t, b1.Masks, 2)
	require.NotSame(t, b1.Masks[0].Node, b1.Masks[1].Node)
}

func TestInnerValues(t *testing.T) {
	g := G.NewGraph()
	square := G.Must(G.Square(vector(g, "a", 1, 2)))
	sum := G.Must(G.Add(square, vector(g, "b", 10, 20)))
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	require.NoError(t, vm.RunAll())
	require.Equal(t, []float64{11, 24}, square.Value().Data(), "the sum, not the square")

	require.Equal(t, [][]float64{{1, 4}, {11, 24}}, machined(t, square, sum))
}

func TestRunWithoutReset(t *testing.T) {
	g := G.NewGraph()
	a := vector(g, "a", 1, 2)
	square := G.Must(G.Square(a))
	var v G.Value
	G.Read(square, &v)
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	require.NoError(t, vm.RunAll())
	let := func() { require.NoError(t, G.Let(a, graphtest.Tensor(tensor.Float64, []int{2}, []float64{3, 4}))) }
	let()
	require.NoError(t, vm.RunAll())
	require.Equal(t, []float64{1, 4}, v.Data(), "nothing was run")
	vm.Reset()
	require.NoError(t, vm.RunAll())
	require.Equal(t, []float64{9, 16}, v.Data())

	let()
	m, err := machine.New(square)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, m.Run())
		require.Equal(t, []float64{9, 16}, m.Value(0).Data())
	}
}

func TestGradientsAddUp(t *testing.T) {
	g := G.NewGraph()
	a := vector(g, "a", 1, 2)
	grads, _, err := graph.Grad(G.Must(G.Sum(G.Must(G.Square(a)))), a)
	require.NoError(t, err)
	vm := G.NewTapeMachine(g, G.BindDualValues(a))
	defer vm.Close()
	for _, want := range [][]float64{{2, 4}, {4, 8}, {6, 12}} {
		require.NoError(t, vm.RunAll())
		d, err := a.Grad()
		require.NoError(t, err)
		require.Equal(t, want, d.Data())
		vm.Reset()
	}
	sgd := &optim.SGD{LearningRate: 1e-9}
	require.NoError(t, sgd.Step([]G.ValueGrad{a}))
	d, err := a.Grad()
	require.NoError(t, err)
	require.Equal(t, []float64{0, 0}, d.Data(), "an optimiser sets them to zero")

	m, err := machine.New(grads[0])
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, m.Run())
		require.InDeltaSlice(t, []float64{2, 4}, m.Value(0).Data(), 1e-6)
	}
}

func TestUnusedNodesRun(t *testing.T) {
	g := G.NewGraph()
	square := G.Must(G.Square(vector(g, "a", 1, 2)))
	later := G.NewVector(g, tensor.Float64, G.WithName("later"), G.WithShape(2)) // has no value yet
	G.Must(G.Square(later))
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	require.ErrorContains(t, vm.RunAll(), "No value bound to node later")

	require.Equal(t, []float64{1, 4}, machined(t, square)[0])
}

func TestGradWithoutPath(t *testing.T) {
	g := G.NewGraph()
	a, b := vector(g, "a", 1, 2), vector(g, "b", 1, 2)
	cost := G.Must(G.Sum(G.Must(G.Square(a))))
	_, err := G.Grad(cost, a, b)
	require.ErrorContains(t, err, "Non Differentiable WRTs")

	grads, unused, err := graph.Grad(cost, a, b)
	require.NoError(t, err)
	require.Equal(t, []int{1}, unused)
	require.Equal(t, [][]float64{{2, 4}, {0, 0}}, machined(t, grads...))
}

func TestGradTwice(t *testing.T) {
	g := G.NewGraph()
	a, b := vector(g, "a", 1, 2), vector(g, "b", 3, 4)
	product := G.Must(G.HadamardProd(a, b))
	first, second := G.Must(G.Sum(product)), G.Must(G.Sum(G.Must(G.Square(product))))
	_, err := G.Grad(first, a)
	require.NoError(t, err)
	_, err = G.Grad(first, b)
	require.ErrorContains(t, err, "No gradients found")
	ds, err := G.Grad(second, a)
	require.NoError(t, err)
	require.Equal(t, []float64{3, 4}, tape(t, ds[0])[0], "the gradient of the first cost; that of the second is 18, 64")
}

func TestReshapeIsView(t *testing.T) {
	difference := func(reshape func(*G.Node) *G.Node) []float64 {
		g := G.NewGraph()
		square := G.Must(G.Square(vector(g, "a", 1, 2)))
		before := reshape(square)
		after := reshape(G.Must(G.Add(square, vector(g, "b", 10, 20))))
		return tape(t, G.Must(G.Sub(after, before)))[0]
	}
	require.Equal(t, []float64{0, 0}, difference(func(x *G.Node) *G.Node {
		return G.Must(G.Reshape(x, tensor.Shape{2, 1}))
	}), "the sum has overwritten the square")

	require.Equal(t, []float64{10, 20}, difference(func(x *G.Node) *G.Node {
		y, err := graph.Reshape(x, 2, 1)
		require.NoError(t, err)
		return y
	}))
}

func TestSoftmax(t *testing.T) {
	rows := func(x ...float64) *G.Node {
		return graphtest.Node(G.NewGraph(), tensor.Float32, "x", []int{2, 3}, x)
	}
	// A row takes off the first element of the whole matrix, not its own.
	v := tape(t, G.Must(G.SoftMax(rows(0, 0, 0, 100, 0, -100))))[0]
	require.True(t, math.IsNaN(v[3]), "first element of the second row")
	v = tape(t, G.Must(G.LogSoftMax(rows(100, 0, 0, -100, -101, -102))))[0]
	require.True(t, math.IsInf(v[3], 1))
	x := rows(1, 2, 3, 4, 5, 6)
	require.Same(t, G.Must(G.SoftMax(x)), G.Must(G.LogSoftMax(x)))

	x = rows(0, 0, 0, 100, 0, -100)
	labels := graphtest.Node(x.Graph(), tensor.Float32, "labels", []int{2}, []float64{0, 2})
	weight := graphtest.Node(x.Graph(), tensor.Float32, "weight", []int{2}, []float64{0.5, 0.5})
	cost, err := loss.CrossEntropy{}.Cost(x, labels, weight)
	require.NoError(t, err)
	require.InDelta(t, math.Log(3)/2+100, machined(t, cost)[0][0], 1e-4)
}

func TestDivisionByZero(t *testing.T) {
	g := G.NewGraph()
	v := tape(t, G.Must(G.HadamardDiv(vector(g, "a", 0, -1, 1), vector(g, "b", 0, 0, 0))))[0]
	inf := math.Inf(1)
	require.Equal(t, []float64{inf, inf, inf}, v)
}

func TestInverseSqrtGradient(t *testing.T) {
	x := vector(G.NewGraph(), "x", 0.3)
	ds, err := G.Grad(G.Must(G.Sum(G.Must(G.InverseSqrt(x)))), x)
	require.NoError(t, err)
	require.InDelta(t, -0.082, tape(t, ds[0])[0][0], 1e-3, "want −½ x^−1.5 = −3.04")

	x = vector(G.NewGraph(), "x", 0.3)
	_, _, err = graph.Grad(G.Must(G.Sum(G.Must(G.InverseSqrt(x)))), x)
	require.EqualError(t, err, "graph: gradient: gorgonia's gradient of invSqrt is wrong; take Builder.Inv of Builder.Sqrt")

	x = vector(G.NewGraph(), "x", 0.3)
	var b graph.Builder
	ds, _, err = graph.Grad(G.Must(G.Sum(b.Inv(b.Sqrt(x)))), x)
	require.NoError(t, err)
	require.InDelta(t, -3.043, tape(t, ds[0])[0][0], 1e-3)
}

func TestLog2Gradient(t *testing.T) {
	x := vector(G.NewGraph(), "x", 0.5)
	ds, err := G.Grad(G.Must(G.Sum(G.Must(G.Log2(x)))), x)
	require.NoError(t, err)
	require.InDelta(t, 2*math.Ln2, tape(t, ds[0])[0][0], 1e-12, "want 1/(x ln 2) = 2.885")

	x = vector(G.NewGraph(), "x", 0.5)
	_, _, err = graph.Grad(G.Must(G.Sum(G.Must(G.Log2(x)))), x)
	require.EqualError(t, err, "graph: gradient: gorgonia's gradient of log2 is wrong; take gorgonia.Log and scale it by 1/ln 2")

	x = vector(G.NewGraph(), "x", 0.5)
	var b graph.Builder
	ds, _, err = graph.Grad(G.Must(G.Sum(b.Scale(G.Must(G.Log(x)), graph.Const(1/math.Ln2)))), x)
	require.NoError(t, err)
	require.InDelta(t, 2/math.Ln2, tape(t, ds[0])[0][0], 1e-12)
}

func TestRectifyGradient(t *testing.T) {
	x := vector(G.NewGraph(), "x", -1, 0, 1)
	ds, err := G.Grad(G.Must(G.Sum(G.Must(G.Rectify(x)))), x)
	require.NoError(t, err)
	require.Equal(t, []float64{0, 1, 1}, tape(t, ds[0])[0])

	x = vector(G.NewGraph(), "x", -1, 0, 1)
	var b graph.Builder
	ds, _, err = graph.Grad(G.Must(G.Sum(b.Relu(x))), x)
	require.NoError(t, err)
	require.Equal(t, []float64{0, 0, 1}, tape(t, ds[0])[0])
}

func TestSigmoidIsCut(t *testing.T) {
	x := graphtest.Node(G.NewGraph(), tensor.Float64, "x", []int{2}, []float64{19, 19.5})
	v := tape(t, G.Must(G.Sigmoid(x)))[0]
	require.Less(t, v[0], 1.)
	require.Equal(t, 1., v[1], "1 − 3.4e-9")
}

// twoSteps takes two steps on w² from 1 and returns w.
func twoSteps(t *testing.T, s G.Solver, scalar bool) float64 {
	t.Helper()
	g := G.NewGraph()
	shape := []int{2}
	if scalar {
		shape = nil
	}
	w := graphtest.Node(g, tensor.Float64, "w", shape, []float64{1, 1})
	cost := G.Must(G.Square(w))
	if !scalar {
		cost = G.Must(G.Sum(cost))
	}
	_, err := G.Grad(cost, w)
	require.NoError(t, err)
	vm := G.NewTapeMachine(g, G.BindDualValues(w))
	defer vm.Close()
	for range 2 {
		require.NoError(t, vm.RunAll())
		require.NoError(t, s.Step([]G.ValueGrad{w}))
		vm.Reset()
	}
	return graphtest.Floats(w.Value())[0]
}

func TestSolvers(t *testing.T) {
	require.Equal(t, twoSteps(t, G.NewAdaGradSolver(), false), twoSteps(t, G.NewAdaGradSolver(G.WithLearnRate(0.1)), false), "the rate is ignored")
	require.InDelta(t, 0.46, twoSteps(t, G.NewMomentum(G.WithLearnRate(0.1)), false), 1e-12)
	require.InDelta(t, 0.64, twoSteps(t, G.NewMomentum(G.WithLearnRate(0.1)), true), 1e-12, "a scalar has no momentum")
	require.Panics(t, func() { twoSteps(t, G.NewAdamW(), true) })

	for _, scalar := range []bool{false, true} {
		require.InDelta(t, 0.46, twoSteps(t, &optim.SGD{LearningRate: 0.1, Momentum: 0.9}, scalar), 1e-12)
		require.InDelta(t, 1-2e-3, twoSteps(t, optim.NewAdamW(1e-3, 0), scalar), 1e-6)
	}
}

func TestLispMachine(t *testing.T) {
	build := func() (xs, cost *G.Node) {
		xs = graphtest.Node(G.NewGraph(), tensor.Float64, "xs", []int{20, 1, 1}, make([]float64, 20))
		var b graph.Builder
		run, err := graph.Scan(neurons.LIFStep, b.Shift(xs, graph.Const(0.8)), nil, neurons.DefaultLIFParams())
		require.NoError(t, err)
		require.NoError(t, b.Err())
		return xs, G.Must(G.Sum(run.Out))
	}
	xs, cost := build()
	ds, _, err := graph.Grad(cost, xs)
	require.NoError(t, err)
	want := machined(t, ds[0])[0]
	require.NotZero(t, want[0])
	xs, cost = build()
	ds, _, err = graph.Grad(cost, xs)
	require.NoError(t, err)
	var got G.Value
	G.Read(ds[0], &got)
	lisp := G.NewLispMachine(xs.Graph(), G.ExecuteFwdOnly())
	defer lisp.Close()
	require.NoError(t, lisp.RunAll())
	require.Equal(t, want, got.Data(), "gradients that are nodes")
}
