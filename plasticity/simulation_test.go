package plasticity_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/neurons"
	"github.com/spikegrad/spikegrad/plasticity"
)

// A simulation in chunks is one long scan, bit for bit.
func TestSimulation(t *testing.T) {
	n, rule := lively(plasticity.DefaultSTDPParams())
	p := plasticity.NewPlasticParams(neurons.LIFStep, n, rule, 3)
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		t.Run(dt.String(), func(t *testing.T) {
			const chunks, steps, batch, in = 4, 10, 2, 6
			z := graphtest.Random(chunks*steps*batch*in, 1)
			for i := range z {
				z[i] = float64(int(z[i]+2) / 2)
			}
			long := graphtest.Node(G.NewGraph(), dt, "xs", []int{chunks * steps, batch, in}, z)
			run, err := graph.Scan(plasticity.PlasticStep, long, nil, p)
			require.NoError(t, err)
			final, err := run.Final()
			require.NoError(t, err)
			want := graphtest.Eval(t, run.Out, final.Neurons.V, final.Synapses.W)
			require.NotZero(t, sum(want[0]))

			g := G.NewGraph()
			part := z[:steps*batch*in]
			xs := graphtest.Node(g, dt, "xs", []int{steps, batch, in}, part)
			sim, err := plasticity.NewSimulation(plasticity.PlasticStep, xs, nil, p)
			require.NoError(t, err)
			// Another one in the same graph has a state of its own.
			other, err := plasticity.NewSimulation(plasticity.PlasticStep, xs, nil, p)
			require.NoError(t, err)
			w, err := other.State("Synapses.W")
			require.NoError(t, err)
			w.Zero()
			var out []float64
			for k := range chunks {
				x := graphtest.Tensor(dt, []int{steps, batch, in}, z[k*len(part):(k+1)*len(part)])
				require.NoError(t, G.Let(xs, x))
				require.NoError(t, sim.Run())
				require.NoError(t, other.Run())
				out = append(out, graphtest.Floats(sim.Out())...)
				require.Zero(t, sum(graphtest.Floats(other.Out())), "neurons without weights fire")
			}
			require.Equal(t, want[0], out)
			for i, name := range []string{"Neurons.V", "Synapses.W"} {
				state, err := sim.State(name)
				require.NoError(t, err)
				require.Equal(t, want[i+1], graphtest.Floats(state), name)
			}
		})
	}
}

// A simulation starts from a state of inputs or of anything else with a value.
func TestSimulationStart(t *testing.T) {
	g := G.NewGraph()
	xs := graphtest.Node(g, tensor.Float64, "xs", []int{1, 1, 2}, []float64{1, 0})
	u := graphtest.Node(g, tensor.Float64, "u", []int{1, 2}, []float64{0.5, 0.5})
	var b graph.Builder
	s := plasticity.STPState{U: u, X: b.Fill(u, graph.Const(1))}
	sim, err := plasticity.NewSimulation(plasticity.STPStep, xs, &s, plasticity.DefaultSTPParams())
	require.NoError(t, err)
	require.NoError(t, sim.Run())
	y := 0.5*(1-0.02) + 0.45*0.5
	graphtest.Close(t, "out", []float64{y, 0}, graphtest.Floats(sim.Out()), 1e-12)
	x, err := sim.State("X")
	require.NoError(t, err)
	graphtest.Close(t, "x", []float64{1 - y, 1}, graphtest.Floats(x), 1e-12)
	require.Equal(t, []float64{0.5, 0.5}, graphtest.Floats(u.Value()), "what it started from stays")

	_, err = sim.State("V")
	require.EqualError(t, err, `plasticity: simulation: no state "V", have [U X]`)
	_, err = plasticity.NewSimulation(plasticity.STPStep, nil, nil, plasticity.DefaultSTPParams())
	require.EqualError(t, err, "plasticity: simulation: xs is nil")
	_, err = plasticity.NewSimulation(plasticity.STPStep, xs, &plasticity.STPState{U: u}, plasticity.DefaultSTPParams())
	require.EqualError(t, err, "plasticity: simulation: state X is nil")
}
