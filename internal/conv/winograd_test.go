package conv

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Gradients by Winograd's products are those of the definition: exactly where all
// numbers are integers, since halves are all that they divide by, and otherwise to
// rounding errors of the largest.
func TestWinograd(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	seen := 0
	for range 60 {
		step := func() Step { return Step{Stride: 1, Pad: r.IntN(5), After: r.IntN(5), Dilation: 1} }
		c := &Geometry{
			samples: 1 + r.IntN(20), groups: 1 + r.IntN(2), in: 1 + r.IntN(20), out: 1 + r.IntN(20),
			y: newAxis(1+r.IntN(12), 3, step()), x: newAxis(1+r.IntN(12), 3, step()),
		}
		if c.y.out < 1 || c.x.out < 1 {
			continue
		}
		seen++
		name := fmt.Sprintf("%d images in %d groups, %d×%d×%d to %d×%d×%d, %+v %+v", c.samples, c.groups, c.in, c.y.in, c.x.in, c.out, c.y.out, c.x.out, c.y.Step, c.x.Step)
		nx, ny, nw, nb := c.Sizes()
		dy, w := make([]float64, ny), make([]float64, nw)
		for i := range dy {
			dy[i] = float64(r.IntN(17) - 8)
		}
		for i := range w {
			w[i] = float64(4 * (r.IntN(17) - 8))
		}
		_, want, _ := defineConv(c, make([]float64, nx), w, make([]float64, nb), dy)
		require.Equal(t, want, gradXFast(t, c, dy, w), name)
		require.Equal(t, want, wide(gradXFast(t, c, narrow(dy), narrow(w))), name)

		var most float64 // of Σ |w dy|
		for i := range dy {
			dy[i] = r.NormFloat64()
		}
		for i := range w {
			w[i] = r.NormFloat64()
		}
		abs := func(x []float64) []float64 {
			y := make([]float64, len(x))
			for i, v := range x {
				y[i] = math.Abs(v)
			}
			return y
		}
		_, sums, _ := defineConv(c, make([]float64, nx), abs(w), make([]float64, nb), abs(dy))
		for _, v := range sums {
			most = max(most, v)
		}
		_, want, _ = defineConv(c, make([]float64, nx), w, make([]float64, nb), dy)
		require.InDeltaSlice(t, want, gradXFast(t, c, dy, w), 8*0x1p-53*most, name)
		// Rounded to float32 numbers are others, so the definition is asked again.
		w, dy = wide(narrow(w)), wide(narrow(dy))
		_, want, _ = defineConv(c, make([]float64, nx), w, make([]float64, nb), dy)
		require.InDeltaSlice(t, want, wide(gradXFast(t, c, narrow(dy), narrow(w))), 8*0x1p-24*most, name)
	}
	require.Greater(t, seen, 30)
}

// gradXFast returns the gradient of x by a Run that always uses Winograd's products, twice.
func gradXFast[F float32 | float64](t *testing.T, c *Geometry, dy, w []F) []F {
	run := NewRun[F](c)
	run.prepare()
	run.shift, run.fast, run.fewDX = nil, newWinograds[F](c, 1), 0
	require.Len(t, run.fast, c.groups)
	dx := make([]F, c.samples*c.SizeX())
	for range 2 { // the memory of the first run does not show in the second
		for i := range dx {
			dx[i] = F(math.NaN())
		}
		run.GradX(dx, dy, w)
	}
	return dx
}

func narrow(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}
