package connect_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
)

func ones(shape ...int) *tensor.Dense {
	d := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(shape...))
	for i := range d.Float64s() {
		d.Float64s()[i] = 1
	}
	return d
}

// With weights of 1, the fan-out of an input is the gradient of the sum of the
// outputs.
func TestFanOut(t *testing.T) {
	for name, c := range map[string]struct {
		x, w []int
		f    func(x, w *G.Node) (*G.Node, error)
	}{
		"linear":  {[]int{1, 1, 5}, []int{5, 3}, func(x, w *G.Node) (*G.Node, error) { return connect.Linear(x, w, nil) }},
		"conv":    {[]int{1, 1, 2, 5, 4}, []int{3, 2, 3, 2}, func(x, w *G.Node) (*G.Node, error) { return connect.Conv2D(x, w, nil, connect.Conv{}) }},
		"padded":  {[]int{1, 1, 2, 5, 4}, []int{3, 2, 3, 3}, func(x, w *G.Node) (*G.Node, error) { return connect.Conv2D(x, w, nil, connect.Conv{Pad: 2}) }},
		"strided": {[]int{1, 1, 1, 7, 6}, []int{2, 1, 3, 3}, func(x, w *G.Node) (*G.Node, error) { return connect.Conv2D(x, w, nil, connect.Conv{Stride: 2, Pad: 1}) }},
		"dilated": {[]int{1, 1, 1, 7, 6}, []int{2, 1, 3, 2}, func(x, w *G.Node) (*G.Node, error) { return connect.Conv2D(x, w, nil, connect.Conv{Dilation: 2}) }},
		"grouped": {[]int{1, 1, 4, 5, 4}, []int{6, 2, 3, 2}, func(x, w *G.Node) (*G.Node, error) {
			return connect.Conv2D(x, w, nil, connect.Conv{Groups: 2, Same: true, Width: &connect.Axis{Stride: 2}})
		}},
		"transposed": {[]int{1, 1, 4, 3, 4}, []int{4, 3, 3, 2}, func(x, w *G.Node) (*G.Node, error) {
			return connect.ConvTranspose2D(x, w, nil, connect.Conv{Groups: 2, Stride: 2, Pad: 1}, 1)
		}},
		"sparse": {[]int{1, 1, 4}, []int{5}, func(x, w *G.Node) (*G.Node, error) {
			from, to := graphtest.Node(x.Graph(), tensor.Float64, "from", []int{5}, []float64{0, 0, 1, 3, 3}), graphtest.Node(x.Graph(), tensor.Float64, "to", []int{5}, []float64{0, 2, 2, 1, 2})
			return connect.Sparse(x, w, from, to, nil, 3)
		}},
		"reshaped": {[]int{1, 1, 2, 5, 1}, []int{3, 2, 3}, func(x, w *G.Node) (*G.Node, error) {
			w, err := graph.Reshape(w, 3, 2, 3, 1)
			if err != nil {
				return nil, err
			}
			return connect.Conv2D(x, w, nil, connect.Conv{})
		}},
		"skipping": {[]int{1, 1, 1, 7, 7}, []int{1, 1, 1, 1}, func(x, w *G.Node) (*G.Node, error) { return connect.Conv2D(x, w, nil, connect.Conv{Stride: 3}) }},
	} {
		t.Run(name, func(t *testing.T) {
			g := G.NewGraph()
			x, err := graph.Input(g, "x", ones(c.x...))
			require.NoError(t, err)
			w, err := graph.Input(g, "w", ones(c.w...))
			require.NoError(t, err)
			y, err := c.f(x, w)
			require.NoError(t, err)
			ps, states, err := connect.Connections(y)
			require.NoError(t, err)
			require.Zero(t, states)
			require.Len(t, ps, 1)
			require.Equal(t, "w", ps[0].Weights)
			require.Same(t, x, ps[0].X)
			var b graph.Builder
			sum := b.Reduce(y, nil)
			require.NoError(t, b.Err())
			grads, _, err := graph.Grad(sum, x)
			require.NoError(t, err)
			m, err := machine.New(grads[0], sum)
			require.NoError(t, err)
			require.NoError(t, m.Run())
			var got []float64
			total := 0.0
			for _, f := range ps[0].FanOut {
				got = append(got, float64(f))
				total += float64(f)
			}
			require.Equal(t, m.Value(0).Data(), got)
			require.Equal(t, m.Value(1).Data(), total)
			require.Equal(t, int(total), ps[0].TotalFanOut())

			events, ops, value, err := ps[0].Events(ones(c.x...), 0, 1)
			require.NoError(t, err)
			require.Equal(t, []int{len(got), int(total)}, []int{events, ops})
			require.Equal(t, 1.0, value)
			_, _, _, err = ps[0].Events(ones(2, 2), 0, 1)
			require.ErrorContains(t, err, "connect: events: x has shape [2 2], want [T batch …]")
		})
	}
	_, _, err := connect.Connections(nil)
	require.EqualError(t, err, "connect: connections: the node is nil")
}
