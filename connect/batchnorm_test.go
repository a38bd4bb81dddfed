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
)

// A normCase is a batch normalisation with its inputs and the gradient of its output.
type normCase struct {
	shape             []int
	own, affine       int // time steps with values of their own; 0 means that all have the same
	training          bool
	weight, length    []float64
	before            []float64
	x, gain, bias, dy []float64
	mean, variance    []float64
}

const normEps, normScale, normMomentum = 1e-3, 1.5, 0.2

func randomNorm(r *rand.Rand) *normCase {
	c := &normCase{shape: []int{1 + r.IntN(5), 1 + r.IntN(4), 1 + r.IntN(6)}, training: r.IntN(4) > 0}
	for range r.IntN(3) {
		c.shape = append(c.shape, 1+r.IntN(7))
	}
	T, batch, ch := c.shape[0], c.shape[1], c.shape[2]
	if r.IntN(2) == 0 {
		c.weight = make([]float64, batch)
		for i := range c.weight {
			c.weight[i] = float64(r.IntN(3)) / 2
		}
	}
	if r.IntN(2) == 0 {
		c.length = make([]float64, batch)
		for i := range c.length {
			c.length[i] = float64(r.IntN(T + 1))
		}
	}
	most := T
	if r.IntN(3) == 0 {
		c.before = make([]float64, batch)
		for i := range c.before {
			c.before[i] = float64(r.IntN(4))
		}
		most += 3
	}
	if r.IntN(3) == 0 {
		c.own = most
	}
	if r.IntN(3) == 0 {
		c.affine = most
	}
	n := tensor.Shape(c.shape).TotalSize()
	seed := r.Uint64()
	c.x, c.dy = graphtest.Random(n, seed), graphtest.Random(n, seed+1)
	c.gain, c.bias = graphtest.Random(max(1, c.affine)*ch, seed+2), graphtest.Random(max(1, c.affine)*ch, seed+3)
	c.mean, c.variance = graphtest.Random(max(1, c.own)*ch, seed+4), graphtest.Random(max(1, c.own)*ch, seed+5)
	for i := range c.variance {
		c.variance[i] = 0.1 + math.Abs(c.variance[i])
	}
	return c
}

// at calls do for each element of x: its number, its group of statistics times channel,
// that of gains, and whether it counts.
func (c *normCase) at(do func(i, own, affine int, counts bool)) {
	T, batch, ch := c.shape[0], c.shape[1], c.shape[2]
	places := tensor.Shape(c.shape[3:]).TotalSize()
	for t := range T {
		for b := range batch {
			step := t
			if c.before != nil {
				step += int(c.before[b])
			}
			counts := (c.weight == nil || c.weight[b] != 0) && (c.length == nil || float64(t) < c.length[b])
			for k := range ch {
				for p := range places {
					own, affine := k, k
					if c.own > 0 {
						own += step * ch
					}
					if c.affine > 0 {
						affine += step * ch
					}
					do(((t*batch+b)*ch+k)*places+p, own, affine, counts)
				}
			}
		}
	}
}

// naive computes the normalisation of x with a gain and a bias from the definition.
func (c *normCase) naive(x, gain, bias []float64) (y, mean, variance, values []float64) {
	y, values = make([]float64, len(x)), make([]float64, len(c.mean))
	mean, variance = append([]float64{}, c.mean...), append([]float64{}, c.variance...)
	mu, v := append([]float64{}, c.mean...), append([]float64{}, c.variance...)
	if c.training {
		sum, squares, n := make([]float64, len(mu)), make([]float64, len(mu)), make([]float64, len(mu))
		c.at(func(i, own, _ int, counts bool) {
			if counts {
				sum[own], n[own] = sum[own]+x[i], n[own]+1
			}
		})
		c.at(func(i, own, _ int, counts bool) {
			if counts {
				squares[own] += math.Pow(x[i]-sum[own]/n[own], 2)
			}
		})
		for k := range mu {
			if n[k] >= 2 {
				mu[k], v[k], values[k] = sum[k]/n[k], squares[k]/n[k], n[k]
				mean[k] = (1-normMomentum)*mean[k] + normMomentum*mu[k]
				variance[k] = (1-normMomentum)*variance[k] + normMomentum*squares[k]/(n[k]-1)
			}
		}
	}
	c.at(func(i, own, affine int, _ bool) {
		y[i] = gain[affine]*normScale*(x[i]-mu[own])/math.Sqrt(v[own]+normEps) + bias[affine]
	})
	return y, mean, variance, values
}

// run computes the same with BatchNorm: y, mean, variance, and the gradients of x, gain and bias.
func (c *normCase) run(t testing.TB, dt tensor.Dtype) [][]float64 {
	g := G.NewGraph()
	vector := func(name string, v []float64, steps int) *G.Node {
		if v == nil {
			return nil
		}
		if steps > 0 {
			return graphtest.Node(g, dt, name, []int{steps, len(v) / steps}, v)
		}
		return graphtest.Node(g, dt, name, []int{len(v)}, v)
	}
	training := []float64{0}
	if c.training {
		training[0] = 1
	}
	x := graphtest.Node(g, dt, "x", c.shape, c.x)
	n := connect.Norm{
		Gain: vector("gain", c.gain, c.affine), Bias: vector("bias", c.bias, c.affine),
		Mean: vector("mean", c.mean, c.own), Var: vector("var", c.variance, c.own), Training: vector("training", training, 0),
		Weight: vector("weight", c.weight, 0), Length: vector("length", c.length, 0), Before: vector("before", c.before, 0),
		Eps: normEps, Scale: normScale, Momentum: normMomentum,
	}
	y, err := connect.BatchNorm(x, n)
	require.NoError(t, err)
	loss := graphtest.Loss(t, []*G.Node{y.Y}, [][]float64{c.dy})
	grads, values := graphtest.Grads(t, loss, []*G.Node{x, n.Gain, n.Bias}, []*G.Node{y.Y, y.Mean, y.Var, y.Values})
	return slices.Concat(values[:3], grads, values[3:])
}

func dot(a, b []float64) (s float64) {
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

// TestBatchNorm compares with the definition, and gradients with its finite differences.
func TestBatchNorm(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 150 {
		c := randomNorm(r)
		name := fmt.Sprintf("%d: %v, own %d, affine %d, training %v: ", i, c.shape, c.own, c.affine, c.training)
		y, mean, variance, values := c.naive(c.x, c.gain, c.bias)
		got := c.run(t, tensor.Float64)
		graphtest.Close(t, name+"y", y, got[0], 1e-12)
		graphtest.Close(t, name+"mean", mean, got[1], 1e-12)
		graphtest.Close(t, name+"variance", variance, got[2], 1e-12)
		require.Equal(t, values, got[6], name)
		args := [3][]float64{c.x, c.gain, c.bias}
		for k, arg := range args {
			graphtest.CheckDirection(t, func(v []float64) float64 {
				with := args
				with[k] = v
				y, _, _, _ := c.naive(with[0], with[1], with[2])
				return dot(y, c.dy)
			}, arg, got[3+k], 1e-5)
		}
		single := c.run(t, tensor.Float32)
		for k, tol := range []float64{1e-4, 1e-5, 1e-5} {
			graphtest.Close(t, name+"float32", got[k], single[k], tol)
		}
	}
}

// No bit depends on how many goroutines there are.
func TestBatchNormBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	c := &normCase{shape: []int{7, 9, 150, 3}, training: true}
	n := tensor.Shape(c.shape).TotalSize()
	c.x, c.dy = graphtest.Random(n, 1), graphtest.Random(n, 2)
	c.gain, c.bias, c.mean, c.variance = graphtest.Random(150, 3), graphtest.Random(150, 4), make([]float64, 150), make([]float64, 150)
	want := c.run(t, tensor.Float32)
	for _, procs := range []int{2, 5} {
		runtime.GOMAXPROCS(procs)
		require.Equal(t, want, c.run(t, tensor.Float32))
	}
}

// What does not count may be anything: nothing of it reaches what does.
func TestBatchNormOfNaN(t *testing.T) {
	c := &normCase{shape: []int{2, 2, 1, 2}, training: true, weight: []float64{1, 0}, gain: []float64{1}, bias: []float64{0}, mean: []float64{0}, variance: []float64{1}}
	nan := math.NaN()
	c.x, c.dy = []float64{1, 2, nan, nan, 3, 4, nan, nan}, []float64{1, 2, 0, 0, 3, 5, 0, 0}
	got := c.run(t, tensor.Float64)
	c.x = []float64{1, 2, 7, 7, 3, 4, 7, 7}
	want := c.run(t, tensor.Float64)
	require.Equal(t, want[1:], got[1:])
	require.Equal(t, want[0][:2], got[0][:2])
}

func TestBatchNormErrors(t *testing.T) {
	g := G.NewGraph()
	node := func(name string, shape ...int) *G.Node {
		return graphtest.Node(g, tensor.Float64, name, shape, make([]float64, tensor.Shape(shape).TotalSize()))
	}
	x, c, steps, one := node("x", 4, 2, 3), node("c", 3), node("steps", 2, 3), node("one", 1)
	for _, k := range []struct {
		n    connect.Norm
		x    *G.Node
		want string
	}{
		{connect.Norm{}, x, "connect: batch norm: operand 1 is nil"},
		{connect.Norm{Gain: c, Bias: c, Mean: c, Var: c, Training: one}, one, "connect: batch norm: x has shape [1] of float64, want [T batch c …] of float32 or float64"},
		{connect.Norm{Gain: one, Bias: one, Mean: c, Var: c, Training: one}, x, "connect: batch norm: gain and bias have shapes [1] and [1], want [3] or [steps 3] of both"},
		{connect.Norm{Gain: c, Bias: c, Mean: c, Var: c, Training: one, Weight: c}, x, "connect: batch norm: the weight has shape [3], want [2]"},
		{connect.Norm{Gain: steps, Bias: steps, Mean: node("more", 3, 3), Var: node("more v", 3, 3), Training: one}, x, "connect: batch norm: there are statistics of 3 time steps and gains of 2, want one number"},
	} {
		_, err := connect.BatchNorm(k.x, k.n)
		require.ErrorContains(t, err, k.want)
	}
	y, err := connect.BatchNorm(x, connect.Norm{Gain: c, Bias: c, Mean: steps, Var: steps, Training: one, Scale: 1})
	require.NoError(t, err)
	m, err := machine.New(y.Y)
	require.NoError(t, err)
	require.ErrorContains(t, m.Run(), "connect: batch norm: time step 2, and there are statistics of 2")
}

// What batch norm costs forward and backward, beside the convolution before it.
func BenchmarkBatchNorm(b *testing.B) {
	for name, shape := range map[string][]int{"images": {10, 32, 32, 14, 14}, "features": {100, 64, 512}} {
		n := tensor.Shape(shape).TotalSize()
		for _, with := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/norm %v", name, with), func(b *testing.B) {
				g := G.NewGraph()
				node := func(name string, x []float64, shape ...int) *G.Node {
					return graphtest.Node(g, tensor.Float32, name, shape, x)
				}
				c := shape[2]
				x, one := node("x", graphtest.Random(n, 1), shape...), node("training", []float64{1}, 1)
				var y *G.Node
				var err error
				if len(shape) == 5 {
					y, err = connect.Conv2D(x, node("w", graphtest.Random(c*c*9, 2), c, c, 3, 3), nil, connect.Conv{Pad: 1})
				} else {
					y, err = connect.Linear(x, node("w", graphtest.Random(c*c, 2), c, c), nil)
				}
				require.NoError(b, err)
				if with {
					normed, err := connect.BatchNorm(y, connect.Norm{
						Gain: node("gain", graphtest.Random(c, 3), c), Bias: node("bias", graphtest.Random(c, 4), c),
						Mean: node("mean", make([]float64, c), c), Var: node("var", graphtest.Random(c, 5), c), Training: one, Eps: 1e-5, Scale: 1, Momentum: 0.1,
					})
					require.NoError(b, err)
					y = normed.Y
				}
				loss := graphtest.Loss(b, []*G.Node{y}, [][]float64{graphtest.Random(n, 6)})
				ds, _, err := graph.Grad(loss, x)
				require.NoError(b, err)
				m, err := machine.New(ds[0])
				require.NoError(b, err)
				require.NoError(b, m.Run())
				b.ReportAllocs()
				for b.Loop() {
					require.NoError(b, m.Run())
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/element")
			})
		}
	}
}
