package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// A convCase is a convolution with its input, kernel and bias, and the gradient
// of its output.
type convCase struct {
	graph.Conv
	lead          []int
	c, h, w       int
	out, kh, kw   int
	x, k, bias, d []float64
}

func (c *convCase) size() (h, w int) {
	s, d := max(1, c.Stride), max(1, c.Dilation)
	return (c.h+2*c.Pad-d*(c.kh-1)-1)/s + 1, (c.w+2*c.Pad-d*(c.kw-1)-1)/s + 1
}

func (c *convCase) samples() int { return tensor.Shape(c.lead).TotalSize() }

// fill draws the values; x is zero but for a share of it, which is 1 if spikes.
func (c *convCase) fill(seed uint64, density float64, spikes bool) {
	oh, ow := c.size()
	c.x = sparse(c.samples()*c.c*c.h*c.w, density, spikes, seed)
	c.k = graphtest.Random(c.out*c.c*c.kh*c.kw, seed+1)
	c.bias = graphtest.Random(c.out, seed+2)
	c.d = graphtest.Random(c.samples()*c.out*oh*ow, seed+3)
}

// sparse returns n numbers of which a share is not zero.
func sparse(n int, share float64, ones bool, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([]float64, n)
	for i := range x {
		if r.Float64() < share {
			if x[i] = 1; !ones {
				x[i] = r.NormFloat64()
			}
		}
	}
	return x
}

// naive computes the convolution and its gradients from the definition.
func (c *convCase) naive() (y, dx, dk, db []float64) {
	s, d := max(1, c.Stride), max(1, c.Dilation)
	oh, ow := c.size()
	y, dx = make([]float64, len(c.d)), make([]float64, len(c.x))
	dk, db = make([]float64, len(c.k)), make([]float64, len(c.bias))
	at := 0
	for n := range c.samples() {
		for o := range c.out {
			for i := range oh {
				for j := range ow {
					y[at] = c.bias[o]
					db[o] += c.d[at]
					for ch := range c.c {
						for k := range c.kh {
							for l := range c.kw {
								iy, ix := s*i+d*k-c.Pad, s*j+d*l-c.Pad
								if iy < 0 || iy >= c.h || ix < 0 || ix >= c.w {
									continue
								}
								xi := ((n*c.c+ch)*c.h+iy)*c.w + ix
								ki := ((o*c.c+ch)*c.kh+k)*c.kw + l
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
	k := graphtest.Node(g, dt, "k", []int{c.out, c.c, c.kh, c.kw}, c.k)
	bias := graphtest.Node(g, dt, "bias", []int{c.out}, c.bias)
	n, err := graph.Conv2D(x, k, bias, c.Conv)
	require.NoError(t, err)
	oh, ow := c.size()
	require.Equal(t, append(slices.Clone(c.lead), c.out, oh, ow), []int(n.Shape()))
	loss := graphtest.Loss(t, []*G.Node{n}, [][]float64{c.d})
	grads, ys := graphtest.Grads(t, loss, []*G.Node{x, k, bias}, []*G.Node{n})
	return ys[0], grads[0], grads[1], grads[2]
}

func (c *convCase) String() string {
	return fmt.Sprintf("%v %d×%d×%d to %d by %d×%d, stride %d, padding %d, dilation %d",
		c.lead, c.c, c.h, c.w, c.out, c.kh, c.kw, c.Stride, c.Pad, c.Dilation)
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
		c.Conv = graph.Conv{Stride: r.IntN(4), Pad: r.IntN(4), Dilation: r.IntN(4)}
		d := max(1, c.Dilation)
		if d*(c.kh-1) < c.h+2*c.Pad && d*(c.kw-1) < c.w+2*c.Pad {
			return c
		}
	}
}

// TestConv2D compares with the definition.
func TestConv2D(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		c := randomConv(r)
		density := []float64{0, 0.1, 0.2, 0.3, 1}[r.IntN(5)]
		c.fill(uint64(i), density, r.IntN(2) == 0)
		if r.IntN(3) == 0 {
			c.d = sparse(len(c.d), 0.1, false, uint64(i))
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

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

var _ = math.Pi
var _ = runtime.NumCPU

// BenchmarkConv2D runs the two convolutions of the conv workload alone.
func BenchmarkConv2D(b *testing.B) {
	for _, c := range []*convCase{
		{c: 1, h: 28, w: 28, out: 16, kh: 5, kw: 5, lead: []int{25, 32}},
		{c: 16, h: 12, w: 12, out: 32, kh: 5, kw: 5, lead: []int{25, 32}},
	} {
		for _, density := range []float64{0.02, 0.05, 0.1, 0.185, 0.24, 1} {
			for _, ones := range []bool{true, false} {
				if density == 1 && ones {
					continue
				}
				c.fill(1, density, ones)
				for _, pass := range []string{"y", "dw", "dx"} {
					g := G.NewGraph()
					x := graphtest.Node(g, tensor.Float32, "x", append(slices.Clone(c.lead), c.c, c.h, c.w), c.x)
					k := graphtest.Node(g, tensor.Float32, "k", []int{c.out, c.c, c.kh, c.kw}, c.k)
					y, err := graph.Conv2D(x, k, nil, c.Conv)
					require.NoError(b, err)
					d := graphtest.Node(g, tensor.Float32, "d", y.Shape(), c.d)
					ds, err := y.Op().(G.SDOp).SymDiff(G.Nodes{x, k}, y, d)
					require.NoError(b, err)
					b.Run(fmt.Sprintf("%d channels/%v/ones %v/%s", c.c, density, ones, pass), func(b *testing.B) {
						b.ReportAllocs()
						y.Op().Do(x.Value(), k.Value())
						best := time.Hour
						defer func() { b.ReportMetric(float64(best.Nanoseconds())/1e6, "best-ms") }()
						for b.Loop() {
							start := cpu()
							switch pass {
							case "y":
								y.Op().Do(x.Value(), k.Value())
							case "dw":
								ds[1].Op().Do(x.Value(), d.Value())
							case "dx":
								ds[0].Op().Do(d.Value(), k.Value())
							}
							best = min(best, cpu()-start)
						}
					})
				}
			}
		}
	}
}
