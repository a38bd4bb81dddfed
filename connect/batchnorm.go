package connect

import (
	"fmt"
	"hash"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
	ops "github.com/spikegrad/spikegrad/internal/op"
	"github.com/spikegrad/spikegrad/internal/timing"
)

// A Norm is what BatchNorm normalises with. Gain, Bias, Mean and Var have the shape [c], or
// [steps, c] with values of their own for each time step: of Mean and Var both or none, and
// so of Gain and Bias.
type Norm struct {
	Gain, Bias *G.Node
	Mean, Var  *G.Node // running statistics
	Training   *G.Node // [1]: not 0 where the batch's own statistics are to be used

	Weight *G.Node // [batch]: samples of weight 0 do not count; nil counts all
	Length *G.Node // [batch]: steps of each sample that count; nil counts all
	Before *G.Node // [batch]: steps of each sample before the first of x; nil means none

	Eps      float64 // added to the variance
	Scale    float64 // constant factor of what is normalised
	Momentum float64 // of the running statistics: the share of the batch's

	Ranks *Ranks // that train on a batch together: statistics are of all its parts; nil for one process
}

// Normed is what BatchNorm gives.
type Normed struct {
	Y         *G.Node // of the shape of x
	Mean, Var *G.Node // the next running statistics
	Values    *G.Node // how many values these are of, in their shape; 0 where they stay
}

// BatchNorm normalises each channel of x [T, batch, c, …] by its mean μ and variance σ² over
// time, samples and places, the sum over N values being divided by N:
//
//	y = Gain · Scale (x − μ)/√(σ² + Eps) + Bias
//
// In evaluation μ and σ² are the running statistics. In training it also gives what the
// batch makes of these, mean and variance with the weight Momentum and the variance
// divided by N − 1; fewer than two values say nothing of a variance, and then the running
// statistics are used, and stay. How many values the next ones are of it gives, too, 0 where
// they stay. Samples and steps that do not count are in no statistic.
// Where statistics are of each time step, more steps than there are of them are an error of
// the run; of gains the last serves all that come behind. Gradients are exact: also those
// through the statistics. Of several Ranks they are of the samples of all: each computes mean, squares
// and number of its own, which are joined in the order of the ranks, and sums of gradients alike.
//
// S. Ioffe and C. Szegedy, ICML (2015), 448.
func BatchNorm(x *G.Node, n Norm) (Normed, error) {
	var b graph.Builder
	in := []*G.Node{x, n.Gain, n.Bias, n.Mean, n.Var, n.Training}
	if !b.Check("batch norm", in...) {
		return Normed{}, fmt.Errorf("connect: %w", b.Err())
	}
	s := x.Shape()
	if !ops.IsFloat(x.Dtype()) || len(s) < 3 || slices.Min(s) < 1 {
		return Normed{}, fmt.Errorf("connect: batch norm: x has shape %v of %v, want [T batch c …] of float32 or float64", []int(s), x.Dtype())
	}
	c := &batchNorm{dt: x.Dtype(), steps: s[0], batch: s[1], channels: s[2], places: s[3:].TotalSize(), eps: n.Eps, scale: n.Scale, momentum: n.Momentum, ranks: n.Ranks}
	var err error
	if c.affine, err = c.groups("gain", n.Gain, "bias", n.Bias); err != nil {
		return Normed{}, err
	}
	if c.own, err = c.groups("mean", n.Mean, "variance", n.Var); err != nil {
		return Normed{}, err
	}
	if c.own > 1 && c.affine > 1 && c.own != c.affine {
		return Normed{}, fmt.Errorf("connect: batch norm: there are statistics of %d time steps and gains of %d, want one number", c.own, c.affine)
	}
	from := []*G.Node{n.Training}
	for i, o := range []*G.Node{n.Weight, n.Length, n.Before} {
		if o == nil {
			continue
		}
		if !o.Shape().Eq(tensor.Shape{c.batch}) {
			return Normed{}, fmt.Errorf("connect: batch norm: the %s has shape %v, want [%d]", [...]string{"weight", "length", "number of steps before"}[i], ops.ShapeOf(o), c.batch)
		}
		from, c.given[i] = append(from, o), len(from)
	}
	for _, o := range slices.Concat(in[1:], from[1:]) {
		if o.Dtype() != x.Dtype() {
			return Normed{}, fmt.Errorf("connect: batch norm: x has elements of type %v, %s of %v", x.Dtype(), o.Name(), o.Dtype())
		}
	}
	rows := c.apply(&b, normRows, tensor.Shape{c.steps, c.batch}, from...)
	stats := c.apply(&b, normStats, tensor.Shape{c.own, 3, c.channels}, x, rows, n.Training, n.Mean, n.Var)
	return Normed{
		Y:      c.apply(&b, normY, s, x, n.Gain, n.Bias, stats, rows),
		Mean:   c.apply(&b, normMean, n.Mean.Shape(), stats, n.Mean),
		Var:    c.apply(&b, normVar, n.Var.Shape(), stats, n.Var),
		Values: c.apply(&b, normValues, n.Mean.Shape(), stats),
	}, b.Err()
}

// A batchNorm is one use of BatchNorm: what its nodes share. Rows are the time steps of
// samples, x being [rows, channels, places].
type batchNorm struct {
	dt                   tensor.Dtype
	steps, batch         int
	channels, places     int
	own, affine          int    // groups of time steps with statistics, and with gains, of their own; 1 if all have the same
	given                [3]int // where weight, length and steps before are among the inputs; 0 if they are not
	eps, scale, momentum float64
	ranks                *Ranks
}

// most returns how many groups of time steps are to be told apart.
func (c *batchNorm) most() int { return max(c.own, c.affine) }

// groups returns how many groups of time steps have values of their own in a and b.
func (c *batchNorm) groups(nameA string, a *G.Node, nameB string, b *G.Node) (int, error) {
	s := a.Shape()
	if !b.Shape().Eq(s) || len(s) < 1 || len(s) > 2 || s[len(s)-1] != c.channels {
		return 0, fmt.Errorf("connect: batch norm: %s and %s have shapes %v and %v, want [%d] or [steps %d] of both", nameA, nameB, []int(s), ops.ShapeOf(b), c.channels, c.channels)
	}
	return s.TotalSize() / c.channels, nil
}

func (c *batchNorm) apply(b *graph.Builder, kind normKind, shape tensor.Shape, in ...*G.Node) *G.Node {
	if b.Err() != nil {
		return nil
	}
	return b.Apply(&normOp{Signature: ops.SignatureOf(in, c.dt, shape), c: c, kind: kind}, in...)
}

// normKind names one of the values of a BatchNorm.
type normKind uint8

const (
	normRows   normKind = iota // of each row the group of time steps, −1 − that if it does not count
	normStats                  // of each group and channel: mean, variance, how many values; none if these are the running ones
	normY                      // from x, gain, bias, statistics, rows
	normMean                   // the next running mean, from the statistics and the present one
	normVar                    // and variance
	normValues                 // how many values they are of, from the statistics
	normSums                   // from the gradient of y, x, statistics, rows: of each group and channel Σ dy and Σ dy x̂
	normDX                     // from the gradient of y, x, statistics, sums, gain, rows
	normDGain                  // from sums
	normDBias                  // from sums
)

type normOp struct {
	ops.Pure
	ops.Signature
	ops.Memory
	c    *batchNorm
	kind normKind
	work any // memory kept from run to run
}

func (op *normOp) String() string {
	name := [...]string{"steps that count", "statistics", "", "next mean", "next variance", "number of values", "sums of gradients", "gradient of x", "gradient of the gain", "gradient of the bias"}[op.kind]
	if name != "" {
		name += " of "
	}
	return name + fmt.Sprintf("batch norm of %d channels", op.c.channels)
}
func (op *normOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "spikegrad batch norm %d %p", op.kind, op.c) }
func (op *normOp) Hashcode() uint32      { return ops.Hashcode(op) }

// Lends: y may be lent; dx is written where it is wanted, over the gradient of y at best.
func (op *normOp) Lends() any {
	if op.kind != normY {
		return nil
	}
	return op
}
func (op *normOp) PlacedBy() (int, bool)   { return ops.Itself, op.kind == normDX }
func (op *normOp) Overwrites() (int, bool) { return 0, op.kind == normDX }

func (op *normOp) DiffWRT(n int) []bool {
	d := make([]bool, n)
	if op.kind == normY {
		d[0], d[1], d[2] = true, true, true
	}
	return d
}

// SymDiff: with x̂ = (x − μ)/√(σ² + ε), of which μ and σ² are functions of the N values that
// count,
//
//	dx = g/√(σ² + ε) · (dy − (Σ dy + x̂ Σ dy x̂)/N)
//	dGain = Σ dy x̂
//	dBias = Σ dy
//
// where g is gain times scale, and what is behind the minus is of the values that count.
func (op *normOp) SymDiff(in G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if op.kind != normY {
		return nil, fmt.Errorf("connect: %v has no gradient", op)
	}
	var b graph.Builder
	c, x, gain, stats, rows := op.c, in[0], in[1], in[3], in[4]
	sums := c.apply(&b, normSums, tensor.Shape{c.most(), 2, c.channels}, grad, x, stats, rows)
	dx := c.apply(&b, normDX, x.Shape(), grad, x, stats, sums, gain, rows)
	dGain := c.apply(&b, normDGain, gain.Shape(), sums)
	dBias := c.apply(&b, normDBias, gain.Shape(), sums)
	return G.Nodes{dx, dGain, dBias, nil, nil}, b.Err()
}

// Along: statistics are of what the graph sees at once, and what is normalised with them
// stays where it was.
func (op *normOp) Along(u *timing.Reading) (timing.Timing, error) {
	switch op.kind {
	case normStats:
		return u.Statistic(), nil
	case normY:
		return u.Maps(op.Shape, 2)
	}
	return u.Mixes()
}

func (op *normOp) Do(vs ...G.Value) (G.Value, error) {
	if op.c.dt == tensor.Float32 {
		return doNorm[float32](op, vs)
	}
	return doNorm[float64](op, vs)
}

var _ interface {
	G.SDOp
	ops.Lender
	ops.Placed
	ops.Taker
	ops.Overwriter
	timing.Timed
} = (*normOp)(nil)
