package encode_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/encode"
	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/machine"
)

func scalar(g *G.ExprGraph, name string, v float64) *G.Node {
	return graphtest.Node(g, tensor.Float64, name, nil, []float64{v})
}

// Along random directions, the gradients are central differences. Orders of
// derivatives are truncated, so that a fraction keeps them where they are.
func TestFieldGradients(t *testing.T) {
	rows := []float64{
		1.3, 0.4, 1.2, 0.3, -0.2, 0.5, 0.5,
		0.8, -1.1, 0.7, -0.4, 0.1, 1.5, 0.5,
		2.0, 2.3, 1.0, 0.0, 0.0, 2.5, 1.5,
		1.1, 0.9, 1.6, 0.2, 0.6, 0.5, 3.5,
	}
	graphtest.CheckGrad(t, func(p *G.Node) (*G.Node, error) { return encode.SpatialReceptiveFields(p, 7, 3) }, tensor.Shape{4, 7}, rows)
	graphtest.CheckGrad(t, func(c *G.Node) (*G.Node, error) {
		return encode.GaussianKernel(c, scalar(c.Graph(), "cx", 0.3), scalar(c.Graph(), "cy", -0.4), 6, 3)
	}, tensor.Shape{2, 2}, []float64{1.5, 0.3, 0.1, 0.9})
}

func TestScalarGradients(t *testing.T) {
	for name, f := range map[string]graphtest.Fn{
		"kernel x": func(x *G.Node) (*G.Node, error) {
			c := graphtest.Node(x.Graph(), tensor.Float64, "c", []int{2, 2}, []float64{1.5, 0.3, 0.3, 0.9})
			return encode.GaussianKernel(c, x, scalar(x.Graph(), "cy", 0.2), 5, 3)
		},
		"kernel y": func(y *G.Node) (*G.Node, error) {
			c := graphtest.Node(y.Graph(), tensor.Float64, "c", []int{2, 2}, []float64{1.5, 0.3, 0.3, 0.9})
			return encode.GaussianKernel(c, scalar(y.Graph(), "cx", 0.2), y, 5, 3)
		},
		"covariance σ₁": func(x *G.Node) (*G.Node, error) {
			return encode.CovarianceMatrix(x, scalar(x.Graph(), "a", 1.4), scalar(x.Graph(), "b", 0.6))
		},
		"covariance σ₂": func(x *G.Node) (*G.Node, error) {
			return encode.CovarianceMatrix(scalar(x.Graph(), "a", 1.4), x, scalar(x.Graph(), "b", 0.6))
		},
		"covariance φ": func(x *G.Node) (*G.Node, error) {
			return encode.CovarianceMatrix(scalar(x.Graph(), "a", 1.4), scalar(x.Graph(), "b", 0.6), x)
		},
	} {
		t.Run(name, func(t *testing.T) { graphtest.CheckGrad(t, f, tensor.Shape{}, []float64{0.7}) })
	}
}

// field returns a field of ratio 1.5 around (0, 0).
func field(t *testing.T, scale, angle float64, dx, dy, size int, domain float64) []float64 {
	t.Helper()
	g := G.NewGraph()
	k, err := encode.SpatialReceptiveField(encode.SpatialField{
		Scale: scalar(g, "scale", scale), Angle: scalar(g, "angle", angle), Ratio: scalar(g, "ratio", 1.5),
		X: scalar(g, "x", 0), Y: scalar(g, "y", 0), DX: dx, DY: dy,
	}, size, domain)
	require.NoError(t, err)
	return graphtest.Eval(t, k)[0]
}

// A field sums to 1, is the same after half a turn, and after a quarter of one
// has its rows and columns exchanged.
func TestFieldIdentities(t *testing.T) {
	const size = 9
	k, half, quarter := field(t, 2, 0.3, 0, 0, size, 5), field(t, 2, 0.3+math.Pi, 0, 0, size, 5), field(t, 2, 0.3+math.Pi/2, 0, 0, size, 5)
	sum := 0.0
	for _, v := range k {
		sum += v
	}
	require.InDelta(t, 1, sum, 1e-12)
	graphtest.Close(t, "half a turn", k, half, 1e-12)
	for r := range size {
		for s := range size {
			require.InDelta(t, k[r*size+s], quarter[s*size+size-1-r], 1e-12)
		}
	}
	// The first derivative along the angle is odd, the second even.
	odd, even := field(t, 2, 0.3, 1, 0, size, 5), field(t, 2, 0.3, 2, 0, size, 5)
	for i := range odd {
		require.InDelta(t, -odd[i], odd[len(odd)-1-i], 1e-12)
		require.InDelta(t, even[i], even[len(even)-1-i], 1e-12)
	}
}

// On a fine grid the sum of a kernel approaches the integral of a density.
func TestKernelIsDensity(t *testing.T) {
	const size, domain = 201, 10.0
	g := G.NewGraph()
	c, err := encode.CovarianceMatrix(scalar(g, "a", 1.5), scalar(g, "b", 0.8), scalar(g, "phi", 0.5))
	require.NoError(t, err)
	k, err := encode.GaussianKernel(c, scalar(g, "x", 0.5), scalar(g, "y", -1), size, domain)
	require.NoError(t, err)
	sum := 0.0
	for _, v := range graphtest.Eval(t, k)[0] {
		sum += v
	}
	step := 2 * domain / (size - 1)
	require.InDelta(t, 1, sum*step*step, 1e-9)
}

func TestFieldErrors(t *testing.T) {
	g := G.NewGraph()
	s := scalar(g, "s", 1)
	v := graphtest.Node(g, tensor.Float64, "v", []int{2}, []float64{1, 2})
	f32 := graphtest.Node(g, tensor.Float32, "f32", nil, []float64{1})
	c := graphtest.Node(g, tensor.Float64, "c", []int{2, 2}, []float64{1, 0, 0, 1})
	ok := encode.SpatialField{Scale: s, Angle: s, Ratio: s, X: s, Y: s}
	with := func(change func(*encode.SpatialField)) encode.SpatialField { f := ok; change(&f); return f }
	for _, e := range []struct {
		f      encode.SpatialField
		size   int
		domain float64
		want   string
	}{
		{encode.SpatialField{}, 5, 1, "scalar 0 is nil"},
		{with(func(f *encode.SpatialField) { f.Y = v }), 5, 1, "v has shape [2], want a scalar"},
		{with(func(f *encode.SpatialField) { f.Y = f32 }), 5, 1, "spatial receptive field(5 1 0 0): inputs have elements of type float64 and float32"},
		{with(func(f *encode.SpatialField) { f.DX = -1 }), 5, 1, "the orders of the derivatives are -1 and 0, want 0 to 64"},
		{with(func(f *encode.SpatialField) { f.DY = 65 }), 5, 1, "the orders of the derivatives are 0 and 65, want 0 to 64"},
		{ok, 0, 1, "the size is 0, want 1 to 1024"},
		{ok, 1 << 20, 1, "the size is 1048576, want 1 to 1024"},
		{ok, 5, 0, "the domain is 0, want a finite number above 0"},
		{ok, 5, math.NaN(), "the domain is NaN, want a finite number above 0"},
	} {
		_, err := encode.SpatialReceptiveField(e.f, e.size, e.domain)
		require.EqualError(t, err, "encode: spatial receptive field: "+e.want)
	}
	_, err := encode.SpatialReceptiveFields(c, 5, 1)
	require.EqualError(t, err, "encode: spatial receptive fields: the parameters have shape [2 2], want [K 7]")
	_, err = encode.SpatialReceptiveFields(nil, 5, 1)
	require.EqualError(t, err, "encode: spatial receptive fields: the matrix of parameters is nil")
	_, err = encode.GaussianKernel(v, s, s, 5, 1)
	require.EqualError(t, err, "encode: Gaussian kernel: c has shape [2], want [2 2]")
	_, err = encode.GaussianKernel(nil, s, s, 5, 1)
	require.EqualError(t, err, "encode: Gaussian kernel: c is nil")
	_, err = encode.CovarianceMatrix(s, nil, s)
	require.EqualError(t, err, "encode: covariance matrix: scalar 1 is nil")
}

// What only the values show is an error of the run.
func TestFieldRunErrors(t *testing.T) {
	for want, p := range map[string][]float64{
		"row 0: the determinant of the covariance is 0, want":      {0, 0, 1, 0, 0, 0, 0},
		"row 0: the determinant of the covariance is NaN, want":    {1, 0, math.NaN(), 0, 0, 0, 0},
		"row 0: the field of scale 1 around (1000, 0) is 0 on all": {1, 0, 1, 1000, 0, 0, 0},
		"row 0: the orders of the derivatives are -2 and 0, want":  {1, 0, 1, 0, 0, -2, 0},
		"row 0: the orders of the derivatives are 0 and 1000000":   {1, 0, 1, 0, 0, 0, 1e6},
	} {
		k, err := encode.SpatialReceptiveFields(graphtest.Node(G.NewGraph(), tensor.Float64, "p", []int{1, 7}, p), 5, 1)
		require.NoError(t, err)
		m, err := machine.New(k)
		require.NoError(t, err)
		require.ErrorContains(t, m.Run(), want)
	}
}

func TestDerivatives(t *testing.T) {
	for n, want := range [][][2]int{{{0, 0}}, {{0, 0}, {0, 1}, {1, 0}}} {
		got, err := encode.Derivatives(n)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	three, err := encode.Derivatives(3)
	require.NoError(t, err)
	require.Len(t, three, 15)
	for _, n := range []int{-1, 65, math.MaxInt} {
		_, err := encode.Derivatives(n)
		require.EqualError(t, err, fmt.Sprintf("encode: derivatives: the orders of the derivatives are %d and %d, want 0 to 64", n, n))
	}
}

func TestSpatialParametersErrors(t *testing.T) {
	one := []float64{1}
	for _, c := range []struct {
		set  encode.SpatialSet
		want string
	}{
		{encode.SpatialSet{}, "no scales"},
		{encode.SpatialSet{Scales: one}, "no angles"},
		{encode.SpatialSet{Scales: one, Angles: one}, "no ratios"},
		{encode.SpatialSet{Scales: one, Angles: one, Ratios: one, X: []float64{}}, "no x"},
		{encode.SpatialSet{Scales: one, Angles: one, Ratios: one}, "no derivatives"},
		{encode.SpatialSet{Scales: one, Angles: []float64{0, math.NaN()}, Ratios: one}, "element 1 of angles is NaN, want a finite number"},
		{encode.SpatialSet{Scales: one, Angles: one, Ratios: one, Derivatives: [][2]int{{0, -1}}}, "the orders of the derivatives are 0 and -1, want 0 to 64"},
	} {
		_, err := encode.SpatialParameters[float32](c.set)
		require.EqualError(t, err, "encode: spatial parameters: "+c.want)
	}
}

func TestTemporalScales(t *testing.T) {
	got, err := encode.DefaultTemporalScales(4).Values()
	require.NoError(t, err)
	graphtest.Close(t, "scales", []float64{1, math.Sqrt2, 2, 2 * math.Sqrt2}, got, 1e-12)
	for _, c := range []struct {
		s    encode.TemporalScales
		want string
	}{
		{encode.TemporalScales{}, "0 of them, want 1 to 2147483648"},
		{encode.TemporalScales{N: 2}, "the smallest is 0, want a finite number above 0"},
		{encode.TemporalScales{N: 2, Min: 1}, "the ratio is 0, want a finite number above 0"},
		{encode.TemporalScales{N: 2, Min: 1, Max: -1}, "the largest is -1, want a finite number above 0, or 0 for none"},
		{encode.TemporalScales{N: 2, Min: math.NaN()}, "the smallest is NaN, want a finite number above 0"},
	} {
		_, err := c.s.Values()
		require.EqualError(t, err, "encode: temporal scales: "+c.want)
	}
}
