package graph_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// What keeps a step from being one row for each element is said with the operation.
func TestLoweringSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		f    func(b *graph.Builder, x *G.Node) *G.Node
		rows int
		want []string
	}{
		"element-wise": {func(b *graph.Builder, x *G.Node) *G.Node { return b.Tanh(x) }, 6, []string{
			"forward: rows\n  6 rows\n", "forward: emit\n", "  r0     = add x[t], s0\n  out[t] = tanh r0\n", "forward: code\n",
		}},
		"a call": {func(b *graph.Builder, x *G.Node) *G.Node {
			y, err := G.Transpose(x)
			b.Fail(err)
			return b.Reshape(y, 2, 3)
		}, 1, []string{
			"call (Aᵀ{1, 0}; it is not element-wise)", "not one for each element: ", "not one for each sample: ", "= call Aᵀ{1, 0}",
		}},
		"a number to the power of x": {func(b *graph.Builder, x *G.Node) *G.Node {
			y, err := G.Pow(b.Constant(x, 2, 2, 3), x)
			b.Fail(err)
			return y
		}, 1, []string{"there is no instruction for a number on the left"}},
	} {
		t.Run(name, func(t *testing.T) {
			step := func(x *G.Node, s pair, _ noParams) (*G.Node, pair, error) {
				b := graph.NewBuilder(x, &s)
				y := c.f(b, b.Add(x, s.A))
				return y, s, b.Err()
			}
			xs := graphtest.Node(G.NewGraph(), tensor.Float64, "xs", []int{4, 2, 3}, make([]float64, 24))
			r, err := graph.Scan(step, xs, nil, noParams{})
			require.NoError(t, err)
			lowered := graph.Lowered(r.Out)
			require.Len(t, lowered, 1)
			require.Equal(t, c.rows, lowered[0].Rows)
			text := lowered[0].String()
			for _, w := range c.want {
				require.Contains(t, text, w)
			}
			require.Equal(t, c.rows == 6, !strings.Contains(text, "not one for each"))
		})
	}
}
