package layers_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/layers"
)

// Mean, standard deviation and, by the fourth moment, the kind of distribution:
// 3 for a normal one, 9/5 for a uniform one.
func TestInitMoments(t *testing.T) {
	matrix, kernels := []int{200, 600}, []int{64, 40, 5, 5} // kernels: 1,000 inputs, 1,600 outputs
	for name, c := range map[string]struct {
		std   float64
		conv  float64
		fourt float64
	}{
		"lecun_normal":   {math.Sqrt(1. / 200), math.Sqrt(1. / 1000), 3},
		"lecun_uniform":  {math.Sqrt(1. / 200), math.Sqrt(1. / 1000), 1.8},
		"he_normal":      {math.Sqrt(2. / 200), math.Sqrt(2. / 1000), 3},
		"he_uniform":     {math.Sqrt(2. / 200), math.Sqrt(2. / 1000), 1.8},
		"glorot_normal":  {math.Sqrt(2. / 800), math.Sqrt(2. / 2600), 3},
		"glorot_uniform": {math.Sqrt(2. / 800), math.Sqrt(2. / 2600), 1.8},
	} {
		t.Run(name, func(t *testing.T) {
			init, err := layers.InitByName(name)
			require.NoError(t, err)
			checkMoments(t, init, matrix, c.std, c.fourt)
			checkMoments(t, init, kernels, c.conv, c.fourt)
		})
	}
	for name, want := range map[string]float64{"zeros": 0, "ones": 1} {
		init, err := layers.InitByName(name)
		require.NoError(t, err)
		w := make([]float64, 3)
		require.NoError(t, init.Draw(nil, []int{3}, w))
		require.Equal(t, []float64{want, want, want}, w)
	}
	_, err := layers.InitByName("xavier")
	require.EqualError(t, err, `layers: no initialiser "xavier", want zeros, ones, or lecun, glorot or he with _normal or _uniform`)

	// n ν σ_w² τ_s² / (2 (τ_s + τ_m)) = θ² / (2 (1 + r) log(limit/(rate √(1+r))))
	// with r = 2 ν (τ_s + τ_m) = 0.3 and limit = 1/(2π √(τ_s τ_m)) = 22.508: the
	// left side is σ_w² 200·10·25e-6/0.03 = 1.6667 σ_w², the right side is
	// 1/(2.6 · log(22.508/(2 · 1.14018))) = 0.16798, so that σ_w = 0.31747.
	checkMoments(t, layers.FluctuationDriven{InputRate: 10, Rate: 2}, matrix, 0.31747, 3)
	checkMoments(t, layers.FluctuationDriven{InputRate: 10, Rate: 2, Threshold: 3, Gain: 2}, matrix, 1.5*0.31747, 3)
}

// checkMoments allows for four standard errors: of a mean of n numbers σ/√n, of
// a standard deviation at most σ/√(2n), of a fourth moment at most √(96/n).
func checkMoments(t *testing.T, init layers.Init, shape []int, std, fourth float64) {
	t.Helper()
	n := tensor.Shape(shape).TotalSize()
	w := make([]float64, n)
	require.NoError(t, init.Draw(rand.New(rand.NewPCG(5, 5)), shape, w))
	var m1, m2, m4 float64
	for _, v := range w {
		m1 += v / float64(n)
		m2 += v * v / float64(n)
		m4 += v * v * v * v / float64(n)
	}
	root := math.Sqrt(float64(n))
	require.InDelta(t, 0, m1, 4*std/root)
	require.InDelta(t, std, math.Sqrt(m2), 4*std/root/math.Sqrt2)
	require.InDelta(t, fourth, m4/(m2*m2), 4*math.Sqrt(96)/root)
}

func TestInitErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		init layers.Init
		rand *rand.Rand
		want string
	}{
		{layers.Scaled{Gain: -1}, r, "gain is -1, want a positive number"},
		{layers.Scaled{Gain: nan}, r, "gain is NaN, want a positive number"},
		{layers.Scaled{Gain: inf}, r, "gain is +Inf, want a positive number"},
		{layers.Scaled{Gain: 1}, nil, "the random generator is nil"},
		{layers.FluctuationDriven{Rate: 1}, r, "fluctuation-driven weights: input rate is 0, want a positive number"},
		{layers.FluctuationDriven{InputRate: 10, Rate: nan}, r, "fluctuation-driven weights: rate is NaN, want a positive number"},
		{layers.FluctuationDriven{InputRate: 10, Rate: 1, TauSyn: -1}, r, "fluctuation-driven weights: τ_s is -1, want a positive number"},
		{layers.FluctuationDriven{InputRate: 10, Rate: 20}, r, "fluctuation-driven weights: rate is 20 per second, want less than 19.7"},
		{layers.FluctuationDriven{InputRate: 10, Rate: 1}, nil, "the random generator is nil"},
	} {
		require.EqualError(t, c.init.Draw(c.rand, []int{2, 2}, make([]float64, 4)), c.want)
	}
}

// Neurons with fluctuation-driven weights fire about as often as asked for. Two
// things are expected to be off: in steps of 1 ms by Euler's method the kernel
// of a spike is ε_k = 0.9^(k+1) − 0.8^(k+1), whose Σ ε² = 0.898 is 1.078 times
// the τ_s²/(2(τ_s + τ_m)) = 0.833 of the formula, which makes rates of 1 to 5 Hz
// higher by factors of 1.25 to 1.12; and the reset makes them lower. Hence the
// margin of 40 %; a rate four times as high is far outside of it.
func TestFluctuationDrivenRate(t *testing.T) {
	const steps, batch, in, n = 500, 4, 400, 200
	for _, c := range []struct{ input, rate float64 }{{5, 1}, {5, 5}, {20, 2}} {
		x := input(tensor.Float32, steps, batch, in)
		require.NoError(t, setFloats(x, poisson(steps*batch*in, c.input*1e-3)))
		net := layers.Sequential{
			layers.Linear{Out: n, NoBias: true, Init: layers.FluctuationDriven{InputRate: c.input, Rate: c.rate}},
			lif(),
		}
		z, err := net.Apply(layers.NewBuild(3), x)
		require.NoError(t, err)
		spikes := 0.0
		for _, v := range graphtest.Eval(t, z)[0] {
			spikes += v
		}
		got := spikes / (batch * n * steps * 1e-3)
		t.Logf("inputs at %v Hz: %v Hz asked for, got %.2f Hz", c.input, c.rate, got)
		require.InDelta(t, c.rate, got, 0.4*c.rate)
	}
}

// poisson returns n numbers that are 1 with probability p, else 0.
func poisson(n int, p float64) []float64 {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float64, n)
	for i := range x {
		if r.Float64() < p {
			x[i] = 1
		}
	}
	return x
}

// setFloats gives an input other elements.
func setFloats(n *G.Node, x []float64) error {
	return G.Let(n, graphtest.Tensor(n.Dtype(), n.Shape(), x))
}
