package connect_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/readout"
)

// spikeTrain returns n zeros and ones, of which about the share rate are ones.
func spikeTrain(n int, rate float64, seed uint64) []float64 {
	x := graphtest.Random(n, seed)
	for i, v := range graphtest.Random(n, seed+1) {
		u := 0.5 * math.Erfc(-v/math.Sqrt2) // uniform
		x[i] = 0
		if u < rate {
			x[i] = 1
		}
	}
	return x
}

// linearRun returns y, dx, dW and db of a linear map with random cotangents.
func linearRun(t testing.TB, dt tensor.Dtype, x []float64, shape []int, out int) [][]float64 {
	g := G.NewGraph()
	in := shape[len(shape)-1]
	xs := graphtest.Node(g, dt, "x", shape, x)
	w := graphtest.Node(g, dt, "w", []int{in, out}, graphtest.Random(in*out, 7))
	b := graphtest.Node(g, dt, "b", []int{out}, graphtest.Random(out, 8))
	y, err := connect.Linear(xs, w, b)
	require.NoError(t, err)
	loss := graphtest.Loss(t, []*G.Node{y}, [][]float64{graphtest.Random(y.Shape().TotalSize(), 9)})
	grads, values := graphtest.Grads(t, loss, []*G.Node{xs, w, b}, []*G.Node{y})
	return append(values, grads...)
}

// naiveLinear computes the same in plain loops.
func naiveLinear(x []float64, in, out int) [][]float64 {
	w, b := graphtest.Random(in*out, 7), graphtest.Random(out, 8)
	rows := len(x) / in
	dy := graphtest.Random(rows*out, 9)
	y, dx := make([]float64, rows*out), make([]float64, rows*in)
	dw, db := make([]float64, in*out), make([]float64, out)
	for r := range rows {
		for o := range out {
			y[r*out+o] = b[o]
			db[o] += dy[r*out+o]
			for i := range in {
				y[r*out+o] += x[r*in+i] * w[i*out+o]
				dx[r*in+i] += dy[r*out+o] * w[i*out+o]
				dw[i*out+o] += x[r*in+i] * dy[r*out+o]
			}
		}
	}
	return [][]float64{y, dx, dw, db}
}

// A linear map gives the same numbers whether it follows the spikes or not.
func TestLinear(t *testing.T) {
	shape := []int{5, 30, 17}
	const out = 9
	n := 5 * 30 * 17
	graded := spikeTrain(n, 0.1, 1)
	for i, v := range graphtest.Random(n, 3) {
		graded[i] *= v
	}
	for name, x := range map[string][]float64{
		"silent": make([]float64, n), "sparse spikes": spikeTrain(n, 0.1, 1), "dense spikes": spikeTrain(n, 0.6, 1),
		"sparse values": graded, "dense values": graphtest.Random(n, 2),
	} {
		want := naiveLinear(x, 17, out)
		for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 1e-5} {
			t.Run(fmt.Sprintf("%s/%v", name, dt), func(t *testing.T) {
				got := linearRun(t, dt, x, shape, out)
				for i, part := range []string{"y", "dx", "dw", "db"} {
					graphtest.Close(t, part, want[i], got[i], tol)
				}
			})
		}
	}
}

// The same for a layer so wide, and so many rows, that weights and gradients are copied before spikes are followed.
func TestWideLinear(t *testing.T) {
	const in, out = 7, 1100
	x := spikeTrain(10*60*in, 0.1, 1)
	want := naiveLinear(x, in, out)
	for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 1e-5} {
		got := linearRun(t, dt, x, []int{10, 60, in}, out)
		for i, part := range []string{"y", "dx", "dw", "db"} {
			graphtest.Close(t, part, want[i], got[i], tol)
		}
	}
}

// Results have the same bits whatever the number of processors.
func TestSameBits(t *testing.T) {
	if gemm.InForce() == "OpenBLAS" {
		t.Skip("OpenBLAS divides products among threads in its own way, with other bits on some processors")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	x := spikeTrain(6*70*40, 0.1, 1)
	var want [][]float64
	for _, n := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(n)
		got := linearRun(t, tensor.Float32, x, []int{6, 70, 40}, 300)
		if want == nil {
			want = got
		}
		require.Equal(t, want, got, "GOMAXPROCS=%d", n)
	}
}

// A Linear that is part of a step has other spikes at every step.
func TestLinearInScan(t *testing.T) {
	step := func(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
		y, err := connect.Linear(x, p.W, nil)
		if err != nil {
			return nil, s, err
		}
		return leakyStep(y, s, p)
	}
	run := func(f lifter) [][]float64 {
		g := G.NewGraph()
		xs := graphtest.Node(g, tensor.Float64, "xs", []int{9, 4, 3}, spikeTrain(108, 0.15, 1))
		w := graphtest.Node(g, tensor.Float64, "w", []int{3, 3}, graphtest.Random(9, 3))
		r, err := f(xs, nil, leaky{Decay: graph.Const(0.9), Th: graph.Const(1), W: w})
		require.NoError(t, err)
		loss := graphtest.Loss(t, []*G.Node{r.Out}, [][]float64{graphtest.Random(108, 4)})
		grads, values := graphtest.Grads(t, loss, []*G.Node{w, xs}, []*G.Node{r.Out})
		return append(values, grads...)
	}
	want := run(unrolled(step))
	for _, every := range []int{1, 2, 6} {
		got := run(scanned(step, graph.ScanOptions{KeepEvery: every}))
		for i, part := range []string{"out", "dw", "dx"} {
			graphtest.Close(t, part, want[i], got[i], 1e-12)
		}
	}
}

// BenchmarkLinear multiplies spikes of several densities by a matrix, forward
// and backward.
func BenchmarkLinear(b *testing.B) {
	for _, rate := range []float64{0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1} {
		b.Run(fmt.Sprintf("rate=%v", rate), func(b *testing.B) {
			g := G.NewGraph()
			shape := []int{100, 64, 512}
			x := graphtest.Node(g, tensor.Float32, "x", shape, spikeTrain(100*64*512, rate, 1))
			w := graphtest.Node(g, tensor.Float32, "w", []int{512, 512}, graphtest.Random(512*512, 2))
			y, err := connect.Linear(x, w, nil)
			require.NoError(b, err)
			loss, err := readout.SumOverTime(y)
			require.NoError(b, err)
			loss, err = G.Sum(loss)
			require.NoError(b, err)
			ds, _, err := graph.Grad(loss, w)
			require.NoError(b, err)
			m, err := machine.New(ds...)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, m.Run())
			}
		})
	}
}
