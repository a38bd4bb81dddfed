package connect_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// pooled is a pooling and its gradient from the definition: windows lists, for each pixel of
// the result, those of x in its window, and how many it has with padding.
func pooled(of connect.Pooling, windows [][]int, all []int, x, dy []float64, planes int) (y, dx []float64) {
	n := len(x) / planes
	dx = make([]float64, len(x))
	for p := range planes {
		for i, w := range windows {
			d := dy[p*len(windows)+i]
			sum, best := 0.0, -1
			for _, at := range w {
				sum += x[p*n+at]
				if best < 0 || x[p*n+at] > x[p*n+best] {
					best = at
				}
			}
			switch of {
			case connect.PoolMax:
				sum = x[p*n+best]
				dx[p*n+best] += d
			case connect.PoolMean:
				sum /= float64(all[i])
				d /= float64(all[i])
				fallthrough
			default:
				for _, at := range w {
					dx[p*n+at] += d
				}
			}
			y = append(y, sum)
		}
	}
	return y, dx
}

// TestPoolOfWindows compares poolings with the definition, in many settings.
func TestPoolOfWindows(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	tried := 0
	for i := 0; tried < 200; i++ {
		h, w := 1+r.IntN(9), 1+r.IntN(9)
		shape := []int{1 + r.IntN(3), 1 + r.IntN(3), 1 + r.IntN(3), h, w}
		of := connect.Pooling(r.IntN(3))
		kh, kw := 1+r.IntN(4), 1+r.IntN(4)
		opts := connect.Conv{Stride: r.IntN(4), Pad: r.IntN(3), Dilation: r.IntN(3)}
		across := connect.Axis{Stride: opts.Stride, Pad: opts.Pad, Dilation: opts.Dilation}
		if r.IntN(2) == 0 {
			across = connect.Axis{Stride: r.IntN(4), Pad: r.IntN(3), Dilation: r.IntN(3)}
			opts.Width = &across
		}
		adaptive := r.IntN(3) == 0
		oh, ow := 1+r.IntN(h), 1+r.IntN(w)
		// rows lists the pixels of each window along an axis.
		rows := func(n, k, out int, a connect.Axis) (all [][]int) {
			if adaptive {
				for i := range out {
					var one []int
					for at := int(math.Floor(float64(i*n) / float64(out))); at < int(math.Ceil(float64((i+1)*n)/float64(out))); at++ {
						one = append(one, at)
					}
					all = append(all, one)
				}
				return all
			}
			s, d := max(1, a.Stride), max(1, a.Dilation)
			for at := -a.Pad; at+d*(k-1) < n+a.Pad; at += s {
				one := []int{}
				for j := range k {
					if p := at + d*j; p >= 0 && p < n {
						one = append(one, p)
					}
				}
				all = append(all, one)
			}
			return all
		}
		var windows [][]int
		var all []int
		down, beside := rows(h, kh, oh, connect.Axis{Stride: opts.Stride, Pad: opts.Pad, Dilation: opts.Dilation}), rows(w, kw, ow, across)
		for _, a := range down {
			for _, b := range beside {
				one, n := []int{}, kh*kw
				for _, y := range a {
					for _, x := range b {
						one = append(one, y*w+x)
					}
				}
				if adaptive {
					n = len(one)
				}
				windows, all = append(windows, one), append(all, n)
			}
		}
		planes := shape[0] * shape[1] * shape[2]
		x, dy := graphtest.Random(planes*h*w, uint64(i)), graphtest.Random(planes*len(windows), uint64(i+1000))
		name := fmt.Sprintf("%d: %v of %v, %d×%d, %+v across %+v, adaptive %v to %d×%d", i, of, shape, kh, kw, opts, across, adaptive, oh, ow)
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			g := G.NewGraph()
			xn := graphtest.Node(g, dt, "x", shape, x)
			n, err := connect.AdaptivePool(xn, of, oh, ow)
			if !adaptive {
				n, err = connect.Pool(xn, of, kh, kw, opts)
			}
			if err != nil { // a window that is all padding, or larger than the image
				require.Regexp(t, "want at most half of it|larger than the image|has none of", err.Error(), name)
				break
			}
			tried++
			require.Equal(t, []int{shape[0], shape[1], shape[2], len(down), len(beside)}, []int(n.Shape()), name)
			grads, values := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{n}, [][]float64{dy}), []*G.Node{xn}, []*G.Node{n})
			wantY, wantDX := pooled(of, windows, all, x, dy, planes)
			tol := 1e-12
			if dt == tensor.Float32 {
				tol = 1e-5
			}
			graphtest.Close(t, name+" y", wantY, values[0], tol)
			graphtest.Close(t, name+" dx", wantDX, grads[0], tol)
		}
	}
}

func TestUpsample(t *testing.T) {
	x := graphtest.Node(G.NewGraph(), tensor.Float32, "x", []int{1, 1, 1, 1, 2}, []float64{1, 2})
	y, err := connect.Upsample(x, 2, 3)
	require.NoError(t, err)
	require.Equal(t, [][]float64{{1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}}, graphtest.Eval(t, y))
	graphtest.CheckGrad(t, func(x *G.Node) (*G.Node, error) { return connect.Upsample(x, 2, 3) }, tensor.Shape{2, 1, 2, 3, 2}, graphtest.Random(24, 1))
}

func TestPoolOfWindowsErrors(t *testing.T) {
	x := graphtest.Node(G.NewGraph(), tensor.Float32, "x", []int{1, 1, 1, 3, 3}, make([]float64, 9))
	for want, f := range map[string]func() (*G.Node, error){
		"connect: pool: there is no pooling 7, want PoolMean, PoolMax or PoolSum":     func() (*G.Node, error) { return connect.Pool(x, 7, 2, 2, connect.Conv{}) },
		"connect: pool: windows of 0×2 and 0 groups, want at least 1×1 and no groups": func() (*G.Node, error) { return connect.Pool(x, 0, 0, 2, connect.Conv{}) },
		"connect: pool: padding 2 of a window of 2, want at most half of it":          func() (*G.Node, error) { return connect.Pool(x, 0, 2, 2, connect.Conv{Pad: 2}) },
		"connect: pool: a window of 2×4 is larger than the image of 3×3":              func() (*G.Node, error) { return connect.Pool(x, 0, 2, 4, connect.Conv{}) },
		"connect: pool: images of 3×3 become 4×1, want from 1×1 to their own size":    func() (*G.Node, error) { return connect.AdaptivePool(x, 0, 4, 1) },
		"connect: upsample: 0×1 times, want 1 to 65536":                               func() (*G.Node, error) { return connect.Upsample(x, 0, 1) },
	} {
		_, err := f()
		require.EqualError(t, err, want)
	}
}
