package connect

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	"github.com/spikegrad/spikegrad/internal/flat"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// maxIndex bounds inputs and outputs of Sparse: a float32 holds numbers below it.
const maxIndex = 1 << 24

// Sparse is Linear for a matrix of which most is not there: connection k, of weight w[k],
// goes from input from[k] to output to[k], counted from 0,
//
//	y[j] = bias[j] + Σ_k w[k] x[from[k]] where to[k] = j
//
// x has shape [T, batch, in] (any leading axes, but at least one), w, from and to [k], and
// bias [out] or is nil; y has shape [T, batch, out]. Connections are in order, by input and
// then by output, and none is there twice: else the run is an error. What it costs follows the
// connections of inputs that are not zero. from and to have no gradient.
func Sparse(x, w, from, to, bias *G.Node, out int) (*G.Node, error) {
	var b graph.Builder
	in := G.Nodes{x, w, from, to}
	if bias != nil {
		in = append(in, bias)
	}
	if !b.Check("sparse", in...) {
		return nil, fmt.Errorf("connect: %w", b.Err())
	}
	s, ws := x.Shape(), w.Shape()
	switch {
	case !ops.IsFloat(x.Dtype()) || len(s) < 2 || slices.Min(s) < 1 || s[len(s)-1] > maxIndex:
		return nil, fmt.Errorf("connect: sparse: x has shape %v of %v, want [T batch in] of float32 or float64", []int(s), x.Dtype())
	case len(ws) != 1 || ws[0] < 1 || !from.Shape().Eq(ws) || !to.Shape().Eq(ws):
		return nil, fmt.Errorf("connect: sparse: w, from and to have shapes %v, %v and %v, want one shape [connections]", []int(ws), ops.ShapeOf(from), ops.ShapeOf(to))
	case out < 1 || out > maxIndex:
		return nil, fmt.Errorf("connect: sparse: %d outputs, want 1 to %d", out, maxIndex)
	case bias != nil && !bias.Shape().Eq(tensor.Shape{out}):
		return nil, fmt.Errorf("connect: sparse: the bias has shape %v, want [%d]", ops.ShapeOf(bias), out)
	}
	for _, n := range in[1:] {
		if n.Dtype() != x.Dtype() {
			return nil, fmt.Errorf("connect: sparse: x has elements of type %v, %s of %v", x.Dtype(), n.Name(), n.Dtype())
		}
	}
	c := &sparseMap{in: s[len(s)-1], out: out, rows: s.TotalSize() / s[len(s)-1], edges: ws[0], shape: s.Clone()}
	shape := append(slices.Clone(s[:len(s)-1]), out)
	y := b.Apply(&sparseOp{Signature: ops.SignatureOf(in, x.Dtype(), shape), c: c, kind: linearY}, in...)
	return y, b.Err()
}

// A sparseMap is one use of Sparse: what its nodes share.
type sparseMap struct {
	in, out, rows, edges int
	shape                tensor.Shape // of x
}

// sparseOp is the map, from x, w, from, to and perhaps the bias; the gradient of x from that
// of y, w, from and to; that of w from x, the gradient of y, from and to; that of the bias
// from that of y.
type sparseOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	c     *sparseMap
	kind  linearKind
	start []int32   // where the connections of each input begin
	to    []int32   // their outputs
	seen  []float64 // from and to, of which these were made
	sums  []float64
}

func (op *sparseOp) String() string {
	name := [...]string{"", "gradient of x of ", "gradient of w of ", "gradient of the bias of "}[op.kind]
	return fmt.Sprintf("%ssparse map %d to %d by %d connections", name, op.c.in, op.c.out, op.c.edges)
}
func (op *sparseOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad sparse %d %p", op.kind, op.c) }
func (op *sparseOp) Hashcode() uint32      { return ops.Hashcode(op) }

// Lends: y may be lent; dx is written where it is wanted.
func (op *sparseOp) Lends() any {
	if op.kind != linearY {
		return nil
	}
	return op
}
func (op *sparseOp) PlacedBy() (int, bool) { return ops.Itself, op.kind == linearDX }

// Connects: each element of x meets the outputs that it is connected to.
func (op *sparseOp) Connects(in G.Nodes) (x, w *G.Node, fanOut []int) {
	if op.kind != linearY {
		return nil, nil, nil
	}
	fanOut = make([]int, op.c.in)
	if v := in[2].Value(); v != nil {
		for _, i := range flat.Float64s(v) {
			if i >= 0 && int(i) < op.c.in {
				fanOut[int(i)]++
			}
		}
	}
	return in[0], in[1], fanOut
}

func (op *sparseOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	for i := range d {
		d[i] = op.kind == linearY && i != 2 && i != 3
	}
	return d
}

// SymDiff: as of a linear map, of the elements of the matrix that are there.
func (op *sparseOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.kind != linearY {
		return nil, fmt.Errorf("connect: %v has no gradient", op)
	}
	var b graph.Builder
	add := func(kind linearKind, shape tensor.Shape, from ...*G.Node) *G.Node {
		return b.Apply(&sparseOp{Signature: ops.SignatureOf(from, op.Of, shape), c: op.c, kind: kind}, from...)
	}
	ds := G.Nodes{add(linearDX, op.c.shape, grad, in[1], in[2], in[3]), add(linearDW, in[1].Shape(), in[0], grad, in[2], in[3]), nil, nil}
	if len(in) == 5 {
		ds = append(ds, add(linearDB, in[4].Shape(), grad))
	}
	return ds, b.Err()
}

func (op *sparseOp) Along(u *timing.Reading) (timing.Timing, error) {
	if op.kind != linearY {
		return u.Mixes()
	}
	return u.Maps(op.c.shape, len(op.c.shape)-1)
}

func (op *sparseOp) Do(vs ...G.Value) (G.Value, error) {
	if op.Of == tensor.Float32 {
		return doSparse[float32](op, vs)
	}
	return doSparse[float64](op, vs)
}

func doSparse[F vec.Float](op *sparseOp, vs []G.Value) (G.Value, error) {
	c := op.c
	nx, ny := c.rows*c.in, c.rows*c.out
	sizes := [...][5]int{linearY: {nx, c.edges, c.edges, c.edges, c.out}, linearDX: {ny, c.edges, c.edges, c.edges},
		linearDW: {nx, ny, c.edges, c.edges}, linearDB: {ny}}[op.kind]
	var in [5][]F
	for i, v := range vs {
		f, err := ops.FloatsIn[F](op, v)
		if err != nil {
			return nil, err
		}
		if len(f) != sizes[i] {
			return nil, fmt.Errorf("connect: %v: input %d has %d elements, the graph was built for %d", op, i, len(f), sizes[i])
		}
		in[i] = f
	}
	if op.kind != linearDB {
		if err := listConnections(op, in[2], in[3]); err != nil {
			return nil, err
		}
	}
	y := op.Result(op.Of, op.Shape)
	dst := ops.Elems[F](y)
	switch op.kind {
	case linearY:
		sparseForward(op, dst, in[0], in[1], in[4])
	case linearDX:
		sparseGradX(op, dst, in[0], in[1])
	case linearDW:
		sparseGradW(op, dst, in[0], in[1])
	case linearDB:
		sums := zeros(&op.sums, c.out)
		par.Chunks(c.out, par.Rows, func(j0, j1 int) {
			for r := range c.rows {
				addSums(sums[j0:j1], in[0][r*c.out+j0:], 1)
			}
		})
		for j, s := range sums {
			dst[j] = F(s)
		}
	}
	return y, nil
}

// listConnections makes the lists of from and to, unless these are what they were.
func listConnections[F vec.Float](op *sparseOp, from, to []F) error {
	n := len(from)
	same := op.seen != nil
	for k := 0; k < n && same; k++ {
		same = op.seen[k] == float64(from[k]) && op.seen[n+k] == float64(to[k])
	}
	if same {
		return nil
	}
	op.seen = nil
	seen := make([]float64, 2*n)
	op.start, op.to = make([]int32, op.c.in+1), make([]int32, n)
	for k := range n {
		i, j := float64(from[k]), float64(to[k])
		switch {
		case !(i >= 0 && i < float64(op.c.in) && j >= 0 && j < float64(op.c.out)) || i != float64(int(i)) || j != float64(int(j)):
			return fmt.Errorf("connect: %v: connection %d is from %v to %v, want 0 to %d and 0 to %d", op, k, i, j, op.c.in-1, op.c.out-1)
		case k > 0 && !(i > seen[k-1] || i == seen[k-1] && j > seen[n+k-1]):
			return fmt.Errorf("connect: %v: connection %d, from %v to %v, comes behind that from %v to %v; want them in order, and none twice", op, k, i, j, seen[k-1], seen[n+k-1])
		}
		seen[k], seen[n+k] = i, j
		op.start[int(i)+1]++
		op.to[k] = int32(j)
	}
	for i := range op.c.in {
		op.start[i+1] += op.start[i]
	}
	op.seen = seen
	return nil
}

func sparseForward[F vec.Float](op *sparseOp, y, x, w, bias []F) {
	c := op.c
	par.Chunks(c.rows, rowsAtOnce(c.in+c.out), func(r0, r1 int) {
		for r := r0; r < r1; r++ {
			y := y[r*c.out:][:c.out]
			clear(y)
			copy(y, bias)
			for i, v := range x[r*c.in:][:c.in] {
				if v == 0 {
					continue
				}
				k0, k1 := op.start[i], op.start[i+1]
				w := w[k0:k1]
				for k, j := range op.to[k0:k1] {
					y[j] += v * w[k]
				}
			}
		}
	})
}

func sparseGradX[F vec.Float](op *sparseOp, dx, dy, w []F) {
	c := op.c
	par.Chunks(c.rows, rowsAtOnce(c.in+c.out), func(r0, r1 int) {
		for r := r0; r < r1; r++ {
			dx, dy := dx[r*c.in:][:c.in], dy[r*c.out:][:c.out]
			for i := range dx {
				k0, k1 := op.start[i], op.start[i+1]
				w := w[k0:k1]
				var s F
				for k, j := range op.to[k0:k1] {
					s += dy[j] * w[k]
				}
				dx[i] = s
			}
		}
	})
}

// sparseGradW adds up over rows in order, for some inputs at a time.
func sparseGradW[F vec.Float](op *sparseOp, dw, x, dy []F) {
	c := op.c
	clear(dw)
	par.Chunks(c.in, par.Rows, func(i0, i1 int) {
		for r := range c.rows {
			dy := dy[r*c.out:][:c.out]
			for i := i0; i < i1; i++ {
				v := x[r*c.in+i]
				if v == 0 {
					continue
				}
				k0, k1 := op.start[i], op.start[i+1]
				dw := dw[k0:k1]
				for k, j := range op.to[k0:k1] {
					dw[k] += v * dy[j]
				}
			}
		}
	})
}

var _ interface {
	G.SDOp
	ops.Lender
	ops.Placed
	ops.Taker
	ops.Connection
	timing.Timed
} = (*sparseOp)(nil)
