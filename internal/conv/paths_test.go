package conv

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/internal/long"
)

// Following the non-zero elements, products with patches, shifted images and tiles give what
// the definition gives, whatever the settings and however many there are.
func TestConvPaths(t *testing.T) {
	long.Test(t)
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		step := func() Step {
			return Step{Stride: 1 + r.IntN(3)*r.IntN(2), Pad: r.IntN(4), After: r.IntN(4), Dilation: 1 + r.IntN(3)*r.IntN(2)}
		}
		o := [2]Step{step(), step()}
		if r.IntN(2) == 0 {
			o[0].After = o[0].Pad
			o[1] = o[0]
		}
		c := &Geometry{
			samples: 1 + r.IntN(3), groups: 1 + r.IntN(3)*r.IntN(2), in: 1 + r.IntN(20), out: 1 + r.IntN(40),
			y: newAxis(1+r.IntN(12), 1+r.IntN(5), o[0]), x: newAxis(1+r.IntN(12), 1+r.IntN(5), o[1]),
		}
		if c.y.out < 1 || c.x.out < 1 {
			continue
		}
		random := func(n int, density float64) []float64 {
			v := make([]float64, n)
			for i := range v {
				if r.Float64() < density {
					v[i] = r.NormFloat64()
				}
			}
			return v
		}
		nx, ny, nw, nb := c.Sizes()
		x, dy := random(nx, r.Float64()), random(ny, r.Float64())
		w, bias := random(nw, 1), random(nb, 1)
		y, dx, dw := defineConv(c, x, w, bias, dy)
		for _, way := range []struct {
			name  string
			few   float64
			shift *shifter[float64]
			fast  []*winograd[float64]
		}{
			{"patches", 0, nil, nil}, {"spikes", 2, nil, nil}, {"shifted images", 0, newShifter[float64](c, math.MaxInt), nil},
			{"tiles", 0, nil, newWinograds[float64](c, 1)},
		} {
			run := NewRun[float64](c)
			run.prepare()
			run.fewX, run.fewDX, run.fewDW = way.few, way.few, way.few
			run.shift, run.fast = way.shift, way.fast
			gotY, gotDX, gotDW := make([]float64, len(y)), make([]float64, len(dx)), make([]float64, len(dw))
			for range 2 { // the memory of the first run does not show in the second
				run.Forward(gotY, Images[float64]{Dense: x}, w, bias)
				run.GradX(gotDX, dy, w)
				run.GradW(gotDW, Images[float64]{Dense: x}, dy)
			}
			name := fmt.Sprintf("%d groups of %d×%d×%d to %d by %d×%d, %+v, by %s", c.groups, c.in, c.y.in, c.x.in, c.out, c.y.kernel, c.x.kernel, o, way.name)
			near(t, name+": y", y, gotY)
			near(t, name+": dx", dx, gotDX)
			near(t, name+": dw", dw, gotDW)
		}
	}
}

func near(t *testing.T, name string, want, got []float64) {
	t.Helper()
	var most float64
	for _, v := range want {
		most = max(most, math.Abs(v))
	}
	for i := range want {
		require.InDelta(t, want[i], got[i], 1e-13*max(1, most), "%s, element %d", name, i)
	}
}

// defineConv computes a convolution and its gradients from the definition.
func defineConv(c *Geometry, x, w, bias, dy []float64) (y, dx, dw []float64) {
	y, dx, dw = make([]float64, len(dy)), make([]float64, len(x)), make([]float64, len(w))
	for n := range c.samples {
		for o := range c.groups * c.out {
			for i := range c.y.out {
				for j := range c.x.out {
					at := ((n*c.groups*c.out+o)*c.y.out+i)*c.x.out + j
					y[at] += bias[o]
					c.meets(i, j, func(ch, ky, kx, iy, ix int) {
						from := (((n*c.groups+o/c.out)*c.in+ch)*c.y.in+iy)*c.x.in + ix
						k := ((o*c.in+ch)*c.y.kernel+ky)*c.x.kernel + kx
						y[at] += w[k] * x[from]
						dx[from] += w[k] * dy[at]
						dw[k] += x[from] * dy[at]
					})
				}
			}
		}
	}
	return y, dx, dw
}

// meets calls do for each element of an image that the kernel meets at row i and
// column j of y.
func (c *Geometry) meets(i, j int, do func(ch, ky, kx, iy, ix int)) {
	for ch := range c.in {
		for ky := range c.y.kernel {
			for kx := range c.x.kernel {
				iy, ix := c.y.Stride*i+c.y.Dilation*ky-c.y.Pad, c.x.Stride*j+c.x.Dilation*kx-c.x.Pad
				if iy >= 0 && iy < c.y.in && ix >= 0 && ix < c.x.in {
					do(ch, ky, kx, iy, ix)
				}
			}
		}
	}
}
