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
	require.NoError(t, run(stopped, 1, 50, 10, 0.01, t.TempDir()))
	require.EqualError(t, run(stopped, 0, 50, 10, 0.01, t.TempDir()), "0 seeds, 50 episodes, 10 neurons and a rate of 0.01, want at least 1, 50, 1 and 0")
}
