package connect

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/gemm"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/sparse"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// Linear returns y = x W + b over the last axis: x has shape [T, batch, in] (any
// leading axes), w [in, out], and bias [out] or is nil; y has shape
// [T, batch, out].
//
// Where few elements of x are not zero, as with spikes, it adds up the rows of w
// that they select instead of computing the dense product, and so it does for
// the gradients; the results are the same up to rounding. The density is looked
// at on every run. If x is a SpikeInput of shape [T, batch, in], there is nothing to
// look for; results have the bits of those of the dense tensor, and x has no gradient.
func Linear(x, w, bias *G.Node) (*G.Node, error) {
	var b graph.Builder
	in := G.Nodes{x, w}
	if bias != nil {
		in = append(in, bias)
	}
	if !b.Check("linear", in...) {
		return nil, fmt.Errorf("connect: %w", b.Err())
	}
	xs, ws := x.Shape(), w.Shape()
	switch {
	case !ops.IsFloat(x.Dtype()):
		return nil, fmt.Errorf("connect: linear: x has elements of type %v, want float32 or float64", x.Dtype())
	case len(ws) != 2:
		return nil, fmt.Errorf("connect: linear: w has shape %v, want [in out]", []int(ws))
	case len(xs) < 2 || xs[len(xs)-1] != ws[0]:
		return nil, fmt.Errorf("connect: linear: x has shape %v, want [T batch %d]", []int(xs), ws[0])
	case bias != nil && !slices.Equal(bias.Shape(), tensor.Shape{ws[1]}):
		return nil, fmt.Errorf("connect: linear: the bias has shape %v, want [%d]", ops.ShapeOf(bias), ws[1])
	}
	for _, n := range in[1:] {
		if n.Dtype() != x.Dtype() {
			return nil, fmt.Errorf("connect: linear: x has elements of type %v, %s of %v", x.Dtype(), n.Name(), n.Dtype())
		}
	}
	l := &linear{dt: x.Dtype(), rows: xs.TotalSize() / ws[0], in: ws[0], out: ws[1], shape: xs}
	if l.given = listsOf(x, l.in); l.given != nil {
		in[0] = l.given.token
	}
	if l.dt == tensor.Float32 {
		l.run = &linearRun[float32]{linear: l}
	} else {
		l.run = &linearRun[float64]{linear: l}
	}
	shape := append(slices.Clone(xs[:len(xs)-1]), ws[1])
	y := b.Apply(&linearOp{Signature: ops.SignatureOf(in, l.dt, shape), l: l, kind: linearY}, in...)
	return y, b.Err()
}

// A linear is one use of Linear: what its nodes share.
type linear struct {
	dt            tensor.Dtype
	rows, in, out int
	shape         tensor.Shape // of x
	stepwise      bool         // runs at each step of a scan, so that lists of x do not last
	given         *spikeInput  // has the lists of x; nil if x is dense
	run           interface {
		do(op *linearOp, in []G.Value) (G.Value, error)
		listed() bool // whether x has become lists
	}
}

// linearKind names one of the values of a Linear: its output and the gradients.
type linearKind uint8

const (
	linearY  linearKind = iota // from x, w and perhaps the bias
	linearDX                   // from the gradient of y, and w
	linearDW                   // from x, the gradient of y, and y, after which the lists of x are there
	linearDB                   // from the gradient of y
)

type linearOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	l    *linear
	kind linearKind
}

func (op *linearOp) String() string {
	name := [...]string{"linear", "gradient of x of linear", "gradient of w of linear", "gradient of the bias of linear"}[op.kind]
	return fmt.Sprintf("%s %d to %d", name, op.l.in, op.l.out)
}
func (op *linearOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad linear %d %p", op.kind, op.l) }
func (op *linearOp) Hashcode() uint32      { return ops.Hashcode(op) }

// Lends: y may be lent; dx is written where it is wanted.
func (op *linearOp) Lends() any {
	if op.kind != linearY {
		return nil
	}
	return op
}
func (op *linearOp) PlacedBy() (int, bool) { return ops.Itself, op.kind == linearDX }
func (op *linearOp) Follows(k int) bool    { return op.kind == linearDW && k == 2 }

// Spares: where x has become lists, dW does not read x.
func (op *linearOp) Spares(k int) (perhaps, now bool) {
	perhaps = op.kind == linearDW && k == 0 && op.l.given == nil && !op.l.stepwise
	return perhaps, perhaps && op.l.run.listed()
}

// Stepwise: the lists of x are those of the last run forward, of another time step.
func (op *linearOp) Stepwise() { op.l.stepwise = true }

// Connects: each element of x meets a row of w.
func (op *linearOp) Connects(in G.Nodes) (x, w *G.Node, fanOut []int) {
	if op.kind != linearY {
		return nil, nil, nil
	}
	return valuesOf(op.l.given, in[0]), in[1], slices.Repeat([]int{op.l.out}, op.l.in)
}

// Matrix: x, w and perhaps the bias.
func (op *linearOp) Matrix(in G.Nodes) (x, w, bias *G.Node) {
	if op.kind != linearY {
		return nil, nil, nil
	}
	if len(in) == 3 {
		bias = in[2]
	}
	return valuesOf(op.l.given, in[0]), in[1], bias
}

func (op *linearOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	for i := range d {
		d[i] = op.kind == linearY && (i > 0 || op.l.given == nil)
	}
	return d
}

// SymDiff: dx = dy Wᵀ, dW = xᵀ dy, db = the sum of dy over all rows. Lists that were
// given have no gradient.
func (op *linearOp) SymDiff(in G.Nodes, y, grad *G.Node) (G.Nodes, error) {
	if op.kind != linearY {
		return nil, fmt.Errorf("connect: %v has no gradient", op)
	}
	var b graph.Builder
	make := func(kind linearKind, shape tensor.Shape, from ...*G.Node) *G.Node {
		return b.Apply(&linearOp{Signature: ops.SignatureOf(from, op.l.dt, shape), l: op.l, kind: kind}, from...)
	}
	ds := G.Nodes{nil, make(linearDW, in[1].Shape(), in[0], grad, y)}
	if op.l.given == nil {
		ds[0] = make(linearDX, op.l.shape, grad, in[1])
	}
	if len(in) == 3 {
		ds = append(ds, make(linearDB, in[2].Shape(), grad))
	}
	return ds, b.Err()
}

// Along: all axes of x but the last are kept; a weight is not a sequence.
func (op *linearOp) Along(u *timing.Reading) (timing.Timing, error) {
	if op.kind != linearY {
		return u.Mixes()
	}
	return u.Maps(op.l.shape, len(op.l.shape)-1)
}

func (op *linearOp) Do(vs ...G.Value) (G.Value, error) { return op.l.run.do(op, vs) }

// linearRun holds the memory of a Linear, kept from run to run.
type linearRun[F vec.Float] struct {
	*linear
	lists sparse.Lists[F] // of x, made by the last run forward
	gradL sparse.Lists[F] // of the gradient of y
	wt    []F             // W transposed
	x     []F             // the elements of lists that were given and are not sparse
	part  []F
}

func (r *linearRun[F]) listed() bool { return r.lists.Sparse }

func (r *linearRun[F]) do(op *linearOp, in []G.Value) (G.Value, error) {
	var fs [3][]F
	for i, v := range in {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return nil, err
		}
		fs[i] = f
	}
	y := op.Result(r.dt, op.Shape)
	dst := ops.Elems[F](y)
	rows := len(fs[0]) / r.in
	switch given := r.given != nil; {
	case op.kind == linearDX, op.kind == linearDB:
		rows = len(fs[0]) / r.out
	case given && op.kind == linearY:
		if err := r.take(r.given.now); err != nil {
			return nil, err
		}
		fallthrough
	case given: // for the token stand the lists of the run forward
		fs[0], rows = r.x, r.rows
	}
	if rows != r.rows {
		return nil, fmt.Errorf("connect: %v: got %d rows, the graph was built for %d", op, rows, r.rows)
	}
	switch op.kind {
	case linearY:
		r.forward(dst, fs[0], fs[1], fs[2])
	case linearDX:
		r.gradX(dst, fs[0], fs[1])
	case linearDW:
		r.gradW(dst, fs[0], fs[1])
	case linearDB:
		r.part = sumRows(dst, fs[0], r.rows, r.out, r.part)
	}
	return y, nil
}

// take takes over the lists of x, and makes its elements if they are not sparse.
func (r *linearRun[F]) take(s *Spikes) error {
	if r.lists.Take(s.lists()); r.lists.Sparse {
		return nil
	}
	if err := s.dense(); err != nil {
		return err
	}
	r.x = sparse.Sized(r.x, s.rows*s.width)
	sparse.SpreadAll(s.lists(), r.x)
	return nil
}

func (r *linearRun[F]) forward(y, x, w, bias []F) {
	switch {
	case bias == nil:
	case r.rows <= par.Rows: // a step of a stream allocates no function
		spread(y, bias)
	default:
		par.Chunks(r.rows, par.Rows, func(r0, r1 int) { spread(y[r0*r.out:r1*r.out], bias) })
	}
	if r.given == nil {
		r.lists.Read(x, r.rows, r.in)
	}
	if r.lists.Sparse {
		r.lists.TimesMatrix(y, w, r.out, bias != nil)
		return
	}
	gemm.Mul(gemm.Args[F]{M: r.rows, N: r.out, K: r.in, A: x, LdA: r.in, B: w, LdB: r.out, Accumulate: bias != nil, C: y})
}

// spread makes each row of y a copy of row.
func spread[F vec.Float](y, row []F) {
	for ; len(y) > 0; y = y[len(row):] {
		copy(y, row)
	}
}

func (r *linearRun[F]) gradX(dx, dy, w []F) {
	if r.gradL.Read(dy, r.rows, r.out); r.gradL.Sparse {
		if r.wt == nil {
			r.wt = make([]F, len(w))
		}
		sparse.Transpose(r.wt, w, r.in, r.out)
		r.gradL.TimesMatrix(dx, r.wt, r.in, false)
		return
	}
	gemm.Mul(gemm.Args[F]{TransB: true, M: r.rows, N: r.in, K: r.out, A: dy, LdA: r.out, B: w, LdB: r.out, C: dx})
}

func (r *linearRun[F]) gradW(dw, x, dy []F) {
	if r.stepwise {
		r.lists.TransposedProduct(dw, x, dy, r.rows, r.in, r.out)
		return
	}
	if r.lists.Sparse {
		r.lists.TransposedTimes(dw, dy, r.out)
		return
	}
	gemm.Mul(gemm.Args[F]{TransA: true, M: r.in, N: r.out, K: r.rows, A: x, LdA: r.in, B: dy, LdB: r.out, C: dw})
}

// addUp adds the rows of dy to s.
func addUp[F vec.Float](s, dy []F) {
	add := vec.For[F]().Add
	for ; len(dy) > 0; dy = dy[len(s):] {
		add(s, s, dy[:len(s)])
	}
}

// sumRows sums the rows of dy, first within chunks and then over them, in order. It returns part,
// memory to be kept.
func sumRows[F vec.Float](db, dy []F, rows, out int, part []F) []F {
	chunks := (rows + par.Rows - 1) / par.Rows
	if part == nil {
		part = make([]F, chunks*out)
	}
	clear(part)
	add := vec.For[F]().Add
	if chunks <= 1 {
		addUp(part, dy[:rows*out])
	} else {
		par.Chunks(rows, par.Rows, func(r0, r1 int) { addUp(part[r0/par.Rows*out:][:out], dy[r0*out:r1*out]) })
	}
	clear(db)
	for c := range chunks {
		add(db, db, part[c*out:(c+1)*out])
	}
	return part
}

var _ interface {
	G.SDOp
	ops.Lender
	ops.Placed
	ops.Taker
	ops.Follower
	ops.Sparer
	ops.Connection
	ops.Stepper
	timing.Timed
} = (*linearOp)(nil)
