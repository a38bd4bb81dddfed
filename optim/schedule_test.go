package optim_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/spikegrad/spikegrad/optim"
)

func TestSchedules(t *testing.T) {
	cosine := optim.Cosine{Floor: 0.1}
	for _, c := range []struct {
		s           optim.Schedule
		step, total int
		want        float64
	}{
		{optim.Constant{}, 0, 0, 1},
		{optim.Constant{}, 20, 10, 1},

		{optim.StepDecay{Every: 10, Factor: 0.5}, 0, 100, 1},
		{optim.StepDecay{Every: 10, Factor: 0.5}, 9, 100, 1},
		{optim.StepDecay{Every: 10, Factor: 0.5}, 10, 100, 0.5},
		{optim.StepDecay{Every: 10, Factor: 0.5}, 39, 0, 0.125},
		{optim.StepDecay{Every: 10, Factor: 0.5}, -11, 0, 1},
		{optim.StepDecay{Every: 1, Factor: 0.9}, 3, 0, 0.729},

		{cosine, 0, 90, 1},
		{cosine, 30, 90, 0.1 + 0.9*0.75}, // cos 60° = 1/2
		{cosine, 45, 90, 0.1 + 0.9*0.5},
		{cosine, 60, 90, 0.1 + 0.9*0.25},
		{cosine, 90, 90, 0.1},
		{cosine, 91, 90, 0.1},
		{cosine, math.MaxInt, 90, 0.1},
		{cosine, -1, 90, 1},
		{cosine, 5, 0, 1},
		{cosine, 5, -3, 1},
		{cosine, 0, 1, 1},
		{optim.Cosine{}, 90, 90, 0},

		{optim.Warmup{Steps: 4}, 0, 10, 0.25},
		{optim.Warmup{Steps: 4}, 3, 10, 1},
		{optim.Warmup{Steps: 4}, 4, 10, 1},
		{optim.Warmup{Steps: 4}, -1, 0, 0.25},
		{optim.Warmup{Steps: 0}, 0, 0, 1},
		{optim.Warmup{Steps: 10, Then: cosine}, 4, 100, 0.5},
		{optim.Warmup{Steps: 10, Then: cosine}, 10, 100, 1},
		{optim.Warmup{Steps: 10, Then: cosine}, 40, 100, 0.1 + 0.9*0.75},
		{optim.Warmup{Steps: 10, Then: cosine}, 100, 100, 0.1},
		{optim.Warmup{Steps: 10, Then: cosine}, 200, 100, 0.1},
		{optim.Warmup{Steps: 10, Then: cosine}, 4, 5, 0.5},  // the ramp is longer than
		{optim.Warmup{Steps: 10, Then: cosine}, 11, 5, 0.1}, // the training
		{optim.Warmup{Steps: 10, Then: cosine}, 50, 0, 1},
		{optim.Warmup{Steps: 2, Then: optim.Warmup{Steps: 2}}, 1, 0, 0.5},
		{optim.Warmup{Steps: 2, Then: optim.StepDecay{Every: 3, Factor: 0.5}}, 5, 0, 0.5},
	} {
		t.Run(fmt.Sprintf("%T%v/%d of %d", c.s, c.s, c.step, c.total), func(t *testing.T) {
			require.InDelta(t, c.want, c.s.Rate(c.step, c.total), 1e-15)
		})
	}
}

func TestSchedulesNeverLeaveTheirRange(t *testing.T) {
	s := optim.Warmup{Steps: 7, Then: optim.Cosine{Floor: 0.2}}
	for total := -1; total < 40; total++ {
		previous := 0.0
		for step := range 60 {
			rate := s.Rate(step, total)
			require.True(t, rate > 0 && rate <= 1, "step %d of %d: %v", step, total, rate)
			if step >= s.Steps {
				require.LessOrEqual(t, rate, previous)
			} else {
				require.Greater(t, rate, previous)
			}
			previous = rate
		}
	}
}

// plain is a schedule of a user's, without Validate.
type plain struct{}

func (plain) Rate(step, total int) float64 { return 0.5 }

func TestScheduleErrors(t *testing.T) {
	type validator interface {
		optim.Schedule
		Validate() error
	}
	for want, s := range map[string]validator{
		"step decay: Every is 0, want at least 1":                   optim.StepDecay{Factor: 0.1},
		"step decay: Factor is 0, want a finite number above 0":     optim.StepDecay{Every: 1},
		"step decay: Factor is +Inf, want a finite number above 0":  optim.StepDecay{Every: 1, Factor: math.Inf(1)},
		"cosine: Floor is -0.1, want a finite number of at least 0": optim.Cosine{Floor: -0.1},
		"cosine: Floor is NaN, want a finite number of at least 0":  optim.Warmup{Then: optim.Cosine{Floor: math.NaN()}},
		"warm-up: Steps is -1, want at least 0":                     optim.Warmup{Steps: -1},
	} {
		require.EqualError(t, s.Validate(), "optim: schedule: "+want)
		require.True(t, math.IsNaN(s.Rate(3, 10)))
	}
	for _, s := range []validator{
		optim.StepDecay{Every: 1, Factor: 2}, optim.Cosine{}, optim.Warmup{}, optim.Warmup{Then: plain{}},
	} {
		require.NoError(t, s.Validate())
	}
	require.Equal(t, 0.5, optim.Warmup{Then: plain{}}.Rate(0, 0))
}
