package graph_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/gemm"
	"github.com/spikegrad/spikegrad/internal/vec"
	"github.com/spikegrad/spikegrad/machine"
)

// BenchmarkYardstick shows the limits of the machine on the day of a
// measurement: how fast memory is copied, how fast matrices are multiplied, and
// how fast LIF neurons can be run forward and backward by calls of the kernels
// written out by hand.
func BenchmarkYardstick(b *testing.B) {
	b.Run("copy", func(b *testing.B) {
		// Far more than a cache holds; and written, as the pages of a new slice are one
		// page of zeros.
		const n = 64 << 20
		src, dst := make([]float32, n), make([]float32, n)
		for i := range src {
			src[i], dst[i] = float32(i), 1
		}
		b.SetBytes(2 * 4 * n)
		for b.Loop() {
			parallel(n, func(from, to int) { copy(dst[from:to], src[from:to]) })
		}
	})
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("product/threads=%d", threads), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
			const m, n, k = 6400, 512, 512
			x, w, y := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
			for b.Loop() {
				gemm.Float32(false, false, m, n, k, x, k, w, n, false, y, n)
			}
			b.ReportMetric(2*m*n*k*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
	b.Run("lif", func(b *testing.B) {
		const steps, lanes = 100, 64 * 1024
		l := newHandLIF(steps, lanes)
		for b.Loop() {
			l.run()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*steps*lanes), "ns/neuron-step")
	})
}

// parallel cuts n elements into a piece for each processor.
func parallel(n int, f func(from, to int)) {
	var wg sync.WaitGroup
	p := runtime.GOMAXPROCS(0)
	for i := range p {
		wg.Go(func() { f(i*n/p, (i+1)*n/p) })
	}
	wg.Wait()
}

// handLIF is the LIF step forward and backward in calls of kernels by hand: 1,024
// lanes through all time steps, the states of every 20th step kept.
type handLIF struct {
	steps, lanes      int
	x, z, gradZ, grad []float32
	v, i              []float32
}

const handEvery, handBlock = 20, 1024

func newHandLIF(steps, lanes int) *handLIF {
	f := func(n int) []float32 { return make([]float32, n) }
	l := &handLIF{steps: steps, lanes: lanes, x: f(steps * lanes), z: f(steps * lanes), gradZ: f(steps * lanes), grad: f(steps * lanes)}
	l.v, l.i = f((steps/handEvery+1)*lanes), f((steps/handEvery+1)*lanes)
	for k, x := range graphtest.Random(steps*lanes, 1) {
		l.x[k], l.gradZ[k] = float32(x), float32(-x)
	}
	return l
}

func (l *handLIF) run() {
	parallel(l.lanes/handBlock, func(from, to int) {
		var s [2][handEvery + 1][handBlock]float32 // v and i
		var t [4][handBlock]float32
		for b := from; b < to; b++ {
			l.forward(b*handBlock, &s, &t)
		}
		for b := from; b < to; b++ {
			l.backward(b*handBlock, &s, &t)
		}
	})
}

// step advances v and i to v1 and i1 and writes the spikes to z.
func (l *handLIF) step(k *vec.Kernels[float32], x, v, i, v1, i1, z, tmp []float32) {
	k.Add(i1, i, x)
	k.Sub(tmp, i1, v)
	k.MulAddC(v1, tmp, 0.1, v)
	k.GtC(z, v1, 1)
	k.OneMinusMul(v1, z, v1)
	k.MulAddC(i1, i1, -0.2, i1)
}

func (l *handLIF) forward(at int, s *[2][handEvery + 1][handBlock]float32, t *[4][handBlock]float32) {
	k := vec.For[float32]()
	v, i := &s[0], &s[1]
	clear(v[0][:])
	clear(i[0][:])
	for n := range l.steps {
		if n%handEvery == 0 {
			copy(l.v[n/handEvery*l.lanes+at:][:handBlock], v[n%2][:])
			copy(l.i[n/handEvery*l.lanes+at:][:handBlock], i[n%2][:])
		}
		row := n*l.lanes + at
		l.step(k, l.x[row:][:handBlock], v[n%2][:], i[n%2][:], v[1-n%2][:], i[1-n%2][:], l.z[row:][:handBlock], t[0][:])
	}
}

func (l *handLIF) backward(at int, s *[2][handEvery + 1][handBlock]float32, t *[4][handBlock]float32) {
	k := vec.For[float32]()
	var dv, di [handBlock]float32
	for end := l.steps; end > 0; end -= handEvery {
		start := end - handEvery
		copy(s[0][0][:], l.v[start/handEvery*l.lanes+at:][:handBlock])
		copy(s[1][0][:], l.i[start/handEvery*l.lanes+at:][:handBlock])
		for n := start; n < end-1; n++ {
			j := n - start
			l.step(k, l.x[n*l.lanes+at:][:handBlock], s[0][j][:], s[1][j][:], s[0][j+1][:], s[1][j+1][:], t[1][:], t[0][:])
		}
		for n := end - 1; n >= start; n-- {
			j, row := n-start, n*l.lanes+at
			v, u, z, g := s[0][j][:], t[0][:], t[1][:], t[2][:]
			k.Add(u, s[1][j][:], l.x[row:][:handBlock]) // î
			k.Sub(u, u, v)
			k.MulAddC(u, u, 0.1, v) // v̂
			k.GtC(z, u, 1)
			// g = (∂z − λ_v v̂) s(v̂ − 1) + (1 − z) λ_v
			k.MulRSub(g, dv[:], u, l.gradZ[row:][:handBlock])
			k.AddC(u, u, -1)
			k.Abs(u, u)
			k.MulC(u, u, 100)
			k.AddC(u, u, 1)
			k.Square(u, u)
			k.Div(g, g, u)
			k.OneMinusMul(dv[:], z, dv[:])
			k.Add(g, g, dv[:])
			// back through the membrane and the synapse
			k.MulC(dv[:], g, 0.9)
			k.MulC(di[:], di[:], 0.8)
			k.MulAddC(di[:], g, 0.1, di[:])
			copy(l.grad[row:][:handBlock], di[:])
		}
	}
}

// BenchmarkPause measures how long the garbage collector waits for a long scan:
// 1,024 lanes, as many as one processor takes at a time, through 100,000 steps.
func BenchmarkPause(b *testing.B) {
	const steps, lanes = 100_000, 1024
	g := G.NewGraph()
	xs, err := graph.Input(g, "xs", tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(steps, 1, lanes)))
	require.NoError(b, err)
	r, err := graph.Scan(leakyStep, xs, nil, leaky{Decay: graph.Const(0.9), Th: graph.Const(1)})
	require.NoError(b, err)
	m, err := machine.New(r.Out)
	require.NoError(b, err)
	require.NoError(b, m.Run())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for b.Loop() {
			require.NoError(b, m.Run())
		}
	}()
	var stops []time.Duration
	for {
		select {
		case <-done:
			slices.Sort(stops)
			b.ReportMetric(float64(stops[len(stops)/2].Microseconds()), "µs-median-stop")
			b.ReportMetric(float64(stops[len(stops)-1].Microseconds()), "µs-longest-stop")
			return
		case <-time.After(time.Millisecond):
			began := time.Now()
			var s runtime.MemStats
			runtime.ReadMemStats(&s) // stops the world, as the collector does
			stops = append(stops, time.Since(began))
		}
	}
}
