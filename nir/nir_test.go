package nir_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/nir"
)

// f8 and f4 return arrays of floats, i8 of whole numbers.
func f8(v []float64, shape ...int) nir.Array { return nir.Of(v, shape...) }
func f4(v []float64, shape ...int) nir.Array {
	f := make([]float32, len(v))
	for i := range v {
		f[i] = float32(v[i])
	}
	return nir.Of(f, shape...)
}

func i8(v ...int64) nir.Array {
	if len(v) == 1 {
		return nir.Of(v)
	}
	return nir.Of(v, len(v))
}

// list is i8 with an axis, also of one element.
func list(v ...int64) nir.Array { return nir.Of(v, len(v)) }

// uniform returns n numbers between lo and hi.
func uniform(r *rand.Rand, n int, lo, hi float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = lo + (hi-lo)*r.Float64()
	}
	return v
}

type params = map[string]nir.Array

func node(kind string, p params) *nir.Node { return &nir.Node{Type: kind, Params: p} }

// chain joins nodes called n0, n1, … one after the other, between input and output.
func chain(in, out []int64, nodes ...*nir.Node) *nir.Graph {
	g := &nir.Graph{Nodes: map[string]*nir.Node{
		"input": node("Input", params{"shape": list(in...)}), "output": node("Output", params{"shape": list(out...)}),
	}}
	before := "input"
	for i, n := range nodes {
		name := fmt.Sprintf("n%d", i)
		g.Nodes[name] = n
		g.Edges = append(g.Edges, nir.Edge{From: before, To: name})
		before = name
	}
	g.Edges = append(g.Edges, nir.Edge{From: before, To: "output"})
	return g
}

// everything returns a network with a node of each type that has shapes as the others.
func everything() *nir.Graph {
	r := rand.New(rand.NewPCG(1, 2))
	n := 8
	pop := func(lo, hi float64, shape ...int) nir.Array {
		size := 1
		for _, d := range shape {
			size *= d
		}
		return f8(uniform(r, size, lo, hi), shape...)
	}
	cuba := params{"tau_syn": pop(1e-3, 9e-3, n), "tau_mem": pop(1e-3, 9e-3, n), "r": pop(1, 2, n), "v_leak": pop(0, 0.1, n), "v_threshold": pop(1, 2, n), "v_reset": pop(0, 0.2, n), "w_in": pop(1, 2, n)}
	inner := chain([]int64{8}, []int64{8},
		node("CubaLIF", cuba),
		node("Linear", params{"weight": f4(uniform(r, 64, -1, 1), 8, 8)}))
	inner.Edges = append(inner.Edges, nir.Edge{From: "n1", To: "n0"})
	inner.Metadata = nir.Metadata{"note": nir.Of([]string{"inside"})}
	g := chain([]int64{2, 6, 6}, []int64{3},
		node("Conv2d", params{
			"weight": f4(uniform(r, 4*2*9, -1, 1), 4, 2, 3, 3), "bias": f4(uniform(r, 4, 0, 1), 4), "input_shape": list(6, 6),
			"stride": list(1, 1), "padding": list(1, 1), "dilation": list(1, 1), "groups": i8(1),
		}),
		node("IF", params{"r": pop(500, 1500, 4, 6, 6), "v_threshold": pop(1, 1.1, 4, 6, 6)}),
		node("SumPool2d", params{"kernel_size": list(2, 2), "stride": list(2, 2), "padding": list(0, 0)}),
		node("AvgPool2d", params{"kernel_size": list(3, 3), "stride": list(3, 3), "padding": list(0, 0)}),
		node("Flatten", params{"input_type": list(4, 1, 1), "start_dim": i8(0), "end_dim": i8(-1)}),
		node("Scale", params{"scale": pop(1, 2, 4)}),
		node("Affine", params{"weight": f4(uniform(r, 8*4, -1, 1), 8, 4), "bias": f4(uniform(r, 8, 0, 1), 8)}),
		&nir.Node{Type: "NIRGraph", Graph: inner},
		node("Delay", params{"delay": f8([]float64{0, 1e-3, 2e-3, 2e-3, 0, 0, 5e-3, 0}, 8)}),
		node("LIF", params{"tau": pop(2e-3, 9e-3, n), "r": pop(1, 9, n), "v_leak": pop(0, 0.1, n), "v_threshold": pop(1, 2, n), "v_reset": pop(0, 0.2, n)}),
		node("Flatten", params{"input_type": list(8), "start_dim": i8(0), "end_dim": i8(-1)}),
		node("LI", params{"tau": pop(2e-3, 9e-3, n), "r": pop(1, 9, n), "v_leak": pop(0, 0.1, n)}),
		node("I", params{"r": pop(100, 300, n)}),
		node("Threshold", params{"threshold": pop(0.1, 0.3, n)}),
		node("CubaLI", params{"tau_syn": pop(2e-3, 9e-3, n), "tau_mem": pop(2e-3, 9e-3, n), "r": pop(1, 2, n), "v_leak": pop(0, 0.1, n), "w_in": pop(1, 2, n)}),
		node("Linear", params{"weight": f4(uniform(r, 3*8, -1, 1), 3, 8)}),
	)
	g.Metadata = nir.Metadata{"who": nir.Of([]string{"a test"}), "more": nir.Metadata{"numbers": f4([]float64{1, 2}, 2), "whole": i8(3)}}
	g.Nodes["n1"].Metadata = nir.Metadata{"rate": nir.Of([]float64{0.5})}
	return g
}

func written(t testing.TB, g *nir.Graph) []byte {
	var b bytes.Buffer
	require.NoError(t, nir.Write(&b, g))
	return b.Bytes()
}

// A network that was written is read as it was, and the bytes are the same each time.
func TestWriteRead(t *testing.T) {
	g := everything()
	b := written(t, g)
	require.Equal(t, b, written(t, g))
	got, err := nir.Read(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	require.ElementsMatch(t, g.Edges, got.Edges)
	got.Edges, g.Edges = nil, nil
	inner, had := got.Nodes["n7"].Graph, g.Nodes["n7"].Graph
	require.ElementsMatch(t, had.Edges, inner.Edges)
	inner.Edges, had.Edges = nil, nil
	for _, g := range []*nir.Graph{g, had} { // what is read has shapes that are not nil
		for _, n := range g.Nodes {
			for name, a := range n.Params {
				if a.Shape == nil {
					a.Shape = []int{}
					n.Params[name] = a
				}
			}
		}
	}
	require.Equal(t, len(g.Nodes), len(got.Nodes))
	for name, n := range g.Nodes {
		if n.Graph == nil {
			require.Equal(t, n.Params, got.Nodes[name].Params, name)
		}
	}
	require.Equal(t, had.Nodes, inner.Nodes)
	require.Equal(t, []string{"inside"}, inner.Metadata["note"].(nir.Array).Data)
	require.Equal(t, []float32{1, 2}, got.Metadata["more"].(nir.Metadata)["numbers"].(nir.Array).Data)
	require.Equal(t, []float64{0.5}, got.Nodes["n1"].Metadata["rate"].(nir.Array).Data)
}

// Shapes follow from the nodes before.
func TestShapes(t *testing.T) {
	s, err := everything().Shapes()
	require.NoError(t, err)
	for name, want := range map[string]nir.Shape{
		"n0": {In: []int{2, 6, 6}, Out: []int{4, 6, 6}}, "n2": {In: []int{4, 6, 6}, Out: []int{4, 3, 3}}, "n3": {In: []int{4, 3, 3}, Out: []int{4, 1, 1}},
		"n4": {In: []int{4, 1, 1}, Out: []int{4}}, "n7": {In: []int{8}, Out: []int{8}}, "output": {In: []int{3}, Out: []int{3}},
	} {
		require.Equal(t, want, s[name], name)
	}
}

// What Python's reader would refuse is refused, by the name of what is wrong.
func TestRefused(t *testing.T) {
	lif := func() *nir.Node {
		return node("LIF", params{"tau": f8([]float64{1, 1}, 2), "r": f8([]float64{1, 1}, 2), "v_leak": f8([]float64{0, 0}, 2), "v_threshold": f8([]float64{1, 1}, 2)})
	}
	small := func(change func(g *nir.Graph)) *nir.Graph {
		g := chain([]int64{2}, []int64{2}, lif())
		change(g)
		return g
	}
	flattened := func(shape ...int64) *nir.Graph {
		return chain([]int64{1}, []int64{1}, node("Flatten", params{"input_type": list(shape...), "start_dim": i8(0), "end_dim": i8(-1)}))
	}
	loop := &nir.Graph{Nodes: map[string]*nir.Node{}}
	loop.Nodes["me"] = &nir.Node{Type: "NIRGraph", Graph: loop}
	for want, g := range map[string]*nir.Graph{
		"nir: the graph is nil": nil,
		`nir: the edge from "n0" to "lif": there is no node "lif", have`:  small(func(g *nir.Graph) { g.Edges = append(g.Edges, nir.Edge{From: "n0", To: "lif"}) }),
		`nir: the edge from "input" to "n0": the shape [3] goes into [2]`: small(func(g *nir.Graph) { g.Nodes["input"].Params["shape"] = list(3) }),
		`nir: node n0: type is "LSNN", want one of Affine, AvgPool2d`:     small(func(g *nir.Graph) { g.Nodes["n0"].Type = "LSNN" }),
		"nir: node n0: it has no array r, which":                          small(func(g *nir.Graph) { delete(g.Nodes["n0"].Params, "r") }),
		"nir: node n0: it has an array w, which a node of type LIF":       small(func(g *nir.Graph) { g.Nodes["n0"].Params["w"] = list(1) }),
		"nir: node n0: r: shape is [1], that of tau is [2], want the same": small(func(g *nir.Graph) {
			g.Nodes["n0"].Params["r"] = f8([]float64{1}, 1)
		}),
		"nir: node n0: tau: elements are a []string, want numbers":                             small(func(g *nir.Graph) { g.Nodes["n0"].Params["tau"] = nir.Of([]string{"a", "b"}, 2) }),
		"nir: node n0: tau: 2 elements for the shape [3]":                                      small(func(g *nir.Graph) { g.Nodes["n0"].Params["tau"] = f8([]float64{1, 1}, 3) }),
		"nir: node n0: it is nil":                                                              small(func(g *nir.Graph) { g.Nodes["n0"] = nil }),
		"stand one in the other more than 32 times":                                            loop,
		"nir: node n0: input_type: [2 -3]: shape [2 -3] has an axis below 0":                   flattened(2, -3),
		"nir: node n0: input_type: [2 0]: want axes of at least 1":                             flattened(2, 0),
		"nir: node n0: input_type: [65536 65536]: shape [65536 65536] has 4294967296 elements": flattened(1<<16, 1<<16),
	} {
		require.ErrorContains(t, nir.Write(&bytes.Buffer{}, g), want)
		require.ErrorContains(t, g.Check(), want)
		_, err := nir.Import(g, 1e-3, nir.Options{})
		require.Error(t, err)
	}
	for _, name := range []string{"a/b", "..", "."} {
		g := small(func(g *nir.Graph) { g.Nodes[name] = lif(); g.Edges = append(g.Edges, nir.Edge{From: "n0", To: name}) })
		require.ErrorContains(t, nir.Write(&bytes.Buffer{}, g), fmt.Sprintf("%q", name))
		require.ErrorContains(t, g.Check(), fmt.Sprintf("%q", name))
	}
}
