package layers

import (
	"cmp"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/connect"
	"github.com/spikegrad/spikegrad/graph"
)

// BatchNorm normalises each channel of [T, batch, c, …] over time, samples and places;
// connect.BatchNorm has the equation. In training it uses the mean and variance of the
// batch, in evaluation running ones, which are buffers. The zero value is what PyTorch
// has.
//
// Where several processes train on a batch together (train.Trainer.Synchronised), the statistics are
// those of the whole batch.
//
// Padding and steps behind the end of a sample are in no statistic. In segments and
// windows, statistics are those of the segment at hand, so that a batch gives other numbers
// than unsegmented, as a smaller batch does, but with PerStep; the running ones move once a
// batch, to the mean of what those segments make of them that have values of theirs. Step by step, as in all evaluation, the
// running ones are used, and outputs are those of whole sequences.
//
// Who freezes the gain and the bias does not freeze the running statistics: they move in
// every training.
//
// S. Ioffe and C. Szegedy, ICML (2015), 448.
type BatchNorm struct {
	Eps      float64 // added to the variance; 0 means 1e-5
	Momentum float64 // share of the batch in the running statistics; 0 means 0.1

	// Scale is a constant factor of what is normalised, 0 meaning 1. With α times the
	// threshold of the neurons behind the layer it is the threshold-dependent
	// normalisation tdBN; α is 1, or 1/√n where n paths are added up.
	//
	// H. Zheng et al., AAAI 35 (2021), 11062.
	Scale float64
	// PerStep gives each of so many time steps statistics and a gain of its own, as
	// BNTT does; that has NoBias, too. Longer sequences are an error.
	//
	// Y. Kim and P. Panda, Frontiers in Neuroscience 15 (2021), 773954.
	PerStep int
	// StepGain gives each of so many time steps a learnt factor of the output, from 1
	// on, as TEBN does. Steps behind have that of the last one.
	//
	// C. Duan et al., NeurIPS 35 (2022), 34377.
	StepGain int

	NoGain bool // leave out the learnt factor
	NoBias bool // and the learnt shift
}

// Apply adds the gain "norm.w" and the bias "norm.b", the buffers "norm.mean" and
// "norm.var", all [c] or with PerStep [PerStep, c], and the factors "norm.step"
// [StepGain].
func (n BatchNorm) Apply(b *Build, x *G.Node) (*G.Node, error) {
	if err := b.takes("batch norm", x, "[T batch c …]", 3, math.MaxInt); err != nil {
		return nil, err
	}
	if err := n.check(b, x.Shape()[0]); err != nil {
		return nil, err
	}
	shape := []int{x.Shape()[2]}
	if n.PerStep > 0 {
		shape = []int{n.PerStep, shape[0]}
	}
	with := connect.Norm{Eps: cmp.Or(n.Eps, 1e-5), Momentum: cmp.Or(n.Momentum, 0.1), Scale: cmp.Or(n.Scale, 1), Weight: b.SampleWeight, Length: b.Length, Ranks: b.Ranks}
	var err error
	if with.Gain, with.Bias, err = n.affine(b, x, shape); err != nil {
		return nil, err
	}
	mean, err := b.Buffer(x, "norm.mean", Constant(0), shape...)
	if err != nil {
		return nil, err
	}
	variance, err := b.Buffer(x, "norm.var", Constant(1), shape...)
	if err != nil {
		return nil, err
	}
	with.Mean, with.Var = mean.Now(), variance.Now()
	if with.Training, err = b.Training(x); err != nil {
		return nil, err
	}
	if b.Carry != nil {
		b.Warnings = append(b.Warnings, b.Path()+": batch norm takes its statistics from one segment at a time, so that a training gives other numbers than on whole sequences")
	}
	if b.Carry != nil && n.PerStep+n.StepGain > 0 {
		if with.Before, _, err = b.steps(x); err != nil {
			return nil, b.errorf("batch norm", "%w", err)
		}
	}
	y, err := connect.BatchNorm(x, with)
	if err != nil {
		return nil, b.errorf("batch norm", "%w", err)
	}
	if mean.Counts != nil { // of a layer that is shared
		var g graph.Builder
		if y.Values = g.Add(mean.Counts, y.Values); g.Err() != nil {
			return nil, b.errorf("batch norm", "%w", g.Err())
		}
	}
	mean.Joined, variance.Joined = b.Ranks != nil, b.Ranks != nil
	mean.Next, mean.Counts, variance.Next, variance.Counts = y.Mean, y.Values, y.Var, y.Values
	return y.Y, nil
}

func (n BatchNorm) check(b *Build, steps int) error {
	for _, p := range []struct {
		name string
		v    float64
		most float64
	}{{"Eps", n.Eps, math.MaxFloat32}, {"Momentum", n.Momentum, 1}, {"Scale", n.Scale, math.MaxFloat32}} {
		if !(p.v >= 0 && p.v <= p.most) {
			return b.errorf("batch norm", "%s is %v, want 0 to %v", p.name, p.v, p.most)
		}
	}
	switch {
	case n.PerStep < 0 || n.StepGain < 0 || n.PerStep > 0 && n.StepGain > 0:
		return b.errorf("batch norm", "PerStep is %d and StepGain %d, want one of them or none, at least 0", n.PerStep, n.StepGain)
	case b.Carry == nil && n.PerStep > 0 && steps > n.PerStep:
		return b.errorf("batch norm", "there are statistics of %d time steps, and %d steps", n.PerStep, steps)
	}
	return nil
}

// affine returns gain and bias, learnt or constant.
func (n BatchNorm) affine(b *Build, x *G.Node, shape []int) (gain, bias *G.Node, err error) {
	gain, bias, err = b.affine(x, n.NoGain, n.NoBias, shape)
	if err != nil || n.StepGain == 0 {
		return gain, bias, err
	}
	p, err := b.Weight(x, "norm.step", Constant(1), n.StepGain)
	if err != nil {
		return nil, nil, err
	}
	var g graph.Builder
	all := []int{n.StepGain, shape[0]}
	p = g.Expand(g.Reshape(p, n.StepGain, 1), all)
	return g.Mul(p, g.Expand(gain, all)), g.Mul(p, g.Expand(bias, all)), g.Err()
}

// affine returns a gain "norm.w" that starts at 1 and a bias "norm.b" that starts at 0, or
// constants of these values.
func (b *Build) affine(x *G.Node, noGain, noBias bool, shape []int) (gain, bias *G.Node, err error) {
	one := func(no bool, name string, start float64) *G.Node {
		var n *G.Node
		switch {
		case err != nil:
		case no:
			var g graph.Builder
			n, err = g.Constant(x, start, shape...), g.Err()
		default:
			n, err = b.Weight(x, name, Constant(start), shape...)
		}
		return n
	}
	return one(noGain, "norm.w", 1), one(noBias, "norm.b", 0), err
}
