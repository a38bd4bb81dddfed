package machine_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/readout"
)

// A machine puts gradients into the memory of sequences that are not needed any
// more, and no value that is asked for changes by that: not the gradients, not the
// outputs, in no run, whatever runs between.
func TestReuse(t *testing.T) {
	const steps, batch, n = 5, 3, 4
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float32, "x", []int{steps, batch, n}, graphtest.Random(steps*batch*n, 1))
	var ws, outs G.Nodes
	y := x
	for i, name := range []string{"w0", "w1", "w2"} {
		w := graphtest.Node(g, tensor.Float32, name, []int{n, n}, graphtest.Random(n*n, uint64(i+2)))
		i, err := connect.Linear(y, w, nil)
		require.NoError(t, err)
		r, err := graph.Scan(leakyStep, i, nil, leaky{Decay: graph.Const(0.9), Th: graph.Const(0.2)})
		require.NoError(t, err)
		y, ws, outs = r.Out, append(ws, w), append(outs, r.Out)
	}
	sum, err := readout.SumOverTime(y)
	require.NoError(t, err)
	cost, err := G.Sum(sum)
	require.NoError(t, err)
	ds, _, err := graph.Grad(cost, append(G.Nodes{x}, ws...)...)
	require.NoError(t, err)

	wanted := append(append(G.Nodes{}, ds...), outs[2])
	want := graphtest.Eval(t, wanted...) // by Gorgonia, which lends nothing
	m, err := machine.New(wanted...)
	require.NoError(t, err)
	forward, err := machine.New(outs...)
	require.NoError(t, err)
	spikes := make([][]float64, len(outs))
	for run := range 3 {
		require.NoError(t, m.Run())
		for i, n := range wanted {
			require.Equal(t, want[i], graphtest.Floats(m.Value(i)), "%v in run %d", n, run)
		}
		if run > 0 {
			kept := func(i int) bool { return slices.Equal(spikes[i], graphtest.Floats(forward.Value(i))) }
			require.False(t, kept(1), "no gradient has taken the place of spikes that are not needed any more")
			require.True(t, kept(2), "spikes that are asked for have made way")
		}
		require.NoError(t, forward.Run())
		for i := range outs {
			spikes[i] = graphtest.Floats(forward.Value(i))
		}
		require.Equal(t, want[len(want)-1], spikes[2])
	}
	require.Equal(t, want, graphtest.Eval(t, wanted...), "Gorgonia finds its own memory again")
}

// Spikes of which the next map has lists make way for those of the next layer. Where many
// neurons fire the map has none, and they stay. Either way nothing that is asked for changes.
func TestReuseOfSpikes(t *testing.T) {
	const steps, batch, n, layers = 6, 4, 24, 4
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float32, "x", []int{steps, batch, n}, make([]float64, steps*batch*n))
	var ws, outs G.Nodes
	y := x
	for i := range layers {
		values := graphtest.Random(n*n, uint64(i+2))
		for k, v := range values {
			values[k] = math.Abs(v) / 6 // a spike makes about one
		}
		w := graphtest.Node(g, tensor.Float32, fmt.Sprint("w", i), []int{n, n}, values)
		i, err := connect.Linear(y, w, nil)
		require.NoError(t, err)
		r, err := graph.Scan(leakyStep, i, nil, leaky{Decay: graph.Const(0.9), Th: graph.Const(2)})
		require.NoError(t, err)
		y, ws, outs = r.Out, append(ws, w), append(outs, r.Out)
	}
	cost, err := G.Sum(y)
	require.NoError(t, err)
	ds, _, err := graph.Grad(cost, ws...)
	require.NoError(t, err)
	m, err := machine.New(ds...)
	require.NoError(t, err)
	forward, err := machine.New(outs...) // each in memory of its own
	require.NoError(t, err)
	for run, share := range []float64{0.15, 0.15, 1, 0.15} {
		r := rand.New(rand.NewPCG(1, uint64(run)))
		v := x.Value().(*tensor.Dense).Float32s()
		for i := range v {
			v[i] = 0
			if r.Float64() < share {
				v[i] = 1
			}
		}
		want := graphtest.Eval(t, ds...) // by Gorgonia, which lends nothing
		require.NoError(t, forward.Run())
		for i := range outs {
			spikes := forward.Value(i).(*tensor.Dense).Float32s()
			fired := sum(graphtest.Floats(forward.Value(i))) / (steps * batch * n)
			require.Equal(t, share < 1, fired < 0.25, "%g of layer %d fire", fired, i)
			require.Positive(t, fired)
			for k := range spikes {
				spikes[k] = -1
			}
		}
		require.NoError(t, m.Run())
		for i := range ds {
			require.Equal(t, want[i], graphtest.Floats(m.Value(i)), "gradient of w%d in run %d", i, run)
		}
		for i := 1; i < layers; i++ {
			own := graphtest.Floats(forward.Value(i))
			require.Equal(t, share < 1, slices.Max(own) == -1, "run %d: whether the memory of layer %d is left alone, as its spikes lie in that of others", run, i)
		}
	}
}

// Convolutions and poolings lend and take memory as well.
func TestReuseOfImages(t *testing.T) {
	const steps, batch, channels, size = 3, 2, 2, 8
	g := G.NewGraph()
	random := func(name string, seed uint64, shape ...int) *G.Node {
		return graphtest.Node(g, tensor.Float32, name, shape, graphtest.Random(tensor.Shape(shape).TotalSize(), seed))
	}
	y := random("x", 1, steps, batch, channels, size, size)
	wrt := G.Nodes{y}
	var currents G.Nodes
	for i, pool := range []func(x *G.Node, k, stride int) (*G.Node, error){connect.AvgPool, connect.MaxPool} {
		w := random([]string{"w0", "w1"}[i], uint64(i+2), channels, channels, 3, 3)
		c, err := connect.Conv2D(y, w, nil, connect.Conv{Pad: 1})
		require.NoError(t, err)
		r, err := graph.Scan(leakyStep, c, nil, leaky{Decay: graph.Const(0.9), Th: graph.Const(0.2)})
		require.NoError(t, err)
		y, err = pool(r.Out, 2, 2)
		require.NoError(t, err)
		wrt, currents = append(wrt, w), append(currents, c)
	}
	cost, err := G.Sum(y)
	require.NoError(t, err)
	ds, _, err := graph.Grad(cost, wrt...)
	require.NoError(t, err)
	want := graphtest.Eval(t, ds...)
	forward, err := machine.New(currents...)
	require.NoError(t, err)
	require.NoError(t, forward.Run())
	before := [][]float64{graphtest.Floats(forward.Value(0)), graphtest.Floats(forward.Value(1))}
	m, err := machine.New(ds...)
	require.NoError(t, err)
	for run := range 2 {
		require.NoError(t, m.Run())
		for i, d := range want {
			require.Equal(t, d, graphtest.Floats(m.Value(i)), "gradient of %v in run %d", wrt[i], run)
		}
	}
	for i, b := range before {
		require.NotEqual(t, b, graphtest.Floats(forward.Value(i)), "currents %d have not made way for their gradient", i)
	}
}

func sum(x []float64) (total float64) {
	for _, v := range x {
		total += v
	}
	return total
}
