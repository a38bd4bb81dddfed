package connect

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/conv"
	"github.com/spikegrad/spikegrad/internal/gemm"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// AvgPool returns the means of windows of k × k pixels, stride pixels apart, of
// every channel of x [T, batch, c, h, w] (any leading axes, but at least one), as
// [T, batch, c, h', w'] with h' = ⌊(h − k)/stride⌋ + 1, and w' alike. Pixels at the
// end that fill no window are left out.
func AvgPool(x *G.Node, k, stride int) (*G.Node, error) { return newPool(avgPool, x, k, stride) }

// MaxPool is AvgPool for the largest element instead of the mean. The gradient
// goes to the first of the window, row by row, that is as large.
func MaxPool(x *G.Node, k, stride int) (*G.Node, error) { return newPool(maxPool, x, k, stride) }

// poolKind names a pooling.
type poolKind uint8

const (
	avgPool poolKind = iota
	maxPool
)

func (k poolKind) String() string { return [...]string{"avgpool", "maxpool"}[k] }

func newPool(kind poolKind, x *G.Node, k, stride int) (*G.Node, error) {
	var b graph.Builder
	if !b.Check(kind.String(), x) {
		return nil, fmt.Errorf("connect: %w", b.Err())
	}
	s := x.Shape()
	switch {
	case !ops.IsFloat(x.Dtype()):
		return nil, fmt.Errorf("connect: %v: x has elements of type %v, want float32 or float64", kind, x.Dtype())
	case !conv.IsImages(s):
		return nil, fmt.Errorf("connect: %v: x has shape %v, want [T batch c h w]", kind, []int(s))
	case k < 1 || stride < 1:
		return nil, fmt.Errorf("connect: %v: a window of %d and a stride of %d, want at least 1", kind, k, stride)
	}
	h, w := s[len(s)-2], s[len(s)-1]
	if k > h || k > w {
		return nil, fmt.Errorf("connect: %v: a window of %d×%d is larger than the image of %d×%d", kind, k, k, h, w)
	}
	p := pool{kind: kind, k: k, stride: stride, h: h, w: w, oh: (h-k)/stride + 1, ow: (w-k)/stride + 1}
	shape := append(slices.Clone(s[:len(s)-2]), p.oh, p.ow)
	y := b.Apply(&poolOp{Signature: ops.SignatureOf(G.Nodes{x}, x.Dtype(), shape), pool: p}, x)
	return y, b.Err()
}

// A pool is a pooling of planes of h × w pixels.
type pool struct {
	kind      poolKind
	k, stride int
	h, w      int
	oh, ow    int // of the result
}

// poolOp is a pooling, or with grad the gradient of x: of the mean from that of y,
// of the maximum from x, y and that of y.
type poolOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	pool
	grad bool
	rows any // *[][]F: a row of x for each goroutine
}

func (op *poolOp) String() string {
	name := fmt.Sprintf("%v %d, stride %d", op.kind, op.k, op.stride)
	if op.grad {
		return "gradient of " + name
	}
	return name
}
func (op *poolOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad %v %v %p", op, op.In, op) }
func (op *poolOp) Hashcode() uint32      { return ops.Hashcode(op) }

// Lends: y may be lent; dx is written where it is wanted.
func (op *poolOp) Lends() any {
	if op.grad {
		return nil
	}
	return op
}
func (op *poolOp) PlacedBy() (int, bool) { return ops.Itself, op.grad }

func (op *poolOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	for i := range d {
		d[i] = !op.grad
	}
	return d
}

// SymDiff: a mean hands 1/k² of its gradient to each of its elements, a maximum
// all of it to the first that is the maximum.
func (op *poolOp) SymDiff(in G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	if op.grad {
		return nil, fmt.Errorf("connect: %v has no gradient", op)
	}
	from := G.Nodes{grad}
	if op.kind == maxPool {
		from = G.Nodes{grad, in[0], out}
	}
	var b graph.Builder
	d := b.Apply(&poolOp{Signature: ops.SignatureOf(from, grad.Dtype(), in[0].Shape()), pool: op.pool, grad: true}, from...)
	return G.Nodes{d}, b.Err()
}

func (op *poolOp) Along(u *timing.Reading) (timing.Timing, error) {
	if op.grad {
		return u.Mixes()
	}
	return u.Maps(u.From[0].Shape(), u.From[0].Dims()-2)
}

func (op *poolOp) Do(vs ...G.Value) (G.Value, error) {
	dst := op.Result(vs[0].Dtype(), op.Shape)
	switch d := dst.Data().(type) {
	case []float32:
		return dst, poolInto(op, d, vs)
	case []float64:
		return dst, poolInto(op, d, vs)
	}
	return nil, fmt.Errorf("connect: %v: got elements of type %v, want float32 or float64", op, vs[0].Dtype())
}

func poolInto[F vec.Float](op *poolOp, dst []F, vs []G.Value) error {
	p := &op.pool
	nx, ny := p.h*p.w, p.oh*p.ow
	planes := len(dst) / ny
	sizes := [3]int{planes * nx}
	if op.grad {
		planes = len(dst) / nx
		sizes = [3]int{planes * ny, planes * nx, planes * ny}
	}
	var fs [3][]F
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return err
		}
		if len(f) != sizes[i] {
			return fmt.Errorf("connect: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), sizes[i])
		}
		fs[i] = f
	}
	rows, _ := op.rows.(*[][]F)
	if rows == nil {
		rows = &[][]F{}
		op.rows = rows
	}
	start := func(i int) []F {
		for len(*rows) <= i {
			*rows = append(*rows, ownLines(make([]F, p.w+2*cacheLine)))
		}
		return (*rows)[i][:p.w]
	}
	fours := p.kind == avgPool && p.k == 2 && p.stride == 2 // most networks: worth loops of their own
	return par.Blocks(planes, par.Rows, start, func(row []F, p0, p1 int) error {
		for i := p0; i < p1; i++ {
			switch {
			case !op.grad && fours:
				meanOfFour(p, plane(dst, i, ny), plane(fs[0], i, nx))
			case !op.grad:
				poolPlane(p, plane(dst, i, ny), plane(fs[0], i, nx), row)
			case fours:
				gradMeanOfFour(p, plane(dst, i, nx), plane(fs[0], i, ny))
			case op.kind == avgPool:
				gradMean(p, plane(dst, i, nx), plane(fs[0], i, ny), row)
			default:
				gradMaximum(p, plane(dst, i, nx), plane(fs[0], i, ny), plane(fs[1], i, nx), plane(fs[2], i, ny))
			}
		}
		return nil
	})
}

// cacheLine is no less than the number of elements in a line of the cache.
const cacheLine = 16

// ownLines cuts a line's length off both ends of x, so that what is left shares
// no line with memory that another goroutine writes to.
func ownLines[F vec.Float](x []F) []F { return x[cacheLine : len(x)-cacheLine] }

// meanOfFour is poolPlane for the means of 2×2 pixels.
func meanOfFour[F vec.Float](p *pool, y, x []F) {
	switch y := any(y).(type) {
	case []float32:
		gemm.MeanOfFour32(y, any(x).([]float32), p.oh, p.ow, p.w)
	case []float64:
		gemm.MeanOfFour64(y, any(x).([]float64), p.oh, p.ow, p.w)
	}
}

// gradMeanOfFour is gradMean for them.
func gradMeanOfFour[F vec.Float](p *pool, dx, dy []F) {
	if p.w > 2*p.ow || p.h > 2*p.oh {
		clear(dx)
	}
	switch dx := any(dx).(type) {
	case []float32:
		gemm.SpreadToFour32(dx, any(dy).([]float32), p.oh, p.ow, p.w)
	case []float64:
		gemm.SpreadToFour64(dx, any(dy).([]float64), p.oh, p.ow, p.w)
	}
}

func plane[F vec.Float](x []F, i, n int) []F { return x[i*n : (i+1)*n] }

// poolPlane pools a plane: first the rows of a window, which lie together, then
// the columns. row is memory for a row of x.
func poolPlane[F vec.Float](p *pool, y, x, row []F) {
	k := vec.For[F]()
	fold := k.Add
	if p.kind == maxPool {
		fold = k.Max
	}
	for o := range p.oh {
		rows, y := x[o*p.stride*p.w:], y[o*p.ow:(o+1)*p.ow]
		copy(row, rows)
		for i := 1; i < p.k; i++ {
			fold(row, row, rows[i*p.w:][:p.w])
		}
		if p.kind == avgPool {
			addColumns(p, y, row)
		} else {
			maxColumns(p, y, row)
		}
	}
	if p.kind == avgPool {
		k.MulC(y, y, 1/F(p.k*p.k))
	}
}

func addColumns[F vec.Float](p *pool, y, row []F) {
	clear(y)
	for j := range p.k {
		row := row[j:]
		for i := range y {
			y[i] += row[i*p.stride]
		}
	}
}

// maxColumns gives NaN where one of the columns is.
func maxColumns[F vec.Float](p *pool, y, row []F) {
	for j := range p.k {
		row := row[j:]
		for i, m := range y {
			if v := row[i*p.stride]; v > m || v != v || j == 0 {
				y[i] = v
			}
		}
	}
}

// gradMean makes a row of what each row of the windows gets, and hands it out.
func gradMean[F vec.Float](p *pool, dx, dy, row []F) {
	k := vec.For[F]()
	clear(dx)
	for o := range p.oh {
		dy := dy[o*p.ow : (o+1)*p.ow]
		clear(row)
		for j := range p.k {
			row := row[j:]
			for i, d := range dy {
				row[i*p.stride] += d
			}
		}
		k.MulC(row, row, 1/F(p.k*p.k))
		for i := range p.k {
			r := dx[(o*p.stride+i)*p.w:][:p.w]
			k.Add(r, r, row)
		}
	}
}

func gradMaximum[F vec.Float](p *pool, dx, dy, x, y []F) {
	clear(dx)
	for o, d := range dy {
		corner := o/p.ow*p.stride*p.w + o%p.ow*p.stride
		dx[first(p, x, corner, y[o])] += d
	}
}

// first returns the position of the first element of a window that is m, or NaN.
func first[F vec.Float](p *pool, x []F, corner int, m F) int {
	for ky := range p.k {
		for i, v := range x[corner+ky*p.w:][:p.k] {
			if v == m || v != v {
				return corner + ky*p.w + i
			}
		}
	}
	return corner
}

var _ interface {
	G.SDOp
	ops.Lender
	ops.Placed
	ops.Taker
	timing.Timed
} = (*poolOp)(nil)
