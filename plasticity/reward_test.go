package plasticity_test

import (
	"fmt"
	"log"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/plasticity"
)

// The rule against loops over synapses, with a reward that changes from step to step.
func TestRewardSTDP(t *testing.T) {
	const steps, batch, pre, post, tau, tauC = 60, 2, 3, 2, 0.05, 0.02 // dt/τ of traces and eligibility
	g := G.NewGraph()
	x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(1, batch, pre+post))
	xs := G.NodeFromAny(g, x, G.WithName("xs"))
	reward := G.NewScalar(g, tensor.Float64, G.WithName("reward"), G.WithValue(0.))
	p := plasticity.DefaultRewardSTDPParams()
	p.STDP.APre, p.STDP.APost = graph.Const(20), graph.Const(20)
	p.STDP.EtaPlus, p.STDP.EtaMinus = graph.Const(0.1), graph.Const(0.12)
	p.TauCInv, p.Reward = graph.Const(20), graph.Learn(reward)
	sim, err := plasticity.NewSimulation(plasticity.RuleStep, xs, nil, plasticity.NewRuleParams(p, []int{pre}, []int{post}))
	require.NoError(t, err)

	spikes := graphtest.Sparse(steps*batch*(pre+post), 0.3, true, 1)
	given := graphtest.Random(steps, 2)
	var w, c [pre][post]float64
	var before [batch][pre]float64
	var behind [batch][post]float64
	for i := range w {
		for j := range w[i] {
			w[i][j] = 0.5
		}
	}
	low, high := 1., 0.
	for k := range steps {
		z := spikes[k*batch*(pre+post):][:batch*(pre+post)]
		copy(x.Float64s(), z)
		require.NoError(t, G.Let(reward, given[k]))
		require.NoError(t, sim.Run())
		for i := range c {
			for j := range c[i] {
				c[i][j] *= 1 - tauC
			}
		}
		for s := range batch {
			z := z[s*(pre+post):]
			for i := range pre {
				before[s][i] += tau * (20*z[i] - before[s][i])
			}
			for j := range post {
				behind[s][j] += tau * (20*z[pre+j] - behind[s][j])
			}
			for i := range pre {
				for j := range post {
					c[i][j] += 0.1*before[s][i]*z[pre+j] - 0.12*behind[s][j]*z[i]
				}
			}
		}
		for i := range w {
			for j := range w[i] {
				w[i][j] = math.Min(math.Max(w[i][j]+given[k]*c[i][j], 0), 1)
				low, high = math.Min(low, w[i][j]), math.Max(high, w[i][j])
			}
		}
		for name, want := range map[string][pre][post]float64{"W": w, "C": c} {
			got, err := sim.State(name)
			require.NoError(t, err)
			for i := range want {
				for j := range want[i] {
					require.InDelta(t, want[i][j], got.Float64s()[i*post+j], 1e-12, "%s after step %d", name, k)
				}
			}
		}
	}
	require.Equal(t, []float64{0, 1}, []float64{low, high}, "both bounds were met")
	require.NotZero(t, c[0][0])
}

// A reward that comes half a second late still finds the synapse that fired before the neuron did.
func ExampleRewardSTDPParams() {
	p := plasticity.DefaultRewardSTDPParams()
	p.STDP.APre, p.STDP.APost = graph.Const(20), graph.Const(20) // τ/dt, so that a trace is 1
	g := G.NewGraph()
	reward := G.NewScalar(g, tensor.Float64, G.WithName("reward"), G.WithValue(0.))
	p.Reward = graph.Learn(reward)
	x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(10, 1, 3))
	xs := G.NodeFromAny(g, x, G.WithName("xs"))
	// Neurons 0 and 1 are before synapses to neuron 2.
	sim, err := plasticity.NewSimulation(plasticity.RuleStep, xs, nil, plasticity.NewRuleParams(p, []int{2}, []int{1}))
	if err != nil {
		log.Fatal(err)
	}
	for chunk := range 60 {
		clear(x.Float64s())
		if chunk == 0 {
			x.Float64s()[3*2] = 1   // neuron 0 in ms 2,
			x.Float64s()[3*4+2] = 1 // neuron 2 in ms 4,
			x.Float64s()[3*6+1] = 1 // neuron 1 in ms 6
		}
		r := 0.
		if chunk == 50 {
			r = 1
		}
		if err := G.Let(reward, r); err != nil {
			log.Fatal(err)
		}
		if err := sim.Run(); err != nil {
			log.Fatal(err)
		}
	}
	w, err := sim.State("W")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%+.4f %+.4f\n", w.Float64s()[0]-0.5, w.Float64s()[1]-0.5)
	// Output: +0.0055 -0.0082
}
