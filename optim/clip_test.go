package optim_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/optim"
)

// gradients returns parameters of all kinds with the gradients (1, 2), (4),
// (−6, 8), (12), whose squares add up to 265.
func gradients() []*weight {
	return []*weight{
		{value: vector32([]float64{0, 0}), grad: vector32([]float64{1, 2})},
		{value: G.NewF32(0), grad: G.NewF32(4)},
		{value: vector64([]float64{0, 0}), grad: vector64([]float64{-6, 8})},
		{value: G.NewF64(0), grad: G.NewF64(12)},
	}
}

func valueGrads(ws []*weight) []G.ValueGrad {
	ps := make([]G.ValueGrad, len(ws))
	for i := range ws {
		ps[i] = ws[i]
	}
	return ps
}

func TestClipNorm(t *testing.T) {
	for _, limit := range []float64{0.5, math.Sqrt(265), 17, math.Inf(1)} {
		ws := gradients()
		norm, err := optim.ClipNorm(valueGrads(ws), limit)
		require.NoError(t, err)
		require.Equal(t, math.Sqrt(265), norm)
		by := min(1, limit/norm)
		for i, g := range [][]float64{{1, 2}, {4}, {-6, 8}, {12}} {
			for j := range g {
				g[j] *= by
			}
			require.InDeltaSlice(t, g, elements(ws[i].grad), 1e-7)
		}
		after, err := optim.ClipNorm(valueGrads(ws), math.Inf(1))
		require.NoError(t, err)
		require.InDelta(t, min(limit, norm), after, 1e-6)
	}
	norm, err := optim.ClipNorm(nil, 1)
	require.NoError(t, err)
	require.Zero(t, norm)
}

// 3² n over more elements than float32 can count to, and squares that float32
// cannot hold.
func TestClipNormAddsInFloat64(t *testing.T) {
	n := 1<<24 + 3
	g := make([]float32, n)
	for i := range g {
		g[i] = 3
	}
	d := tensor.New(tensor.WithShape(n), tensor.WithBacking(g))
	norm, err := optim.ClipNorm([]G.ValueGrad{&weight{value: d, grad: d}}, math.Inf(1))
	require.NoError(t, err)
	require.Equal(t, 3*math.Sqrt(float64(n)), norm)

	w := &weight{value: vector32([]float64{0, 0}), grad: vector32([]float64{3e30, 4e30})}
	norm, err = optim.ClipNorm([]G.ValueGrad{w}, 5)
	require.NoError(t, err)
	require.InEpsilon(t, 5e30, norm, 1e-7)
	require.InDeltaSlice(t, []float64{3, 4}, elements(w.grad), 1e-6)
}

func TestClipNormOfNaNAndInf(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		ws := gradients()
		*ws[3].grad.(*G.F64) = G.F64(bad)
		norm, err := optim.ClipNorm(valueGrads(ws), 1)
		require.NoError(t, err)
		require.Equal(t, math.IsNaN(bad), math.IsNaN(norm))
		require.Equal(t, math.IsInf(bad, 0), math.IsInf(norm, 1))
		require.Equal(t, []float64{-6, 8}, elements(ws[2].grad), "left as it was")
	}
}

// Four threes, √36, though the memory holds two.
func TestClipNormOfSharedGradient(t *testing.T) {
	a, b := sum(t)
	norm, err := optim.ClipNorm([]G.ValueGrad{a, b}, 3)
	require.NoError(t, err)
	require.Equal(t, 6.0, norm)
	g, err := b.Grad()
	require.NoError(t, err)
	require.Equal(t, []float64{1.5, 1.5}, elements(g))
}

// A hundred parameters are more than there is room for on the stack.
func TestClipNormOfManyParameters(t *testing.T) {
	var ws []*weight
	for range 100 {
		ws = append(ws, &weight{value: G.NewF64(0), grad: G.NewF64(2)})
	}
	norm, err := optim.ClipNorm(valueGrads(ws), 10)
	require.NoError(t, err)
	require.Equal(t, 20.0, norm)
	for _, w := range ws {
		require.Equal(t, 1.0, elements(w.grad)[0])
	}
}

func TestClipNormErrors(t *testing.T) {
	for _, limit := range []float64{0, -1, math.NaN()} {
		_, err := optim.ClipNorm(nil, limit)
		require.ErrorContains(t, err, "optim: clip: limit is ")
		require.ErrorContains(t, err, ", want a number above 0")
	}
	ws := gradients()
	for want, bad := range map[string]G.ValueGrad{
		"parameter #4 is nil":                                nil,
		"parameter w: gradient is nil":                       &weight{name: "w", value: G.NewF32(1)},
		"parameter #4: no gradient: lost":                    &weight{value: G.NewF32(1), err: errors.New("lost")},
		"parameter #4: gradient has shape (3), want (2)":     &weight{value: vector32([]float64{1, 2}), grad: vector32([]float64{1, 2, 3})},
		"parameter #4: gradient is of float64, want float32": nameless{&weight{name: "w", value: G.NewF32(1), grad: G.NewF64(2)}},
	} {
		_, err := optim.ClipNorm(append(valueGrads(ws), bad), 1)
		require.EqualError(t, err, "optim: clip: "+want)
		require.Equal(t, []float64{1, 2}, elements(ws[0].grad), "left as it was")
	}
}

func TestClipNormDoesNotAllocate(t *testing.T) {
	ps := valueGrads(gradients())
	limit := 10.0
	require.Zero(t, testing.AllocsPerRun(100, func() {
		limit *= 0.9 // so that each run scales
		if norm, err := optim.ClipNorm(ps, limit); err != nil || norm <= limit {
			t.Fail()
		}
	}))
}

func BenchmarkClipNorm(b *testing.B) {
	w := big(784*512 + 512*512 + 512*10)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := optim.ClipNorm([]G.ValueGrad{w}, math.Inf(1)); err != nil {
			b.Fatal(err)
		}
	}
}
