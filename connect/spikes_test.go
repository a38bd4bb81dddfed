package connect_test

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
	"github.com/spikegrad/spikegrad/internal/cpu"
	"github.com/spikegrad/spikegrad/machine"
)

func newSpikes(t testing.TB, shape ...int) *connect.Spikes {
	t.Helper()
	s, err := connect.NewSpikes(shape...)
	require.NoError(t, err)
	return s
}

// spikesOf returns the lists of a dense tensor.
func spikesOf(t testing.TB, shape []int, x []float64) *connect.Spikes {
	t.Helper()
	s := newSpikes(t, shape...)
	require.NoError(t, s.SetDense(graphtest.Tensor(tensor.Float64, shape, x)))
	return s
}

// Lists have what was added, whatever the order: sums of what came twice, and
// nothing where these are 0.
func TestSpikes(t *testing.T) {
	s := newSpikes(t, 2, 2, 3)
	require.Equal(t, 0, s.Len())
	require.NoError(t, s.Add(1, 0, 2, 1))
	require.NoError(t, s.Add(0, 1, 1, 1))
	require.NoError(t, s.Add(1, 0, 0, 1))
	require.Equal(t, 3, s.Len())
	idx, val := s.Row(1, 0)
	require.Equal(t, []int32{0, 2}, idx)
	require.Nil(t, val)

	require.NoError(t, s.Add(0, 1, 0, -0.5)) // others were sorted already
	require.NoError(t, s.Add(1, 0, 2, 1))    // twice
	require.NoError(t, s.Add(1, 1, 1, 2))    // goes and comes
	require.NoError(t, s.Add(1, 1, 1, -2))
	require.NoError(t, s.Add(0, 0, 0, 0)) // none
	require.Equal(t, 4, s.Len())
	idx, val = s.Row(0, 1)
	require.Equal(t, []int32{0, 1}, idx)
	require.Equal(t, []float64{-0.5, 1}, val)
	d, err := s.Dense(tensor.Float32)
	require.NoError(t, err)
	require.Equal(t, []int{2, 2, 3}, []int(d.Shape()))
	require.Equal(t, []float32{0, 0, 0, -0.5, 1, 0, 1, 0, 2, 0, 0, 0}, d.Data())
	for _, at := range [][2]int{{-1, 0}, {2, 0}, {0, -1}, {0, 2}} {
		idx, val = s.Row(at[0], at[1])
		require.Empty(t, idx)
		require.Empty(t, val)
	}
	s.Clear()
	require.Equal(t, 0, s.Len())
	require.Equal(t, []int{2, 2, 3}, s.Shape())
	require.Equal(t, []int{2, 2, 3}, []int{s.Steps(), s.Batch(), s.Width()})
}

// Events in a random order, some at the same place, make the tensor to which they
// are added one by one; and its lists make it again.
func TestSpikesAgainstDense(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		shape := []int{1 + r.IntN(5), 1 + r.IntN(70), 1 + r.IntN(40)}
		s, want := newSpikes(t, shape...), make([]float64, tensor.Shape(shape).TotalSize())
		for range 2 { // the memory of the first does not show in the second
			s.Clear()
			clear(want)
			values := []float64{1, 1, 2, -1, 0.5, 0}[:1+r.IntN(6)]
			for range r.IntN(2 * len(want)) {
				at, v := r.IntN(len(want)), values[r.IntN(len(values))]
				require.NoError(t, s.Add(at/shape[2]/shape[1], at/shape[2]%shape[1], at%shape[2], v))
				want[at] += v
			}
			n := len(want) - count(want, 0)
			require.Equal(t, n, s.Len())
			for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
				d, err := s.Dense(dt)
				require.NoError(t, err)
				require.Equal(t, want, graphtest.Floats(d))
				require.NoError(t, s.SetDense(d))
				require.Equal(t, n, s.Len())
			}
			for i := range shape[0] * shape[1] {
				idx, _ := s.Row(i/shape[1], i%shape[1])
				require.True(t, slices.IsSorted(idx))
			}
		}
	}
}

func count(x []float64, v float64) (n int) {
	for _, e := range x {
		if e == v {
			n++
		}
	}
	return n
}

func TestSpikesErrors(t *testing.T) {
	for _, shape := range [][]int{nil, {3, 4}, {3, 0, 4}, {3, 4, -1}} {
		_, err := connect.NewSpikes(shape...)
		require.EqualError(t, err, fmt.Sprintf("connect: spikes: the shape is %v, want [T batch n …] with axes of at least 1", shape))
	}
	for _, shape := range [][]int{{1 << 14, 1<<14 + 1, 1}, {1, 1, 1 << 16, 1 << 16}} {
		_, err := connect.NewSpikes(shape...)
		require.EqualError(t, err, fmt.Sprintf("connect: spikes: the shape is %v, want at most 268435456 rows and as many elements of a row", shape))
	}
	s := newSpikes(t, 2, 3, 4)
	for want, err := range map[string]error{
		"time step is 2, want 0 to 1":  s.Add(2, 0, 0, 1),
		"time step is -1, want 0 to 1": s.Add(-1, 0, 0, 1),
		"sample is 3, want 0 to 2":     s.Add(0, 3, 0, 1),
		"element is 4, want 0 to 3":    s.Add(0, 0, 4, 1),
		"element is -1, want 0 to 3":   s.Add(0, 0, -1, 1),
	} {
		require.EqualError(t, err, "connect: spikes of shape [2 3 4]: "+want)
	}
	require.Equal(t, 0, s.Len())
	require.EqualError(t, s.SetDense(nil), "connect: spikes: the dense tensor has shape [], want [2 3 4]")
	require.EqualError(t, s.SetDense(graphtest.Tensor(tensor.Float32, []int{2, 4, 3}, make([]float64, 24))),
		"connect: spikes: the dense tensor has shape [2 4 3], want [2 3 4]")
	require.EqualError(t, s.SetDense(tensor.New(tensor.Of(tensor.Int), tensor.WithShape(2, 3, 4))),
		"connect: spikes: got elements of type int, want float32 or float64")
	_, err := s.Dense(tensor.Int)
	require.EqualError(t, err, "connect: spikes: a tensor of int asked for, want float32 or float64")
	var zero connect.Spikes
	require.EqualError(t, zero.Add(0, 0, 0, 1), "connect: spikes: they were not made by NewSpikes")
	_, err = zero.Dense(tensor.Float32)
	require.EqualError(t, err, "connect: spikes: they were not made by NewSpikes")
	require.Error(t, zero.SetDense(tensor.New(tensor.FromScalar(1.0))))
	zero.Clear()
	require.Equal(t, 0, zero.Len())
	idx, _ := zero.Row(0, 0)
	require.Empty(t, idx)
	large := newSpikes(t, 1<<12, 1<<10, 1<<10)
	_, err = large.Dense(tensor.Float32)
	require.EqualError(t, err, "connect: spikes: the dense tensor: shape [4096 1024 1024] has 4294967296 elements, want at most 2147483648")
}

// bits returns the bits of the values of nodes, computed on a Machine, and on a tape
// machine of Gorgonia's in a second run after one with other inputs.
func bits(t testing.TB, tape bool, let func(run int), nodes ...*G.Node) [][]uint64 {
	t.Helper()
	vs := make([]G.Value, len(nodes))
	if tape {
		for i, n := range nodes {
			G.Read(n, &vs[i])
		}
		vm := G.NewTapeMachine(nodes[0].Graph())
		defer vm.Close()
		for run := range 2 {
			let(run)
			require.NoError(t, vm.RunAll())
			vm.Reset()
		}
	} else {
		m, err := machine.New(nodes...)
		require.NoError(t, err)
		for run := range 2 {
			let(run)
			require.NoError(t, m.Run())
		}
		for i := range nodes {
			vs[i] = m.Value(i)
		}
	}
	out := make([][]uint64, len(vs))
	for i, v := range vs {
		for _, x := range graphtest.Floats(v) {
			out[i] = append(out[i], math.Float64bits(x))
		}
	}
	return out
}

// A reader is something that reads spikes: it returns outputs, and weights.
type spikeReader struct {
	shape []int
	build func(t testing.TB, x *G.Node) (outs, weights G.Nodes)
}

func weight(x *G.Node, name string, shape ...int) *G.Node {
	return graphtest.Node(x.Graph(), x.Dtype(), name, shape, graphtest.Random(tensor.Shape(shape).TotalSize(), uint64(len(name))))
}

var spikeReaders = map[string]spikeReader{
	"linear": {[]int{5, 30, 17}, func(t testing.TB, x *G.Node) (outs, weights G.Nodes) {
		w, bias, w2 := weight(x, "w", 17, 9), weight(x, "bias", 9), weight(x, "second", 17, 300)
		y, err := connect.Linear(x, w, bias)
		require.NoError(t, err)
		z, err := connect.Linear(x, w2, nil)
		require.NoError(t, err)
		return G.Nodes{y, z}, G.Nodes{w, bias, w2}
	}},
	"conv": {[]int{4, 6, 2, 9, 8}, func(t testing.TB, x *G.Node) (outs, weights G.Nodes) {
		w, bias := weight(x, "w", 5, 2, 3, 3), weight(x, "bias", 5)
		y, err := connect.Conv2D(x, w, bias, connect.Conv{Pad: 1})
		require.NoError(t, err)
		return G.Nodes{y}, G.Nodes{w, bias}
	}},
	// What knows nothing of lists: a linear map of a part of a row, a scan, and
	// operations of Gorgonia's.
	"dense": {[]int{6, 4, 3, 5}, func(t testing.TB, x *G.Node) (outs, weights G.Nodes) {
		w, th := weight(x, "w", 5, 7), weight(x, "threshold", 1)
		y, err := connect.Linear(x, w, nil)
		require.NoError(t, err)
		r, err := graph.Scan(leakyStep, x, nil, leaky{Decay: graph.Const(0.9), Th: graph.Learn(th)})
		require.NoError(t, err)
		twice, err := G.Add(x, x)
		require.NoError(t, err)
		sum, err := G.Sum(twice, 0)
		require.NoError(t, err)
		return G.Nodes{y, r.Out, sum}, G.Nodes{w, th}
	}},
	"both": {[]int{6, 4, 5}, func(t testing.TB, x *G.Node) (outs, weights G.Nodes) {
		w := weight(x, "w", 5, 5)
		y, err := connect.Linear(x, w, nil)
		require.NoError(t, err)
		y, err = G.HadamardProd(x, y)
		require.NoError(t, err)
		return G.Nodes{y, x}, G.Nodes{w}
	}},
}

// Lists give the bits of the dense tensor, forward and in the gradients, on both
// machines, however many spikes there are and whatever their values.
func TestSpikeInput(t *testing.T) {
	for name, reader := range spikeReaders {
		n := tensor.Shape(reader.shape).TotalSize()
		other := graphtest.Sparse(n, 0.2, false, 1)
		some := graphtest.Sparse(n, 0.1, true, 2)
		clear(some[n/3 : n/2])
		full := graphtest.Sparse(n, 0.05, true, 3)
		for i := range full[:n/reader.shape[0]/2] {
			full[i] = 1
		}
		for kind, x := range map[string][]float64{
			"spikes": some, "none": make([]float64, n), "full rows": full, "graded": graphtest.Sparse(n, 0.1, false, 4),
			"many": graphtest.Sparse(n, 0.6, true, 5), "all": graphtest.Sparse(n, 1, false, 6),
		} {
			for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
				for _, tape := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%s/%v/tape=%t", name, kind, dt, tape), func(t *testing.T) {
						run := func(lists bool) [][]uint64 {
							g := G.NewGraph()
							var in *G.Node
							s := newSpikes(t, reader.shape...)
							if lists {
								var err error
								in, err = connect.SpikeInput(g, "x", dt, s)
								require.NoError(t, err)
							} else {
								in = graphtest.Node(g, dt, "x", reader.shape, x)
							}
							outs, weights := reader.build(t, in)
							var cots [][]float64
							for i, o := range outs {
								cots = append(cots, graphtest.Random(o.Shape().TotalSize(), uint64(10+i)))
							}
							ds, unused, err := graph.Grad(graphtest.Loss(t, outs, cots), weights...)
							require.NoError(t, err)
							require.Empty(t, unused)
							return bits(t, tape, func(run int) {
								v := [][]float64{other, x}[run]
								switch {
								case !lists:
									require.NoError(t, G.Let(in, graphtest.Tensor(dt, reader.shape, v)))
								case run == 0: // changed in place
									require.NoError(t, s.SetDense(graphtest.Tensor(dt, reader.shape, v)))
								default:
									require.NoError(t, connect.LetSpikes(in, spikesOf(t, reader.shape, v)))
								}
							}, append(outs, ds...)...)
						}
						require.Equal(t, run(false), run(true))
					})
				}
			}
		}
	}
}

// Only what reads the dense tensor makes it.
func TestSpikeInputStaysLists(t *testing.T) {
	if cpu.DenseProducts() {
		t.Skip("products are dense")
	}
	g := G.NewGraph()
	s := newSpikes(t, 1<<9, 1<<7, 1<<16) // 16 GiB
	require.NoError(t, s.Add(5, 3, 2, 1))
	x, err := connect.SpikeInput(g, "x", tensor.Float32, s)
	require.NoError(t, err)
	require.Equal(t, "x", x.Name())
	require.Same(t, s, connect.SpikesOf(x))
	w := weight(x, "w", 1<<16, 1)
	y, err := connect.Linear(x, w, nil)
	require.NoError(t, err)
	m, err := machine.New(y)
	require.NoError(t, err)
	require.NoError(t, m.Run())
	out := graphtest.Floats(m.Value(0))
	require.Equal(t, len(out)-1, count(out, 0))
	require.Equal(t, graphtest.Floats(w.Value())[2], out[5<<7+3])

	m, err = machine.New(x)
	require.NoError(t, err)
	require.ErrorContains(t, m.Run(), "the dense tensor: shape [512 128 65536] has 4294967296 elements, want at most 2147483648")
}

func TestSpikeInputErrors(t *testing.T) {
	g, s := G.NewGraph(), newSpikes(t, 2, 3, 4)
	_, err := connect.SpikeInput(nil, "x", tensor.Float32, s)
	require.EqualError(t, err, "connect: input x: the graph is nil")
	for _, bad := range []*connect.Spikes{nil, {}} {
		_, err = connect.SpikeInput(g, "x", tensor.Float32, bad)
		require.EqualError(t, err, "connect: input x: the spikes are nil or were not made by NewSpikes")
	}
	_, err = connect.SpikeInput(g, "x", tensor.Int, s)
	require.EqualError(t, err, "connect: input x has elements of type int, want float32 or float64")
	x, err := connect.SpikeInput(g, "x", tensor.Float32, s)
	require.NoError(t, err)
	_, err = connect.SpikeInput(g, "x", tensor.Float32, s)
	require.EqualError(t, err, "connect: the graph has a node called x already")

	require.EqualError(t, connect.LetSpikes(nil, s), "connect: let spikes: the node was not made by SpikeInput")
	require.EqualError(t, connect.LetSpikes(weight(x, "w", 4, 2), s), "connect: let spikes: the node was not made by SpikeInput")
	require.EqualError(t, connect.LetSpikes(x, nil), "connect: let spikes: the spikes of x are nil")
	require.EqualError(t, connect.LetSpikes(x, newSpikes(t, 3, 2, 4)), "connect: let spikes: x has shape [2 3 4], the spikes have [3 2 4]")
	require.Nil(t, connect.SpikesOf(nil))
	require.Error(t, G.Let(x, graphtest.Tensor(tensor.Float32, []int{2, 3, 4}, make([]float64, 24))))

	_, err = connect.Linear(x, weight(x, "of another type", 5, 2), nil)
	require.EqualError(t, err, "connect: linear: x has shape [2 3 4], want [T batch 5]")
	y, err := connect.Linear(x, g.ByName("w")[0], nil)
	require.NoError(t, err)
	loss := graphtest.Loss(t, []*G.Node{y}, [][]float64{make([]float64, 12)})
	_, _, err = graph.Grad(loss, x)
	require.EqualError(t, err, "graph: gradient: x is an input of spike lists, which have none; where you need its gradient make it a dense input")
	_, err = G.Grad(loss, x)
	require.ErrorContains(t, err, "Can only differentiate with regards to input nodes")
}

// Filling lists and running on them allocates nothing that a dense tensor would
// not.
func TestSpikesAllocateNothing(t *testing.T) {
	shape := []int{8, 40, 30}
	x := graphtest.Sparse(8*40*30, 0.1, false, 1)
	d := graphtest.Tensor(tensor.Float32, shape, x)
	s := newSpikes(t, shape...)
	fill := func() {
		s.Clear()
		for i := len(x) - 1; i >= 0; i-- { // to be sorted
			if x[i] != 0 {
				_ = s.Add(i/1200, i/30%40, i%30, x[i])
			}
		}
	}
	run := func(in *G.Node) func() {
		w := weight(in, "w", 30, 20)
		y, err := connect.Linear(in, w, nil)
		require.NoError(t, err)
		ds, _, err := graph.Grad(graphtest.Loss(t, []*G.Node{y}, [][]float64{graphtest.Random(6400, 1)}), w)
		require.NoError(t, err)
		m, err := machine.New(ds...)
		require.NoError(t, err)
		return func() { _ = m.Run() }
	}
	require.Zero(t, testing.AllocsPerRun(10, func() { fill(); s.Len() }))
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = s.SetDense(d) }))
	if cpu.DenseProducts() {
		return
	}
	in, err := connect.SpikeInput(G.NewGraph(), "x", tensor.Float32, s)
	require.NoError(t, err)
	lists := run(in)
	dense := run(graphtest.Node(G.NewGraph(), tensor.Float32, "x", shape, x))
	// One for each of the 8 time steps would be 8 more. It is no stricter, as the race
	// detector has a sync.Pool lose some of what it holds.
	require.Less(t, testing.AllocsPerRun(10, func() { fill(); lists() }), testing.AllocsPerRun(10, dense)+8)
}
