package graph_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
)

// A linearModel is equations of n neurons in a batch of one,
//
//	ds_i/dt = r_i (Σ_j c_ij s_j + u_i) + [i = 0] s_0 g/dt,
//
// each number of which may differ from neuron to neuron.
type linearModel struct {
	n, k    int
	dt      float64
	s, r, u [][]float64   // [k][n]
	c       [][][]float64 // [k][k][n]; nil for 0
	g       []float64     // [n×n]; nil for no coupling
}

// randomModel returns a model whose numbers are about as large as rate, with the
// coefficients that are not 0 where the pattern has an x.
func randomModel(n int, rate float64, coupled bool, pattern ...string) linearModel {
	seed := uint64(n)
	next := func(m int, mean, deviation float64) []float64 {
		seed++
		x := graphtest.Random(m, seed)
		for i := range x {
			x[i] = mean + deviation*x[i]
		}
		return x
	}
	m := linearModel{n: n, k: len(pattern), dt: 0.25, c: make([][][]float64, len(pattern))}
	for i, row := range pattern {
		m.s, m.u = append(m.s, next(n, 0, 1)), append(m.u, next(n, 0, 1))
		m.r = append(m.r, next(n, rate, rate/5))
		for j, x := range row {
			mean := 0.3
			if i == j {
				mean = -1
			}
			m.c[i] = append(m.c[i], nil)
			if x == 'x' {
				m.c[i][j] = next(n, mean, 0.3)
			}
		}
	}
	if coupled {
		m.g = next(n*n, 0, 0.3*rate*m.dt)
		for i := range n {
			m.g[i*n+i] -= rate * m.dt
		}
	}
	return m
}

// exact returns the states after dt: with the row (s, 1), that times the exponential
// of the matrix of the equations.
func (m linearModel) exact() [][]float64 {
	size := m.k*m.n + 1
	a := mat.NewDense(size, size, nil)
	s := mat.NewDense(1, size, nil)
	s.Set(0, size-1, 1)
	for i := range m.k {
		for p := range m.n {
			to := i*m.n + p
			s.Set(0, to, m.s[i][p])
			a.Set(size-1, to, m.dt*m.r[i][p]*m.u[i][p])
			for j, c := range m.c[i] {
				if c != nil {
					a.Set(j*m.n+p, to, m.dt*m.r[i][p]*c[p])
				}
			}
		}
	}
	if m.g != nil {
		for p := range m.n {
			for q := range m.n {
				a.Set(p, q, a.At(p, q)+m.g[p*m.n+q])
			}
		}
	}
	var e, y mat.Dense
	e.Exp(a)
	y.Mul(s, &e)
	out := make([][]float64, m.k)
	for i := range out {
		out[i] = append(out[i], y.RawRowView(0)[i*m.n:(i+1)*m.n]...)
	}
	return out
}

// flow builds a time step of the model and returns the states after it and all inputs.
// learn says which parameters are nodes: "nothing", "numbers", of which that of the
// first neuron counts, or "neurons", one value each.
func (m linearModel) flow(t *testing.T, dt tensor.Dtype, learn string) (next, inputs G.Nodes) {
	g := G.NewGraph()
	var b graph.Builder
	node := func(name string, x []float64, shape ...int) *G.Node {
		n := graphtest.Node(g, dt, name, shape, x)
		inputs = append(inputs, n)
		return n
	}
	param := func(name string, x []float64) graph.Param {
		switch learn {
		case "nothing":
			return graph.Const(x[0])
		case "numbers":
			return graph.Learn(node(name, x[:1]))
		}
		return graph.Learn(node(name, x, m.n))
	}
	var states G.Nodes
	for i, s := range m.s {
		states = append(states, node(fmt.Sprint("s", i), s, 1, m.n))
	}
	var eqs []graph.Equation
	for i := range m.k {
		d := node(fmt.Sprint("u", i), m.u[i], 1, m.n)
		var linear []graph.Param
		for j, c := range m.c[i] {
			p := graph.Const(0)
			if c != nil {
				p = param(fmt.Sprint("c", i, j), c)
				d = b.Add(d, b.Scale(states[j], p))
			}
			linear = append(linear, p)
		}
		eqs = append(eqs, graph.Equation{State: states[i], TauInv: param(fmt.Sprint("r", i), m.r[i]), D: d, Linear: linear})
	}
	how := graph.Exponential
	if m.g != nil {
		how = how.Coupled(node("g", m.g, m.n, m.n))
	}
	f := how.Flow(&b, m.dt, eqs...)
	for i := range eqs {
		next = append(next, f.Next(i))
	}
	require.NoError(t, b.Err())
	require.Equal(t, m.g != nil, how.Taken())
	return next, inputs
}

// uniform returns the model with the numbers of the first neuron for all.
func (m linearModel) uniform() linearModel {
	same := func(x []float64) []float64 {
		if x == nil {
			return nil
		}
		y := make([]float64, len(x))
		for i := range y {
			y[i] = x[0]
		}
		return y
	}
	u := m
	u.r, u.c = nil, nil
	for i := range m.k {
		u.r = append(u.r, same(m.r[i]))
		u.c = append(u.c, nil)
		for _, c := range m.c[i] {
			u.c[i] = append(u.c[i], same(c))
		}
	}
	return u
}

var flowModels = []struct {
	name  string
	model linearModel
}{
	{"one", randomModel(3, 4, false, "x")},
	{"chain", randomModel(3, 4, false, "xx", ".x")},
	{"loop", randomModel(4, 4, false, "xx", "xx")},
	{"loop with a source", randomModel(3, 6, false, "xxx", "xx.", "..x")},
	{"two systems", randomModel(3, 4, false, "x.x", ".x.", "x.x")},
	{"integrators", randomModel(3, 4, false, ".x", "..")},
	{"slow", randomModel(3, 1e-7, false, "xx", "xx")},
	{"coupled", randomModel(3, 4, true, "x")},
	{"coupled chain", randomModel(2, 4, true, "xx", ".x")},
	{"coupled loop with a source", randomModel(3, 4, true, "xxx", "xx.", "..x")},
	{"coupled beside others", randomModel(3, 4, true, "x..", ".xx", ".xx")},
	{"many coupled", randomModel(11, 2, true, "xx", "xx")},
}

// One step of the exponential method is the exponential of the matrix, whatever is
// learnt.
func TestFlowIsExact(t *testing.T) {
	for _, c := range flowModels {
		for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 2e-5} {
			for _, learn := range []string{"nothing", "numbers", "neurons"} {
				t.Run(fmt.Sprintf("%s/%v/%s", c.name, dt, learn), func(t *testing.T) {
					m := c.model
					if learn != "neurons" {
						m = m.uniform()
					}
					next, _ := m.flow(t, dt, learn)
					got := graphtest.Eval(t, next...)
					for i, want := range m.exact() {
						graphtest.Close(t, fmt.Sprint("state ", i), want, got[i], tol)
					}
				})
			}
		}
	}
}

// The gradients of states, parameters and coupling are those of finite differences.
func TestFlowGradients(t *testing.T) {
	for _, c := range flowModels {
		for _, learn := range []string{"numbers", "neurons"} {
			t.Run(c.name+"/"+learn, func(t *testing.T) {
				next, inputs := c.model.flow(t, tensor.Float64, learn)
				var weights [][]float64
				for i, n := range next {
					weights = append(weights, graphtest.Random(n.Shape().TotalSize(), uint64(i)))
				}
				loss := graphtest.Loss(t, next, weights)
				ds, _, err := graph.Grad(loss, inputs...)
				require.NoError(t, err)
				machine, err := machine.New(append(G.Nodes{loss}, ds...)...)
				require.NoError(t, err)
				value := func() float64 {
					require.NoError(t, machine.Run())
					return graphtest.Floats(machine.Value(0))[0]
				}
				value()
				for i, in := range inputs {
					d, x := graphtest.Floats(machine.Value(i+1)), graphtest.Floats(in.Value())
					set := func(x []float64) float64 {
						if in.IsScalar() {
							require.NoError(t, G.Let(in, x[0]))
						} else {
							require.NoError(t, G.Let(in, graphtest.Tensor(tensor.Float64, in.Shape(), x)))
						}
						return value()
					}
					graphtest.CheckDirection(t, set, x, d, 1e-7)
					set(x)
				}
			})
		}
	}
}

// A pair of states that turn about each other, with eigenvalues that are complex, one
// or two, and a matrix without an inverse: in closed form.
func TestFlowOfPairs(t *testing.T) {
	const dt, a = 0.5, 1.2
	for _, c := range []struct {
		name   string
		linear [4]float64
		want   [4]float64 // the exponential, from row to column
	}{
		{"turning", [4]float64{0, -a, a, 0}, [4]float64{math.Cos(a * dt), math.Sin(a * dt), -math.Sin(a * dt), math.Cos(a * dt)}},
		{"defective", [4]float64{-a, 1, 0, -a}, [4]float64{math.Exp(-a * dt), 0, dt * math.Exp(-a*dt), math.Exp(-a * dt)}},
		{"saddle", [4]float64{0, a, a, 0}, [4]float64{math.Cosh(a * dt), math.Sinh(a * dt), math.Sinh(a * dt), math.Cosh(a * dt)}},
		{"singular", [4]float64{0, a, 0, 0}, [4]float64{1, 0, a * dt, 1}},
		{"nothing", [4]float64{}, [4]float64{1, 0, 0, 1}},
	} {
		for row := range 2 {
			m := linearModel{n: 1, k: 2, dt: dt, s: [][]float64{{0}, {0}}, r: [][]float64{{1}, {1}}, u: [][]float64{{0}, {0}}}
			m.s[row][0] = 1
			for i := range 2 {
				m.c = append(m.c, [][]float64{{c.linear[2*i]}, {c.linear[2*i+1]}})
			}
			for _, learn := range []string{"nothing", "neurons"} {
				next, _ := m.flow(t, tensor.Float64, learn)
				got := graphtest.Eval(t, next...)
				require.InDeltaSlice(t, c.want[2*row:2*row+2], []float64{got[0][0], got[1][0]}, 1e-15, "%s, row %d", c.name, row)
			}
		}
	}
}

// What is slow keeps its digits beside what is fast, as long as the rates are 300 powers
// of ten apart.
func TestStiffFlow(t *testing.T) {
	for _, rate := range []float64{1e3, 1e9, 1e30, 1e300} {
		m := linearModel{
			n: 1, k: 2, dt: 1, s: [][]float64{{0}, {1}}, r: [][]float64{{rate}, {0.1}}, u: [][]float64{{0}, {0}},
			c: [][][]float64{{{-1}, {1}}, {nil, {-1}}},
		}
		for _, learn := range []string{"nothing", "neurons"} {
			next, _ := m.flow(t, tensor.Float64, learn)
			got := graphtest.Eval(t, next...)
			require.InEpsilon(t, rate/(rate-0.1)*math.Exp(-0.1), got[0][0], 1e-14, "rate %v", rate)
			require.InEpsilon(t, math.Exp(-0.1), got[1][0], 1e-14, "rate %v", rate)
		}
	}
}

// Euler's method couples, too, and a gate leaves nothing but the coupling.
func TestGate(t *testing.T) {
	for _, how := range []graph.Integration{graph.Euler, graph.Exponential} {
		g := G.NewGraph()
		node := func(name string, x ...float64) *G.Node {
			return graphtest.Node(g, tensor.Float64, name, []int{1, 2}, x)
		}
		var b graph.Builder
		v, i := node("v", 1, -2), node("i", 5, 7)
		eqs := func(gate *G.Node) []graph.Equation {
			return []graph.Equation{
				{State: v, TauInv: graph.Const(3), D: b.Sub(i, v), Linear: []graph.Param{graph.Const(-1), graph.Const(1)}, Gate: gate},
				{State: i, TauInv: graph.Const(2), Gate: gate},
			}
		}
		coupling := graphtest.Node(g, tensor.Float64, "g", []int{2, 2}, []float64{-0.1, 0.1, 0.1, -0.1})
		all := how.Flow(&b, 0.25, eqs(nil)...)
		open, shut := how.Flow(&b, 0.25, eqs(node("open", 1, 1))...), how.Flow(&b, 0.25, eqs(node("shut", 0, 0))...)
		half := how.Flow(&b, 0.25, eqs(node("half", 1, 0))...)
		coupled := how.Coupled(coupling).Flow(&b, 0.25, eqs(node("closed", 0, 0))...)
		require.NoError(t, b.Err())
		got := graphtest.Eval(t, all.Next(0), all.Next(1), open.Next(0), open.Next(1), shut.Next(0), shut.Next(1),
			half.Next(0), half.Next(1), coupled.Next(0), coupled.Next(1))
		require.NoError(t, b.Err())
		require.InDeltaSlice(t, got[0], got[2], 1e-15)
		require.InDeltaSlice(t, got[1], got[3], 1e-15)
		require.Equal(t, []float64{1, -2}, got[4])
		require.Equal(t, []float64{5, 7}, got[5])
		require.InDeltaSlice(t, []float64{got[0][0], -2}, got[6], 1e-15)
		require.InDeltaSlice(t, []float64{got[1][0], 7}, got[7], 1e-15)
		if how == graph.Euler {
			require.InDeltaSlice(t, []float64{1 - 0.3, -2 + 0.3}, got[8], 1e-15)
		} else {
			// The exchange goes on through compartments that leak where they are open.
			require.Less(t, got[8][0], 1.)
			require.Greater(t, got[8][1], -2.)
			require.InDelta(t, -1, got[8][0]+got[8][1], 1e-15)
		}
		require.Equal(t, []float64{5, 7}, got[9])
	}
}

// A state with a Slope is held in the equations of others.
func TestSlopeIsHeldByOthers(t *testing.T) {
	g := G.NewGraph()
	var b graph.Builder
	s := graphtest.Node(g, tensor.Float64, "s", []int{2}, []float64{1, -2})
	var got []*G.Node
	for _, follow := range []float64{0, 0.5} {
		f := graph.Exponential.Flow(&b, 0.25,
			graph.Equation{State: s, TauInv: graph.Const(1), D: s, Slope: func() *G.Node { return s }},
			graph.Equation{State: s, TauInv: graph.Const(2), D: s, Linear: []graph.Param{graph.Const(follow), graph.Const(-1)}})
		got = append(got, f.Next(1))
	}
	require.NoError(t, b.Err())
	vs := graphtest.Eval(t, got...)
	require.Equal(t, vs[0], vs[1])
	require.InDelta(t, 2-math.Exp(-0.5), vs[0][0], 1e-15)
}

// Where a Slope leaves a state alone the coupling moves it, exactly.
func TestCoupledSlope(t *testing.T) {
	g := G.NewGraph()
	var b graph.Builder
	v := graphtest.Node(g, tensor.Float64, "v", []int{1, 2}, []float64{1, -2})
	zero := b.Fill(v, graph.Const(0))
	coupling := graphtest.Node(g, tensor.Float64, "g", []int{2, 2}, []float64{-0.3, 0.3, 0.3, -0.3})
	eq := graph.Equation{State: v, TauInv: graph.Const(1), D: zero, Slope: func() *G.Node { return zero }}
	next := graph.Exponential.Coupled(coupling).Flow(&b, 0.25, eq).Next(0)
	require.NoError(t, b.Err())
	d := 1.5 * math.Exp(-0.6) // half of the difference, which alone falls
	require.InDeltaSlice(t, []float64{-0.5 + d, -0.5 - d}, graphtest.Eval(t, next)[0], 1e-15)
}

// A coupled state that decays by itself is one that d = −s moves.
func TestCoupledDecay(t *testing.T) {
	for _, how := range []graph.Integration{graph.Euler, graph.Exponential} {
		g := G.NewGraph()
		var b graph.Builder
		v := graphtest.Node(g, tensor.Float64, "v", []int{1, 2}, []float64{1, -2})
		coupling := graphtest.Node(g, tensor.Float64, "g", []int{2, 2}, []float64{-0.3, 0.3, 0.1, -0.1})
		short := how.Coupled(coupling).Flow(&b, 0.25, graph.Equation{State: v, TauInv: graph.Const(3)}).Next(0)
		long := how.Coupled(coupling).Flow(&b, 0.25, graph.Equation{State: v, TauInv: graph.Const(3), D: b.Neg(v)}).Next(0)
		require.NoError(t, b.Err())
		got := graphtest.Eval(t, short, long)
		require.InDeltaSlice(t, got[1], got[0], 1e-15)
		if how == graph.Exponential {
			require.InDelta(t, -math.Exp(-0.75), got[0][0]+got[0][1], 1e-15) // nothing is lost but by decay
		} else {
			require.InDeltaSlice(t, []float64{1 - 0.75 - 0.5, -2 + 1.5 + 0.5}, got[0], 1e-15)
		}
	}
}

func TestFlowErrors(t *testing.T) {
	g := G.NewGraph()
	node := func(name string, shape ...int) *G.Node {
		return graphtest.Node(g, tensor.Float64, name, shape, make([]float64, tensor.Shape(shape).TotalSize()))
	}
	v, square, each := node("v", 2, 3), node("square", 3, 3), node("each", 2, 1)
	for want, flow := range map[string]func(b *graph.Builder) *graph.Flow{
		"flow: no equation 0, have 0":   func(b *graph.Builder) *graph.Flow { return graph.Euler.Flow(b, 1) },
		"flow: equation 0 has no state": func(b *graph.Builder) *graph.Flow { return graph.Euler.Flow(b, 1, graph.Equation{}) },
		"flow: equation 0 has no state, and a coupling needs one": func(b *graph.Builder) *graph.Flow {
			return graph.Euler.Coupled(square).Flow(b, 1, graph.Equation{D: v})
		},
		"flow: the coupling is nil": func(b *graph.Builder) *graph.Flow {
			return graph.Euler.Coupled(nil).Flow(b, 1, graph.Equation{State: v})
		},
		"flow: a coupled state has shape [3], want [batch n]": func(b *graph.Builder) *graph.Flow {
			return graph.Exponential.Coupled(square).Flow(b, 1, graph.Equation{State: node("w", 3)})
		},
		"flow: the coupling has shape [2 1], a state of shape [2 3] wants [3 3]": func(b *graph.Builder) *graph.Flow {
			return graph.Exponential.Coupled(each).Flow(b, 1, graph.Equation{State: v})
		},
		"parameter each has shape [2 1], which does not broadcast to [3]": func(b *graph.Builder) *graph.Flow {
			return graph.Exponential.Coupled(square).Flow(b, 1, graph.Equation{State: v, TauInv: graph.Learn(each)})
		},
	} {
		var b graph.Builder
		require.Nil(t, flow(&b).Next(0))
		require.EqualError(t, b.Err(), want)
	}
}
