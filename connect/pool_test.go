package connect_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
)

type pooling func(x *G.Node, k, stride int) (*G.Node, error)

var poolings = map[string]pooling{"avg": connect.AvgPool, "max": connect.MaxPool}

// naivePool computes a pooling and the gradient of x from the definition.
func naivePool(name string, x, d []float64, planes, h, w, k, s int) (y, dx []float64) {
	dx = make([]float64, len(x))
	for p := range planes {
		for i := 0; i+k <= h; i += s {
			for j := 0; j+k <= w; j += s {
				var sum float64
				most, at := math.Inf(-1), 0
				for a := range k {
					for b := range k {
						n := (p*h+i+a)*w + j + b
						if sum += x[n]; x[n] > most {
							most, at = x[n], n
						}
						if name == "avg" {
							dx[n] += d[len(y)] / float64(k*k)
						}
					}
				}
				if name == "avg" {
					y = append(y, sum/float64(k*k))
					continue
				}
				dx[at] += d[len(y)]
				y = append(y, most)
			}
		}
	}
	return y, dx
}

func runPool(t *testing.T, f pooling, dt tensor.Dtype, shape []int, x, d []float64, k, s int) (y, dx []float64) {
	g := G.NewGraph()
	in := graphtest.Node(g, dt, "x", shape, x)
	n, err := f(in, k, s)
	require.NoError(t, err)
	require.Len(t, n.Shape(), len(shape))
	ds, ys := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{n}, [][]float64{d}), []*G.Node{in}, []*G.Node{n})
	return ys[0], ds[0]
}

// TestPool compares with the definition, on values and on spikes, where many
// maxima are equal.
func TestPool(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, f := range poolings {
		for i := range 60 {
			shape := []int{1 + r.IntN(3), 1 + r.IntN(40), 1 + r.IntN(3), 1 + r.IntN(9), 1 + r.IntN(9)}
			h, w := shape[3], shape[4]
			k, s := 1+r.IntN(min(h, w)), 1+r.IntN(4)
			planes := shape[0] * shape[1] * shape[2]
			x := graphtest.Sparse(planes*h*w, 0.3+0.7*float64(i%2), i%2 == 0, uint64(i))
			d := graphtest.Random(planes*((h-k)/s+1)*((w-k)/s+1), uint64(i))
			y, dx := naivePool(name, x, d, planes, h, w, k, s)
			for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-13, tensor.Float32: 1e-6} {
				gy, gdx := runPool(t, f, dt, shape, x, d, k, s)
				what := fmt.Sprintf("%s %d, stride %d, of %v %v: ", name, k, s, dt, shape)
				graphtest.Close(t, what+"y", y, gy, tol)
				graphtest.Close(t, what+"dx", dx, gdx, tol)
			}
		}
		t.Run(name, func(t *testing.T) {
			shape := tensor.Shape{2, 3, 2, 5, 6}
			pool := func(x *G.Node) (*G.Node, error) { return f(x, 3, 2) }
			graphtest.CheckGrad(t, pool, shape, graphtest.Random(shape.TotalSize(), 1))
		})
	}
}

// A maximum with a NaN is NaN, and its gradient goes there.
func TestMaxPoolNaN(t *testing.T) {
	nan := math.NaN()
	y, dx := runPool(t, connect.MaxPool, tensor.Float64, []int{1, 1, 2, 4}, []float64{5, nan, 1, 2, 7, 1, 3, 3}, []float64{1, 2}, 2, 2)
	require.True(t, math.IsNaN(y[0]))
	require.Equal(t, 3.0, y[1])
	require.Equal(t, []float64{0, 1, 0, 0, 0, 0, 2, 0}, dx)
}

func TestPoolSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	shape := []int{5, 40, 2, 7, 7}
	x, d := graphtest.Random(5*40*2*49, 1), graphtest.Random(5*40*2*9, 2)
	for name, f := range poolings {
		runtime.GOMAXPROCS(1)
		y, dx := runPool(t, f, tensor.Float32, shape, x, d, 3, 2)
		runtime.GOMAXPROCS(2)
		y2, dx2 := runPool(t, f, tensor.Float32, shape, x, d, 3, 2)
		require.Equal(t, y, y2, name)
		require.Equal(t, dx, dx2, name)
	}
}

func TestPoolErrors(t *testing.T) {
	g := G.NewGraph()
	x := G.NewTensor(g, tensor.Float32, 5, G.WithName("x"), G.WithShape(10, 4, 2, 5, 7))
	flat := G.NewTensor(g, tensor.Float32, 3, G.WithName("flat"), G.WithShape(10, 28, 28))
	whole := G.NewTensor(g, tensor.Int, 4, G.WithName("whole"), G.WithShape(10, 1, 28, 28))
	for _, c := range []struct {
		x         *G.Node
		k, stride int
		want      string
	}{
		{nil, 2, 2, "connect: avgpool: operand 0 is nil"},
		{flat, 2, 2, "connect: avgpool: x has shape [10 28 28], want [T batch c h w]"},
		{whole, 2, 2, "connect: avgpool: x has elements of type int, want float32 or float64"},
		{x, 0, 2, "connect: avgpool: a window of 0 and a stride of 2, want at least 1"},
		{x, 2, -1, "connect: avgpool: a window of 2 and a stride of -1, want at least 1"},
		{x, 6, 1, "connect: avgpool: a window of 6×6 is larger than the image of 5×7"},
	} {
		_, err := connect.AvgPool(c.x, c.k, c.stride)
		require.EqualError(t, err, c.want)
	}
	_, err := connect.MaxPool(nil, 2, 2)
	require.EqualError(t, err, "connect: maxpool: operand 0 is nil")
}

func ExampleAvgPool() {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float32, "x", []int{1, 1, 1, 2, 4}, []float64{
		1, 0, 1, 1,
		0, 0, 1, 0,
	})
	avg, err := connect.AvgPool(x, 2, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	most, err := connect.MaxPool(x, 2, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := machine.New(avg, most)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := m.Run(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Value(0).Data(), m.Value(1).Data())
	// Output:
	// [0.25 0.75] [1 1]
}

// BenchmarkPool pools the first layer of the conv workload.
func BenchmarkPool(b *testing.B) {
	shape := []int{25, 32, 16, 24, 24}
	n := tensor.Shape(shape).TotalSize()
	for name, f := range poolings {
		g := G.NewGraph()
		x := graphtest.Node(g, tensor.Float32, "x", shape, graphtest.Sparse(n, 0.05, true, 1))
		y, err := f(x, 2, 2)
		require.NoError(b, err)
		d := graphtest.Node(g, tensor.Float32, "d", y.Shape(), graphtest.Random(n/4, 2))
		ds, err := y.Op().(G.SDOp).SymDiff(G.Nodes{x}, y, d)
		require.NoError(b, err)
		v, err := y.Op().Do(x.Value())
		require.NoError(b, err)
		b.Run(name+"/y", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := y.Op().Do(x.Value())
				require.NoError(b, err)
			}
		})
		in := []G.Value{d.Value(), x.Value(), v}
		b.Run(name+"/dx", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := ds[0].Op().Do(in[:ds[0].Op().Arity()]...)
				require.NoError(b, err)
			}
		})
	}
}
