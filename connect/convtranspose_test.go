package connect_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph/graphtest"
)

// TestConvTranspose2D compares with the definition, which is the gradient of a convolution
// by its input: the roles of x and y, and with them their gradients, change.
func TestConvTranspose2D(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for i := range 200 {
		c := randomConv(r)
		oh, ow := c.size()
		down, across := c.axes()
		// Which of the sizes that become oh × ow the image has.
		extra := c.h + 2*down.p - down.d*(c.kh-1) - 1 - down.s*(oh-1)
		if wide := c.w + 2*across.p - across.d*(c.kw-1) - 1 - across.s*(ow-1); c.Same {
			extra = 0
			c.h, c.w = oh*down.s, ow*across.s
		} else if wide != extra {
			c.h, c.w, extra = c.h-extra, c.w-wide, 0
		}
		if min(c.h, c.w) < 1 {
			continue
		}
		c.fill(uint64(i), 1, false)
		c.bias = make([]float64, c.out) // that of the convolution
		// x of the transposed one is dy of the convolution, its result dx.
		_, y, _, _ := c.naive()
		bias := graphtest.Random(c.c, uint64(i))
		pixels := c.h * c.w
		for j := range y {
			y[j] += bias[j/pixels%c.c]
		}
		dy := c.x // the gradient of the result
		dx, _, dk, _ := c.naive()
		db := make([]float64, c.c)
		for j, d := range dy {
			db[j/pixels%c.c] += d
		}
		x := c.d
		if r.IntN(2) == 0 { // with few spikes the same by another way
			x = graphtest.Sparse(len(x), 0.1, true, uint64(i))
			c.d = x
			_, y, _, _ = c.naive()
			for j := range y {
				y[j] += bias[j/pixels%c.c]
			}
			_, _, dk, _ = c.naive()
		}
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			tol := 1e-12
			if dt == tensor.Float32 {
				tol = 1e-5
			}
			g := G.NewGraph()
			xn := graphtest.Node(g, dt, "x", append(slices.Clone(c.lead), c.out, oh, ow), x)
			kn := graphtest.Node(g, dt, "k", []int{c.out, c.c / c.groups(), c.kh, c.kw}, c.k)
			bn := graphtest.Node(g, dt, "bias", []int{c.c}, bias)
			n, err := connect.ConvTranspose2D(xn, kn, bn, c.Conv, extra)
			name := fmt.Sprintf("%d: %v, extra %d, %v: ", i, c, extra, dt)
			require.NoError(t, err, name)
			require.Equal(t, append(slices.Clone(c.lead), c.c, c.h, c.w), []int(n.Shape()), name)
			grads, values := graphtest.Grads(t, graphtest.Loss(t, []*G.Node{n}, [][]float64{dy}), []*G.Node{xn, kn, bn}, []*G.Node{n})
			graphtest.Close(t, name+"y", y, values[0], tol)
			graphtest.Close(t, name+"dx", dx, grads[0], tol)
			graphtest.Close(t, name+"dw", dk, grads[1], tol)
			graphtest.Close(t, name+"db", db, grads[2], tol)
		}
	}
}

func TestConvTranspose2DGrad(t *testing.T) {
	graphtest.CheckGrad(t, func(x *G.Node) (*G.Node, error) {
		w := graphtest.Node(x.Graph(), tensor.Float64, "w", []int{4, 3, 3, 2}, graphtest.Random(72, 1))
		return connect.ConvTranspose2D(x, w, nil, connect.Conv{Stride: 2, Pad: 1, Groups: 2}, 1)
	}, tensor.Shape{2, 3, 4, 3, 5}, graphtest.Random(360, 2))
}

func TestConvTranspose2DErrors(t *testing.T) {
	g := G.NewGraph()
	x := graphtest.Node(g, tensor.Float64, "x", []int{1, 1, 2, 3, 3}, make([]float64, 18))
	w := graphtest.Node(g, tensor.Float64, "w", []int{2, 3, 2, 2}, make([]float64, 24))
	for want, f := range map[string]func() (*G.Node, error){
		"connect: transposed conv2d: extra is 2, want 0 to 1, which is less than the stride": func() (*G.Node, error) {
			return connect.ConvTranspose2D(x, w, nil, connect.Conv{Stride: 2}, 2)
		},
		"connect: transposed conv2d: x has shape [1 1 2 3 3] and w [1 1 2 3 3] with 1 groups, want [T batch c h w] and [c out/groups kh kw]": func() (*G.Node, error) {
			return connect.ConvTranspose2D(x, x, nil, connect.Conv{}, 0)
		},
		"connect: transposed conv2d: the bias has shape [2 3 2 2], want [3]": func() (*G.Node, error) {
			return connect.ConvTranspose2D(x, w, w, connect.Conv{}, 0)
		},
		"connect: transposed conv2d: 3 pixels become -6 with padding 5": func() (*G.Node, error) {
			return connect.ConvTranspose2D(x, w, nil, connect.Conv{Pad: 5}, 0)
		},
	} {
		_, err := f()
		require.EqualError(t, err, want)
	}
}
