package graph

import (
	"fmt"
	"hash"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	ops "github.com/spikegrad/spikegrad/internal/op"
)

// Conv says how a kernel moves over an image. The zero value moves it pixel by
// pixel, inside the image.
type Conv struct {
	Stride   int // pixels from one output to the next; 0 means 1
	Pad      int // pixels of zeros around the image
	Dilation int // pixels from one element of the kernel to the next; 0 means 1
}

// Conv2D returns the convolution (strictly, the cross-correlation)
//
//	y[o, i, j] = bias[o] + Σ_c,k,l w[o, c, k, l] x[c, s i + d k − p, s j + d l − p]
//
// of every image of x with stride s, dilation d and padding p: x is 0 outside of
// the image. x has shape [T, batch, c, h, w] (any leading axes, but at least one),
// w [out, c, kh, kw], and bias [out] or is nil; y has shape
// [T, batch, out, h', w'] with h' = ⌊(h + 2p − d(kh−1) − 1)/s⌋ + 1, and w' alike.
// An error says which shape or setting does not fit.
//
// Where few elements of x are not zero, as with spikes, each of them adds its
// part of the kernel to the outputs that see it, instead of the dense product of
// kernels and patches, and so it goes for the gradients; the results are the same
// up to rounding. The density is looked at on every run. If x is a SpikeInput of
// shape [T, batch, c, h, w], the images are made from the lists one by one; results
// have the bits of those of the dense tensor, and x has no gradient.
func Conv2D(x, w, bias *G.Node, opts Conv) (*G.Node, error) {
	var b Builder
	in := G.Nodes{x, w}
	if bias != nil {
		in = append(in, bias)
	}
	if !b.ok("conv2d", in...) {
		return nil, fmt.Errorf("graph: %w", b.Err())
	}
	c, err := newConv(x, w, opts)
	if err != nil {
		return nil, fmt.Errorf("graph: conv2d: %w", err)
	}
	if bias != nil && !slices.Equal(bias.Shape(), tensor.Shape{c.out}) {
		return nil, fmt.Errorf("graph: conv2d: the bias has shape %v, want [%d]", shapeOf(bias), c.out)
	}
	for _, n := range in[1:] {
		if n.Dtype() != x.Dtype() {
			return nil, fmt.Errorf("graph: conv2d: x has elements of type %v, %s of %v", x.Dtype(), n.Name(), n.Dtype())
		}
	}
	if c.given = listsOf(x, c.sizeX()); c.given != nil {
		in[0] = c.given.token
	}
	shape := append(slices.Clone(c.shape[:len(c.shape)-3]), c.out, c.y.out, c.x.out)
	y := b.apply(&convOp{signature: signatureOf(in, c.dt, shape), c: c, kind: convY}, in...)
	return y, b.Err()
}

// A conv is one use of Conv2D: what its nodes share.
type conv struct {
	dt      tensor.Dtype
	samples int
	in, out int  // channels
	y, x    axis // the height and the width
	shape   tensor.Shape
	given   *spikeInput // has the images of x as lists; nil if x is dense
	run     interface {
		do(op *convOp, in []G.Value) (G.Value, error)
	}
}

func newConv(x, w *G.Node, opts Conv) (*conv, error) {
	xs, ws := x.Shape(), w.Shape()
	switch {
	case !isFloat(x.Dtype()):
		return nil, fmt.Errorf("x has elements of type %v, want float32 or float64", x.Dtype())
	case !isImages(xs):
		return nil, fmt.Errorf("x has shape %v, want [T batch c h w]", []int(xs))
	case len(ws) != 4 || ws[1] != xs[len(xs)-3] || slices.Min(ws) < 1:
		return nil, fmt.Errorf("w has shape %v, want [out %d kh kw] for x of shape %v", []int(ws), xs[len(xs)-3], []int(xs))
	}
	if opts.Stride == 0 {
		opts.Stride = 1
	}
	if opts.Dilation == 0 {
		opts.Dilation = 1
	}
	for _, o := range []struct {
		name       string
		value, min int
	}{{"stride", opts.Stride, 1}, {"padding", opts.Pad, 0}, {"dilation", opts.Dilation, 1}} {
		if o.value < o.min || o.value > maxStep {
			return nil, fmt.Errorf("the %s is %d, want %d to %d", o.name, o.value, o.min, maxStep)
		}
	}
	c := &conv{dt: x.Dtype(), in: ws[1], out: ws[0], shape: xs}
	c.samples = xs.TotalSize() / (ws[1] * xs[len(xs)-2] * xs[len(xs)-1])
	c.y = newAxis(xs[len(xs)-2], ws[2], opts)
	c.x = newAxis(xs[len(xs)-1], ws[3], opts)
	switch {
	case c.y.out < 1 || c.x.out < 1:
		return nil, fmt.Errorf("the kernel covers %d×%d pixels, the image has %d×%d with padding %d",
			c.y.reach(), c.x.reach(), c.y.in, c.x.in, opts.Pad)
	case !c.fits():
		return nil, fmt.Errorf("an image becomes %d×%d×%d elements, want at most %d", c.out, c.y.out, c.x.out, math.MaxInt32)
	}
	if c.dt == tensor.Float32 {
		c.run = newConvRun[float32](c)
	} else {
		c.run = newConvRun[float64](c)
	}
	return c, nil
}

// sizeX and sizeY return how many elements an image has, patch how many of x meet
// the kernel at once.
func (c *conv) sizeX() int { return c.in * c.y.in * c.x.in }
func (c *conv) sizeY() int { return c.out * c.y.out * c.x.out }
func (c *conv) patch() int { return c.in * c.y.kernel * c.x.kernel }

// fanOut counts the outputs that each element of an image is part of.
func (c *conv) fanOut() []int {
	rows, cols := c.y.fanOut(), c.x.fanOut()
	fan := make([]int, 0, c.sizeX())
	for range c.in {
		for _, r := range rows {
			for _, k := range cols {
				fan = append(fan, c.out*r*k)
			}
		}
	}
	return fan
}

// fits reports whether an int32 counts the elements of an image, margins included.
func (c *conv) fits() bool {
	heightX, heightY := c.y.sizes()
	widthX, widthY := c.x.sizes()
	rows, columns := float64(max(heightX, heightY)), float64(max(widthX, widthY))
	return rows*columns*float64(max(c.in, c.out)) <= math.MaxInt32
}

// maxStep bounds settings, so that sizes computed from them do not overflow.
const maxStep = 1 << 20

// isImages reports whether s is the shape of one or more images, [… c h w].
func isImages(s tensor.Shape) bool { return len(s) >= 4 && slices.Min(s) >= 1 }

// convKind names one of the values of a Conv2D: its output and the gradients.
type convKind uint8

const (
	convY  convKind = iota // from x, w and perhaps the bias
	convDX                 // from the gradient of y, and w
	convDW                 // from x and the gradient of y
	convDB                 // from the gradient of y
)

type convOp struct {
	pure
	signature
	memory
	c    *conv
	kind convKind
}

func (op *convOp) String() string {
	name := [...]string{"conv2d", "gradient of x of conv2d", "gradient of w of conv2d", "gradient of the bias of conv2d"}[op.kind]
	return fmt.Sprintf("%s %d×%d, %d to %d", name, op.c.y.kernel, op.c.x.kernel, op.c.in, op.c.out)
}
func (op *convOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad conv2d %d %p", op.kind, op.c) }
func (op *convOp) Hashcode() uint32      { return hashcode(op) }

// Lends: y may be lent; dx is written where it is wanted.
func (op *convOp) Lends() any {
	if op.kind != convY {
		return nil
	}
	return op
}
func (op *convOp) PlacedBy() (int, bool) { return ops.Itself, op.kind == convDX }

// Connects: an element of x is part of as many outputs as the kernel reaches from it.
func (op *convOp) Connects(in G.Nodes) (x, w *G.Node, fanOut []int) {
	if op.kind != convY {
		return nil, nil, nil
	}
	return valuesOf(op.c.given, in[0]), in[1], op.c.fanOut()
}

func (op *convOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	for i := range d {
		d[i] = op.kind == convY && (i > 0 || op.c.given == nil)
	}
	return d
}

// SymDiff: with the patches of x as the columns of X, y = W X; so dW = dy Xᵀ,
// the patches of dx are Wᵀ dy and overlap, and db is the sum of dy over pixels.
// Lists that were given have no gradient.
func (op *convOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.kind != convY {
		return nil, fmt.Errorf("graph: %v has no gradient", op)
	}
	var b Builder
	add := func(kind convKind, shape tensor.Shape, from ...*G.Node) *G.Node {
		return b.apply(&convOp{signature: signatureOf(from, op.c.dt, shape), c: op.c, kind: kind}, from...)
	}
	ds := G.Nodes{nil, add(convDW, in[1].Shape(), in[0], grad)}
	if op.c.given == nil {
		ds[0] = add(convDX, op.c.shape, grad, in[1])
	}
	if len(in) == 3 {
		ds = append(ds, add(convDB, in[2].Shape(), grad))
	}
	return ds, b.Err()
}

func (op *convOp) Do(vs ...G.Value) (G.Value, error) { return op.c.run.do(op, vs) }

var _ G.SDOp = (*convOp)(nil)
