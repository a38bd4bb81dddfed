package surrogate_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/surrogate"
)

// functions are all functions of the package, narrow and wide, each with what
// its slope is at 0 and the area under it (NaN: not finite).
var functions = []struct {
	f          surrogate.Smoother
	peak, area float64
}{
	{surrogate.Heaviside{}, 0, 0},
	{surrogate.SuperSpike{Alpha: 100}, 1, 0.02},
	{surrogate.SuperSpike{Alpha: 0.5}, 1, 4},
	{surrogate.Triangle{Alpha: 0.3}, 0.3, 0.3},
	{surrogate.Triangle{Alpha: 6, Width: 0.05}, 6, 0.3},
	{surrogate.Triangle{Alpha: 0.5, Width: 3}, 0.5, 1.5},
	{surrogate.Tanh{K: 0.4}, 1, 5},
	{surrogate.Tanh{K: 20}, 1, 0.1},
	{surrogate.Erfc{K: 0.4}, 2 / math.SqrtPi, 5},
	{surrogate.Erfc{K: 10}, 2 / math.SqrtPi, 0.2},
	{surrogate.Circ{Alpha: 0.1}, 1, 0.2},
	{surrogate.Circ{Alpha: 3}, 1, 6},
	{surrogate.Arctan{Alpha: 2}, 1, 1},
	{surrogate.Arctan{Alpha: 30}, 15, 1},
	{surrogate.Sigmoid{Alpha: 4}, 1, 1},
	{surrogate.Sigmoid{Alpha: 25}, 6.25, 1},
	{surrogate.PiecewiseLinear{Alpha: 0.5}, 1, 2},
	{surrogate.PiecewiseLinear{Alpha: 10}, 1, 0.1},
	{surrogate.Gaussian{Sigma: 0.5}, 0.7978845608028654, 1},
	{surrogate.Gaussian{Sigma: 3}, 0.1329807601338109, 1},
	// (1 + h)/(√(2π) σ) − 2 h exp(−1/(2 r²))/(√(2π) r σ)
	{surrogate.DefaultMultiGaussian(), 0.8782232733131012, 0.85},
	{surrogate.Boxcar{Width: 2}, 0.5, 1},
	{surrogate.Boxcar{Width: 0.1}, 10, 1},
	{surrogate.Logistic{K: 3}, 1, 2.0 / 3},
	{surrogate.CircDist{Alpha: 0.5}, 1, 1},
}

func name(f graph.Func) string { return fmt.Sprintf("%T%+v", f, f) }

// points are not too near to the kinks of the functions.
var points = []float64{-7.3, -1.9, -0.99, -0.51, -0.049, -0.02, -1e-3, 1e-3, 0.03, 0.11, 0.48, 0.97, 1.3, 2.2, 9.1}

func TestEval(t *testing.T) {
	for _, c := range functions {
		require.Equal(t, 0.0, c.f.Eval(0), name(c.f))
		require.Equal(t, 0.0, c.f.Eval(-1e-300), name(c.f))
		require.Equal(t, 1.0, c.f.Eval(1e-300), name(c.f))
		require.Equal(t, 0.0, c.f.Eval(math.NaN()), name(c.f))
	}
}

func TestPeakAndArea(t *testing.T) {
	for _, c := range functions {
		require.InDelta(t, c.peak, c.f.Deriv(0), 1e-12, name(c.f))
		require.InDelta(t, c.area, c.f.Smooth(1e12)-c.f.Smooth(-1e12), 1e-9, name(c.f))
		require.InDelta(t, 0, c.f.Smooth(0), 1e-12, name(c.f))
	}
}

// The derivative of Smooth is Deriv.
func TestSmoothDerivative(t *testing.T) {
	const h = 1e-6
	for _, c := range functions {
		for _, x := range points {
			numeric := (c.f.Smooth(x+h) - c.f.Smooth(x-h)) / (2 * h)
			require.InDelta(t, numeric, c.f.Deriv(x), 1e-7*math.Max(1, c.peak), "%s at %v", name(c.f), x)
		}
	}
}

// identity is a step that spikes at its input, to reach the code of a scan.
type identity struct{ f graph.Func }

type last struct{ Z *G.Node }

func (identity) Rest(x *G.Node) (last, error) {
	var b graph.Builder
	return last{Z: b.Fill(x, graph.Const(0))}, b.Err()
}

func spike(x *G.Node, s last, p identity) (*G.Node, last, error) {
	b := graph.NewBuilder(x, &s)
	z := b.Spike(p.f, x, graph.Const(0))
	return z, last{Z: z}, b.Err()
}

// slopes returns the gradient of the spikes with respect to x.
func slopes(t *testing.T, f graph.Func, dt tensor.Dtype, scan bool, x []float64) []float64 {
	t.Helper()
	in := graphtest.Node(G.NewGraph(), dt, "x", []int{1, 1, len(x)}, x)
	var z *G.Node
	if scan {
		run, err := graph.Scan(spike, in, nil, identity{f})
		require.NoError(t, err)
		z = run.Out
	} else {
		var err error
		z, err = surrogate.Threshold(in, f)
		require.NoError(t, err)
	}
	ones := make([]float64, len(x))
	for i := range ones {
		ones[i] = 1
	}
	loss := graphtest.Loss(t, []*G.Node{z}, [][]float64{ones})
	grads, values := graphtest.Grads(t, loss, []*G.Node{in}, []*G.Node{z})
	for i, v := range x {
		if dt == tensor.Float32 {
			v = float64(float32(v))
		}
		require.Equal(t, f.Eval(v), values[0][i], "%s at %v", name(f), v)
	}
	return grads[0]
}

// The nodes of Slope compute Deriv, on a tape machine and in a scan.
func TestSlope(t *testing.T) {
	for _, c := range functions {
		for _, scan := range []bool{false, true} {
			for dt, tol := range map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 1e-6} {
				t.Run(fmt.Sprintf("%s/%v/scan=%t", name(c.f), dt, scan), func(t *testing.T) {
					for i, got := range slopes(t, c.f, dt, scan, points) {
						require.InDelta(t, c.f.Deriv(points[i]), got, tol*math.Max(1, c.peak), "at %v", points[i])
					}
				})
			}
		}
	}
}

// Far from the threshold the slope goes to 0, and never to NaN.
func TestFarAway(t *testing.T) {
	far := []float64{1e30, -1e30, 1e20, -1e20, 3e38, -3e38}
	for _, c := range functions {
		for _, x := range append(far, 1e300, -1e300) {
			require.InDelta(t, 0, c.f.Deriv(x), 1e-9, "%s: Deriv at %v", name(c.f), x)
			require.InDelta(t, c.area/2, math.Abs(c.f.Smooth(x)), 1e-9, "%s: Smooth at %v", name(c.f), x)
		}
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			for _, scan := range []bool{false, true} {
				for i, s := range slopes(t, c.f, dt, scan, far) {
					require.InDelta(t, 0, s, 1e-9, "%s: slope in %v at %v, scan=%t", name(c.f), dt, far[i], scan)
				}
			}
		}
	}
}

func TestValidate(t *testing.T) {
	for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1)} {
		for f, want := range map[graph.Func]string{
			surrogate.SuperSpike{Alpha: bad}:                       "SuperSpike: α",
			surrogate.Triangle{Alpha: bad}:                         "triangle: α",
			surrogate.Tanh{K: bad}:                                 "tanh: k",
			surrogate.Erfc{K: bad}:                                 "erfc: k",
			surrogate.Circ{Alpha: bad}:                             "circ: α",
			surrogate.Arctan{Alpha: bad}:                           "arctan: α",
			surrogate.Sigmoid{Alpha: bad}:                          "sigmoid: α",
			surrogate.PiecewiseLinear{Alpha: bad}:                  "piecewise linear: α",
			surrogate.Gaussian{Sigma: bad}:                         "Gaussian: σ",
			surrogate.Boxcar{Width: bad}:                           "boxcar: the width",
			surrogate.Logistic{K: bad}:                             "logistic: k",
			surrogate.CircDist{Alpha: bad}:                         "circ dist: α",
			surrogate.MultiGaussian{Sigma: bad, H: 0.15, Ratio: 6}: "multi-Gaussian: σ",
			surrogate.MultiGaussian{Sigma: 1, H: 0.15, Ratio: bad}: "multi-Gaussian: r",
		} {
			want := fmt.Sprintf("surrogate: %s is %v, want a finite number above 0", want, bad)
			require.EqualError(t, surrogate.Check(f), want)
			x := graphtest.Node(G.NewGraph(), tensor.Float32, "x", []int{1}, []float64{1})
			_, err := surrogate.Threshold(x, f)
			require.EqualError(t, err, "surrogate: threshold: "+want)
		}
		for _, name := range []string{"super", "triangle", "tanh", "heavi_erfc", "circ"} {
			_, err := surrogate.ByName(name, bad)
			require.ErrorContains(t, err, fmt.Sprintf(" is %v, want a finite number above 0", bad))
		}
	}
	require.EqualError(t, surrogate.Check(surrogate.MultiGaussian{Sigma: 1, H: -1, Ratio: 1}),
		"surrogate: multi-Gaussian: h is -1, want a finite number of at least 0")
	require.EqualError(t, surrogate.Check(nil), "surrogate: the spike function is nil")
	for _, c := range functions {
		require.NoError(t, surrogate.Check(c.f))
	}
}

func TestByName(t *testing.T) {
	f, err := surrogate.ByName("heaviside", math.NaN()) // it has no α
	require.NoError(t, err)
	require.Equal(t, surrogate.Heaviside{}, f)
	for _, name := range []string{"", "Super", "logistic", "circ_dist"} {
		_, err = surrogate.ByName(name, 1)
		require.EqualError(t, err, fmt.Sprintf("surrogate: no spike function %q, want heaviside, super, triangle, tanh, heavi_erfc or circ", name))
	}
}

func TestThresholdErrors(t *testing.T) {
	_, err := surrogate.Threshold(nil, surrogate.Heaviside{})
	require.EqualError(t, err, "surrogate: threshold: x is nil")
	_, err = surrogate.Sign(nil, surrogate.Heaviside{})
	require.EqualError(t, err, "surrogate: sign: x is nil")
	x := G.NewVector(G.NewGraph(), tensor.Int, G.WithShape(2), G.WithName("x"))
	_, err = surrogate.Sign(x, surrogate.Heaviside{})
	require.EqualError(t, err, "surrogate: sign: x has elements of type int, want float32 or float64")
}

func TestDrawErrors(t *testing.T) {
	g := G.NewGraph()
	v := graphtest.Node(g, tensor.Float32, "v", []int{2, 3}, make([]float64, 6))
	u := graphtest.Node(g, tensor.Float32, "u", []int{3, 2}, make([]float64, 6))
	d := graphtest.Node(g, tensor.Float64, "d", []int{2, 3}, make([]float64, 6))
	for want, draw := range map[string]func(b *graph.Builder) *G.Node{
		"surrogate: draw: v has shape [2 3], the noise [3 2]": func(b *graph.Builder) *G.Node {
			return surrogate.Draw(b, surrogate.Logistic{K: 1}, v, graph.Const(0), u)
		},
		"surrogate: draw: the spike function is nil": func(b *graph.Builder) *G.Node {
			return surrogate.Draw(b, nil, v, graph.Const(0), v)
		},
		"surrogate: circ dist: α is 0, want a finite number above 0": func(b *graph.Builder) *G.Node {
			return surrogate.Draw(b, surrogate.CircDist{}, v, graph.Const(0), v)
		},
		"operand 0 is nil": func(b *graph.Builder) *G.Node {
			return surrogate.Draw(b, surrogate.Logistic{K: 1}, nil, graph.Const(0), v)
		},
		"operand 1 is nil": func(b *graph.Builder) *G.Node {
			return surrogate.Draw(b, surrogate.Logistic{K: 1}, v, graph.Const(0), nil)
		},
		"operands have elements of type float32 and float64": func(b *graph.Builder) *G.Node {
			return surrogate.Draw(b, surrogate.Logistic{K: 1}, v, graph.Const(0), d)
		},
	} {
		var b graph.Builder
		require.Nil(t, draw(&b))
		require.ErrorContains(t, b.Err(), want)
	}
}

// Where the probability is 0 or 1, so is the spike, however far away; and the
// spike is 1 just where the noise is below the probability.
func TestDrawIsComparison(t *testing.T) {
	x := []float64{-1e30, -50, -0.3, 0, 0.3, 50, 1e30}
	for _, f := range []surrogate.Random{surrogate.Logistic{K: 2}, surrogate.CircDist{Alpha: 1e-6}} {
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			r := rand.New(rand.NewPCG(3, 0))
			noise := make([]float32, len(x))
			for range 20 {
				require.NoError(t, surrogate.Uniform(noise, r))
				u := make([]float64, len(x))
				for i := range u {
					u[i] = float64(noise[i])
				}
				u[0], u[len(u)-1] = 0, 1-0x1p-24
				g := G.NewGraph()
				var b graph.Builder
				z := surrogate.Draw(&b, f, graphtest.Node(g, dt, "x", []int{len(x)}, x), graph.Const(0), graphtest.Node(g, dt, "u", []int{len(x)}, u))
				require.NoError(t, b.Err())
				for i, got := range graphtest.Eval(t, z)[0] {
					want := 0.0
					if u[i] < f.Prob(x[i]) {
						want = 1
					}
					require.Equal(t, want, got, "%s at %v with %v", name(f), x[i], u[i])
				}
			}
		}
	}
}

// Uniform gives the numbers of its generator and stays below 1.
func TestUniform(t *testing.T) {
	a, b := make([]float32, 1000), make([]float32, 1000)
	require.NoError(t, surrogate.Uniform(a, rand.New(rand.NewPCG(5, 6))))
	require.NoError(t, surrogate.Uniform(b, rand.New(rand.NewPCG(5, 6))))
	require.EqualError(t, surrogate.Uniform(b, nil), "surrogate: uniform: the random generator is nil")
	require.Equal(t, a, b)
	var sum float64
	for _, v := range a {
		require.True(t, v >= 0 && v < 1)
		sum += float64(v)
	}
	// The mean of 1,000 has a standard deviation of 0.0091.
	require.InDelta(t, 0.5, sum/1000, 0.05)
}
