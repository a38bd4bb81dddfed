package neurons_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/neurons/wrap"
)

// Recurrent weights that are too many for a cache are read for several samples at once: what
// these get is what an unrolled graph gives, and the same bits whatever number of processors
// share the samples.
func TestWideRecurrence(t *testing.T) {
	const steps, batch, n = 7, 11, 300
	type (
		state  = wrap.RecurrentState[neurons.LIFState]
		params = wrap.RecurrentParams[neurons.LIFState, neurons.LIFParams]
		lifter = func(graph.Step[state, params], *G.Node, *state, params) (*graph.Run[state], error)
	)
	x := graphtest.Random(steps*batch*n, 1)
	for i := range x {
		x[i] *= 0.2 * float64(i/n%batch) // some samples fire much, and one not at all
	}
	run := func(lift lifter, dt tensor.Dtype) [][]float64 {
		g := G.NewGraph()
		xs := graphtest.Node(g, dt, "xs", []int{steps, batch, n}, x)
		w := graphtest.Random(n*n, 2)
		for i := range w {
			w[i] *= 0.1
		}
		p := params{Inner: neurons.DefaultLIFParams(), W: graphtest.Node(g, dt, "w", []int{n, n}, w)}
		p.Inner.TauMemInv, p.Inner.TauSynInv = graph.Const(500), graph.Const(500)
		r, err := lift(wrap.Recurrent(neurons.LIFStep), xs, nil, p)
		require.NoError(t, err)
		loss := graphtest.Loss(t, []*G.Node{r.Out}, [][]float64{graphtest.Random(steps*batch*n, 3)})
		grads, values := graphtest.Grads(t, loss, []*G.Node{xs, p.W}, []*G.Node{r.Out})
		return append(values, grads...)
	}
	scan := func(s graph.Step[state, params], x *G.Node, from *state, p params) (*graph.Run[state], error) {
		return graph.Scan(s, x, from, p)
	}
	want := run(graph.Unroll[state, params], tensor.Float64)
	require.Contains(t, want[0], 1., "nothing fires")
	got := run(scan, tensor.Float64)
	require.Equal(t, want[0], got[0])
	graphtest.Close(t, "gradient of the input", want[1], got[1], 1e-11)
	graphtest.Close(t, "gradient of the weights", want[2], got[2], 1e-11)

	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		var first [][]float64
		for _, procs := range []int{1, 2, 3, 16} {
			runtime.GOMAXPROCS(procs)
			got := run(scan, dt)
			if first == nil {
				first = got
			}
			require.Equal(t, first, got, "%v, %d processors", dt, procs)
		}
	}
}
