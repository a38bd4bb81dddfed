package graph

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/internal/vec"
)

// AvgPool returns the means of squares of k×k pixels, stride pixels apart, of x
// [T, batch, c, h, w] (any number of axes before h and w):
// [T, batch, c, (h−k)/stride+1, (w−k)/stride+1]. Pixels that fill no square are
// left out.
func AvgPool(x *G.Node, k, stride int) (*G.Node, error) {
	return pooled("average pool", x, k, stride, false)
}

// MaxPool is AvgPool with the largest value in place of the mean. The gradient
// goes to the first pixel, row by row, that has it.
func MaxPool(x *G.Node, k, stride int) (*G.Node, error) {
	return pooled("max pool", x, k, stride, true)
}

func pooled(name string, x *G.Node, k, stride int, max bool) (*G.Node, error) {
	var b Builder
	if !b.ok(name, x) {
		return nil, fmt.Errorf("graph: %w", b.Err())
	}
	s := x.Shape()
	n := len(s)
	switch {
	case !isFloat(x.Dtype()):
		return nil, fmt.Errorf("graph: %s: x has elements of type %v, want float32 or float64", name, x.Dtype())
	case n < 3:
		return nil, fmt.Errorf("graph: %s: x has shape %v, want [T batch c h w]", name, []int(s))
	case k < 1 || stride < 1:
		return nil, fmt.Errorf("graph: %s: squares of %d pixels, %d apart, want at least 1", name, k, stride)
	case k > s[n-2] || k > s[n-1]:
		return nil, fmt.Errorf("graph: %s: squares of %d pixels do not fit into images of %d×%d", name, k, s[n-2], s[n-1])
	}
	p := pool{name: name, k: k, stride: stride, max: max, h: s[n-2], w: s[n-1]}
	p.oh, p.ow = (p.h-k)/stride+1, (p.w-k)/stride+1
	shape := append(slices.Clone(s[:n-2]), p.oh, p.ow)
	y := b.apply(&poolOp{signature: signatureOf(G.Nodes{x}, x.Dtype(), shape), p: p}, x)
	return y, b.Err()
}

// A pool is the geometry of a pooling.
type pool struct {
	name         string
	k, stride    int
	max          bool
	h, w, oh, ow int
}

// poolOp pools, or with grad gives the gradient of x from x and that of the
// result.
type poolOp struct {
	pure
	signature
	p    pool
	grad bool
	dst  *tensor.Dense // kept from run to run
}

func (op *poolOp) String() string {
	if op.grad {
		return "gradient of " + op.p.name
	}
	return op.p.name
}
func (op *poolOp) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "spikegrad pool %v %t %v", op.p, op.grad, op.in)
}
func (op *poolOp) Hashcode() uint32 { return hashcode(op) }
func (op *poolOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	d[0] = !op.grad
	return d
}

func (op *poolOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.grad {
		return nil, fmt.Errorf("graph: %v has no gradient", op)
	}
	var b Builder
	from := G.Nodes{in[0], grad}
	d := b.apply(&poolOp{signature: signatureOf(from, grad.Dtype(), in[0].Shape()), p: op.p, grad: true}, from...)
	return G.Nodes{d}, b.Err()
}

func (op *poolOp) Do(vs ...G.Value) (G.Value, error) {
	if op.dst == nil {
		op.dst = newDense(vs[0].Dtype(), op.shape)
	}
	if vs[0].Dtype() == tensor.Float32 {
		return op.dst, runPool[float32](op, vs)
	}
	return op.dst, runPool[float64](op, vs)
}

func runPool[F vec.Float](op *poolOp, vs []G.Value) error {
	x, err := floats[F](op, vs[0])
	if err != nil {
		return err
	}
	p := op.p
	in, out := p.h*p.w, p.oh*p.ow
	dst := elems[F](op.dst)
	if !op.grad {
		eachChunk(len(x)/in, func(i0, i1 int) {
			for i := i0; i < i1; i++ {
				forwardPool(p, dst[i*out:(i+1)*out], x[i*in:(i+1)*in])
			}
		})
		return nil
	}
	dy, err := floats[F](op, vs[1])
	if err != nil {
		return err
	}
	eachChunk(len(x)/in, func(i0, i1 int) {
		for i := i0; i < i1; i++ {
			backwardPool(p, dst[i*in:(i+1)*in], x[i*in:(i+1)*in], dy[i*out:(i+1)*out])
		}
	})
	return nil
}

// largest returns the position of the largest pixel of the square at row y,
// column x.
func largest[F vec.Float](p pool, img []F, y, x int) int {
	best := y*p.w + x
	for r := y; r < y+p.k; r++ {
		for i := r*p.w + x; i < r*p.w+x+p.k; i++ {
			if img[i] > img[best] || img[i] != img[i] && img[best] == img[best] {
				best = i
			}
		}
	}
	return best
}

func forwardPool[F vec.Float](p pool, dst, img []F) {
	scale := 1 / F(p.k*p.k)
	for r := range p.oh {
		for c := range p.ow {
			y, x := r*p.stride, c*p.stride
			if p.max {
				dst[r*p.ow+c] = img[largest(p, img, y, x)]
				continue
			}
			var sum F
			for i := y; i < y+p.k; i++ {
				for _, v := range img[i*p.w+x : i*p.w+x+p.k] {
					sum += v
				}
			}
			dst[r*p.ow+c] = sum * scale
		}
	}
}

func backwardPool[F vec.Float](p pool, dst, img, dy []F) {
	clear(dst)
	scale := 1 / F(p.k*p.k)
	for r := range p.oh {
		for c := range p.ow {
			y, x, d := r*p.stride, c*p.stride, dy[r*p.ow+c]
			if p.max {
				dst[largest(p, img, y, x)] += d
				continue
			}
			for i := y; i < y+p.k; i++ {
				for j := i*p.w + x; j < i*p.w+x+p.k; j++ {
					dst[j] += d * scale
				}
			}
		}
	}
}

var _ G.SDOp = (*poolOp)(nil)
