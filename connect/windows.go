package connect

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/conv"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// A Pooling says what becomes of the pixels of a window.
type Pooling uint8

const (
	PoolMean Pooling = iota // their mean, padding included
	PoolMax                 // the largest of them, padding apart
	PoolSum                 // their sum
)

// String returns the name.
func (p Pooling) String() string {
	if p > PoolSum {
		return fmt.Sprintf("pooling %d", uint8(p))
	}
	return [...]string{"mean", "max", "sum"}[p]
}

// Pool joins windows of height × width pixels of every channel of x [T, batch, c, h, w]
// (any leading axes, but at least one), which move as the kernel of a convolution does,
// with zeros as padding: at most half of a window, so that each has pixels. opts has no
// Groups.
func Pool(x *G.Node, of Pooling, height, width int, opts Conv) (*G.Node, error) {
	s, err := poolable(x, of)
	if err != nil {
		return nil, err
	}
	if opts.Groups > 1 || height < 1 || width < 1 {
		return nil, fmt.Errorf("connect: pool: windows of %d×%d and %d groups, want at least 1×1 and no groups", height, width, opts.Groups)
	}
	if plain := opts.Stride; height == width && opts == (Conv{Stride: plain}) && of != PoolSum {
		return map[Pooling]func(*G.Node, int, int) (*G.Node, error){PoolMean: AvgPool, PoolMax: MaxPool}[of](x, height, max(plain, 1))
	}
	down, across, _ := opts.steps(s, []int{height, width})
	axes := make([][]span, 2)
	for i, step := range []conv.Step{down, across} {
		n, k := s[len(s)-2+i], []int{height, width}[i]
		reach := (k-1)*step.Dilation + 1
		switch {
		case step.Stride < 1 || step.Dilation < 1 || step.Pad < 0 || max(step.Stride, step.Dilation, k) > 1<<20:
			return nil, fmt.Errorf("connect: pool: stride %d, padding %d and dilation %d, want them from 1, 0 and 1 to %d", step.Stride, step.Pad, step.Dilation, 1<<20)
		case step.Pad > reach/2:
			return nil, fmt.Errorf("connect: pool: padding %d of a window of %d, want at most half of it", step.Pad, reach)
		case n+step.Pad+step.After < reach:
			return nil, fmt.Errorf("connect: pool: a window of %d×%d is larger than the image of %d×%d", height, width, s[len(s)-2], s[len(s)-1])
		}
		for at := -step.Pad; at+reach <= n+step.After; at += step.Stride {
			s := spanOf(at, k, step.Dilation, n)
			if s.n == 0 {
				return nil, fmt.Errorf("connect: pool: a window %d pixels long with dilation %d has none of %d pixels", k, step.Dilation, n)
			}
			axes[i] = append(axes[i], s)
		}
	}
	return newWindows(of, x, axes[0], axes[1], false)
}

// AdaptivePool joins windows of every channel of x [T, batch, c, h, w] such that the result
// has height × width pixels: that at i is made of the pixels from ⌊i h/height⌋ to
// ⌈(i+1) h/height⌉ − 1, and columns alike. One pixel is global pooling.
func AdaptivePool(x *G.Node, of Pooling, height, width int) (*G.Node, error) {
	s, err := poolable(x, of)
	if err != nil {
		return nil, err
	}
	h, w := s[len(s)-2], s[len(s)-1]
	if height < 1 || width < 1 || height > h || width > w {
		return nil, fmt.Errorf("connect: pool: images of %d×%d become %d×%d, want from 1×1 to their own size", h, w, height, width)
	}
	axis := func(n, out int) (spans []span) {
		for i := range out {
			from := i * n / out
			spans = append(spans, spanOf(from, ((i+1)*n+out-1)/out-from, 1, n))
		}
		return spans
	}
	return newWindows(of, x, axis(h, height), axis(w, width), false)
}

// Upsample repeats every pixel of x [T, batch, c, h, w] height times down and width times
// across: [T, batch, c, height h, width w].
func Upsample(x *G.Node, height, width int) (*G.Node, error) {
	s, err := poolable(x, PoolSum)
	if err != nil {
		return nil, err
	}
	const most = 1 << 16
	if height < 1 || width < 1 || height > most || width > most {
		return nil, fmt.Errorf("connect: upsample: %d×%d times, want 1 to %d", height, width, most)
	}
	axis := func(n, k int) (spans []span) {
		for i := range n {
			spans = append(spans, spanOf(i*k, k, 1, n*k))
		}
		return spans
	}
	return newWindows(PoolSum, x, axis(s[len(s)-2], height), axis(s[len(s)-1], width), true)
}

// poolable returns the shape of x, or an error if these are no images.
func poolable(x *G.Node, of Pooling) ([]int, error) {
	var b graph.Builder
	switch {
	case !b.Check("pool", x):
		return nil, fmt.Errorf("connect: %w", b.Err())
	case of > PoolSum:
		return nil, fmt.Errorf("connect: pool: there is no %v, want PoolMean, PoolMax or PoolSum", of)
	case !ops.IsFloat(x.Dtype()) || !conv.IsImages(x.Shape()):
		return nil, fmt.Errorf("connect: pool: x has shape %v of %v, want [T batch c h w] of float32 or float64", ops.ShapeOf(x), x.Dtype())
	}
	return x.Shape(), nil
}

// A span is the pixels of a window along an axis: n of them, step apart.
type span struct {
	at, n, step int
	all         int // with those that are padding
}

// spanOf returns the span of k pixels from at on, of which those from 0 to n−1 are there.
func spanOf(at, k, step, n int) span {
	s := span{at: at, n: k, step: step, all: k}
	if at < 0 {
		skip := (-at + step - 1) / step
		s.at, s.n = at+skip*step, k-skip
	}
	if s.at < n {
		s.n = min(s.n, (n-1-s.at)/step+1)
	} else {
		s.n = 0
	}
	s.n = max(s.n, 0)
	return s
}

// windowsOp pools windows of planes, or does the reverse: it hands each element to all of
// its window, where they add up. Of a maximum that needs to know x.
type windowsOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	of         Pooling
	rows, cols []span
	h, w       int  // of a plane with the windows
	spread     bool // the reverse
}

func newWindows(of Pooling, x *G.Node, rows, cols []span, spread bool) (*G.Node, error) {
	s := x.Shape()
	op := &windowsOp{of: of, rows: rows, cols: cols, h: s[len(s)-2], w: s[len(s)-1], spread: spread}
	shape := append(slices.Clone(s[:len(s)-2]), len(rows), len(cols))
	if spread {
		last := func(spans []span) int { return spans[len(spans)-1].at + spans[len(spans)-1].n }
		op.h, op.w = last(rows), last(cols)
		shape = append(slices.Clone(s[:len(s)-2]), op.h, op.w)
	}
	op.Signature = ops.SignatureOf(G.Nodes{x}, x.Dtype(), shape)
	var b graph.Builder
	y := b.Apply(op, x)
	return y, b.Err()
}

func (op *windowsOp) String() string {
	if op.spread {
		return fmt.Sprintf("%d×%d windows of %d×%d, handed out", len(op.rows), len(op.cols), op.h, op.w)
	}
	return fmt.Sprintf("%v of %d×%d windows of %d×%d", op.of, len(op.rows), len(op.cols), op.h, op.w)
}
func (op *windowsOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad windows %v %p", op, op) }
func (op *windowsOp) Hashcode() uint32      { return ops.Hashcode(op) }

// Lends: the result may be lent.
func (op *windowsOp) Lends() any { return op }

func (op *windowsOp) DiffWRT(n int) []bool { return slices.Repeat([]bool{n == 1}, n) }

// SymDiff: a sum hands its gradient to all of the window, a mean its share, a maximum all to
// the first that is it; and the reverse of a sum is a sum.
func (op *windowsOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if len(in) != 1 {
		return nil, fmt.Errorf("connect: %v has no gradient", op)
	}
	from := G.Nodes{grad}
	if op.of == PoolMax && !op.spread {
		from = append(from, in[0])
	}
	d := *op
	d.Memory = ops.Memory{}
	d.Signature, d.spread = ops.SignatureOf(from, grad.Dtype(), in[0].Shape()), !op.spread
	var b graph.Builder
	n := b.Apply(&d, from...)
	return G.Nodes{n}, b.Err()
}

func (op *windowsOp) Along(u *timing.Reading) (timing.Timing, error) {
	return u.Maps(u.From[0].Shape(), u.From[0].Dims()-2)
}

func (op *windowsOp) Do(vs ...G.Value) (G.Value, error) {
	dst := op.Result(vs[0].Dtype(), op.Shape)
	switch d := dst.Data().(type) {
	case []float32:
		return dst, windowsInto(op, d, vs)
	case []float64:
		return dst, windowsInto(op, d, vs)
	}
	return nil, fmt.Errorf("connect: %v: got elements of type %v, want float32 or float64", op, vs[0].Dtype())
}

func windowsInto[F vec.Float](op *windowsOp, dst []F, vs []G.Value) error {
	large, small := op.h*op.w, len(op.rows)*len(op.cols)
	size, from := small, large
	if op.spread {
		size, from = large, small
	}
	planes := len(dst) / size
	var fs [2][]F
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return err
		}
		if want := planes * []int{from, large}[i]; len(f) != want {
			return fmt.Errorf("connect: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), want)
		}
		fs[i] = f
	}
	par.Chunks(planes, rowsAtOnce(large), func(p0, p1 int) {
		for p := p0; p < p1; p++ {
			to, x := plane(dst, p, size), plane(fs[0], p, from)
			switch {
			case !op.spread:
				poolWindows(op, to, x)
			case len(vs) > 1:
				spreadMax(op, to, x, plane(fs[1], p, large))
			default:
				spreadWindows(op, to, x)
			}
		}
	})
	return nil
}

// eachWindow calls do for each window: which it is, and how many pixels it has with padding.
func (op *windowsOp) eachWindow(do func(i int, r, c span, all int)) {
	i := 0
	for _, r := range op.rows {
		for _, c := range op.cols {
			do(i, r, c, r.all*c.all)
			i++
		}
	}
}

func poolWindows[F vec.Float](op *windowsOp, y, x []F) {
	op.eachWindow(func(i int, r, c span, all int) {
		if op.of == PoolMax {
			y[i] = x[largest(op.w, x, r, c)]
			return
		}
		var s F
		for k := range r.n {
			row := x[(r.at+k*r.step)*op.w:]
			for l := range c.n {
				s += row[c.at+l*c.step]
			}
		}
		if op.of == PoolMean {
			s /= F(all)
		}
		y[i] = s
	})
}

// largest returns where the first of the largest pixels of a window is, or the first NaN.
func largest[F vec.Float](w int, x []F, r, c span) int {
	best := r.at*w + c.at
	for k := range r.n {
		for l := range c.n {
			at := (r.at+k*r.step)*w + c.at + l*c.step
			if v := x[at]; v > x[best] || v != v && x[best] == x[best] {
				best = at
			}
		}
	}
	return best
}

func spreadMax[F vec.Float](op *windowsOp, dx, dy, x []F) {
	clear(dx)
	op.eachWindow(func(i int, r, c span, _ int) { dx[largest(op.w, x, r, c)] += dy[i] })
}

func spreadWindows[F vec.Float](op *windowsOp, dx, dy []F) {
	clear(dx)
	op.eachWindow(func(i int, r, c span, all int) {
		d := dy[i]
		if op.of == PoolMean {
			d /= F(all)
		}
		for k := range r.n {
			row := dx[(r.at+k*r.step)*op.w:]
			for l := range c.n {
				row[c.at+l*c.step] += d
			}
		}
	})
}

var _ interface {
	G.SDOp
	ops.Lender
	ops.Taker
	timing.Timed
} = (*windowsOp)(nil)
