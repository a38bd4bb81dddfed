package connect

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// Interpolated values of κ and of its derivative are those of the definition but for rounding, for widths
// from far below a step to far above the range, and at its ends.
func TestDelayCurve(t *testing.T) {
	for _, width := range []float64{0.2, 0.35, 0.5, 1, 3, 15, 200} {
		checkCurve[float32](t, width, 3e-6)
		checkCurve[float64](t, width, 1e-13)
	}
}

func checkCurve[F vec.Float](t *testing.T, width, within float64) {
	const last = 20
	k := delayKernel{max: last, width: width}
	var c delayCurve[F]
	c.make(k, 1<<20)
	require.NotZero(t, c.apart)
	s := &delayScratch[F]{val: make([]float64, last+1), slope: make([]float64, last+1)}
	got := make([]F, 2*(last+1))
	for i := range 401 {
		p := math.Mod(float64(i)*last/400*math.Phi, last)
		if i < 2 {
			p = float64(i) * last
		}
		at := make([]float64, last+1)
		var sum, mean float64
		near := math.Abs(math.Round(p) - p)
		for j := range at {
			d := float64(j) - p
			at[j] = math.Exp((near*near - d*d) / (2 * width * width))
			sum += at[j]
			mean += at[j] * d
		}
		c.at(got, float64(F(p)), 1, s)
		for j := range at {
			d := float64(j) - p
			slope := at[j] / sum * (d - mean/sum) / (width * width)
			// float32 rounds the position, too: by up to 1e-6 of it.
			slack := within * (1 + 1/width)
			require.InDelta(t, at[j]/sum, float64(got[j]), slack, "%v %v %d", width, p, j)
			require.InDelta(t, slope*width, float64(got[last+1+j])*width, slack, "%v %v %d", width, p, j)
		}
	}
}
