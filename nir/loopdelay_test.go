package nir_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/data"
	"github.com/spikegrad/spikegrad/layers"
	"github.com/spikegrad/spikegrad/nir"
	"github.com/spikegrad/spikegrad/train"
)

// history is what came out of a population, time step by time step.
type history [][]float64

// ago returns what came out some steps before the present one, 0 before the first.
func (h history) ago(i, steps int) float64 {
	if k := len(h) - 1 - steps; k >= 0 {
		return h[k][i]
	}
	return 0
}

// looped returns a network of two populations that reach each other and themselves through
// delays, and what they are in plain Go: a function of the input of a time step.
func looped(seed uint64, dt float64) (*nir.Graph, func(x []float64) []float64) {
	const n, m = 4, 3
	r := rand.New(rand.NewPCG(41, seed))
	as, a := draw(r, "CubaLIF", n)
	bs, b := draw(r, "LIF", m)
	late := func(n, least int) (steps []int, of *nir.Node) {
		d := make([]float64, n)
		for i := range d {
			steps = append(steps, least+r.IntN(4))
			if seed%3 == 2 {
				steps[i] = steps[0]
			}
			d[i] = float64(steps[i]) * dt
		}
		return steps, node("Delay", params{"delay": f8(d, n)})
	}
	self, dSelf := late(n, 0)
	back, dBack := late(m, int(seed%2))
	forth, dForth := late(m, 0)
	aa, ab, ba := uniform(r, n*n, -1, 1), uniform(r, n*m, -1, 2), uniform(r, n*m, -1, 1)
	g := &nir.Graph{Nodes: map[string]*nir.Node{
		"input": node("Input", params{"shape": list(n)}), "output": node("Output", params{"shape": list(m)}), "a": a, "b": b, "dself": dSelf, "dback": dBack, "dforth": dForth,
		"aa": node("Linear", params{"weight": f8(aa, n, n)}), "ab": node("Linear", params{"weight": f8(ab, m, n)}), "ba": node("Linear", params{"weight": f8(ba, n, m)}),
	}}
	for _, e := range strings.Fields("input-a a-dself dself-aa aa-a a-ab ab-dforth dforth-b b-dback dback-ba ba-a dforth-output") {
		from, to, _ := strings.Cut(e, "-")
		g.Edges = append(g.Edges, nir.Edge{From: from, To: to})
	}
	var za, zb, mapped history
	return g, func(x []float64) []float64 {
		in := append([]float64{}, x...)
		for i := range in {
			for j := range n { // za ends with the step before: a delay of none is one of one
				in[i] += aa[i*n+j] * za.ago(j, max(self[j], 1)-1)
			}
			for j := range m {
				in[i] += ba[i*m+j] * zb.ago(j, max(back[j], 1)-1)
			}
		}
		now := make([]float64, n)
		for i := range now {
			now[i] = as[i].step(in[i], dt)
		}
		za = append(za, now)
		to, out, spikes := make([]float64, m), make([]float64, m), make([]float64, m)
		for i := range m {
			for j := range n {
				to[i] += ab[i*n+j] * now[j]
			}
		}
		mapped = append(mapped, to)
		for i := range m {
			out[i] = mapped.ago(i, forth[i])
			spikes[i] = bs[i].step(out[i], dt)
		}
		zb = append(zb, spikes)
		return out
	}
}

// Delays in a loop are those of the straight line: of none to several time steps, for each
// element or for all, before maps and behind them.
func TestLoopDelays(t *testing.T) {
	const steps, dt = 120, 1e-3
	for seed := range uint64(12) {
		g, step := looped(seed, dt)
		x := uniform(rand.New(rand.NewPCG(42, seed)), 4*steps, 0, 1.5)
		y := run(t, g, dt, x, nir.Options{})
		moved := 0.0
		for k := range steps {
			for i, want := range step(x[4*k:][:4]) {
				require.InDelta(t, want, y[3*k+i], 1e-9, "seed %d, step %d", seed, k)
				moved += want * want
			}
		}
		require.Greater(t, moved, 10.0)
	}
}

// A network with delays in a loop is trained in segments, and comes back from a file.
func TestLoopDelaysCarried(t *testing.T) {
	g, _ := looped(1, 1e-3)
	n := back(t, g, 1e-3, nir.Options{})
	require.Contains(t, n.Report().String(), "dself: delay: ")
	r := rand.New(rand.NewPCG(43, 44))
	x := make([]float32, 5*12*4)
	for i := range x {
		x[i] = 1.5 * r.Float32()
	}
	d, err := data.New([]int{12, 4}, x, make([]int, 5))
	require.NoError(t, err)
	var all [][]float32
	for _, segment := range []int{0, 1, 5} {
		m, err := train.Network{Net: layers.Sequential{n, layers.SumOverTime}, Shape: []int{4}, Steps: 12, Batch: 2, Segment: segment}.Compile()
		require.NoError(t, err)
		y, err := m.Predict(context.Background(), d, nil)
		require.NoError(t, err)
		all = append(all, y.Data().([]float32))
	}
	require.Equal(t, all[0], all[1])
	require.Equal(t, all[0], all[2])
	require.NotZero(t, all[0][0])
	x8 := uniform(r, 30*4, 0, 1.5)
	want, values := eval(t, layers.Layer(n), x8, 1, 30, 1, 4)
	h, err := nir.Export(n, []int{4}, values, nir.ExportOptions{})
	require.NoError(t, err)
	got, _ := eval(t, layers.Layer(back(t, h, 1e-3, nir.Options{})), x8, 2, 30, 1, 4)
	require.Equal(t, want, got)

	// A delay of one step is what a loop has without.
	lone := func(between ...*nir.Node) []float64 {
		r := rand.New(rand.NewPCG(45, 46))
		_, lif := draw(r, "LIF", 2)
		g := chain([]int64{2}, []int64{2}, lif)
		g.Nodes["w"] = node("Linear", params{"weight": f8(uniform(r, 4, -1, 2), 2, 2)})
		from := "n0"
		for _, d := range between {
			g.Nodes["d"], from = d, "d"
			g.Edges = append(g.Edges, nir.Edge{From: "n0", To: "d"})
		}
		g.Edges = append(g.Edges, nir.Edge{From: from, To: "w"}, nir.Edge{From: "w", To: "n0"})
		return run(t, g, 1e-3, uniform(r, 2*80, 0, 1.5), nir.Options{})
	}
	require.Equal(t, lone(), lone(node("Delay", params{"delay": f8([]float64{1e-3, 1e-3}, 2)})))
	require.Equal(t, lone(), lone(node("Delay", params{"delay": f8([]float64{0, 1e-3}, 2)})))
	require.NotEqual(t, lone(), lone(node("Delay", params{"delay": f8([]float64{2e-3, 2e-3}, 2)})))
}
