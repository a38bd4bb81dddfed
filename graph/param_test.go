package graph_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/fields"
)

// A constrained parameter starts at the value that was asked for, its gradient is
// that of finite differences through the constraint, scanned and unrolled.
func TestConstraint(t *testing.T) {
	for _, c := range []graph.Constraint{{}, graph.Exp, graph.Softplus, graph.Sigmoid, graph.Clip(0.1, 0.9)} {
		t.Run(c.String(), func(t *testing.T) {
			start, err := c.Inverse(0.7)
			require.NoError(t, err)
			run := func(scan bool, theta float64) (out, d []float64) {
				g := G.NewGraph()
				xs := graphtest.Node(g, tensor.Float64, "xs", []int{5, 2, 3}, graphtest.Random(30, 1))
				n := graphtest.Node(g, tensor.Float64, "theta", []int{1}, []float64{theta})
				f := unrolled(driftOnly)
				if scan {
					f = scanned(driftOnly)
				}
				r, err := f(xs, nil, leaky{Decay: graph.LearnIn(n, c)})
				require.NoError(t, err)
				loss := graphtest.Loss(t, []*G.Node{r.Out}, [][]float64{graphtest.Random(30, 2)})
				ds, vs := graphtest.Grads(t, loss, []*G.Node{n}, []*G.Node{loss})
				return vs[0], ds[0]
			}
			_, want := run(false, start)
			_, got := run(true, start)
			graphtest.Close(t, "gradient", want, got, 1e-12)
			graphtest.CheckDirection(t, func(x []float64) float64 { v, _ := run(true, x[0]); return v[0] }, []float64{start}, got, 1e-6)
		})
	}
	_, err := graph.Exp.Inverse(-1)
	require.EqualError(t, err, "graph: constraint exp: the parameter is -1, want a positive number")
	_, err = graph.Clip(0, 1).Inverse(2)
	require.EqualError(t, err, "graph: constraint clip to [0, 1]: the parameter is 2, want a number from 0 to 1")
	x, err := graph.Softplus.Inverse(1000)
	require.NoError(t, err)
	require.InDelta(t, 1000, x, 1e-9)
	x, err = graph.Sigmoid.Inverse(0.25)
	require.NoError(t, err)
	require.InDelta(t, math.Log(1./3), x, 1e-12)
}

// What a constraint makes of a node is undone by its inverse, and its name finds it.
func TestConstraintThereAndBack(t *testing.T) {
	for _, c := range []graph.Constraint{{}, graph.Exp, graph.Softplus, graph.Sigmoid, graph.Clip(-20, 20.5), graph.Clip(-1e-300, 1./3), graph.Clip(math.Inf(-1), 2)} {
		for _, x := range []float64{-12, -0.5, 0, 1e-3, 1.5, 14} {
			if v := c.Apply(x); v == x || !strings.HasPrefix(c.String(), "clip") {
				back, err := c.Inverse(v)
				require.NoError(t, err)
				require.InDelta(t, x, back, 1e-9, c)
			}
		}
		text, err := c.MarshalText()
		require.NoError(t, err)
		var found graph.Constraint
		require.NoError(t, found.UnmarshalText(text))
		require.Equal(t, c, found)
	}
	var c graph.Constraint
	for _, text := range []string{"", "Exp", "exp ", "clip", "clip to [1, 2", "clip to [1, 2]]", "clip to [NaN, 2]"} {
		require.Error(t, c.UnmarshalText([]byte(text)), text)
	}
	require.EqualError(t, c.UnmarshalText([]byte("tight")), `graph: got constraint "tight", want none, exp, softplus, sigmoid or clip to [lower, upper]`)
}

// The values of a parameter are those of its node within the constraint.
func TestParamValues(t *testing.T) {
	vs, err := graph.Const(3).Values()
	require.NoError(t, err)
	require.Equal(t, []float64{3}, vs)
	for _, c := range []graph.Constraint{{}, graph.Exp, graph.Softplus, graph.Sigmoid, graph.Clip(0.1, 0.9)} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			want := []float64{0.2, 0.7}
			at := make([]float64, 2)
			for i, v := range want {
				at[i], err = c.Inverse(v)
				require.NoError(t, err)
			}
			vs, err = graph.LearnIn(graphtest.Node(G.NewGraph(), dt, "theta", []int{2}, at), c).Values()
			require.NoError(t, err)
			require.InDeltaSlice(t, want, vs, 1e-7, c.String())
		}
	}
	g := G.NewGraph()
	for dt, v := range map[tensor.Dtype]any{tensor.Float32: float32(2), tensor.Float64: 2.} {
		vs, err = graph.Learn(G.NewScalar(g, dt, G.WithName(dt.String()), G.WithValue(v))).Values()
		require.NoError(t, err)
		require.Equal(t, []float64{2}, vs)
	}
	vs, err = graph.LearnIn(graphtest.Node(g, tensor.Float64, "far", []int{2}, []float64{-900, 900}), graph.Softplus).Values()
	require.NoError(t, err)
	require.Equal(t, []float64{0, 900}, vs)
	_, err = graph.Learn(G.NewVector(g, tensor.Float64, G.WithName("empty"), G.WithShape(2))).Values()
	require.EqualError(t, err, "graph: parameter empty has no value")
	_, err = graph.Learn(G.NewScalar(g, tensor.Int, G.WithName("whole"), G.WithValue(2))).Values()
	require.EqualError(t, err, "graph: parameter whole is of type int, want float32 or float64")
}

// driftOnly is v ← decay·v + x without a threshold, smooth in everything.
func driftOnly(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
	b := graph.NewBuilder(x, &s)
	v := b.Add(b.Scale(s.V, p.Decay), x)
	return v, leakyState{v}, b.Err()
}

// A parameter with a default counts as that until it is given, also as 0, and also
// inside another struct.
func TestDefault(t *testing.T) {
	type peaked struct {
		VTh   graph.Param
		VPeak graph.Param `default:"VTh"`
		Dt    float64
	}
	type outer struct{ Inner peaked }
	require.False(t, graph.Param{}.Given())
	require.True(t, graph.Const(0).Given())
	require.True(t, graph.Learn(nil).Is(0), "a nil node is none")
	n := graphtest.Node(G.NewGraph(), tensor.Float64, "n", []int{1}, []float64{1})
	require.True(t, graph.Learn(n).Given())
	require.True(t, graph.LearnIn(n, graph.Exp).Given())

	p := outer{peaked{VTh: graph.Const(-50)}}
	for _, name := range []string{"VPeak", "v_peak", "inner.v_peak", "VTh"} {
		got, err := fields.Default(&p, name)
		require.NoError(t, err)
		require.Same(t, &p.Inner.VTh, got, name)
	}
	p.Inner.VPeak = graph.Const(0)
	got, err := fields.Default(&p, "VPeak")
	require.NoError(t, err)
	require.Same(t, &p.Inner.VPeak, got)
	_, err = fields.Default(&p, "Dt")
	require.EqualError(t, err, "graph: Dt is a float64, want a graph.Param")
	_, err = fields.Default(&p, "tau")
	require.EqualError(t, err, `graph: graph_test.outer has no field "tau"`)
	_, err = fields.Default(p, "VPeak")
	require.EqualError(t, err, "graph: got a graph_test.outer, want a pointer to a struct")
	_, err = fields.Default(&struct {
		V graph.Param `default:"Dt"`
	}{}, "V")
	require.ErrorContains(t, err, `has no field "Dt"`)
}
