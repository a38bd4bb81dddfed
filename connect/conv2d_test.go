package connect_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
	"github.com/spikegrad/spikegrad/surrogate"
)

// A convCase is a convolution with its input, kernel and bias, and the gradient
// of its output.
type convCase struct {
	connect.Conv
	lead          []int
	c, h, w       int
	out, kh, kw   int
	x, k, bias, d []float64
}

// An axisCase is one axis of it: the settings, with the padding before the image, and how
// many outputs there are.
type axisCase struct{ s, d, p, out int }

// axes returns those of height and width, from the definition.
func (c *convCase) axes() (y, x axisCase) {
	one := func(a connect.Axis, n, k int) axisCase {
		r := axisCase{max(1, a.Stride), max(1, a.Dilation), a.Pad, 0}
		r.out = (n+2*r.p-r.d*(k-1)-1)/r.s + 1
		if c.Same {
			r.out = (n + r.s - 1) / r.s
			r.p = max(0, (r.out-1)*r.s+r.d*(k-1)+1-n) / 2
		}
		return r
	}
	down := connect.Axis{Stride: c.Stride, Pad: c.Pad, Dilation: c.Dilation}
	across := down
	if c.Width != nil {
		across = *c.Width
	}
	return one(down, c.h, c.kh), one(across, c.w, c.kw)
}

func (c *convCase) size() (h, w int) {
	y, x := c.axes()
	return y.out, x.out
}

func (c *convCase) groups() int { return max(1, c.Groups) }

func (c *convCase) samples() int { return tensor.Shape(c.lead).TotalSize() }

// fill draws the values; x is zero but for a share of it, which is 1 if spikes.
func (c *convCase) fill(seed uint64, density float64, spikes bool) {
	oh, ow := c.size()
	c.x = graphtest.Sparse(c.samples()*c.c*c.h*c.w, density, spikes, seed)
	c.k = graphtest.Random(c.out*c.c/c.groups()*c.kh*c.kw, seed+1)
	c.bias = graphtest.Random(c.out, seed+2)
	c.d = graphtest.Random(c.samples()*c.out*oh*ow, seed+3)
}

// naive computes the convolution and its gradients from the definition.
func (c *convCase) naive() (y, dx, dk, db []float64) {
	down, across := c.axes()
	oh, ow, in := down.out, across.out, c.c/c.groups()
	y, dx = make([]float64, len(c.d)), make([]float64, len(c.x))
	dk, db = make([]float64, len(c.k)), make([]float64, len(c.bias))
	at := 0
	for n := range c.samples() {
		for o := range c.out {
			for i := range oh {
				for j := range ow {
					y[at] = c.bias[o]
					db[o] += c.d[at]
					for g := range in {
						ch := o/(c.out/c.groups())*in + g
						for k := range c.kh {
							for l := range c.kw {
								iy, ix := down.s*i+down.d*k-down.p, across.s*j+across.d*l-across.p
								if iy < 0 || iy >= c.h || ix < 0 || ix >= c.w {
									continue
								}
								xi := ((n*c.c+ch)*c.h+iy)*c.w + ix
								ki := ((o*in+g)*c.kh+k)*c.kw + l
								y[at] += c.k[ki] * c.x[xi]
								dk[ki] += c.d[at] * c.x[xi]
								dx[xi] += c.d[at] * c.k[ki]
							}
						}
					}
					at++
				}
			}
		}
	}
	return y, dx, dk, db
}

// run computes the same with Conv2D.
func (c *convCase) run(t testing.TB, dt tensor.Dtype) (y, dx, dk, db []float64) {
	g := G.NewGraph()
	x := graphtest.Node(g, dt, "x", append(slices.Clone(c.lead), c.c, c.h, c.w), c.x)
	k := graphtest.Node(g, dt, "k", []int{c.out, c.c / c.groups(), c.kh, c.kw}, c.k)
	bias := graphtest.Node(g, dt, "bias", []int{c.out}, c.bias)
	n, err := connect.Conv2D(x, k, bias, c.Conv)
	require.NoError(t, err)
	oh, ow := c.size()
	require.Equal(t, append(slices.Clone(c.lead), c.out, oh, ow), []int(n.Shape()))
	loss := graphtest.Loss(t, []*G.Node{n}, [][]float64{c.d})
	grads, ys := graphtest.Grads(t, loss, []*G.Node{x, k, bias}, []*G.Node{n})
	return ys[0], grads[0], grads[1], grads[2]
}

func (c *convCase) String() string {
	return fmt.Sprintf("%v %d×%d×%d to %d by %d×%d, %+v across %+v", c.lead, c.c, c.h, c.w, c.out, c.kh, c.kw, c.Conv, c.Width)
}

// randomConv draws a shape whose kernel fits the image.
func randomConv(r *rand.Rand) *convCase {
	for {
		c := &convCase{
			lead: []int{1 + r.IntN(3), 1 + r.IntN(4)}, c: 1 + r.IntN(5), h: 1 + r.IntN(10), w: 1 + r.IntN(10),
			out: 1 + r.IntN(9), kh: 1 + r.IntN(5), kw: 1 + r.IntN(5),
		}
		if r.IntN(4) == 0 {
			c.lead = []int{1 + r.IntN(80)}
		}
		c.Conv = connect.Conv{Stride: r.IntN(4), Pad: r.IntN(4), Dilation: r.IntN(4)}
		if r.IntN(3) == 0 {
			c.Width = &connect.Axis{Stride: r.IntN(4), Pad: r.IntN(4), Dilation: r.IntN(4)}
		}
		c.Same = r.IntN(4) == 0
		switch r.IntN(5) {
		case 0:
			c.Groups = 1 + r.IntN(3)
			c.c, c.out = c.c*c.Groups, c.out*c.Groups
		case 1: // depthwise
			c.Groups, c.out = c.c, c.c*(1+r.IntN(2))
		}
		y, x := c.axes()
		if c.Same || y.d*(c.kh-1) < c.h+2*y.p && x.d*(c.kw-1) < c.w+2*x.p {
			return c
		}
	}
}

// TestConv2D compares with the definition.
func TestConv2D(t *testing.T) {
	compareConv(t, 400, randomConv)
}

// From 16 channels on gradients of images by kernels of 3×3 take a way of their own.
func TestConv2DManyChannels(t *testing.T) {
	compareConv(t, 60, func(r *rand.Rand) *convCase {
		for {
			c := &convCase{lead: []int{1 + r.IntN(3), 1 + r.IntN(4)}, c: 15 + r.IntN(6), h: 1 + r.IntN(9), w: 1 + r.IntN(9), out: 15 + r.IntN(6), kh: 3, kw: 3}
			if r.IntN(4) == 0 {
				c.lead = []int{1 + r.IntN(20)}
			}
			c.Conv = connect.Conv{Stride: r.IntN(2), Pad: r.IntN(4), Dilation: r.IntN(2), Same: r.IntN(4) == 0, Groups: r.IntN(3)}
			if r.IntN(3) == 0 {
				c.Width = &connect.Axis{Pad: r.IntN(4)}
			}
			c.c, c.out = c.c*c.groups(), c.out*c.groups()
			if h, w := c.size(); h > 0 && w > 0 {
				return c
			}
		}
	})
}

// compareConv compares so many convolutions that draw gives with the definition.
func compareConv(t *testing.T, n int, draw func(r *rand.Rand) *convCase) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		c := draw(r)
		density := []float64{0, 0.1, 0.2, 0.3, 1}[r.IntN(5)]
		c.fill(uint64(i), density, r.IntN(2) == 0)
		if r.IntN(3) == 0 {
			c.d = graphtest.Sparse(len(c.d), 0.1, false, uint64(i))
		}
		y, dx, dk, db := c.naive()
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			tol := 1e-12
			if dt == tensor.Float32 {
				tol = 1e-5
			}
			name := fmt.Sprintf("%d: %v, density %v, %v: ", i, c, density, dt)
			gy, gdx, gdk, gdb := c.run(t, dt)
			graphtest.Close(t, name+"y", y, gy, tol)
			graphtest.Close(t, name+"dx", dx, gdx, tol)
			graphtest.Close(t, name+"dw", dk, gdk, tol)
			graphtest.Close(t, name+"db", db, gdb, tol)
		}
	}
}

// Inside a scan the lists of spikes must be those of the time step at hand, also
// where states are computed again backward.
func TestConv2DInScan(t *testing.T) {
	step := func(x *G.Node, s leakyState, p leaky) (*G.Node, leakyState, error) {
		b := graph.NewBuilder(x, &s)
		z := b.Spike(surrogate.SuperSpike{Alpha: 10}, s.V, graph.Const(1.5))
		c, err := connect.Conv2D(z, p.W, nil, connect.Conv{Pad: 1})
		if err != nil {
			return nil, s, err
		}
		v := b.Add(b.Scale(s.V, p.Decay), b.Add(c, x))
		return v, leakyState{v}, b.Err()
	}
	shape := []int{6, 3, 2, 5, 4}
	n := tensor.Shape(shape).TotalSize()
	run := func(f lifter) [][]float64 {
		g := G.NewGraph()
		xs := graphtest.Node(g, tensor.Float64, "xs", shape, graphtest.Random(n, 1))
		w := graphtest.Node(g, tensor.Float64, "w", []int{2, 2, 3, 3}, graphtest.Random(36, 2))
		r, err := f(xs, nil, leaky{Decay: graph.Const(0.5), Th: graph.Const(1), W: w})
		require.NoError(t, err)
		loss := graphtest.Loss(t, []*G.Node{r.Out}, [][]float64{graphtest.Random(n, 3)})
		grads, values := graphtest.Grads(t, loss, []*G.Node{xs, w}, []*G.Node{r.Out})
		return append(values, grads...)
	}
	want := run(unrolled(step))
	for _, every := range []int{1, 2, 6} {
		got := run(scanned(step, graph.ScanOptions{KeepEvery: every}))
		for i, part := range []string{"y", "dx", "dw"} {
			graphtest.Close(t, part, want[i], got[i], 1e-12)
		}
	}
}

func TestConv2DGrad(t *testing.T) {
	k := graphtest.Random(4*3*3*2, 1)
	for _, density := range []float64{0.05, 1} {
		x := graphtest.Sparse(2*3*3*6*5, density, false, 2)
		graphtest.CheckGrad(t, func(x *G.Node) (*G.Node, error) {
			w := graphtest.Node(x.Graph(), tensor.Float64, "w", []int{4, 3, 3, 2}, k)
			return connect.Conv2D(x, w, nil, connect.Conv{Stride: 2, Pad: 1})
		}, tensor.Shape{2, 3, 3, 6, 5}, x)
		graphtest.CheckGrad(t, func(w *G.Node) (*G.Node, error) {
			x := graphtest.Node(w.Graph(), tensor.Float64, "x", []int{2, 3, 3, 6, 5}, x)
			return connect.Conv2D(x, w, nil, connect.Conv{Dilation: 2, Pad: 1})
		}, tensor.Shape{4, 3, 3, 2}, k)
		graphtest.CheckGrad(t, func(bias *G.Node) (*G.Node, error) {
			x := graphtest.Node(bias.Graph(), tensor.Float64, "x", []int{2, 3, 3, 6, 5}, x)
			w := graphtest.Node(bias.Graph(), tensor.Float64, "w", []int{4, 3, 3, 2}, k)
			return connect.Conv2D(x, w, bias, connect.Conv{})
		}, tensor.Shape{4}, graphtest.Random(4, 3))
	}
}

// Results have the same bits whatever the number of processors.
func TestConv2DSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for i := range 6 { // whole, in groups of two outputs and of six; spikes, and none
		density := []float64{0.05, 1}[i%2]
		c := &convCase{lead: []int{9, 11}, c: 3, h: 9, w: 7, out: 6, kh: 3, kw: 3, Conv: connect.Conv{Pad: 1, Groups: []int{1, 3, 3}[i/2]}}
		if i/2 == 2 {
			c.c, c.out = 6, 18
		}
		c.fill(1, density, density < 1)
		var want [][]float64
		for _, n := range []int{1, 2, 5} {
			runtime.GOMAXPROCS(n)
			y, dx, dk, db := c.run(t, tensor.Float32)
			got := [][]float64{y, dx, dk, db}
			if want == nil {
				want = got
			}
			require.Equal(t, want, got, "GOMAXPROCS=%d, %v, density %v", n, c, density)
		}
	}
}

// A machine runs again on other values: spikes, then no spikes, then spikes.
func TestConv2DRunAgain(t *testing.T) {
	c := &convCase{lead: []int{3}, c: 2, h: 6, w: 6, out: 5, kh: 3, kw: 3, Conv: connect.Conv{Pad: 1}}
	c.fill(1, 0, true)
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float64, "x", []int{3, 2, 6, 6}, c.x)
	k := graphtest.Node(g, tensor.Float64, "k", []int{5, 2, 3, 3}, c.k)
	bias := graphtest.Node(g, tensor.Float64, "bias", []int{5}, c.bias)
	y, err := connect.Conv2D(x, k, bias, c.Conv)
	require.NoError(t, err)
	loss := graphtest.Loss(t, []*G.Node{y}, [][]float64{c.d})
	ds, _, err := graph.Grad(loss, x, k, bias)
	require.NoError(t, err)
	m, err := machine.New(append(G.Nodes{y}, ds...)...)
	require.NoError(t, err)
	for i, density := range []float64{0.1, 1, 0.2, 1, 0.05} {
		c.x = graphtest.Sparse(len(c.x), density, i == 0, uint64(i))
		require.NoError(t, G.Let(x, graphtest.Tensor(tensor.Float64, x.Shape(), c.x)))
		require.NoError(t, m.Run())
		wy, wdx, wdk, wdb := c.naive()
		for j, want := range [][]float64{wy, wdx, wdk, wdb} {
			graphtest.Close(t, fmt.Sprintf("run %d, value %d", i, j), want, graphtest.Floats(m.Value(j)), 1e-12)
		}
	}
}

func TestConv2DErrors(t *testing.T) {
	g := G.NewGraph()
	node := func(name string, dt tensor.Dtype, shape ...int) *G.Node {
		return G.NewTensor(g, dt, len(shape), G.WithName(name), G.WithShape(shape...))
	}
	x := node("x", tensor.Float32, 10, 4, 2, 28, 28)
	w := node("w", tensor.Float32, 3, 2, 5, 5)
	for _, c := range []struct {
		x, w, bias *G.Node
		o          connect.Conv
		want       string
	}{
		{x: nil, w: w, want: "connect: conv2d: operand 0 is nil"},
		{x: x, w: nil, want: "connect: conv2d: operand 1 is nil"},
		{x: node("flat", tensor.Float32, 10, 28, 28), w: w, want: "connect: conv2d: x has shape [10 28 28], want [T batch c h w]"},
		{x: node("int", tensor.Int, 10, 2, 28, 28), w: w, want: "connect: conv2d: x has elements of type int, want float32 or float64"},
		{x: x, w: node("w3", tensor.Float32, 3, 5, 5), want: "connect: conv2d: w has shape [3 5 5], want [out 2 kh kw] for x of shape [10 4 2 28 28]"},
		{x: x, w: node("wc", tensor.Float32, 3, 4, 5, 5), want: "connect: conv2d: w has shape [3 4 5 5], want [out 2 kh kw] for x of shape [10 4 2 28 28]"},
		{x: x, w: node("w64", tensor.Float64, 3, 2, 5, 5), want: "connect: conv2d: x has elements of type float32, w64 of float64"},
		{x: x, w: w, bias: node("b", tensor.Float32, 2), want: "connect: conv2d: the bias has shape [2], want [3]"},
		{x: x, w: w, bias: node("b64", tensor.Float64, 3), want: "connect: conv2d: x has elements of type float32, b64 of float64"},
		{x: x, w: w, o: connect.Conv{Stride: -1}, want: "connect: conv2d: the stride is -1, want 1 to 1048576"},
		{x: x, w: w, o: connect.Conv{Pad: -1}, want: "connect: conv2d: the padding is -1, want 0 to 1048576"},
		{x: x, w: w, o: connect.Conv{Dilation: math.MaxInt}, want: "connect: conv2d: the dilation is 9223372036854775807, want 1 to 1048576"},
		{x: x, w: node("big", tensor.Float32, 1, 2, 5, 29), want: "connect: conv2d: the kernel covers 5×29 pixels, the image has 28×28 with padding 0"},
		{x: x, w: w, o: connect.Conv{Dilation: 8, Pad: 2}, want: "connect: conv2d: the kernel covers 33×33 pixels, the image has 28×28 with padding 2"},
		{x: x, w: w, o: connect.Conv{Pad: 1 << 20}, want: "connect: conv2d: an image becomes 3×2097176×2097176 elements, want at most 2147483647"},
	} {
		_, err := connect.Conv2D(c.x, c.w, c.bias, c.o)
		require.EqualError(t, err, c.want)
	}
}

// A vertical edge filter on an image that is dark on the left.
func ExampleConv2D() {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float32, "x", []int{1, 1, 1, 3, 5}, []float64{
		0, 0, 1, 1, 1,
		0, 0, 1, 1, 1,
		0, 0, 0, 0, 0,
	})
	w := graphtest.Node(g, tensor.Float32, "w", []int{1, 1, 2, 2}, []float64{
		-1, 1,
		-1, 1,
	})
	y, err := connect.Conv2D(x, w, nil, connect.Conv{})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := machine.New(y)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := m.Run(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Value(0).Shape(), m.Value(0).Data())
	// Output:
	// (1, 1, 1, 2, 4) [0 2 0 0 0 1 0 0]
}

// BenchmarkConv2D runs the two convolutions of the conv workload alone: on
// spikes, on pooled spikes, and on values.
func BenchmarkConv2D(b *testing.B) {
	for _, c := range []*convCase{
		{c: 1, h: 28, w: 28, out: 16, kh: 5, kw: 5, lead: []int{25, 32}},
		{c: 16, h: 12, w: 12, out: 32, kh: 5, kw: 5, lead: []int{25, 32}},
	} {
		for _, density := range []float64{0.02, 0.05, 0.1, 0.185, 1} {
			c.fill(1, density, density <= 0.1)
			g := G.NewGraph()
			x := graphtest.Node(g, tensor.Float32, "x", append(slices.Clone(c.lead), c.c, c.h, c.w), c.x)
			k := graphtest.Node(g, tensor.Float32, "k", []int{c.out, c.c, c.kh, c.kw}, c.k)
			y, err := connect.Conv2D(x, k, nil, c.Conv)
			require.NoError(b, err)
			d := graphtest.Node(g, tensor.Float32, "d", y.Shape(), c.d)
			ds, err := y.Op().(G.SDOp).SymDiff(G.Nodes{x, k}, y, d)
			require.NoError(b, err)
			for _, v := range []struct {
				name string
				op   G.Op
				in   []G.Value
			}{
				{"y", y.Op(), []G.Value{x.Value(), k.Value()}},
				{"dw", ds[1].Op(), []G.Value{x.Value(), d.Value()}},
				{"dx", ds[0].Op(), []G.Value{d.Value(), k.Value()}},
			} {
				b.Run(fmt.Sprintf("%d to %d/%g%%/%s", c.c, c.out, 100*density, v.name), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						_, err := v.op.Do(v.in...)
						require.NoError(b, err)
					}
				})
			}
		}
	}
}
