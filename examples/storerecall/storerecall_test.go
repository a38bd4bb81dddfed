package main

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/long"
	"github.com/spikegrad/spikegrad/layers"
)

// Commands alternate, an answer is the bit that was last stored, a value is
// presented in every slot but those of a recall, and commands come as often as
// they should where they can.
func TestSequence(t *testing.T) {
	long.Test(t)
	const n = 20000
	var could, did [2]float64 // store, recall
	d := sequences{n: n, seed: 1}
	for i := range n {
		s := d.at(i)
		stored, holds := 0, false
		for k, a := range s.active {
			which := 0
			if holds {
				which = 1
			}
			could[which]++
			require.False(t, a[zero] && a[one])
			require.False(t, a[store] && a[recall])
			require.Equal(t, a[recall], !a[zero] && !a[one])
			switch {
			case a[store]:
				require.False(t, holds)
				stored, holds = -1, true
				if a[one] {
					stored = 1
				}
				did[0]++
			case a[recall]:
				require.True(t, holds)
				require.Equal(t, stored, s.answer[k])
				holds = false
				did[1]++
				continue
			}
			require.Zero(t, s.answer[k])
		}
	}
	for i := range could { // five standard deviations
		require.InDelta(t, command, did[i]/could[i], 5*math.Sqrt(command*(1-command)/could[i]))
	}
}

func TestSequences(t *testing.T) {
	d := sequences{n: 50, seed: 3}
	x, y := make([]float32, slots*groups), make([]float32, slots)
	for i := range d.n {
		_, err := d.Sample(i, x)
		require.NoError(t, err)
		require.NoError(t, d.Target(i, y))
		s := d.at(i)
		for k := range slots {
			require.Equal(t, float32(s.answer[k]), y[k])
			for g := range groups {
				require.Equal(t, s.active[k][g], x[k*groups+g] == 1)
			}
		}
	}
	_, err := d.Sample(50, x)
	require.EqualError(t, err, "sequence 50 asked for in a length of 48, want 0 to 49 in 48")
	require.EqualError(t, d.Target(0, x), "answers to sequence 0 asked for in a length of 48, want 0 to 49 in 12")
	require.NotEqual(t, d.at(0), sequences{n: 50, seed: 4}.at(0))
}

// Active groups fire at 50 Hz, in their slots, and others not at all.
func TestSpikes(t *testing.T) {
	const n = 20
	d := sequences{n: n, seed: 5}
	x := make([]float32, n*slots*groups)
	for i := range n {
		_, err := d.Sample(i, x[i*slots*groups:][:slots*groups])
		require.NoError(t, err)
	}
	dst := make([]float32, steps*n*inputs)
	require.NoError(t, spikes(dst, x, steps, rand.New(rand.NewPCG(1, 2))))
	var fired, could float64
	for i := range n {
		s := d.at(i)
		for t1 := range steps {
			for j := range inputs {
				z := dst[(t1*n+i)*inputs+j]
				if !s.active[t1/slot][j/perGroup] {
					require.Zero(t, z)
					continue
				}
				could, fired = could+1, fired+float64(z)
			}
		}
	}
	require.InDelta(t, inputRate, fired/could, 5*math.Sqrt(inputRate*(1-inputRate)/could))
}

// The loss of two samples, of which the second counts three times as much, from
// voltages that are constant in a slot.
func TestLoss(t *testing.T) {
	g := G.NewGraph()
	x := make([]float64, steps*2*2)
	level := func(b, k int) float64 { return float64(b+1) * (float64(k) - 5) / 4 } // of output 1; output 0 is 0
	for i := range steps {
		for b := range 2 {
			x[(i*2+b)*2+1] = level(b, i/slot) + float64(i%2) - 0.5
		}
	}
	voltages := graphtest.Node(g, tensor.Float64, "voltages", []int{steps, 2, 2}, x)
	out, err := slotMeans.Apply(layers.NewBuild(1), voltages)
	require.NoError(t, err)
	answers := make([]float64, 2*slots)
	answers[3], answers[10], answers[slots+4] = 1, -1, 1
	answer := graphtest.Node(g, tensor.Float64, "answer", []int{2, slots}, answers)
	weight := graphtest.Node(g, tensor.Float64, "weight", []int{2}, []float64{0.25, 0.75})
	loss, err := recalled{}.Cost(out, answer, weight)
	require.NoError(t, err)
	got := graphtest.Eval(t, out, loss)
	for b := range 2 {
		for k := range slots {
			require.InDelta(t, 0, got[0][(b*slots+k)*2], 1e-12)
			require.InDelta(t, level(b, k), got[0][(b*slots+k)*2+1], 1e-12)
		}
	}
	wrong := func(y float64) float64 { return math.Log1p(math.Exp(y)) } // of an answer that y speaks against
	want := (0.25*wrong(-level(0, 3)) + 0.25*wrong(level(0, 10)) + 0.75*wrong(-level(1, 4))) / 1.25
	require.InDelta(t, want, got[1][0], 1e-12)

	_, err = recalled{}.Target(tensor.Shape{2, 11, 2})
	require.EqualError(t, err, "outputs have shape [2 11 2], want [batch 12 2]")
}

func TestRecallError(t *testing.T) {
	d := sequences{n: 100, seed: 7}
	out := make([]float32, d.n*slots*2)
	recalls := 0
	for i := range d.n {
		for k, a := range d.at(i).answer {
			out[(i*slots+k)*2+1] = float32(a)
			if a != 0 {
				recalls++
			}
		}
	}
	share, n := d.recallError(out)
	require.Zero(t, share)
	require.Equal(t, recalls, n)
	for i := range out {
		out[i] = -out[i]
	}
	share, _ = d.recallError(out)
	require.Equal(t, 1.0, share)
}

func TestRunStopped(t *testing.T) {
	long.Test(t)
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, run(stopped, 1, 1, 1.7, "bptt", t.TempDir()))
	require.EqualError(t, run(stopped, 1, 0, 1.7, "bptt", t.TempDir()), "number of iterations is 0, want at least 1")
	require.EqualError(t, run(stopped, 1, 1, -1, "bptt", t.TempDir()), "strength of the adaptation is -1, want at least 0")
}
