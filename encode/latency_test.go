package encode_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/encode"
)

// times returns the step of the only spike of each input, −1 where there is
// none, and fails if an input has several or a value is not a spike.
func times(t *testing.T, z []float64, steps int) []int {
	t.Helper()
	n := len(z) / steps
	ts := make([]int, n)
	for i := range ts {
		ts[i] = -1
		for s := range steps {
			switch z[s*n+i] {
			case 0:
			case 1:
				require.Equal(t, -1, ts[i], "input %d spikes twice", i)
				ts[i] = s
			default:
				t.Fatalf("input %d is %v in step %d", i, z[s*n+i], s)
			}
		}
	}
	return ts
}

func TestLinearLatency(t *testing.T) {
	x := []float64{1, 0, 0.5, 0.95, 0.94, 0.26, 0.25, math.Copysign(0, -1)}
	for _, c := range []struct {
		steps int
		p     encode.LinearLatencyParams
		want  []int
	}{
		{11, encode.LinearLatencyParams{Last: 10}, []int{0, 10, 5, 1, 1, 7, 8, 10}},
		{20, encode.LinearLatencyParams{First: 4, Last: 8}, []int{4, 8, 6, 4, 4, 7, 7, 8}},
		{20, encode.LinearLatencyParams{First: 8, Last: 4}, []int{8, 4, 6, 8, 8, 5, 5, 4}},
		{1, encode.LinearLatencyParams{}, make([]int, 8)},
	} {
		dst := make([]float64, c.steps*len(x))
		for i := range dst {
			dst[i] = 7
		}
		require.NoError(t, encode.LinearLatency(dst, x, c.steps, c.p))
		require.Equal(t, c.want, times(t, dst, c.steps))
	}
}

func TestLinearLatencyErrors(t *testing.T) {
	dst, p := make([]float32, 6), encode.LinearLatencyParams{Last: 2}
	for _, c := range []struct {
		x     []float32
		steps int
		p     encode.LinearLatencyParams
		want  string
	}{
		{make([]float32, 2), 0, p, "0 steps, want at least 1"},
		{make([]float32, 2), 2, p, "dst has 6 elements, want 2 steps of 2"},
		{[]float32{0, float32(math.NaN())}, 3, p, "element 1 of x is NaN"},
		{[]float32{0, 1.5}, 3, p, "element 1 of x is 1.5, want 0 to 1"},
		{[]float32{-0.5, 1}, 3, p, "element 0 of x is -0.5, want 0 to 1"},
		{[]float32{0, 1}, 3, encode.LinearLatencyParams{First: -1}, "the first step is -1, want 0 to 2"},
		{[]float32{0, 1}, 3, encode.LinearLatencyParams{Last: 3}, "the last step is 3, want 0 to 2"},
	} {
		require.EqualError(t, encode.LinearLatency(dst, c.x, c.steps, c.p), "encode: linear latency: "+c.want)
	}
}

// The closed form is the time at which a membrane, integrated in small steps,
// reaches the threshold.
func TestLogLatency(t *testing.T) {
	const steps = 60
	x := []float64{0.2, 0.199, 0, -4, 0.2001, 0.21, 0.25, 0.4, 1, 3, 1e300, math.Inf(1), math.Inf(-1)}
	p := encode.DefaultLogLatencyParams()
	dst := make([]float64, steps*len(x))
	require.NoError(t, encode.LogLatency(dst, x, steps, p))
	for i, got := range times(t, dst, steps) {
		want := -1
		const fine = 1000
		for s, v := 0, 0.0; s < steps*fine; s++ {
			if v >= p.VTh && x[i] > p.VTh {
				want = s / fine
				break
			}
			v = x[i] + (v-x[i])*math.Exp(-p.Dt/fine*p.TauMemInv)
		}
		if math.IsInf(x[i], 1) {
			want = 0
		}
		require.Equal(t, want, got, "x is %v", x[i])
	}
}

func TestLogLatencyErrors(t *testing.T) {
	x, dst := []float64{1}, make([]float64, 3)
	require.EqualError(t, encode.LogLatency(dst, x, 2, encode.DefaultLogLatencyParams()),
		"encode: log latency: dst has 3 elements, want 2 steps of 1")
	for _, bad := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		for name, p := range map[string]encode.LogLatencyParams{
			"1/τ_m": {TauMemInv: bad, VTh: 1, Dt: 1},
			"v_th":  {TauMemInv: 1, VTh: bad, Dt: 1},
			"dt":    {TauMemInv: 1, VTh: 1, Dt: bad},
		} {
			require.ErrorContains(t, encode.LogLatency(dst, x, 3, p), "encode: log latency: "+name+" is ")
		}
	}
}

func TestLatencyAllocatesNothing(t *testing.T) {
	x, dst := make([]float32, 100), make([]float32, 500)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		if err := encode.LinearLatency(dst, x, 5, encode.LinearLatencyParams{Last: 4}); err != nil {
			t.Fatal(err)
		}
		if err := encode.LogLatency(dst, x, 5, encode.DefaultLogLatencyParams()); err != nil {
			t.Fatal(err)
		}
	}))
}
