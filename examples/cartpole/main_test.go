package main

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// An upright pole at rest, pushed to the right: the accelerations follow from F/M = 10/1.1, by hand.
func TestPush(t *testing.T) {
	p := pole{}.push(true)
	bend := -(10 / 1.1) / (0.5 * (4./3 - 0.1/1.1))
	require.Equal(t, 0.0, p.x)
	require.InDelta(t, -14.634146, bend, 1e-6)
	require.InDelta(t, 0.02*bend, p.turn, 1e-12)
	require.InDelta(t, 0.02*(10/1.1-0.05*bend/1.1), p.v, 1e-12)
	left := pole{}.push(false)
	require.Equal(t, []float64{-p.v, -p.turn}, []float64{left.v, left.turn})

	// Pushed at random it falls.
	r := rand.New(rand.NewPCG(1, 1))
	p = pole{angle: 0.05}
	n := 0
	for ; !p.lost(); n++ {
		p = p.push(r.IntN(2) == 0)
	}
	require.Less(t, n, 200)
}

// The gradient is that of the log probability of the push that was taken, and of the value.
func TestChoice(t *testing.T) {
	g := G.NewGraph()
	odds := []float64{0.3, -1.2}
	out := graphtest.Node(g, tensor.Float64, "out", []int{1, 2, 2}, []float64{odds[0], 5, odds[1], -7})
	y := graphtest.Node(g, tensor.Float64, "y", []int{1, 2, 2}, []float64{0.5, -1, 0.5, -1})
	weight := graphtest.Node(g, tensor.Float64, "weight", []int{1, 2}, []float64{0.25, 0.75})
	cost, err := choice{}.Cost(out, y, weight)
	require.NoError(t, err)
	grads, _, err := graph.Grad(cost, out)
	require.NoError(t, err)
	p := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	// the first goes to the right, as its probability is 0.57, the second to the left
	want := []float64{-0.25 * (1 - p(odds[0])), -0.25, 0.75 * p(odds[1]), -0.75}
	require.InDeltaSlice(t, want, graphtest.Eval(t, grads[0])[0], 1e-12)

	_, err = choice{}.Target(tensor.Shape{1, 2, 3})
	require.EqualError(t, err, "outputs have shape [1 2 3], want [T batch 2]")
}

// Weights go along the trace by what the reward says, and a trace fades.
func TestReward(t *testing.T) {
	a, err := newAgent(1, 10, 0.5)
	require.NoError(t, err)
	see := func() {
		newPole(a.rng).see(a.x)
		_, _, err := a.learner.Step(a.x, []float32{0.5, -1})
		require.NoError(t, err)
	}
	see()
	r := a.reward
	before := r.params[3].Value().(*tensor.Dense).Clone().(*tensor.Dense).Float32s() // biases of the readout
	first := append([]float32{}, r.fresh[3]...)
	r.learn(1)
	require.Equal(t, before, r.params[3].Value().(*tensor.Dense).Float32s(), "there is no trace yet")
	r.gather()
	see()
	r.gather()
	r.learn(-2)
	moved := false
	for i, w := range r.params[3].Value().(*tensor.Dense).Float32s() {
		trace := float32(r.fade)*first[i] + r.fresh[3][i]
		require.InDelta(t, before[i]+0.5*2*trace, w, 1e-6)
		moved = moved || trace != 0
	}
	require.True(t, moved)
}

func TestRun(t *testing.T) {
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, run(stopped, "eprop", 1, 50, 10, 0.01, t.TempDir()))
	require.NoError(t, run(stopped, "rstdp", 1, 50, 10, 0, t.TempDir()))
	require.EqualError(t, run(context.Background(), "x", 1, 50, 10, 0, t.TempDir()), `learning is "x", want eprop or rstdp`)
	require.EqualError(t, run(stopped, "eprop", 0, 50, 10, 0.01, t.TempDir()), "0 seeds, 50 episodes, 10 neurons and a rate of 0.01, want at least 1, 50, 1 and 0")
}

// A reward strengthens the synapses of sensors that fired before the neuron that pushed, a punishment weakens them, and those of
// the other neuron, which did not fire, stay as they are.
func TestGambler(t *testing.T) {
	for _, delta := range []float64{1, -1} {
		a, err := newGambler(1, 0.001)
		require.NoError(t, err)
		right := a.act(pole{x: 1, angle: 0.05})
		winner := 0
		if right {
			winner = 1
		}
		fired := [2]float64{}
		before := map[int]bool{} // sensors that fired before a spike of the winner
		had := map[int]bool{}
		for k := range steps {
			z := a.spikes[k*(sensors+2):]
			for i := range sensors {
				had[i] = had[i] || z[i] > 0
			}
			for j := range fired {
				fired[j] += float64(z[sensors+j])
			}
			if z[sensors+winner] > 0 {
				for i := range had {
					before[i] = before[i] || had[i]
				}
			}
		}
		require.Positive(t, fired[winner])
		require.Zero(t, fired[1-winner])
		require.NoError(t, a.learn(0))
		for _, w := range a.weights {
			require.Equal(t, float32(0.5), w, "there was no reward")
		}
		clear(a.spikes)
		require.NoError(t, a.learn(delta))
		moved := 0
		for i := range sensors {
			require.Equal(t, float32(0.5), a.weights[2*i+1-winner])
			if d := float64(a.weights[2*i+winner]) - 0.5; d*delta > 0 {
				require.True(t, before[i])
				moved++
			}
		}
		require.Greater(t, moved, 3)
	}
}

// Two ticks of TD(λ), by hand: one sensor, then another.
func TestCritic(t *testing.T) {
	var c critic
	one, two := make([]float32, sensors), make([]float32, sensors)
	one[3], two[7] = 1, 1
	c.see(one)
	require.Equal(t, 0.1, c.learn(0.1, two))
	require.InDelta(t, 0.001, c.w[3], 1e-12)
	c.see(two)
	require.InDelta(t, 0.1+0.98*0.001, c.learn(0.1, one), 1e-12)
	require.InDelta(t, 0.001+0.01*(0.98*0.9)*(0.1+0.98*0.001), c.w[3], 1e-12)
	require.InDelta(t, 0.01*(0.1+0.98*0.001), c.w[7], 1e-12)
	value := c.w[7]
	require.InDelta(t, -value, c.learn(0, nil), 1e-12)
}
