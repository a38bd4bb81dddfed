package plasticity

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/gemm"
)

// A form is a sum of products of three factors: a weight, what is before the
// synapse and what is behind it,
//
//	Σ w[j, i] pre[b, j] post[b, i]
//
// for weights [n_pre, n_post], and the same over all pairs of pixels that a kernel
// [out, in, kh, kw] connects. Its derivative by one of the factors is linear in
// the two others: by post it is the current that the synapses pass on, by w what a
// Hebbian rule adds up, and all three are each other's gradients.
type form struct {
	shapes [3]tensor.Shape // of the factors
	conv   connect.Conv
	by     factor
}

type factor int

const (
	byWeight factor = iota
	byPre
	byPost
)

// formOf returns the form of synapses with weights of shape w between neurons of
// the shapes pre and post, the batch included. An error says what does not fit.
func formOf(w, pre, post tensor.Shape, conv connect.Conv) (form, error) {
	f := form{shapes: [3]tensor.Shape{w.Clone(), pre.Clone(), post.Clone()}, conv: conv}
	if len(pre) < 1 || len(post) < 1 || pre[0] != post[0] {
		return f, fmt.Errorf("z_pre has shape %v, z_post %v, want the same batch first", []int(pre), []int(post))
	}
	var want tensor.Shape // of z_post
	switch {
	case len(pre) == 2 && len(w) == 2 && w[0] == pre[1]:
		want = tensor.Shape{pre[0], w[1]}
	case len(pre) == 4 && len(w) == 4 && w[1] == pre[1]:
		if c := f.conv; c.Same || c.Groups > 1 || c.Groups < 0 || c.Width != nil {
			return f, fmt.Errorf("the convolution is %+v, want the same Stride, Pad and Dilation along both axes and no Groups", c)
		}
		if f.conv.Stride == 0 {
			f.conv.Stride = 1
		}
		if f.conv.Dilation == 0 {
			f.conv.Dilation = 1
		}
		if c := f.conv; c.Stride < 1 || c.Dilation < 1 || c.Pad < 0 || max(c.Stride, c.Dilation, c.Pad) > maxStep {
			return f, fmt.Errorf("stride %d, padding %d and dilation %d, want them from 1, 0 and 1 to %d", c.Stride, c.Pad, c.Dilation, maxStep)
		}
		want = tensor.Shape{pre[0], w[0], f.outputs(pre[2], w[2]), f.outputs(pre[3], w[3])}
	default:
		return f, fmt.Errorf("z_pre has shape %v, the weights %v, want [batch n_pre] and [n_pre n_post], or [batch in h w] and [out in kh kw]",
			[]int(pre), []int(w))
	}
	if !slices.Equal(post, want) {
		return f, fmt.Errorf("z_post has shape %v, want %v for z_pre of shape %v and weights of shape %v", []int(post), []int(want), []int(pre), []int(w))
	}
	return f, nil
}

// maxStep bounds the settings of a convolution, so that sizes computed from them
// do not overflow.
const maxStep = 1 << 20

// outputs returns how many outputs a kernel has along an axis of n pixels.
func (f form) outputs(n, kernel int) int {
	if reach := f.conv.Dilation*(kernel-1) + 1; n+2*f.conv.Pad >= reach {
		return (n+2*f.conv.Pad-reach)/f.conv.Stride + 1
	}
	return 0
}

// derivative returns the derivative of the form by a factor, of which factors
// holds the two others.
func (f form) derivative(b *graph.Builder, by factor, factors [3]*G.Node) *G.Node {
	f.by = by
	return apply(b, f, f.shapes[by], slices.Delete(factors[:], int(by), int(by)+1)...)
}

func (f form) String() string {
	name := [3]string{"pre × post", "w × post", "w × pre"}[f.by]
	return fmt.Sprintf("%s for %v and %+v", name, f.shapes, f.conv)
}

// gradients puts the gradient in the place of the factor that was left out, and
// leaves out each of the others.
func (f form) gradients(b *graph.Builder, in G.Nodes, grad *G.Node) G.Nodes {
	factors := [3]*G.Node(slices.Insert(slices.Clone(in), int(f.by), grad))
	var ds G.Nodes
	for by := byWeight; by <= byPost; by++ {
		if by != f.by {
			ds = append(ds, f.derivative(b, by, factors))
		}
	}
	return ds
}

func (form) overTime() bool                        { return true }
func (f form) run32(dst []float32, in [][]float32) { contract(f, dst, in, gemm.Float32) }
func (f form) run64(dst []float64, in [][]float64) { contract(f, dst, in, gemm.Float64) }

// multiply is the type of gemm.Float32 and gemm.Float64.
type multiply[F any] func(transA, transB bool, m, n, k int, a []F, lda int, b []F, ldb int, accumulate bool, c []F, ldc int)

func contract[F float32 | float64](f form, dst []F, in [][]F, mul multiply[F]) {
	v := [3][]F(slices.Insert(slices.Clone(in), int(f.by), dst))
	w, pre, post := v[byWeight], v[byPre], v[byPost]
	if len(f.shapes[byWeight]) == 4 {
		convolve(f, w, pre, post)
		return
	}
	batch, m, n := f.shapes[byPre][0], f.shapes[byWeight][0], f.shapes[byWeight][1]
	switch f.by {
	case byWeight:
		addOuter(w, pre, post, batch)
	case byPre:
		mul(false, true, batch, m, n, post, n, w, n, false, pre, m)
	case byPost:
		mul(false, false, batch, n, m, pre, m, w, n, false, post, n)
	}
}

// addOuter adds the products of pre and post, row by row, to w. One of them holds
// spikes, and what is zero costs nothing.
func addOuter[F float32 | float64](w, pre, post []F, batch int) {
	m, n := len(pre)/batch, len(post)/batch
	fired := make([]int32, 0, n)
	for b := range batch {
		post := post[b*n:][:n]
		fired = fired[:0]
		for i, y := range post {
			if y != 0 {
				fired = append(fired, int32(i))
			}
		}
		if len(fired) == 0 {
			continue
		}
		for j, x := range pre[b*m:][:m] {
			if x == 0 {
				continue
			}
			row := w[j*n:][:n]
			for _, i := range fired {
				row[i] += x * post[i]
			}
		}
	}
}

// convolve adds the products of a convolution up in the factor that is left out,
// which is zero before. Neurons behind the synapses that are silent are skipped.
func convolve[F float32 | float64](f form, w, pre, post []F) {
	ws, in, out := f.shapes[byWeight], f.shapes[byPre], f.shapes[byPost]
	channels, rows, cols := ws[1], ws[2], ws[3]
	height, width := in[2], in[3]
	for i := range post {
		if f.by != byPost && post[i] == 0 {
			continue
		}
		left := i%out[3]*f.conv.Stride - f.conv.Pad
		top := i/out[3]%out[2]*f.conv.Stride - f.conv.Pad
		channel, sample := i/(out[3]*out[2])%out[1], i/(out[3]*out[2]*out[1])
		for c := range channels {
			for r := range rows {
				y := top + r*f.conv.Dilation
				if y < 0 || y >= height {
					continue
				}
				pre := pre[((sample*channels+c)*height+y)*width:][:width]
				w := w[((channel*channels+c)*rows+r)*cols:][:cols]
				for s := range w {
					x := left + s*f.conv.Dilation
					if x < 0 || x >= width {
						continue
					}
					switch f.by {
					case byWeight:
						w[s] += pre[x] * post[i]
					case byPre:
						pre[x] += w[s] * post[i]
					case byPost:
						post[i] += w[s] * pre[x]
					}
				}
			}
		}
	}
}
