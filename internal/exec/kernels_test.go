package exec

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/ir"
)

// A kernel that is given more than a piece gives what it gives part by part.
func TestPieces(t *testing.T) {
	const n = 2*piece + 77
	in := func(seed int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = 1.5 + math.Sin(float64(i*seed))
		}
		return x
	}
	a, b, e := in(1), in(2), in(3)
	run := func(code ir.Op, dst, a, b, e []float64) bool {
		switch k := &kernelsFor[float64]()[code]; {
		case k.binary != nil:
			k.binary(dst, a, b)
		case k.konst != nil:
			k.konst(dst, a, 0.5)
		case k.unary != nil:
			k.unary(dst, a)
		case k.ternary != nil:
			k.ternary(dst, a, b, e)
		case k.mulAddC != nil:
			k.mulAddC(dst, a, 0.5, e)
		default:
			return false
		}
		return true
	}
	kernels := 0
	for code := range ir.NumOps {
		got, want := make([]float64, n), make([]float64, n)
		if !run(code, got, a, b, e) {
			continue
		}
		kernels++
		for i := 0; i < n; i += 1000 {
			j := min(n, i+1000)
			run(code, want[i:j], a[i:j], b[i:j], e[i:j])
		}
		require.Equal(t, want, got, "%v", code)
	}
	require.Equal(t, 50, kernels)
}
