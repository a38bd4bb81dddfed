package delays

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/graph/graphtest"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// κ of many positions, and the gradients, are those of the definition but for rounding, for widths
// from far below a step to far above the range, inside and beyond it.
func TestDelayGauss(t *testing.T) {
	for _, width := range []float64{1e-3, 0.2, 0.35, 0.5, 1, 3, 15, 200, 1e9} {
		checkGauss[float32](t, width, 1e-6)
		checkGauss[float64](t, width, 1e-14)
	}
}

func checkGauss[F vec.Float](t *testing.T, width, within float64) {
	const last, n = 20, gaussLanes + 37
	k := kernel{max: last, width: width}
	floats := func(x []float64, by, plus float64) (y []F) {
		for _, v := range x {
			y = append(y, F(by*v+plus))
		}
		return y
	}
	p, w := floats(graphtest.Random(n, 1), 11, 10), floats(graphtest.Random(n, 2), 1, 0)
	p[0], p[1], p[2], p[3] = 0, last, 7, 3.5
	met := floats(graphtest.Random((last+1)*n, 3), 1, 0)
	got, dw, dp := make([]F, len(met)), make([]F, n), make([]F, n)
	var g gauss[F]
	g.rows(k, got, p, w)
	g.grads(k, dw, dp, met, p, w)
	for i := range n {
		at := math.Min(math.Max(float64(p[i]), 0), last)
		e := make([]float64, last+1)
		var sum, mean, byWeight, byPlace float64
		near := math.Abs(math.Round(at) - at)
		for j := range e {
			d := float64(j) - at
			e[j] = math.Exp((near*near - d*d) / (2 * width * width))
			sum += e[j]
			mean += e[j] * d
		}
		name := fmt.Sprint(width, at)
		for j := range e {
			kappa, d := e[j]/sum, float64(j)-at
			require.InDelta(t, float64(w[i])*kappa, float64(got[j*n+i]), within, name)
			byWeight += kappa * float64(met[j*n+i])
			byPlace += float64(w[i]) * kappa * (d - mean/sum) / (width * width) * float64(met[j*n+i])
		}
		if k.outward(float64(p[i]), byPlace) {
			byPlace = 0
		}
		require.InDelta(t, byWeight, float64(dw[i]), 4*within, name)
		require.InDelta(t, byPlace, float64(dp[i]), within*(40/(width*width)+40/width), name)
	}
}
