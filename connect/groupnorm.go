package connect

import (
	"fmt"
	"hash"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/par"
	"github.com/spikegrad/spikegrad/internal/timing"
	"github.com/spikegrad/spikegrad/internal/vec"
)

// GroupNorm normalises x [T, batch, c, …] in so many groups of channels: each sample at
// each time step by the mean μ and variance σ² of a group and its places,
//
//	y = gain (x − μ)/√(σ² + eps) + bias
//
// with gain and bias [c]. The number of channels is a multiple of that of groups.
//
// Y. Wu and K. He, ECCV (2018), 3.
func GroupNorm(x, gain, bias *G.Node, groups int, eps float64) (*G.Node, error) {
	if x == nil || x.Dims() < 3 {
		return newGroupNorm("group norm", "[T batch c …]", nil, x, gain, bias, eps)
	}
	s := x.Shape()
	if groups < 1 || s[2]%groups != 0 {
		return nil, fmt.Errorf("connect: group norm: %d groups of %d channels, want a number that divides them", groups, s[2])
	}
	c := &groupNorm{rows: s[0] * s[1], groups: groups, channels: s[2], places: s[3:].TotalSize()}
	return newGroupNorm("group norm", "[T batch c …]", c, x, gain, bias, eps)
}

// LayerNorm normalises x over the axes that gain and bias have, which are its last ones:
// each row of them by its mean and variance, as GroupNorm does.
//
// J. L. Ba, J. R. Kiros and G. E. Hinton, arXiv:1607.06450 (2016).
func LayerNorm(x, gain, bias *G.Node, eps float64) (*G.Node, error) {
	var c *groupNorm
	if x != nil && gain != nil && gain.Dims() > 0 && gain.Dims() < x.Dims() && slices.Equal(x.Shape()[x.Dims()-gain.Dims():], gain.Shape()) {
		n := gain.Shape().TotalSize()
		c = &groupNorm{rows: x.Shape().TotalSize() / n, groups: 1, channels: n, places: 1}
	}
	return newGroupNorm("layer norm", "[T batch …], with the shape of the gain at its end,", c, x, gain, bias, eps)
}

// newGroupNorm makes the node of a normalisation, c, which is nil if x does not fit.
func newGroupNorm(name, want string, c *groupNorm, x, gain, bias *G.Node, eps float64) (*G.Node, error) {
	var b graph.Builder
	if !b.Check(name, x, gain, bias) {
		return nil, fmt.Errorf("connect: %w", b.Err())
	}
	switch {
	case c == nil || !ops.IsFloat(x.Dtype()) || slices.Min(x.Shape()) < 1:
		return nil, fmt.Errorf("connect: %s: x has shape %v of %v, want %s of float32 or float64", name, ops.ShapeOf(x), x.Dtype(), want)
	case gain.Shape().TotalSize() != c.channels || !gain.Shape().Eq(bias.Shape()):
		return nil, fmt.Errorf("connect: %s: gain and bias have shapes %v and %v, want [%d] of both", name, ops.ShapeOf(gain), ops.ShapeOf(bias), c.channels)
	case gain.Dtype() != x.Dtype() || bias.Dtype() != x.Dtype():
		return nil, fmt.Errorf("connect: %s: x has elements of type %v, gain of %v and bias of %v", name, x.Dtype(), gain.Dtype(), bias.Dtype())
	case !(eps >= 0) || math.IsInf(eps, 1):
		return nil, fmt.Errorf("connect: %s: eps is %v, want a finite number of at least 0", name, eps)
	}
	c.name, c.eps = name, eps
	y := c.apply(&b, groupY, x.Shape(), x, gain, bias)
	return y, b.Err()
}

// A groupNorm is one use of GroupNorm or LayerNorm: x is [rows, groups, channels of a
// group, places].
type groupNorm struct {
	name                           string
	rows, groups, channels, places int // all channels
	eps                            float64
}

// groupKind names one of the values.
type groupKind uint8

const (
	groupY     groupKind = iota // from x, gain and bias
	groupDX                     // from the gradient of y, x, gain
	groupSums                   // from the gradient of y, x: of each channel Σ dy x̂ and Σ dy
	groupDGain                  // from the sums
	groupDBias                  // from the sums
)

type groupOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	c    *groupNorm
	kind groupKind
	work any // memory kept from run to run
}

func (c *groupNorm) apply(b *graph.Builder, kind groupKind, shape tensor.Shape, in ...*G.Node) *G.Node {
	if b.Err() != nil {
		return nil
	}
	return b.Apply(&groupOp{Signature: ops.SignatureOf(in, in[0].Dtype(), shape), c: c, kind: kind}, in...)
}

func (op *groupOp) String() string {
	return [...]string{"", "gradient of x of ", "sums of gradients of ", "gradient of the gain of ", "gradient of the bias of "}[op.kind] + op.c.name
}
func (op *groupOp) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "spikegrad group norm %d %p", op.kind, op.c)
}
func (op *groupOp) Hashcode() uint32 { return ops.Hashcode(op) }

// Lends: y may be lent; dx is written where it is wanted, over the gradient of y at best.
func (op *groupOp) Lends() any {
	if op.kind != groupY {
		return nil
	}
	return op
}
func (op *groupOp) PlacedBy() (int, bool)   { return ops.Itself, op.kind == groupDX }
func (op *groupOp) Overwrites() (int, bool) { return 0, op.kind == groupDX }

func (op *groupOp) DiffWRT(n int) []bool { return slices.Repeat([]bool{op.kind == groupY}, n) }

// SymDiff: with x̂ = (x − μ)/√(σ² + ε) and means over the values of a group,
//
//	dx = (g dy − mean(g dy) − x̂ mean(g dy x̂))/√(σ² + ε)
func (op *groupOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.kind != groupY {
		return nil, fmt.Errorf("connect: %v has no gradient", op)
	}
	var b graph.Builder
	c, x, gain := op.c, in[0], in[1]
	sums := c.apply(&b, groupSums, tensor.Shape{2, c.channels}, grad, x)
	dx := c.apply(&b, groupDX, x.Shape(), grad, x, gain)
	dGain := c.apply(&b, groupDGain, gain.Shape(), sums)
	dBias := c.apply(&b, groupDBias, gain.Shape(), sums)
	return G.Nodes{dx, dGain, dBias}, b.Err()
}

// Along: a row is of one sample at one time step, if its axes are kept.
func (op *groupOp) Along(u *timing.Reading) (timing.Timing, error) {
	if op.kind != groupY {
		return u.Mixes()
	}
	return u.Maps(op.Shape, min(2, len(op.Shape)-u.From[1].Dims()))
}

func (op *groupOp) Do(vs ...G.Value) (G.Value, error) {
	if op.Of == tensor.Float32 {
		return doGroup[float32](op, vs)
	}
	return doGroup[float64](op, vs)
}

var _ interface {
	G.SDOp
	ops.Lender
	ops.Placed
	ops.Taker
	ops.Overwriter
	timing.Timed
} = (*groupOp)(nil)

// groupWork is what the loops of one operation work with.
type groupWork[F vec.Float] struct {
	*groupNorm
	sums      []float64
	mean, inv []float64 // of each row and group
}

// doGroup computes the value of an operation.
func doGroup[F vec.Float](op *groupOp, vs []G.Value) (G.Value, error) {
	w, _ := op.work.(*groupWork[F])
	if w == nil {
		w = &groupWork[F]{groupNorm: op.c}
		op.work = w
	}
	n, c := op.c.rows*op.c.channels*op.c.places, op.c.channels
	sizes := [...][3]int{groupY: {n, c, c}, groupDX: {n, n, c}, groupSums: {n, n}, groupDGain: {2 * c}, groupDBias: {2 * c}}[op.kind]
	var in [3][]F
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
	y := op.Result(op.Of, op.Shape)
	dst := ops.Elems[F](y)
	switch op.kind {
	case groupY:
		w.normalise(dst, in[0], in[1], in[2])
	case groupDX:
		w.gradX(dst, in[0], in[1], in[2])
	case groupSums:
		w.gradSums(dst, in[0], in[1])
	case groupDGain:
		copy(dst, in[0][:c])
	case groupDBias:
		copy(dst, in[0][c:])
	}
	return y, nil
}

// each calls do for each group of each row: where it is in x, and its first channel.
func (w *groupWork[F]) each(do func(group, at, channel int)) {
	per := w.channels / w.groups
	size := per * w.places
	par.Chunks(w.rows*w.groups, rowsAtOnce(size), func(g0, g1 int) {
		for g := g0; g < g1; g++ {
			do(g, g*size, g%w.groups*per)
		}
	})
}

// moments returns the mean of x and 1/√(σ² + ε).
func (w *groupWork[F]) moments(x []F) (mean, inv float64) {
	var s, q [1]float64
	addSums(s[:], x, len(x))
	n := float64(len(x))
	s[0] /= n
	addSquares(q[:], x, s[:], len(x))
	return s[0], 1 / math.Sqrt(q[0]/n+w.eps)
}

func (w *groupWork[F]) normalise(y, x, gain, bias []F) {
	per, places := w.channels/w.groups, w.places
	w.each(func(_, at, channel int) {
		y, x := y[at:][:per*places], x[at:][:per*places]
		mean, inv := w.moments(x)
		m, k := F(mean), F(inv)
		for c := range per {
			y, x, a, b := y[c*places:][:places], x[c*places:][:places], k*gain[channel+c], bias[channel+c]
			for i, v := range x {
				y[i] = (v-m)*a + b
			}
		}
	})
}

// gradX computes the gradient of x, each group over dy if that is its place.
func (w *groupWork[F]) gradX(dx, dy, x, gain []F) {
	per, places := w.channels/w.groups, w.places
	w.each(func(_, at, channel int) {
		size := per * places
		dx, dy, x := dx[at:][:size], dy[at:][:size], x[at:][:size]
		mean, inv := w.moments(x)
		var s, p float64
		for c := range per {
			g := float64(gain[channel+c])
			var sc, pc float64
			x := x[c*places:][:places]
			for i, d := range dy[c*places:][:places] {
				sc, pc = sc+float64(d), pc+float64(d)*(float64(x[i])-mean)
			}
			s, p = s+g*sc, p+g*pc
		}
		n := float64(size)
		s, p = s/n, p*inv*inv/n
		m, k, a, b := F(mean), F(inv), F(s), F(p)
		for c := range per {
			dx, x, g := dx[c*places:][:places], x[c*places:][:places], gain[channel+c]
			for i, d := range dy[c*places:][:places] {
				dx[i] = k * (g*d - a - (x[i]-m)*b)
			}
		}
	})
}

// gradSums computes Σ dy x̂ and Σ dy of each channel.
func (w *groupWork[F]) gradSums(dst, dy, x []F) {
	per, places := w.channels/w.groups, w.places
	mean, inv := zeros(&w.mean, w.rows*w.groups), zeros(&w.inv, w.rows*w.groups)
	w.each(func(g, at, _ int) { mean[g], inv[g] = w.moments(x[at:][:per*places]) })
	sums := zeros(&w.sums, 2*w.channels)
	par.Chunks(w.channels, channelsAtOnce(places), func(c0, c1 int) {
		for r := range w.rows {
			for c := c0; c < c1; c++ {
				at, g := (r*w.channels+c)*places, r*w.groups+c/per
				x := x[at:][:places]
				var s, p float64
				for i, d := range dy[at:][:places] {
					s, p = s+float64(d), p+float64(d)*(float64(x[i])-mean[g])
				}
				sums[c] += p * inv[g]
				sums[w.channels+c] += s
			}
		}
	})
	for i, s := range sums {
		dst[i] = F(s)
	}
}
