package encode_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/encode"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// An input whose rate is at least one a step spikes always, one of 0 never.
func TestPoissonCertain(t *testing.T) {
	const steps = 40
	x := []float32{0, -3, 1, 2, 7, float32(math.Inf(1)), float32(math.Inf(-1))}
	for signed, want := range map[bool][]float32{
		false: {0, 0, 1, 1, 1, 1, 0},
		true:  {0, -1, 1, 1, 1, 1, -1},
	} {
		dst := make([]float32, steps*len(x))
		p := encode.PoissonParams{FMax: 1000, Dt: 1e-3, Signed: signed}
		require.NoError(t, encode.Poisson(dst, x, steps, p, newRand(1)))
		for i := range steps {
			require.Equal(t, want, dst[i*len(x):(i+1)*len(x)])
		}
	}
}

// Without a rate there is no spike, and what dst held before is gone.
func TestPoissonOverwrites(t *testing.T) {
	dst := []float64{7, 7, 7, 7}
	require.NoError(t, encode.Poisson(dst, []float64{1, math.Inf(1)}, 2, encode.PoissonParams{Dt: 1}, newRand(1)))
	require.Equal(t, make([]float64, 4), dst)
}

// The spikes of one input are independent in time and of those of its
// neighbours: pairs of spikes are as frequent as p² says. More than one block
// of inputs is covered.
func TestPoissonIndependence(t *testing.T) {
	const steps, n, p = 200, 1301, 0.3
	x := make([]float32, n)
	for i := range x {
		x[i] = p
	}
	dst := make([]float32, steps*n)
	require.NoError(t, encode.Poisson(dst, x, steps, encode.PoissonParams{FMax: 1, Dt: 1}, newRand(2)))
	at := func(t, i int) float64 { return float64(dst[t*n+i]) }
	var one, inTime, beside, blocks float64
	for s := range steps - 1 {
		for i := range n - 1 {
			one += at(s, i)
			inTime += at(s, i) * at(s+1, i)
			beside += at(s, i) * at(s, i+1)
			blocks += at(s, i) * at(s, (i+512)%n)
		}
	}
	total := float64((steps - 1) * (n - 1))
	// Six standard deviations of the mean of that many independent draws; the
	// pairs overlap, which widens theirs by less than a factor of two.
	within := func(want, sum, times float64) {
		require.InDelta(t, want, sum/total, times*6*math.Sqrt(want*(1-want)/total))
	}
	within(p, one, 1)
	within(p*p, inTime, 2)
	within(p*p, beside, 2)
	within(p*p, blocks, 2)
}

// The same seed gives the same spikes, in float32 and float64 and whatever
// GOMAXPROCS is; another seed gives others.
func TestPoissonDeterministic(t *testing.T) {
	const steps, n = 9, 1000
	x32, x64 := make([]float32, n), make([]float64, n)
	for i := range x32 {
		x32[i] = float32(i%5) / 4
		x64[i] = float64(x32[i])
	}
	run := func(procs int, seed uint64) []float32 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		dst := make([]float32, steps*n)
		require.NoError(t, encode.Poisson(dst, x32, steps, encode.PoissonParams{FMax: 500, Dt: 1e-3}, newRand(seed)))
		return dst
	}
	a := run(1, 3)
	require.Equal(t, a, run(2, 3))
	require.NotEqual(t, a, run(2, 4))
	dst := make([]float64, steps*n)
	require.NoError(t, encode.Poisson(dst, x64, steps, encode.PoissonParams{FMax: 500, Dt: 1e-3}, newRand(3)))
	for i, z := range dst {
		require.Equal(t, float64(a[i]), z)
	}
}

func TestPoissonErrors(t *testing.T) {
	nan, ok := math.NaN(), encode.DefaultPoissonParams()
	x, dst := []float64{0.5, 1}, make([]float64, 6)
	for _, c := range []struct {
		dst, x []float64
		steps  int
		p      encode.PoissonParams
		r      *rand.Rand
		want   string
	}{
		{dst, x, 0, ok, newRand(1), "0 steps, want at least 1"},
		{dst, x, -1, ok, newRand(1), "-1 steps, want at least 1"},
		{dst, x, 2, ok, newRand(1), "dst has 6 elements, want 2 steps of 2"},
		{dst[:5], x, 3, ok, newRand(1), "dst has 5 elements, want 3 steps of 2"},
		{dst, nil, 3, ok, newRand(1), "dst has 6 elements, want 3 steps of 0"},
		{dst, x, math.MaxInt, ok, newRand(1), "dst has 6 elements, want 9223372036854775807 steps of 2"},
		{dst, []float64{1, nan}, 3, ok, newRand(1), "element 1 of x is NaN"},
		{dst, x, 3, encode.PoissonParams{FMax: -1, Dt: 1}, newRand(1), "f_max is -1 Hz, want a finite number of at least 0"},
		{dst, x, 3, encode.PoissonParams{FMax: nan, Dt: 1}, newRand(1), "f_max is NaN Hz, want a finite number of at least 0"},
		{dst, x, 3, encode.PoissonParams{FMax: math.Inf(1), Dt: 1}, newRand(1), "f_max is +Inf Hz, want a finite number of at least 0"},
		{dst, x, 3, encode.PoissonParams{FMax: 1}, newRand(1), "dt is 0 s, want a finite number above 0"},
		{dst, x, 3, encode.PoissonParams{FMax: 1, Dt: nan}, newRand(1), "dt is NaN s, want a finite number above 0"},
		{dst, x, 3, ok, nil, "the random generator is nil"},
	} {
		require.EqualError(t, encode.Poisson(c.dst, c.x, c.steps, c.p, c.r), "encode: Poisson: "+c.want)
	}
	require.NoError(t, encode.Poisson(nil, []float64{}, 3, ok, newRand(1)))
}

// The same generator gives the same spikes as a tensor and as lists, whatever the
// blocks of inputs and the samples that these are of.
func TestPoissonSpikes(t *testing.T) {
	const steps, batch = 7, 3
	for _, width := range []int{1, 200, 512, 700} {
		for _, signed := range []bool{false, true} {
			x := make([]float64, batch*width)
			for i := range x {
				x[i] = math.Sin(float64(i))
			}
			p := encode.PoissonParams{FMax: 500, Dt: 1e-3, Signed: signed}
			dst := make([]float64, steps*len(x))
			require.NoError(t, encode.Poisson(dst, x, steps, p, newRand(4)))
			s, err := connect.NewSpikes(steps, batch, width)
			require.NoError(t, err)
			require.NoError(t, s.Add(0, 0, 0, 1)) // goes
			require.NoError(t, encode.PoissonSpikes(s, x, p, newRand(4)))
			d, err := s.Dense(tensor.Float64)
			require.NoError(t, err)
			require.Equal(t, dst, d.Data())
			require.NotZero(t, s.Len())
			if _, val := s.Row(0, 0); !signed {
				require.Nil(t, val, "they are all 1")
			}

			one := make([]float32, len(x))
			for i, v := range x {
				one[i] = float32(v)
			}
			same := make([]float32, len(dst))
			require.NoError(t, p.Encode(same, one, steps, newRand(5)))
			require.NoError(t, p.EncodeSpikes(s, one, newRand(5)))
			d, err = s.Dense(tensor.Float32)
			require.NoError(t, err)
			require.Equal(t, same, d.Data())
		}
	}
}

func TestPoissonSpikesErrors(t *testing.T) {
	ok, x := encode.DefaultPoissonParams(), make([]float64, 6)
	s, err := connect.NewSpikes(4, 2, 3)
	require.NoError(t, err)
	require.EqualError(t, encode.PoissonSpikes(nil, x, ok, newRand(1)), "encode: Poisson: the spikes are nil")
	require.EqualError(t, encode.PoissonSpikes(s, x[:5], ok, newRand(1)), "encode: Poisson: x has 5 elements, a step of spikes of shape [4 2 3] has 6")
	require.EqualError(t, encode.PoissonSpikes(s, x, ok, nil), "encode: Poisson: the random generator is nil")
	require.EqualError(t, encode.PoissonSpikes(s, x, encode.PoissonParams{}, newRand(1)), "encode: Poisson: dt is 0 s, want a finite number above 0")
	x[4] = math.NaN()
	require.EqualError(t, encode.PoissonSpikes(s, x, ok, newRand(1)), "encode: Poisson: element 4 of x is NaN")
}

func TestPoissonAllocatesNothing(t *testing.T) {
	x, dst, r := make([]float32, 1000), make([]float32, 5000), newRand(1)
	for i := range x {
		x[i] = 0.5
	}
	require.Zero(t, testing.AllocsPerRun(10, func() {
		if err := encode.Poisson(dst, x, 5, encode.DefaultPoissonParams(), r); err != nil {
			t.Fatal(err)
		}
	}))
	s, err := connect.NewSpikes(5, 10, 100)
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		if err := encode.PoissonSpikes(s, x, encode.DefaultPoissonParams(), r); err != nil {
			t.Fatal(err)
		}
		s.Len()
	}))
}

// Images of 28×28 over 25 steps, all pixels grey or four in five black.
func BenchmarkPoisson(b *testing.B) {
	const steps, batch, n = 25, 64, 784
	for name, share := range map[string]int{"dense": 1, "sparse": 5} {
		b.Run(name, func(b *testing.B) {
			x, dst, r := make([]float32, batch*n), make([]float32, steps*batch*n), newRand(1)
			for i := range x {
				if i%share == 0 {
					x[i] = r.Float32()
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, encode.Poisson(dst, x, steps, encode.PoissonParams{FMax: 500, Dt: 1e-3}, r))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*steps*batch*n), "ns/input-step")
		})
	}
}
