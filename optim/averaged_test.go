package optim_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/optim"
)

// The means are those of the weights that the other optimiser makes, which takes the steps that it
// takes alone; from a State they go on bit for bit.
func TestAveraged(t *testing.T) {
	for _, c := range []optim.Averaged{{Decay: 0.7}, {}, {From: 3, Every: 2}, {Decay: 0.5, From: 2, Every: 3}} {
		fresh := func() *optim.Averaged {
			a := c
			a.Of = &optim.SGD{LearningRate: 0.1, Momentum: 0.9}
			return &a
		}
		a, alone := fresh(), &optim.SGD{LearningRate: 0.1, Momentum: 0.9}
		w, v := named("w"), named("w")
		var want []float64
		n := 0
		for step := 1; step <= 12; step++ {
			w[0].setGrad()
			v[0].setGrad()
			if step == 7 {
				s := a.State()
				a = fresh()
				require.NoError(t, a.Restore(s))
				require.Equal(t, s, a.State())
			}
			require.NoError(t, a.Step(gradsOf(w...)))
			require.NoError(t, alone.Step(gradsOf(v...)))
			require.Equal(t, elements(v[0].value), elements(w[0].value))
			if step > c.From && (step-c.From)%max(c.Every, 1) == 0 {
				n++
				for i, x := range elements(v[0].value) {
					switch {
					case n == 1:
						want = append(want, x)
					case c.Decay > 0:
						want[i] = c.Decay*want[i] + (1-c.Decay)*x
					default:
						want[i] += (x - want[i]) / float64(n)
					}
				}
			}
			if n == 0 {
				require.Nil(t, a.Mean("w"))
				continue
			}
			require.InDeltaSlice(t, want, elements(a.Mean("w")), 1e-14)
		}
		require.True(t, optim.Own(a))
		clone, err := optim.Clone(a)
		require.NoError(t, err)
		require.Nil(t, clone.(*optim.Averaged).Mean("w"))
	}
	err := (&optim.Averaged{Decay: 1}).Step(gradsOf(named("w")...))
	require.EqualError(t, err, "optim: averaged: Decay is 1, From 0 and Every 0, want a number in [0, 1) and numbers of at least 0")
	require.NoError(t, (&optim.Averaged{}).Step(gradsOf(named("w")...)))
	s := (&optim.Averaged{}).State()
	s.Slots["mean of w"] = optim.Slot{Steps: 1}
	require.ErrorContains(t, (&optim.Averaged{}).Restore(s), "optim: averaged: restore: mean of w has 0 moments and 1 steps")
	require.False(t, math.IsNaN((&optim.Averaged{}).Rate()))
}
