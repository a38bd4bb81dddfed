package optim_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"

	"github.com/spikegrad/spikegrad/optim"
)

// named returns weights of these names, all alike, with their gradients.
func named(names ...string) []*weight {
	var ws []*weight
	for _, n := range names {
		w := newWeight(n, "tensor64")
		w.setGrad()
		ws = append(ws, w)
	}
	return ws
}

func gradsOf(ws ...*weight) []G.ValueGrad {
	var vs []G.ValueGrad
	for _, w := range ws {
		vs = append(vs, w)
	}
	return vs
}

// Each group takes the steps that its optimiser takes of its parameters alone, bit for bit, with
// its gradients clipped; what is frozen stays.
func TestGroups(t *testing.T) {
	groups := func() *optim.Groups {
		return &optim.Groups{
			Default: &optim.Adam{LearningRate: 0.02},
			Of: []optim.Group{
				{Match: "trunk.*.frozen", Frozen: true},
				{Match: "trunk.*", Optimiser: &optim.SGD{LearningRate: 0.1, Momentum: 0.9}},
				{Match: "*.b", ClipNorm: 0.01},
			},
		}
	}
	ws := named("trunk.0.frozen", "trunk.0.w", "trunk.1.b", "head.w", "head.b")
	alone := named("trunk.0.frozen", "trunk.0.w", "trunk.1.b", "head.w", "head.b")
	sgd, adam, g := &optim.SGD{LearningRate: 0.1, Momentum: 0.9}, &optim.Adam{LearningRate: 0.02}, groups()
	for step := range 6 {
		if step == 3 { // as after a checkpoint
			s := g.State()
			require.Equal(t, 3, s.Steps)
			require.Len(t, s.Slots, 4)
			g = groups()
			require.NoError(t, g.Restore(s))
			require.True(t, g.Fresh())
		}
		factor := 1 / float64(1+step)
		for _, o := range []optim.Optimiser{g, sgd, adam} {
			o.SetRateFactor(factor)
		}
		require.Equal(t, 0.02*factor, g.Rate())
		for i := range ws {
			ws[i].setGrad()
			alone[i].setGrad()
		}
		require.NoError(t, g.Step(gradsOf(ws...)))
		_, err := optim.ClipNorm(gradsOf(alone[4]), 0.01)
		require.NoError(t, err)
		require.NoError(t, sgd.Step(gradsOf(alone[1], alone[2])))
		require.NoError(t, adam.Step(gradsOf(alone[3], alone[4])))
		for i := range ws {
			require.Equal(t, elements(alone[i].value), elements(ws[i].value), ws[i].name)
			require.Equal(t, []float64{0, 0, 0}, elements(ws[i].grad))
			if i == 0 {
				alone[0].setGrad()
			}
		}
	}
	require.True(t, optim.Own(g))
	require.True(t, optim.Frozen(g, "trunk.2.frozen"))
	require.False(t, optim.Frozen(g, "trunk.2.w"))
	require.False(t, optim.Frozen(&optim.Adam{}, "trunk.2.frozen"))
	require.Equal(t, "Adam{LearningRate: 0.02}; trunk.*.frozen: frozen; trunk.*: SGD{LearningRate: 0.1, Momentum: 0.9}; *.b: the same, clipped to a norm of 0.01", g.String())
}

// After an error nothing has changed, whichever optimiser it is of.
func TestGroupsErrors(t *testing.T) {
	for want, g := range map[string]*optim.Groups{
		`optim: groups: pattern "tronk.*": no parameter is of this group; there are "a", "b"`: {Of: []optim.Group{{Match: "tronk.*", Frozen: true}}},
		`optim: groups: pattern "[a": syntax error in pattern`:                                {Of: []optim.Group{{Match: "[a"}}},
		`optim: groups: pattern "a": ClipNorm is -1, want at least 0`:                         {Of: []optim.Group{{Match: "a", ClipNorm: -1}}},
		`optim: groups: LearningRate is -1, want a finite number above 0`:                     {Of: []optim.Group{{Match: "b", Optimiser: &optim.Adam{LearningRate: -1}}}},
	} {
		ws := named("a", "b")
		before := fmt.Sprint(elements(ws[0].value), elements(ws[1].value), elements(ws[0].grad), elements(ws[1].grad))
		require.EqualError(t, g.Step(gradsOf(ws...)), want)
		require.Equal(t, before, fmt.Sprint(elements(ws[0].value), elements(ws[1].value), elements(ws[0].grad), elements(ws[1].grad)))
		require.Empty(t, g.State().Slots)
	}
	g := &optim.Groups{}
	require.EqualError(t, g.Step([]G.ValueGrad{nameless{named("a")[0]}}), "optim: groups: parameter #0 has no name, by which groups go")
	require.EqualError(t, g.Step([]G.ValueGrad{nil}), "optim: groups: parameter #0 is nil")
	require.NoError(t, (&optim.Groups{}).Step(gradsOf(named("a")...)))
	s := optim.State{Steps: 1, Slots: map[string]optim.Slot{"a": {Steps: 1}}}
	require.ErrorContains(t, g.Restore(s), "optim: groups: optim: adam: restore: parameter \"a\"")
}

// An optimiser of somebody's that has ours in it takes its own steps.
func TestGroupsOfOthers(t *testing.T) {
	a, b := named("a", "b")[0], named("a", "b")[1]
	o := &lazy{SGD: &optim.SGD{LearningRate: 1}}
	g := &optim.Groups{Default: &optim.SGD{LearningRate: 1}, Of: []optim.Group{{Match: "a", Optimiser: o}}}
	before := elements(a.value)
	require.NoError(t, g.Step(gradsOf(a, b)))
	require.Equal(t, before, elements(a.value))
	require.NotEqual(t, before, elements(b.value))
	require.Equal(t, 1, o.steps)
	require.False(t, optim.Own(g))
	require.False(t, optim.Own(o))
}

type lazy struct {
	*optim.SGD
	steps int
}

func (l *lazy) Step([]G.ValueGrad) error { l.steps++; return nil }

// The trunk of a network that is fine-tuned stays as it is, and biases do not decay.
func ExampleGroups() {
	w, b, trunk := newWeight("head.w", "tensor64"), newWeight("head.b", "tensor64"), newWeight("trunk.w", "tensor64")
	for _, p := range []*weight{w, b, trunk} {
		p.setGrad()
	}
	o := &optim.Groups{
		Default: optim.NewAdamW(1e-3, 0.01),
		Of: []optim.Group{
			{Match: "trunk.*", Frozen: true},
			{Match: "*.b", Optimiser: &optim.Adam{LearningRate: 1e-3}},
		},
	}
	before := elements(trunk.value)[0]
	if err := o.Step([]G.ValueGrad{w, b, trunk}); err != nil {
		fmt.Println(err)
	}
	fmt.Println(math.Abs(elements(trunk.value)[0]-before), len(o.State().Slots))
	// Output: 0 2
}

// A clone has the settings and nothing that was remembered; its steps are those of a new one.
func TestClone(t *testing.T) {
	for _, o := range []optim.Optimiser{
		&optim.SGD{LearningRate: 0.1, Momentum: 0.9, Nesterov: true, WeightDecay: 0.1},
		&optim.Adam{LearningRate: 0.1, Beta1: 0.8, Beta2: 0.9, Epsilon: 1e-3, WeightDecay: 0.1, Decoupled: true},
		&optim.RMSProp{LearningRate: 0.1, Decay: 0.8, Epsilon: 1e-3, Momentum: 0.5},
		&optim.Groups{Default: &optim.Adam{}, Of: []optim.Group{{Match: "a", Optimiser: &optim.SGD{LearningRate: 0.1, Momentum: 0.9}}, {Match: "b", Frozen: true}}},
	} {
		first, second := named("a", "b", "c"), named("a", "b", "c")
		require.NoError(t, o.Step(gradsOf(first...)))
		c, err := optim.Clone(o)
		require.NoError(t, err)
		require.Empty(t, c.State().Slots)
		require.NoError(t, c.Step(gradsOf(second...)))
		for i := range first {
			require.Equal(t, elements(first[i].value), elements(second[i].value))
		}
	}
	_, err := optim.Clone(&lazy{})
	require.EqualError(t, err, "optim: clone: the optimiser is a *optim_test.lazy, want one of this package")
}
