package plasticity

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/spikegrad/spikegrad/graph"
)

// A Rule is the parameters of synapses with state S, which change by the spikes
// on both sides of them: pre, of shape [batch, n_pre] or [batch, in, h, w], and
// post. It is what a step needs to learn while it runs; STDPParams is one. A rule
// of your own needs only these two methods.
type Rule[S any] interface {
	// Rest returns the state to start from between neurons whose spikes have the
	// shapes of pre and post.
	Rest(pre, post *G.Node) (S, error)
	// Update returns the state after a time step with the spikes pre and post.
	Update(pre, post *G.Node, s S) (next S, err error)
}

// RuleParams are the parameters of synapses between spike trains that are given.
type RuleParams[S any, R Rule[S]] struct {
	Rule R
	Pre  []int // shape of z_pre, less the batch: n_pre, or in, h and w
	Post []int // shape of z_post, less the batch
}

// NewRuleParams returns the parameters of synapses between spike trains of the
// given shapes, less the batch: [n_pre] and [n_post], or [in, h, w] and
// [out, h', w'].
func NewRuleParams[S any, R Rule[S]](rule R, pre, post []int) RuleParams[S, R] {
	return RuleParams[S, R]{Rule: rule, Pre: pre, Post: post}
}

// RuleStep is a graph.Step that lets a rule watch spikes which come from elsewhere:
//
//	s ← rule(z_pre, z_post, s)
//
// A step has one input, so z_pre and z_post lie side by side in x, which has shape
// [batch, n_pre + n_post]; Join makes a sequence of such. Images are flattened
// first (graph.Flatten). The output is z_post, unchanged: what one wants is the
// state, at the end or as a trace.
//
//	xs, err := plasticity.Join(pre, post)
//	p := plasticity.NewRuleParams(rule, []int{100}, []int{10})
//	run, err := graph.Scan(plasticity.RuleStep, xs, nil, p)
//	weights, err := run.Trace("W") // [T, n_pre, n_post]
//
// An error says which shapes do not fit.
func RuleStep[S any, R Rule[S]](x *G.Node, s S, p RuleParams[S, R]) (zPost *G.Node, next S, err error) {
	pre, post, err := p.sides(x)
	if err == nil {
		next, err = p.Rule.Update(pre, post, s)
	}
	if err != nil {
		var none S
		return nil, none, fmt.Errorf("plasticity: rule step: %w", err)
	}
	return post, next, nil
}

// Rest returns the state that the rule starts from.
func (p RuleParams[S, R]) Rest(x *G.Node) (S, error) {
	var s S
	pre, post, err := p.sides(x)
	if err == nil {
		s, err = p.Rule.Rest(pre, post)
	}
	return s, err
}

// sides takes x apart.
func (p RuleParams[S, R]) sides(x *G.Node) (pre, post *G.Node, err error) {
	if err := isTensor("x", x, 2); err != nil {
		return nil, nil, err
	}
	batch := x.Shape()[0]
	sizes := [2]int{tensor.Shape(p.Pre).TotalSize(), tensor.Shape(p.Post).TotalSize()}
	for i, s := range [2][]int{p.Pre, p.Post} {
		if len(s) == 0 || slices.Min(s) < 1 {
			return nil, nil, fmt.Errorf("the %s has shape %v, want at least one axis and none of length 0", [2]string{"input before the synapses", "input behind the synapses"}[i], s)
		}
	}
	if x.Dims() != 2 || x.Shape()[1] != sizes[0]+sizes[1] {
		return nil, nil, fmt.Errorf("x has shape %v, want [batch %d] for %v before the synapses and %v behind them",
			[]int(x.Shape()), sizes[0]+sizes[1], p.Pre, p.Post)
	}
	parts, err := Split(x, sizes[0], sizes[1])
	if err != nil {
		return nil, nil, err
	}
	for i, s := range [2][]int{p.Pre, p.Post} {
		if len(s) == 1 {
			continue
		}
		if parts[i], err = graph.Reshape(parts[i], append([]int{batch}, s...)...); err != nil {
			return nil, nil, err
		}
	}
	return parts[0], parts[1], nil
}
