package main

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	G "gorgonia.org/gorgonia"
)

// A trial's answer is the side of most of its cues, cues are on the side of the trial as often as they should be, and an
// answer is wanted at the end alone.
func TestTrials(t *testing.T) {
	const n = 4000
	d := trials{setting{cues: 7, delay: 100}, n, 1}
	x, y := make([]float32, 7), make([]float32, d.steps())
	require.Len(t, y, 7*150+100+150)
	most := 0.
	sides := 0
	for i := range n {
		side, err := d.Sample(i, x)
		require.NoError(t, err)
		rights := 0
		for _, c := range x {
			require.True(t, c == 0 || c == 1)
			rights += int(c)
		}
		require.Equal(t, rights > 3, side == 1)
		most += float64(max(rights, 7-rights)) / n
		sides += side
		if i < 20 {
			require.NoError(t, d.Target(i, y))
			for k, v := range y {
				switch {
				case k < 7*150+100:
					require.Zero(t, v)
				default:
					require.Equal(t, float32(2*side-1), v)
				}
			}
		}
	}
	// The mean of max(k, 7−k) for k of 7 at 0.7, from the binomial distribution.
	want, variance := 0., 0.
	for k := range 8 {
		c := math.Round(math.Gamma(8) / math.Gamma(float64(k+1)) / math.Gamma(float64(8-k)))
		p := c * math.Pow(0.7, float64(k)) * math.Pow(0.3, float64(7-k))
		m := float64(max(k, 7-k))
		want, variance = want+p*m, variance+p*m*m
	}
	variance -= want * want
	require.InDelta(t, want, most, 5*math.Sqrt(variance/n))
	require.InDelta(t, n/2, sides, 5*math.Sqrt(n)/2)

	_, err := d.Sample(n, x)
	require.EqualError(t, err, "trial 4000 asked for in a length of 7, want 0 to 3999 in 7")
	require.EqualError(t, d.Target(0, x), "the answer to trial 0 asked for in a length of 7, want 1300")
}

// Groups fire at their rates, in their time, and else not at all: by a count over a trial whose times are written out.
func TestSpikes(t *testing.T) {
	const n = 40
	s := setting{cues: 3, delay: 200}
	cues := []float32{1, 0, 1}
	var x []float32
	for range n {
		x = append(x, cues...)
	}
	require.Equal(t, 800, s.steps())
	dst := make([]float32, 800*n*inputs)
	require.NoError(t, s.spikes().Encode(dst, x, 800, rand.New(rand.NewPCG(1, 2))))
	on := map[int][][2]int{right: {{50, 150}, {350, 450}}, left: {{200, 300}}, decide: {{650, 800}}, always: {{0, 800}}}
	p := map[int]float64{right: 0.04, left: 0.04, decide: 0.04, always: 0.01}
	for g, spans := range on {
		fired, could := 0., 0.
		for k := range 800 {
			active := false
			for _, span := range spans {
				active = active || k >= span[0] && k < span[1]
			}
			for i := range n * perGroup {
				z := float64(dst[(k*n+i/perGroup)*inputs+g*perGroup+i%perGroup])
				if !active {
					require.Zero(t, z)
					continue
				}
				fired, could = fired+z, could+1
			}
		}
		require.InDelta(t, p[g], fired/could, 5*math.Sqrt(p[g]/could))
	}
}

// The loss is the mean of the cross-entropy over the decision, of samples that count differently.
func TestDecided(t *testing.T) {
	g := G.NewGraph()
	const steps, asked = 4, 2
	out := make([]float64, steps*2*2)
	answer, weight := make([]float64, steps*2), make([]float64, steps*2)
	share := [2]float64{0.25, 0.75}
	want := 0.
	for k := range steps {
		for b := range 2 {
			y := float64(k) - 1.3*float64(b)
			out[(k*2+b)*2+1] = y // log odds of the right
			weight[k*2+b] = share[b] / steps
			if k >= steps-asked {
				answer[k*2+b] = float64(2*b - 1) // the first was on the left, the second on the right
				want += share[b] / asked * math.Log1p(math.Exp(-y*answer[k*2+b]))
			}
		}
	}
	node := func(name string, v []float64, shape ...int) *G.Node {
		return graphtest.Node(g, tensor.Float64, name, shape, v)
	}
	d := decided{scale: float64(steps) / asked}
	cost, err := d.Cost(node("out", out, steps, 2, 2), node("answer", answer, steps, 2), node("weight", weight, steps, 2))
	require.NoError(t, err)
	require.InDelta(t, want, graphtest.Eval(t, cost)[0][0], 1e-12)
	_, err = d.Target(tensor.Shape{4, 2, 3})
	require.EqualError(t, err, "outputs have shape [4 2 3], want [T batch 2]")
}

// Decisions are judged by the sum of the outputs over the decision.
func TestWrong(t *testing.T) {
	d := trials{setting{cues: 1}, 10, 3}
	out := make([]float32, 10*300*2)
	for i := range 10 {
		side, err := d.Sample(i, make([]float32, 1))
		require.NoError(t, err)
		for k := range 300 {
			y := out[(i*300+k)*2:]
			y[side] = 1
			if k < 150 || i < 3 && k > 200 { // before the decision it may say what it likes; the first three change their mind
				y[side], y[1-side] = 0, 5
			}
		}
	}
	share, err := d.wrong(out)
	require.NoError(t, err)
	require.Equal(t, 0.3, share)
}

func TestRun(t *testing.T) {
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	o := options{setting: setting{cues: 1}, seed: 1, iterations: 1, learning: "adaptive", out: t.TempDir()}
	require.NoError(t, run(stopped, o))
	for want, change := range map[string]func(o *options){
		"there are 2 cues and a delay of 0 ms, want an odd number and at least 0": func(o *options) { o.cues = 2 },
		"number of iterations is 0 and the goal 0, want at least 1 and 0":         func(o *options) { o.iterations = 0 },
		`learning is "x", want symmetric, random, adaptive or bptt`:               func(o *options) { o.learning = "x" },
	} {
		c := o
		change(&c)
		require.EqualError(t, run(stopped, c), want)
	}
}
