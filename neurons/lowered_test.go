package neurons_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons/models"
)

// connected are the models whose neurons mix at every step, so that a sample of
// the batch, and no single neuron, is computed over all time steps by itself.
var connected = map[string]bool{
	"ada_lif_step":                    true,
	"coba_lif_recurrent_step":         true,
	"coba_lif_step":                   true,
	"iaf_step":                        true,
	"izhikevich_recurrent_step":       true,
	"lif_adex_refrac_step":            true,
	"lif_adex_step":                   true,
	"lif_adjoint_step":                true,
	"lif_ex_step":                     true,
	"lif_mc_feed_forward_step":        true,
	"lif_mc_refrac_feed_forward_step": true,
	"lif_mc_refrac_step":              true,
	"lif_mc_step":                     true,
	"lif_refrac_step":                 true,
	"lif_step":                        true,
	"lif_step_sparse":                 true,
	"lsnn_adjoint_step":               true,
	"lsnn_step":                       true,
}

var ways = []graph.Integration{graph.Euler, graph.Exponential}

// Every model is fused, forward and backward and however it is integrated: nothing
// is called step by step, and where no weights connect the neurons a row is one
// neuron.
func TestModelsAreFused(t *testing.T) {
	const steps, batch, n = 5, 3, 4
	for _, m := range append(models.All(), peaked(t)...) {
		for i := range 6 {
			learn, how := []string{"nothing", "numbers", "a value each"}[i/2], ways[i%2]
			t.Run(fmt.Sprintf("%s/%v/learns %s", m.Name(), how, learn), func(t *testing.T) {
				m, g := m.Clone(), G.NewGraph()
				if _, err := m.Get("Integration"); err == nil {
					require.NoError(t, m.Set("Integration", how.String()))
				}
				xs := graphtest.Node(g, tensor.Float32, "xs", []int{steps, batch, n}, make([]float64, steps*batch*n))
				wrt := G.Nodes{xs}
				for _, w := range m.Weights() {
					node := graphtest.Node(g, tensor.Float32, w, []int{n, n}, make([]float64, n*n))
					require.NoError(t, m.Set(w, node))
					wrt = append(wrt, node)
				}
				if learn != "nothing" {
					for _, p := range m.Params() {
						param, err := m.Get(p)
						require.NoError(t, err)
						shape, x := []int{}, []float64{1}
						if v, ok := param.(*graph.Param).Value(); ok {
							x[0] = v
						}
						if learn == "a value each" {
							shape, x = []int{n}, slices.Repeat(x, n)
						}
						node := graphtest.Node(g, tensor.Float32, p, shape, x)
						require.NoError(t, m.Set(p, node))
						wrt = append(wrt, node)
					}
				}
				l, err := m.Lift(true, xs, nil)
				require.NoError(t, err)
				outs := G.Nodes{l.Out}
				for _, s := range m.States() {
					outs = append(outs, l.Final[s])
				}
				var weights [][]float64
				for _, o := range outs {
					weights = append(weights, make([]float64, o.Shape().TotalSize()))
				}
				ds, _, err := graph.Grad(graphtest.Loss(t, outs, weights), wrt...)
				require.NoError(t, err)
				rows := batch * n
				if connected[m.Name()] {
					rows = batch
				}
				lowered := graph.Lowered(ds...)
				require.Len(t, lowered, 2)
				for _, l := range lowered {
					where := fmt.Sprintf("backward: %t", l.Backward)
					require.Empty(t, l.Calls, where)
					require.Equal(t, rows, l.Rows, where)
					require.Equal(t, connected[m.Name()], l.Products > 0, where)
				}
			})
		}
	}
}
