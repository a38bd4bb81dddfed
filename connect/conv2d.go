package connect

import (
	"cmp"
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/conv"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// Conv says how a kernel moves over an image. The zero value moves it pixel by
// pixel, inside the image.
type Conv struct {
	Stride   int // pixels from one output to the next; 0 means 1
	Pad      int // pixels of zeros around the image
	Dilation int // pixels from one element of the kernel to the next; 0 means 1

	// Width has those of the width of the image, if they are not those of its height.
	Width *Axis
	// Same, in the place of Pad, pads with so many zeros that n pixels become
	// ⌈n/stride⌉, as many before the image as behind it, or one less.
	Same bool
	// Groups cuts the channels of input and output into so many groups, each output being
	// made of its group alone: as many groups as channels make a depthwise convolution. 0
	// means 1.
	Groups int
}

// An Axis says how a kernel moves along an axis of an image, as Conv does.
type Axis struct{ Stride, Pad, Dilation int }

// steps returns the settings for images [… c h w] and kernels [out c/Groups kh kw].
func (o Conv) steps(xs, ws []int) (y, x conv.Step, groups int) {
	axis := Axis{o.Stride, o.Pad, o.Dilation}
	step := func(a Axis, back int) conv.Step {
		s := conv.Step{Stride: cmp.Or(a.Stride, 1), Pad: a.Pad, After: a.Pad, Dilation: cmp.Or(a.Dilation, 1)}
		if o.Same && len(xs) >= 2 && len(ws) >= 2 {
			s = s.Same(xs[len(xs)-back], ws[len(ws)-back])
		}
		return s
	}
	across := axis
	if o.Width != nil {
		across = *o.Width
	}
	return step(axis, 2), step(across, 1), cmp.Or(o.Groups, 1)
}

// Conv2D returns the convolution (strictly, the cross-correlation)
//
//	y[o, i, j] = bias[o] + Σ_c,k,l w[o, c, k, l] x[c, s i + d k − p, s j + d l − p]
//
// of every image of x with stride s, dilation d and padding p: x is 0 outside of
// the image. x has shape [T, batch, c, h, w] (any leading axes, but at least one),
// w [out, c/Groups, kh, kw], and bias [out] or is nil; y has shape
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
	var b graph.Builder
	in := G.Nodes{x, w}
	if bias != nil {
		in = append(in, bias)
	}
	if !b.Check("conv2d", in...) {
		return nil, fmt.Errorf("connect: %w", b.Err())
	}
	if !ops.IsFloat(x.Dtype()) {
		return nil, fmt.Errorf("connect: conv2d: x has elements of type %v, want float32 or float64", x.Dtype())
	}
	down, across, groups := opts.steps(x.Shape(), w.Shape())
	geometry, err := conv.New(x.Shape(), w.Shape(), down, across, groups)
	if err != nil {
		return nil, fmt.Errorf("connect: conv2d: %w", err)
	}
	image := geometry.Output()
	if bias != nil && !slices.Equal(bias.Shape(), image[:1]) {
		return nil, fmt.Errorf("connect: conv2d: the bias has shape %v, want [%d]", ops.ShapeOf(bias), image[0])
	}
	for _, n := range in[1:] {
		if n.Dtype() != x.Dtype() {
			return nil, fmt.Errorf("connect: conv2d: x has elements of type %v, %s of %v", x.Dtype(), n.Name(), n.Dtype())
		}
	}
	c := &convolution{Geometry: geometry, dt: x.Dtype(), shape: x.Shape()}
	if c.given = listsOf(x, c.SizeX()); c.given != nil {
		in[0] = c.given.token
	}
	if c.dt == tensor.Float32 {
		c.run = &convRun[float32]{c, conv.NewRun[float32](geometry)}
	} else {
		c.run = &convRun[float64]{c, conv.NewRun[float64](geometry)}
	}
	shape := append(slices.Clone(c.shape[:len(c.shape)-3]), image...)
	y := b.Apply(&convOp{Signature: ops.SignatureOf(in, c.dt, shape), c: c, kind: convY}, in...)
	return y, b.Err()
}

// A convolution is one use of Conv2D: what its nodes share.
type convolution struct {
	*conv.Geometry
	dt    tensor.Dtype
	shape tensor.Shape // of x
	given *spikeInput  // has the images of x as lists; nil if x is dense
	run   interface {
		do(op *convOp, in []G.Value) (G.Value, error)
	}
}

// convKind names one of the values of a Conv2D: its output and the gradients.
type convKind uint8

const (
	convY  convKind = iota // from x, w and perhaps the bias
	convDX                 // from the gradient of y, and w
	convDW                 // from x and the gradient of y
	convDB                 // from the gradient of y
)

type convOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	c    *convolution
	kind convKind
}

func (op *convOp) String() string {
	name := [...]string{"conv2d", "gradient of x of conv2d", "gradient of w of conv2d", "gradient of the bias of conv2d"}[op.kind]
	return fmt.Sprintf("%s %v", name, op.c.Geometry)
}
func (op *convOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad conv2d %d %p", op.kind, op.c) }
func (op *convOp) Hashcode() uint32      { return ops.Hashcode(op) }

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
	return valuesOf(op.c.given, in[0]), in[1], op.c.FanOut()
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
		return nil, fmt.Errorf("connect: %v has no gradient", op)
	}
	var b graph.Builder
	add := func(kind convKind, shape tensor.Shape, from ...*G.Node) *G.Node {
		return b.Apply(&convOp{Signature: ops.SignatureOf(from, op.c.dt, shape), c: op.c, kind: kind}, from...)
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

func (op *convOp) Along(u *timing.Reading) (timing.Timing, error) {
	if op.kind != convY {
		return u.Mixes()
	}
	return u.Maps(op.c.shape, len(op.c.shape)-3)
}

func (op *convOp) Do(vs ...G.Value) (G.Value, error) { return op.c.run.do(op, vs) }

type convRun[F vec.Float] struct {
	*convolution
	run *conv.Run[F]
}

func (r *convRun[F]) do(op *convOp, in []G.Value) (G.Value, error) {
	nx, ny, nw, nb := r.Sizes()
	sizes := [...][3]int{convY: {nx, nw, nb}, convDX: {ny, nw}, convDW: {nx, ny}, convDB: {ny}}[op.kind]
	var fs [3][]F
	var lists *sparse.CSR
	for i, v := range in {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return nil, err
		}
		if i == 0 && r.given != nil && (op.kind == convY || op.kind == convDW) {
			lists = r.given.now.lists()
			continue // a token, for which the lists stand
		}
		if len(f) != sizes[i] {
			return nil, fmt.Errorf("connect: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), sizes[i])
		}
		fs[i] = f
	}
	y := op.Result(r.dt, op.Shape)
	dst := ops.Elems[F](y)
	switch op.kind {
	case convY:
		r.run.Forward(dst, conv.Images[F]{Dense: fs[0], Lists: lists}, fs[1], fs[2])
	case convDX:
		r.run.GradX(dst, fs[0], fs[1])
	case convDW:
		r.run.GradW(dst, conv.Images[F]{Dense: fs[0], Lists: lists}, fs[1])
	case convDB:
		r.run.GradBias(dst, fs[0])
	}
	return y, nil
}

var _ interface {
	G.SDOp
	ops.Lender
	ops.Placed
	ops.Taker
	ops.Connection
	timing.Timed
} = (*convOp)(nil)
