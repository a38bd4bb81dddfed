package connect

import "github.com/spikegrad/spikegrad/internal/plain"

// What the operations are to those who write them down elsewhere: gradients are nothing.

// Plain implements plain.Plainer.
func (op *linearOp) Plain() any {
	if op.kind != linearY || op.l.given != nil {
		return nil
	}
	return plain.Linear{Rows: op.l.rows, In: op.l.in, Out: op.l.out}
}

// Plain implements plain.Plainer.
func (op *sparseOp) Plain() any {
	if op.kind != linearY {
		return nil
	}
	return plain.Sparse{Rows: op.c.rows, In: op.c.in, Out: op.c.out, Edges: op.c.edges}
}

// Plain implements plain.Plainer.
func (op *productOp) Plain() any {
	return plain.Product{Count: op.Shape[0], M: op.m, K: op.k, N: op.l, TransA: op.transA, TransB: op.transB}
}

// Plain implements plain.Plainer.
func (op *convOp) Plain() any {
	if op.kind != convY || op.c.given != nil {
		return nil
	}
	return op.c.Geometry.Plain()
}

// Plain implements plain.Plainer.
func (op *transposedOp) Plain() any {
	if op.kind != convY {
		return nil
	}
	c := op.c.Geometry.Plain()
	c.Transposed = true
	return c
}

// Plain implements plain.Plainer.
func (op *delayOp) Plain() any {
	d := op.d
	if op.kind > delayLeave || d.given != nil || d.steps != 1 || d.batch != 1 {
		return nil
	}
	return plain.Delay{
		In: d.in, Out: d.out, Places: d.places, Max: d.max, Interpolate: d.interpolate, Leave: op.kind == delayLeave,
		W: d.has[delayW], Bias: d.has[delayBias], Enter: d.has[delayEnter],
	}
}

// Plain implements plain.Plainer.
func (op *poolOp) Plain() any {
	if op.grad {
		return nil
	}
	axis := func(n int) (spans []plain.Span) {
		for i := range n {
			spans = append(spans, plain.Span{At: i * op.stride, N: op.k, Step: 1, All: op.k})
		}
		return spans
	}
	w := plain.Windows{Planes: op.Shape.TotalSize() / (op.oh * op.ow), H: op.h, W: op.w, Rows: axis(op.oh), Cols: axis(op.ow), Join: plain.Mean}
	if op.kind == maxPool {
		w.Join = plain.Max
	}
	return w
}

// Plain implements plain.Plainer.
func (op *windowsOp) Plain() any {
	if len(op.In) != 1 {
		return nil // the gradient of a maximum
	}
	axis := func(from []span) (spans []plain.Span) {
		for _, s := range from {
			spans = append(spans, plain.Span{At: s.at, N: s.n, Step: s.step, All: s.all})
		}
		return spans
	}
	w := plain.Windows{H: op.h, W: op.w, Rows: axis(op.rows), Cols: axis(op.cols), Spread: op.spread}
	w.Join = map[Pooling]int{PoolSum: plain.Sum, PoolMean: plain.Mean, PoolMax: plain.Max}[op.of]
	size := len(w.Rows) * len(w.Cols)
	if op.spread {
		size = op.h * op.w
	}
	w.Planes = op.Shape.TotalSize() / size
	if op.spread && op.of != PoolSum {
		return nil // the gradient of a mean
	}
	return w
}

// Plain implements plain.Plainer.
func (op *normOp) Plain() any {
	switch op.kind {
	case normRows, normStats:
		return plain.NormStats{}
	case normMean, normVar:
		return plain.NormNext{}
	case normY:
		return plain.Norm{Channels: op.c.channels, Places: op.c.places, Steps: op.c.most(), Eps: op.c.eps, Scale: op.c.scale}
	}
	return nil
}

// Plain implements plain.Plainer.
func (op *groupOp) Plain() any {
	if op.kind != groupY {
		return nil
	}
	return plain.GroupNorm{Rows: op.c.rows, Groups: op.c.groups, Channels: op.c.channels, Places: op.c.places, Eps: op.c.eps}
}

var _ = []plain.Plainer{
	(*linearOp)(nil), (*sparseOp)(nil), (*productOp)(nil), (*convOp)(nil), (*transposedOp)(nil), (*poolOp)(nil), (*windowsOp)(nil), (*normOp)(nil), (*groupOp)(nil),
}
