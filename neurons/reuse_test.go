package neurons_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/neurons/models"
)

// A machine writes the gradient of the currents of a model over the currents, from
// the last time step to the first, and all gradients have the bits that they have in
// memory of their own.
func TestGradientsOverCurrents(t *testing.T) {
	const steps, batch, in, n = 9, 3, 4, 5
	for _, m := range models.All() {
		t.Run(m.Name(), func(t *testing.T) {
			m, g := m.Clone(), G.NewGraph()
			var wrt G.Nodes
			add := func(name string, shape []int, seed uint64) *G.Node {
				node := graphtest.Node(g, tensor.Float32, name, shape, graphtest.Random(tensor.Shape(shape).TotalSize(), seed))
				wrt = append(wrt, node)
				return node
			}
			xs, err := connect.Linear(add("x", []int{steps, batch, in}, 1), add("input weights", []int{in, n}, 2), nil)
			require.NoError(t, err)
			for i, w := range m.Weights() {
				require.NoError(t, m.Set(w, add(w, []int{n, n}, uint64(i+3))))
			}
			l, err := m.Lift(true, xs, nil)
			require.NoError(t, err)
			loss := graphtest.Loss(t, G.Nodes{l.Out}, [][]float64{graphtest.Random(steps*batch*n, 9)})
			ds, _, err := graph.Grad(loss, wrt...)
			require.NoError(t, err)
			want := graphtest.Eval(t, ds...) // by Gorgonia, which lends nothing

			currents, err := machine.New(xs)
			require.NoError(t, err)
			require.NoError(t, currents.Run())
			before := graphtest.Floats(currents.Value(0))
			machine, err := machine.New(ds...)
			require.NoError(t, err)
			for range 2 {
				require.NoError(t, machine.Run())
				for i, d := range want {
					require.Equal(t, d, graphtest.Floats(machine.Value(i)), "gradient of %v", wrt[i])
				}
			}
			// Some steps read the currents once more when their gradient is there: for the
			// gradient of weights that the currents meet inside the step, for example.
			later := slices.Contains(m.Weights(), "WIn") || m.Name() == "lif_feed_forward_adjoint_step"
			require.Equal(t, later, slices.Equal(before, graphtest.Floats(currents.Value(0))), "the gradient has memory of its own")
		})
	}
}
