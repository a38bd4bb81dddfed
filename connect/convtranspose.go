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
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// ConvTranspose2D returns the transposed convolution of every image of x, with stride s,
// dilation d and padding p:
//
//	y[o, s i + d k − p, s j + d l − p] += w[c, o, k, l] x[c, i, j], from bias[o]
//
// It is the gradient of Conv2D, and makes images larger by its stride. x has shape
// [T, batch, c, h, w] (any leading axes, but at least one), w [c, out/Groups, kh, kw], and
// bias [out] or is nil; y has shape [T, batch, out, h', w'] with
// h' = (h − 1) s − 2p + d(kh−1) + 1 + extra, and w' alike, or with Same h' = s h: extra, 0
// to s − 1, says which of the sizes it is that Conv2D makes h of. An error says which shape
// or setting does not fit.
//
// Where few elements of x are not zero it follows these, as Conv2D does; a SpikeInput it
// reads as a dense tensor.
func ConvTranspose2D(x, w, bias *G.Node, opts Conv, extra int) (*G.Node, error) {
	var b graph.Builder
	in := G.Nodes{x, w}
	if bias != nil {
		in = append(in, bias)
	}
	if !b.Check("transposed conv2d", in...) {
		return nil, fmt.Errorf("connect: %w", b.Err())
	}
	if !ops.IsFloat(x.Dtype()) {
		return nil, fmt.Errorf("connect: transposed conv2d: x has elements of type %v, want float32 or float64", x.Dtype())
	}
	geometry, shape, err := transposed(x.Shape(), w.Shape(), opts, extra)
	if err != nil {
		return nil, fmt.Errorf("connect: transposed conv2d: %w", err)
	}
	if out := shape[len(shape)-3]; bias != nil && !slices.Equal(bias.Shape(), tensor.Shape{out}) {
		return nil, fmt.Errorf("connect: transposed conv2d: the bias has shape %v, want [%d]", ops.ShapeOf(bias), out)
	}
	for _, n := range in[1:] {
		if n.Dtype() != x.Dtype() {
			return nil, fmt.Errorf("connect: transposed conv2d: x has elements of type %v, %s of %v", x.Dtype(), n.Name(), n.Dtype())
		}
	}
	c := &transposedConv{Geometry: geometry, dt: x.Dtype(), shape: x.Shape()}
	if c.dt == tensor.Float32 {
		c.run = &transposedRun[float32]{c, conv.NewRun[float32](geometry)}
	} else {
		c.run = &transposedRun[float64]{c, conv.NewRun[float64](geometry)}
	}
	y := b.Apply(&transposedOp{Signature: ops.SignatureOf(in, c.dt, shape), c: c, kind: convY}, in...)
	return y, b.Err()
}

// transposed returns the geometry of the convolution that is transposed, and the shape of
// the result, which is its input.
func transposed(xs, ws []int, opts Conv, extra int) (*conv.Geometry, tensor.Shape, error) {
	groups := cmp.Or(opts.Groups, 1)
	if !conv.IsImages(xs) || len(ws) != 4 || ws[0] != xs[len(xs)-3] || slices.Min(ws) < 1 || groups < 1 || groups > 1<<20 {
		return nil, nil, fmt.Errorf("x has shape %v and w %v with %d groups, want [T batch c h w] and [c out/groups kh kw]", xs, ws, groups)
	}
	shape := slices.Clone(xs)
	n := len(shape)
	shape[n-3] = ws[1] * groups
	same := opts.Same
	opts.Same = false
	y, x, _ := opts.steps(shape, ws)
	for i, s := range []*conv.Step{&y, &x} {
		size, kernel := xs[n-2+i], ws[2+i]
		if s.Stride < 1 || s.Dilation < 1 || max(s.Stride, s.Dilation, s.Pad) > 1<<20 {
			return nil, nil, fmt.Errorf("stride %d, padding %d and dilation %d, want them from 1, 0 and 1 to %d", s.Stride, s.Pad, s.Dilation, 1<<20)
		}
		if extra < 0 || extra >= s.Stride && extra > 0 {
			return nil, nil, fmt.Errorf("extra is %d, want 0 to %d, which is less than the stride", extra, s.Stride-1)
		}
		full := (size-1)*s.Stride + (kernel-1)*s.Dilation + 1
		shape[n-2+i] = full - 2*s.Pad + extra
		if same {
			shape[n-2+i] = size * s.Stride
			*s = s.Same(shape[n-2+i], kernel)
		}
		if shape[n-2+i] < 1 {
			return nil, nil, fmt.Errorf("%d pixels become %d with padding %d", size, shape[n-2+i], s.Pad)
		}
	}
	g, err := conv.New(shape, ws, y, x, groups)
	if err == nil && !slices.Equal(g.Output(), xs[n-3:]) {
		err = fmt.Errorf("x has images %v, and the convolution makes %v of %v", xs[n-3:], g.Output(), shape[n-3:])
	}
	return g, shape, err
}

// A transposedConv is one use of ConvTranspose2D: what its nodes share. Its x is the result
// of the geometry.
type transposedConv struct {
	*conv.Geometry
	dt    tensor.Dtype
	shape tensor.Shape // of x
	run   interface {
		do(op *transposedOp, in []G.Value) (G.Value, error)
	}
}

type transposedOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	c    *transposedConv
	kind convKind
}

func (op *transposedOp) String() string {
	name := [...]string{"", "gradient of x of ", "gradient of w of ", "gradient of the bias of "}[op.kind]
	return fmt.Sprintf("%stransposed conv2d %v", name, op.c.Geometry)
}
func (op *transposedOp) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "spikegrad transposed conv2d %d %p", op.kind, op.c)
}
func (op *transposedOp) Hashcode() uint32 { return ops.Hashcode(op) }

// Lends: y may be lent; dx is written where it is wanted.
func (op *transposedOp) Lends() any {
	if op.kind != convY {
		return nil
	}
	return op
}
func (op *transposedOp) PlacedBy() (int, bool) { return ops.Itself, op.kind == convDX }

// Connects: an element of x is part of as many outputs as the kernel reaches from it.
func (op *transposedOp) Connects(in G.Nodes) (x, w *G.Node, fanOut []int) {
	if op.kind != convY {
		return nil, nil, nil
	}
	return in[0], in[1], op.c.FanIn()
}

func (op *transposedOp) DiffWRT(n int) []bool { return slices.Repeat([]bool{op.kind == convY}, n) }

// SymDiff: the gradient of x is the convolution of that of y, and the gradient of w is that
// of the convolution, x being the gradient of its result.
func (op *transposedOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.kind != convY {
		return nil, fmt.Errorf("connect: %v has no gradient", op)
	}
	var b graph.Builder
	add := func(kind convKind, shape tensor.Shape, from ...*G.Node) *G.Node {
		return b.Apply(&transposedOp{Signature: ops.SignatureOf(from, op.c.dt, shape), c: op.c, kind: kind}, from...)
	}
	ds := G.Nodes{add(convDX, op.c.shape, grad, in[1]), add(convDW, in[1].Shape(), grad, in[0])}
	if len(in) == 3 {
		ds = append(ds, add(convDB, in[2].Shape(), grad))
	}
	return ds, b.Err()
}

func (op *transposedOp) Along(u *timing.Reading) (timing.Timing, error) {
	if op.kind != convY {
		return u.Mixes()
	}
	return u.Maps(op.c.shape, len(op.c.shape)-3)
}

func (op *transposedOp) Do(vs ...G.Value) (G.Value, error) { return op.c.run.do(op, vs) }

type transposedRun[F vec.Float] struct {
	*transposedConv
	run *conv.Run[F]
}

func (r *transposedRun[F]) do(op *transposedOp, in []G.Value) (G.Value, error) {
	ny, nx, nw, _ := r.Sizes() // the input of the geometry is y
	sizes := [...][3]int{convY: {nx, nw, r.Channels()}, convDX: {ny, nw}, convDW: {ny, nx}, convDB: {ny}}[op.kind]
	var fs [3][]F
	for i, v := range in {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return nil, err
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
		r.run.Back(dst, fs[0], fs[1], fs[2])
	case convDX:
		r.run.Forward(dst, conv.Images[F]{Dense: fs[0]}, fs[1], nil)
	case convDW:
		r.run.GradW(dst, conv.Images[F]{Dense: fs[0]}, fs[1])
	case convDB:
		r.run.GradBackBias(dst, fs[0])
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
} = (*transposedOp)(nil)
