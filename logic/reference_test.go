package logic_test

import (
	"cmp"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/logic"
)

// owned are the functions of the reference values that this package answers
// for, each with the names of its inputs in the order of the arguments.
var owned = map[string]struct {
	inputs []string
	f      func(b *graph.Builder, in []*G.Node) *G.Node
}{
	"logical_and":      {[]string{"x", "y"}, two(logic.And)},
	"logical_or":       {[]string{"x", "y"}, two(logic.Or)},
	"logical_xor":      {[]string{"x", "y"}, two(logic.Xor)},
	"posedge_detector": {[]string{"z", "z_prev"}, two(logic.RisingEdge)},
	"muller_c": {[]string{"y_prev", "x_1", "x_2"}, func(b *graph.Builder, in []*G.Node) *G.Node {
		return logic.MullerC(b, in[0], in[1], in[2])
	}},
}

func two(f func(b *graph.Builder, x, y *G.Node) *G.Node) func(*graph.Builder, []*G.Node) *G.Node {
	return func(b *graph.Builder, in []*G.Node) *G.Node { return f(b, in[0], in[1]) }
}

func TestReference(t *testing.T) {
	dir := cmp.Or(os.Getenv("REFERENCE_DIR"), "testdata/reference")
	for _, c := range graphtest.Cases(t, dir) {
		fn, ok := owned[c.Function]
		if !ok {
			// A folder with the cases of all packages has those of others.
			require.NotEqual(t, "testdata/reference", dir, "no such function: %s", c.Function)
			continue
		}
		for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-9, tensor.Float32: 1e-4} {
			t.Run(c.Function+"/"+c.Name+"/"+dt.String(), func(t *testing.T) {
				require.Empty(t, c.Params, "unknown parameters")
				require.Len(t, c.Inputs, len(fn.inputs))
				g := G.NewGraph()
				in := make([]*G.Node, len(fn.inputs))
				for i, name := range fn.inputs {
					a, ok := c.Inputs[name]
					require.True(t, ok, "no input %s", name)
					in[i] = graphtest.Node(g, dt, name, a.Shape, a.Data)
				}
				var b graph.Builder
				z := fn.f(&b, in)
				require.NoError(t, b.Err())
				loss := graphtest.Loss(t, []*G.Node{z}, [][]float64{c.Cotangents["z"].Data})
				grads, values := graphtest.Grads(t, loss, in, []*G.Node{z})
				require.Equal(t, c.Outputs["z"].Data, values[0])
				for i, name := range fn.inputs {
					graphtest.Close(t, "gradient of "+name, c.Grads[name].Data, grads[i], tol)
				}
			})
		}
	}
}
